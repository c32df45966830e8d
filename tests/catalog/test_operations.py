"""The table of operations against the published contract."""

from __future__ import annotations

import pytest

from backroom.catalog.kinds import VARIANT
from backroom.catalog.operations import OPERATIONS, Operation, Shape, body_limit
from backroom.revisions import NEWEST
from support.factories import an_operation
from support.wire_contract import CONTRACT, every_revision
from support.wire_contract import OPERATIONS as PUBLISHED
from support.wire_contract import Operation as Published

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)


def published(revision: str, operation: Operation) -> Published:
    return PUBLISHED[revision][operation.method, published_path(operation)]


def published_path(operation: Operation) -> str:
    return operation.path.replace("{id}", "{job_id}") if operation.bulk else operation.path


def served(revision: str) -> list[Operation]:
    return [each for each in OPERATIONS if revision >= each.since]


def test_there_are_54_operations() -> None:
    assert len(OPERATIONS) == 54
    assert len({(each.method, each.path) for each in OPERATIONS}) == 54
    assert len({each.name for each in OPERATIONS}) == 54


def test_names_are_the_newest_ids() -> None:
    rows = CONTRACT["revisions"][NEWEST]["operations"]
    published_ids = {(row["method"], row["path"]): row["operation_id"] for row in rows}
    for each in OPERATIONS:
        assert each.name == published_ids[each.method, published_path(each)]


@every_revision
def test_rates_are_the_published_ones(revision: str) -> None:
    for each in served(revision):
        rate, row = each.rates.at(revision), published(revision, each)
        assert (f"{rate.burst}/s", f"{rate.steady}/m") == (row.burst, row.steady)


@every_revision
def test_scopes_are_the_published_ones(revision: str) -> None:
    scopes = {each.name: published(revision, each).scope for each in served(revision)}
    assert {each.name: each.scope for each in served(revision)} == scopes


@every_revision
def test_statuses_are_the_published_ones(revision: str) -> None:
    others = {
        each.name: each.status
        for each in served(revision)
        if each.status != published(revision, each).success_status
    }
    # The service has been seen to answer this one otherwise.
    assert others == {"update_categories_for_catalog_item": 200}


@every_revision
def test_operations_exist_when_published(revision: str) -> None:
    rows = {(each.method, published_path(each)) for each in served(revision)}
    assert rows == set(PUBLISHED[revision])


@every_revision
def test_body_limit_is_the_published_one(revision: str) -> None:
    megabytes = CONTRACT["revisions"][revision]["limits"]["bulk_max_body_mb"]
    assert body_limit(revision) == megabytes * 1_000_000


@every_operation
def test_includes_are_the_published_ones(operation: Operation) -> None:
    row = published(NEWEST, operation)
    assert list(operation.includes) == row.query.get("include", {}).get("enum", [])


@every_operation
def test_lists_alone_are_paged(operation: Operation) -> None:
    assert operation.paged == ("page[cursor]" in published(NEWEST, operation).query)


def test_type_is_the_jobs() -> None:
    operation = an_operation("variant", "delete", Shape.JOB_GET)
    assert operation.job_kind.type == operation.resource_type
    assert operation.resource_type == "catalog-variant-bulk-delete-job"
    assert operation.includes == ()


@every_operation
def test_bodies_are_brought_as_published(operation: Operation) -> None:
    row = published(NEWEST, operation)
    assert operation.has_body == (row.request_schema is not None)


def test_items_bring_their_variants() -> None:
    kinds = {each.name: each.included_kind for each in OPERATIONS if not each.bulk}
    including = {name for name, kind in kinds.items() if kind is VARIANT}
    assert including == {
        "get_catalog_items",
        "get_catalog_item",
        "get_items_for_catalog_category",
    }
    assert {kind for name, kind in kinds.items() if name not in including} == {None}
