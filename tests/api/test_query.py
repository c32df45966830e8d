from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.api import query as queries
from backroom.api.query import Query, parse_query
from backroom.catalog.kinds import JOB_KINDS
from backroom.catalog.operations import OPERATIONS, Operation, Shape
from backroom.errors import Fault, InvalidParameter, UnknownParameter
from support.factories import NEWEST, OLDEST, a_row, an_operation
from support.strategies import operations, thorough
from support.strategies import revisions as every_rung
from support.wire_contract import OPERATIONS as PUBLISHED
from support.wire_contract import every_revision

if TYPE_CHECKING:
    from backroom.revisions import Revision
    from support.wire_contract import Operation as Published

POST, ONE, LIST = (
    an_operation(shape=shape) for shape in (Shape.JOB_POST, Shape.JOB_GET, Shape.JOB_LIST)
)
JOB = "catalog-item-bulk-create-job"
ITEMS = a_row("get_catalog_items")
OWN = "$custom:::$default:::"


def read(operation: Operation, revision: str = NEWEST, **parameters: str) -> Query:
    return parse_query(operation, revision, urlencode(parameters))


def asked(operation: Operation, name: str, value: str, revision: str = NEWEST) -> Query:
    return parse_query(operation, revision, urlencode({name: value}))


def refusal(operation: Operation, name: str, value: str, revision: str = NEWEST) -> Fault:
    with pytest.raises(Fault) as caught:
        asked(operation, name, value, revision)
    return caught.value


def published(revision: str, operation: Operation) -> Published:
    return PUBLISHED[revision][operation.method, published_path(operation)]


def published_path(operation: Operation) -> str:
    return operation.path.replace("{id}", "{job_id}") if operation.bulk else operation.path


def served(revision: str) -> list[Operation]:
    return [each for each in OPERATIONS if revision >= each.since]


def statuses(query: Query) -> list[Any]:
    return [value for chosen, value in query.conditions if chosen.name == "status"]


def test_no_query_asks_for_nothing() -> None:
    assert parse_query(LIST, NEWEST, "") == parse_query(LIST, NEWEST, "&") == Query()


@every_revision
def test_published_parameters_are_taken(revision: str) -> None:
    for operation in served(revision):
        for name, facts in published(revision, operation).query.items():
            if name != "filter":
                open_values = {"page[cursor]": ["x"], "page[size]": ["1", "100"]}.get(name, [])
                for value in facts.get("enum", open_values):
                    asked(operation, name, value, revision)


@every_revision
def test_published_filters_are_taken(revision: str) -> None:
    for operation in served(revision):
        for name, facts in published(revision, operation).filters.items():
            for operator in facts["operators"]:
                value = {"any": '["a"]', "contains": '"a"'}.get(operator, '"complete"')
                if facts["type"] == "boolean":
                    value = "true"
                query = asked(operation, "filter", f"{operator}({name},{value})", revision)
                assert [each.name for each, _ in query.conditions] == [name]


@every_revision
def test_other_filters_are_unknown(revision: str) -> None:
    rows = PUBLISHED[revision].values()
    known = {name for row in rows for name in row.filters}
    for operation in served(revision):
        row = published(revision, operation)
        for name in known - set(row.filters) if "filter" in row.query else ():
            fault = refusal(operation, "filter", f'equals({name},"a")', revision)
            assert fault.detail.startswith(f"'{name}' is not a filterable field")


@every_revision
def test_other_parameters_are_refused(revision: str) -> None:
    known = {name for row in PUBLISHED[revision].values() for name in row.query} | {"sort", "page"}
    for operation in served(revision):
        sized = {"page[size]"} if operation.shape in {Shape.LIST, Shape.IDS} else set()
        for name in known - set(published(revision, operation).query) - sized:
            fault = refusal(operation, name, "id", revision)
            assert isinstance(fault, (UnknownParameter, InvalidParameter)), (operation.name, name)


def test_unknown_parameter_reads_as_observed() -> None:
    fault = refusal(LIST, "page[size]", "10")
    assert fault.detail == f"'page_size' is not a valid field for the resource '{JOB}'."
    assert fault.pointer == "/data/attributes/page_size"


def test_fields_keep_order_once() -> None:
    query = asked(ONE, f"fields[{JOB}]", "status, id,errors,status,,")
    assert query.fields == {JOB: ("status", "id", "errors")}


def test_empty_fields_ask_for_none() -> None:
    assert asked(ONE, f"fields[{JOB}]", "").fields == {JOB: ()}


def test_fields_of_two_types_are_kept() -> None:
    query = parse_query(ONE, NEWEST, f"fields[{JOB}]=status&fields[catalog-item]=title,id")
    assert query.fields == {JOB: ("status",), "catalog-item": ("title", "id")}


@every_revision
def test_resource_id_is_always_a_field(revision: str) -> None:
    query = asked(ONE, "fields[catalog-item]", "id", revision)
    assert query.fields == {"catalog-item": ("id",)}


@pytest.mark.parametrize(("revision", "taken"), [("2023-10-15", True), ("2023-12-15", False)])
def test_job_id_was_a_field(revision: str, *, taken: bool) -> None:
    if taken:
        assert asked(ONE, f"fields[{JOB}]", "job_id", revision).fields == {JOB: ("job_id",)}
        return
    fault = refusal(ONE, f"fields[{JOB}]", "job_id", revision)
    assert isinstance(fault, InvalidParameter)
    assert fault.parameter == f"fields[{JOB}]"
    assert fault.detail == f"'job_id' is not a valid field for the resource '{JOB}'."


@pytest.mark.parametrize(("revision", "taken"), [("2026-01-15", False), ("2026-04-15", True)])
def test_posts_take_fields_late(revision: str, *, taken: bool) -> None:
    if taken:
        assert asked(POST, f"fields[{JOB}]", "status", revision).fields
    else:
        fault = refusal(POST, f"fields[{JOB}]", "status", revision)
        assert isinstance(fault, UnknownParameter)
        assert fault.pointer == f"/data/attributes/fields_{JOB}"


@pytest.mark.parametrize(
    ("operation", "resource"),
    [
        (LIST, "catalog-item"),
        (POST, "catalog-item"),
        (ONE, "catalog-variant"),
        (ONE, "catalog-item-bulk-delete-job"),
        (an_operation("item", "delete", Shape.JOB_GET), "catalog-item"),
    ],
)
def test_fields_of_other_types_are_refused(operation: Operation, resource: str) -> None:
    assert isinstance(refusal(operation, f"fields[{resource}]", "id"), UnknownParameter)


def test_include_names_the_member() -> None:
    for job_kind in JOB_KINDS.values():
        operation = an_operation(job_kind.kind.name, job_kind.verb, Shape.JOB_GET)
        if job_kind.includes:
            assert asked(operation, "include", job_kind.member).include == (job_kind.member,)


@pytest.mark.parametrize("value", ["", ",", " , "])
@every_revision
def test_empty_include_brings_nothing(revision: str, value: str) -> None:
    for operation in served(revision):
        if operation.includes:
            assert asked(operation, "include", value, revision).include == ()


def test_empty_names_are_passed_over() -> None:
    assert asked(ONE, "include", "items,,items, ").include == ("items",)


@pytest.mark.parametrize(
    ("operation", "value", "detail"),
    [
        (ONE, "profiless", "'profiless' is not an allowed include parameter for this resource."),
        (
            ONE,
            "items,variants",
            "'variants' is not an allowed include parameter for this resource.",
        ),
        (
            LIST,
            "",
            ("'' include is not currently supported for the requested operation on this resource."),
        ),
        (
            LIST,
            "items",
            (
                "'items' include is not currently supported for the requested operation"
                " on this resource."
            ),
        ),
    ],
)
def test_other_includes_are_refused(operation: Operation, value: str, detail: str) -> None:
    fault = refusal(operation, "include", value)
    assert (fault.detail, fault.parameter) == (detail, "include")


@pytest.mark.parametrize("status", ["queued", "processing", "complete", "cancelled"])
def test_filter_asks_for_a_status(status: str) -> None:
    assert statuses(read(LIST, filter=f'equals(status,"{status}")')) == [status]


def test_conditions_are_all_kept() -> None:
    other = 'equals(status,"complete"),equals(status,"queued"),equals(status,"complete")'
    assert statuses(read(LIST, filter=other)) == ["complete", "queued", "complete"]


def test_filters_are_kept_in_bounds() -> None:
    kept = queries._conditions_kept  # noqa: SLF001
    for number in range(3_000):
        read(ITEMS, filter=f"any(ids,['{OWN}{number:04}','{'x' * 500}'])")
    assert 0 < kept.bytes <= queries._FILTER_BYTES  # noqa: SLF001


def test_long_filter_is_read_once() -> None:
    named = ",".join(f"'{OWN}{number}'" for number in range(100))
    text = f"any(ids,[{named}])"
    first, second = (read(ITEMS, filter=text, sort=order) for order in ("created", "-created"))
    assert first.conditions is second.conditions
    ((_, value),) = first.conditions
    assert value.external_ids == [str(number) for number in range(100)]


def test_twenty_conditions_at_most() -> None:
    assert len(read(LIST, filter=",".join(['equals(status,"queued")'] * 20)).conditions) == 20
    fault = refusal(LIST, "filter", ",".join(['equals(status,"queued")'] * 21))
    assert fault.detail == "Invalid filter provided: it has more than 20 conditions"


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            'contains(status,"a")',
            (
                "'contains' is not an allowed filter operator for status.  "
                "Allowed operators are equals"
            ),
        ),
        (
            'equals(colour,"a")',
            (
                "'colour' is not a filterable field for this resource."
                " The filterable fields on this resource are: status."
            ),
        ),
        (
            'equals(status,"done")',
            ("Invalid filter provided: status is one of cancelled, complete, processing, queued"),
        ),
        (
            "equals(status,1)",
            "Invalid filter provided: the value for status is not of its type",
        ),
        (
            'equals(status,["complete"])',
            "Invalid filter provided: the value for status is not of its type",
        ),
        ("status", "Invalid filter provided"),
        ("", "Invalid filter provided"),
    ],
)
def test_other_filters_are_refused(text: str, detail: str) -> None:
    fault = refusal(LIST, "filter", text)
    assert (fault.detail, fault.parameter) == (detail, "filter")


@pytest.mark.parametrize("name", ["filter", "page[cursor]"])
@pytest.mark.parametrize("operation", [POST, ONE], ids=["post", "one"])
def test_lists_alone_filter_and_page(operation: Operation, name: str) -> None:
    assert isinstance(refusal(operation, name, "x"), UnknownParameter)


def test_cursor_stays_as_sent() -> None:
    assert asked(LIST, "page[cursor]", "=a b+c").cursor == "=a b+c"
    assert asked(LIST, "page[cursor]", "").cursor == ""


def test_same_parameter_twice_is_taken() -> None:
    assert parse_query(LIST, NEWEST, "page[cursor]=x&page%5Bcursor%5D=x").cursor == "x"


@pytest.mark.parametrize("name", ["page[cursor]", "page%5bcursor]", "page%5Bcursor%5D"])
def test_last_of_a_parameter_counts(name: str) -> None:
    assert parse_query(LIST, NEWEST, f"page[cursor]=x&{name}=y").cursor == "y"


@pytest.mark.parametrize(
    "form", ["filter=equals(status,%22complete%22)", "filter=equals(status,+'complete')"]
)
def test_escapes_and_pluses_are_read(form: str) -> None:
    assert statuses(parse_query(LIST, OLDEST, form)) == ["complete"]


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("page[size]", "it must be from 1 to 100."),
        ("sort", "Allowed sorts are created, -created"),
        ("include", "is not an allowed include parameter for this resource."),
        ("fields[catalog-item]", "is not a valid field for the resource 'catalog-item'."),
        ("page" * 20_000, "is not a valid field for the resource 'catalog-item'."),
    ],
)
def test_long_values_are_not_sent_back(name: str, end: str) -> None:
    fault = refusal(a_row("get_catalog_items"), name, "9" * 60_000)
    assert len(fault.detail) <= 400
    assert fault.detail.endswith(end)


@pytest.mark.parametrize("value", ["0", "101", "-1", "", "ten", "1.0", "²", "0000001"])
def test_odd_sizes_are_refused(value: str) -> None:
    fault = refusal(a_row("get_catalog_items"), "page[size]", value)
    words = f"'{value}' is not a valid page size: it must be from 1 to 100."
    assert (fault.detail, fault.parameter) == (words, "page[size]")


@every_revision
def test_resources_and_ids_take_a_size(revision: str) -> None:
    for operation in served(revision):
        if operation.shape in {Shape.LIST, Shape.IDS}:
            assert asked(operation, "page[size]", "7", revision).size == 7


def test_filterable_fields_are_sorted() -> None:
    fault = refusal(a_row("get_catalog_variants"), "filter", 'equals(colour,"a")')
    names = fault.detail.partition(": ")[2].removesuffix(".").split(", ")
    assert len(names) > 2
    assert names == sorted(names)


def test_size_and_sort_are_read() -> None:
    query = parse_query(a_row("get_catalog_items"), NEWEST, "page[size]=7&sort=-created")
    assert (query.size, query.descending) == (7, True)
    assert not asked(a_row("get_catalog_items"), "sort", "created").descending


def test_other_sorts_are_refused() -> None:
    fault = refusal(a_row("get_catalog_items"), "sort", "title")
    assert fault.detail == "'title' is not an allowed sort.  Allowed sorts are created, -created"


def test_lists_are_told_apart_by_filter_and_order() -> None:
    items = a_row("get_catalog_items")
    texts = ["", "sort=-created", "filter=any(ids,['a'])", "filter=any(ids,['b'])"]
    assert len({parse_query(items, NEWEST, text).described for text in texts}) == len(texts)
    assert (
        parse_query(items, NEWEST, "page[size]=7").described
        == parse_query(items, NEWEST, "").described
    )


@given(operations, every_rung, st.text() | st.text("fields[]=&%include,;+", max_size=30))
@thorough(300)
def test_any_query_is_read_or_refused(operation: Operation, revision: Revision, text: Any) -> None:
    with suppress(UnknownParameter, InvalidParameter):
        assert isinstance(parse_query(operation, revision.date, text), Query)
