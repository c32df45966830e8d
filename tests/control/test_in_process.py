from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom.catalog.kinds import ITEM, KINDS
from backroom.control.in_process import ApiCall, CallRefused, call_api, path_of_resource
from backroom.revisions import OLDEST
from support.factories import REQUIRED

if TYPE_CHECKING:
    from backroom.control.route import Control

ACCOUNT = "shop"


def create(control: Control, external_id: str = "a", **more: Any) -> bytes:
    attributes = {**REQUIRED["item"], "external_id": external_id, **more}
    body = {"data": {"type": "catalog-item", "attributes": attributes}}
    return call_api(control, ACCOUNT, ApiCall("POST", path_of_resource(ITEM), body=body))


def test_call_answers_as_a_client_is_answered(control: Control) -> None:
    create(control, "a/b")
    raw = call_api(
        control, ACCOUNT, ApiCall("GET", path_of_resource(ITEM, "a/b"), base="http://x.example")
    )
    data = msgspec.json.decode(raw)["data"]
    assert data["attributes"]["external_id"] == "a/b"
    assert data["links"]["self"].startswith("http://x.example/api/catalog-items/")


def test_old_revision_has_its_shape(control: Control) -> None:
    create(control)
    call = ApiCall("GET", path_of_resource(ITEM, "a"), revision=OLDEST)
    assert b'"variants":{"data":[]}' in call_api(control, ACCOUNT, call)


def test_fault_points_into_the_body(control: Control) -> None:
    with pytest.raises(CallRefused) as refused:
        create(control, price="cheap")
    assert refused.value.pointer == "/data/attributes/price"


def test_conflict_is_refused(control: Control) -> None:
    create(control)
    with pytest.raises(CallRefused) as refused:
        create(control)
    assert refused.value.status == 409


def test_body_has_the_limit_of_requests(control: Control) -> None:
    with pytest.raises(CallRefused) as refused:
        create(control, description="x" * 6_000_000)
    assert refused.value.status == 413


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda each: each.name)
def test_missing_resource_is_refused(control: Control, kind: Any) -> None:
    with pytest.raises(CallRefused) as refused:
        call_api(control, ACCOUNT, ApiCall("GET", path_of_resource(kind, "nothing")))
    assert refused.value.status == 404


def test_delete_needs_no_body(control: Control) -> None:
    create(control)
    announced: list[str] = []
    control.parts["announce"] = announced.append
    assert call_api(control, ACCOUNT, ApiCall("DELETE", path_of_resource(ITEM, "a"))) == b""
    assert announced == [ACCOUNT]
