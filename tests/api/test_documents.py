from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom import errors as faults
from backroom.api import documents
from backroom.catalog.kinds import KINDS
from backroom.store.records import Record
from support.factories import a_complete_job, a_job, a_kind_of_job
from support.factories import shown as resource_of
from support.wire_contract import error_validator

if TYPE_CHECKING:
    from backroom.errors import Fault

BASE = "http://shop.test"
ITEMS = a_kind_of_job("item", "create")
LINKAGE = '[{"type":"catalog-item","id":"a"}]'


def shown(document: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(document))


def test_job_has_its_members_in_order() -> None:
    row = a_job()
    document = shown(documents.job_object(BASE, ITEMS, row, linked=False))
    assert list(document) == ["type", "id", "attributes", "links"]
    assert document["attributes"] == {
        "status": "processing",
        "created_at": row.created_at,
        "total_count": 1,
        "completed_count": 0,
        "failed_count": 0,
        "completed_at": None,
        "errors": [],
        "expires_at": row.expires_at,
    }
    link = f"{BASE}/api/catalog-item-bulk-create-jobs/{row.job_id}/"
    assert document["links"] == {"self": link}


@pytest.mark.parametrize(
    ("linkage", "linked", "relationships"),
    [
        ("[]", False, None),
        ("[]", True, {"items": {"data": []}}),
        (LINKAGE, False, {"items": {"data": [{"type": "catalog-item", "id": "a"}]}}),
    ],
)
def test_job_names_what_succeeded(linkage: str, *, linked: bool, relationships: Any) -> None:
    row = a_complete_job(linkage=linkage)
    document = shown(documents.job_object(BASE, ITEMS, row, linked=linked))
    assert document.get("relationships") == relationships


def test_job_errors_are_embedded() -> None:
    row = a_complete_job(errors='[{"id":"x"}]')
    document = shown(documents.job_object(BASE, ITEMS, row, linked=False))
    assert document["attributes"]["errors"] == [{"id": "x"}]


@pytest.mark.parametrize(
    ("kind", "relation"), [("item", "variants"), ("variant", "item"), ("category", "items")]
)
def test_resource_links_its_relationship(kind: str, relation: str) -> None:
    record = Record(1, "a", '{"external_id":"a"}')
    document = shown(resource_of(BASE, KINDS[kind], record))
    own = f"{BASE}/api/{KINDS[kind].collection}/$custom:::$default:::a/"
    assert document == {
        "type": f"catalog-{kind}",
        "id": "$custom:::$default:::a",
        "attributes": {"external_id": "a"},
        "relationships": {
            relation: {
                "links": {
                    "self": f"{own}relationships/{relation}/",
                    "related": f"{own}{relation}/",
                }
            }
        },
        "links": {"self": own},
    }


def test_linked_resources_are_named() -> None:
    document = resource_of(BASE, KINDS["item"], Record(1, "a", "{}"), [Record(2, "v", "")])
    held = document["relationships"]["variants"]
    assert list(held) == ["data", "links"]
    assert held["data"] == [{"type": "catalog-variant", "id": "$custom:::$default:::v"}]


def test_variant_names_one_item() -> None:
    parent = Record(1, "a", "")
    document = resource_of(BASE, KINDS["variant"], Record(2, "v", "{}"), [parent])
    named = {"type": "catalog-item", "id": "$custom:::$default:::a"}
    assert document["relationships"]["item"]["data"] == named


@pytest.mark.parametrize(
    ("kind", "shown_relationships"),
    [("item", ["variants"]), ("variant", []), ("category", ["items"])],
)
def test_orphans_have_no_relationship(kind: str, shown_relationships: list[str]) -> None:
    document = resource_of(BASE, KINDS[kind], Record(1, "a", "{}"), [])
    assert list(document["relationships"]) == shown_relationships


def test_odd_ids_are_escaped_in_links() -> None:
    document = resource_of(BASE, KINDS["item"], Record(1, "a/b?ä#", "{}"))
    assert document["id"].endswith("a/b?ä#")
    assert document["links"]["self"].endswith(":::a%2Fb%3F%C3%A4%23/")


def test_fields_keep_the_order_asked() -> None:
    job: dict[str, Any] = {"type": "job", "attributes": {"a": 1, "b": 2, "c": 3}, "links": {}}
    document = {"data": job}
    documents.keep_only(document, {"job": ("c", "id", "a")})
    assert list(job["attributes"]) == ["c", "a"]
    assert "links" in job


def test_fields_reach_lists_and_included() -> None:
    item = {"type": "item", "attributes": msgspec.Raw(b'{"a":1,"b":2}')}
    document = {"data": [{"type": "job", "attributes": {"a": 1}}], "included": [item]}
    documents.keep_only(document, {"item": ("b",)})
    assert shown(document) == {
        "data": [{"type": "job", "attributes": {"a": 1}}],
        "included": [{"type": "item", "attributes": {"b": 2}}],
    }


def test_no_fields_leave_no_attributes() -> None:
    document = {"data": {"type": "job", "attributes": {"a": 1}}}
    documents.keep_only(document, {"job": ()})
    assert document["data"]["attributes"] == {}


EXAMPLES: list[tuple[Fault, list[str], Any]] = [
    (faults.Invalid("d", "/data/x"), ["links", "meta"], {"pointer": "/data/x"}),
    (faults.InvalidParameter("d", "filter"), ["links", "meta"], {"parameter": "filter"}),
    (
        faults.UnknownParameter("page[size]", "list"),
        ["meta"],
        {"pointer": "/data/attributes/page_size"},
    ),
    (faults.NotFound("d"), [], {"pointer": "/data/"}),
    (faults.InvalidCursor(), [], {"pointer": "/data/"}),
    (faults.ServerError(), [], {"pointer": "/data/"}),
    (
        faults.AlreadyExists("An item", "a"),
        ["links", "meta"],
        {"pointer": "/attributes/external_id"},
    ),
    (faults.DoesNotExist("An item", "a"), ["links", "meta"], {"pointer": "/id"}),
]


@pytest.mark.parametrize(
    ("fault", "more", "source"), EXAMPLES, ids=lambda each: type(each).__name__
)
def test_errors_have_the_observed_order(fault: Fault, more: list[str], source: Any) -> None:
    (error,) = documents.error_document(fault, "E")["errors"]
    assert list(error) == ["id", "status", "code", "title", "detail", "source", *more]
    assert (error["id"], error["source"]) == ("E", source)
    assert (error["status"], error["code"]) == (fault.status, fault.code)
    assert all(error[name] == {} for name in more)


@pytest.mark.parametrize(
    "fault",
    [
        faults.Invalid("d" * 60_000, "/data/attributes/" + "x" * 60_000),
        faults.InvalidParameter("d", f"fields[{'x' * 60_000}]"),
        faults.UnknownParameter("x" * 60_000, "list"),
        faults.NotFound("d" * 60_000),
    ],
    ids=lambda each: type(each).__name__,
)
def test_errors_are_short(fault: Fault) -> None:
    assert len(msgspec.json.encode(documents.error_document(fault, "E"))) < 1_500


def test_throttled_has_an_order_of_its_own() -> None:
    document = documents.error_document(faults.Throttled(1), "E")
    assert shown(document) == {
        "errors": [
            {
                "status": 429,
                "detail": "Request was throttled. Expected available in 1 second.",
                "meta": {},
                "source": {"pointer": "/data"},
                "code": "throttled",
                "id": "E",
                "links": {
                    "type": "https://developers.klaviyo.com/en/docs/"
                    "rate_limits_and_error_handling#rate-limits"
                },
                "title": "Request was throttled.",
            }
        ]
    }
    names = ["status", "detail", "meta", "source", "code", "id", "links", "title"]
    assert list(document["errors"][0]) == names


@pytest.mark.parametrize("fault", [each for each, _, _ in EXAMPLES], ids=lambda f: type(f).__name__)
def test_errors_fit_the_contract(fault: Fault) -> None:
    document = shown(documents.error_document(fault, "E"))
    assert not list(error_validator().iter_errors(document))
