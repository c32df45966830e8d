from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.revisions import LADDER
from support.wire_contract import (
    KINDS,
    OPERATIONS,
    REVISIONS,
    every_kind,
    every_revision,
    getting,
    job_validator,
    listing,
    posting,
    request_validator,
)
from support.wire_requests import a_body, shapes, styles

if TYPE_CHECKING:
    from support.wire_contract import Kind


def test_contract_has_every_revision() -> None:
    assert list(REVISIONS) == list(LADDER)
    assert list(REVISIONS) == sorted(REVISIONS)


def test_contract_has_54_operations() -> None:
    counts = {revision: len(OPERATIONS[revision]) for revision in REVISIONS}
    assert counts == {revision: 54 if revision >= "2024-10-15" else 53 for revision in REVISIONS}


@every_revision
def test_every_kind_has_three_operations(revision: str) -> None:
    held = [
        operation.success_status
        for kind in KINDS
        for operation in (posting(revision, kind), listing(revision, kind), getting(revision, kind))
    ]
    assert held == [202, 200, 200] * 9


@every_revision
@every_kind
def test_examples_fit_their_own_schema(revision: str, kind: Kind) -> None:
    schema = posting(revision, kind).request_schema
    assert schema
    for style in styles(revision):
        request_validator(schema).validate(a_body(revision, kind, style=style))


@every_kind
def test_each_kind_changed_its_shape(kind: Kind) -> None:
    fitting = {
        tuple(_fits(revision, kind, body) for body in shapes(kind)) for revision in REVISIONS
    }
    assert len(fitting) > 1


@every_revision
@every_kind
def test_strict_validators_close_the_document(revision: str, kind: Kind) -> None:
    for answers in ("post", "one", "list"):
        validator = job_validator(revision, kind, answers)
        assert not validator.is_valid({"data": [], "links": {"self": "http://a/"}, "extra": 1})


def _fits(revision: str, kind: Kind, body: object) -> bool:
    schema = posting(revision, kind).request_schema
    assert schema
    return request_validator(schema).is_valid(body)
