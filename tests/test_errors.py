from __future__ import annotations

import inspect
from typing import Any

import pytest

from backroom import errors
from backroom.errors import Fault, FrameworkFault, OperationFault, Throttled, UnknownParameter

CLASSES = [
    each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, Fault)
]
FAMILIES = {Fault, FrameworkFault, OperationFault}
every_fault = pytest.mark.parametrize("fault", CLASSES, ids=lambda each: each.__name__)


@every_fault
def test_each_fault_is_in_the_tree(fault: type[Fault]) -> None:
    (line,) = [
        line for line in (errors.__doc__ or "").splitlines() if fault.__name__ in line.split()
    ]
    if fault not in FAMILIES:
        assert f"{fault.status} {fault.code}" in " ".join(line.split())


@every_fault
def test_each_fault_says_when(fault: type[Fault]) -> None:
    assert (fault.__doc__ or "").strip().endswith((".", ")"))


@every_fault
def test_statuses_are_those_of_faults(fault: type[Fault]) -> None:
    documented = {400, 401, 403, 404, 405, 408, 409, 410, 413, 414, 415, 429, 431, 500, 503}
    assert fault.status in documented


def test_detail_is_the_message() -> None:
    fault = errors.NotFound("Nothing here.")
    assert (str(fault), fault.detail) == ("Nothing here.", "Nothing here.")


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("page[size]", "page_size"),
        ("sort", "sort"),
        ("fields[catalog-item]", "fields_catalog-item"),
    ],
)
def test_unknown_parameters_read_as_fields(name: str, field: str) -> None:
    fault = UnknownParameter(name, "list")
    assert fault.detail == f"'{field}' is not a valid field for the resource 'list'."
    assert fault.pointer == f"/data/attributes/{field}"


@pytest.mark.parametrize(("seconds", "words"), [(1, "1 second."), (2, "2 seconds.")])
def test_throttled_counts_in_words(seconds: int, words: str) -> None:
    fault = Throttled(seconds)
    assert fault.detail == f"Request was throttled. Expected available in {words}"
    assert fault.retry_after == seconds


@pytest.mark.parametrize(
    ("fault", "detail", "pointer"),
    [
        (
            errors.AlreadyExists("An item", "1"),
            "An item with the external id `1` already exists.",
            "/attributes/external_id",
        ),
        (
            errors.DoesNotExist("A variant", "$custom:::$default:::1"),
            "A variant with the id `$custom:::$default:::1` does not exist.",
            "/id",
        ),
        (
            errors.UnknownRelated("An item", "x", "/relationships/item"),
            "An item with the id `x` does not exist.",
            "/relationships/item/data/id",
        ),
        (
            errors.UnknownCategory("/relationships/categories"),
            "Invalid category information.",
            "/relationships/categories/data/id",
        ),
        (errors.UnknownCategory(""), "Invalid category information.", "/id"),
        (
            errors.AlreadyLinked("item", "x"),
            "One or more of the relations specified for the item with id `x` already exists.",
            "/id",
        ),
        (
            errors.NotLinked("category", "x"),
            "One or more of the relations specified for the category with id `x` does not exist.",
            "/id",
        ),
    ],
)
def test_operation_faults_read_as_observed(fault: Any, detail: str, pointer: str) -> None:
    assert (fault.detail, fault.pointer) == (detail, pointer)


def test_pointers_escape_odd_names() -> None:
    assert errors.below("/data", "a~b/c") == "/data/a~0b~1c"


@pytest.mark.parametrize(
    ("fault", "title", "detail"),
    [
        (
            errors.NotAuthenticated(),
            "Authentication credentials were not provided.",
            "Missing or invalid private key.",
        ),
        (
            errors.AuthenticationFailed(),
            "Incorrect authentication credentials.",
            "Incorrect authentication credentials.",
        ),
        (errors.MethodNotAllowed("PUT"), 'Method "PUT" not allowed.', 'Method "PUT" not allowed.'),
        (
            errors.UnsupportedMediaType("a/b"),
            'Unsupported media type "a/b" in request.',
            'Unsupported media type "a/b" in request.',
        ),
        (errors.InvalidCursor(), "Invalid input.", "Invalid cursor provided."),
        (
            errors.TooLarge(5_000_000),
            "Request body is too large.",
            "The request body may not exceed 5,000,000 bytes, decompressed.",
        ),
    ],
)
def test_framework_faults_read_as_observed(fault: Any, title: str, detail: str) -> None:
    assert (fault.title, fault.detail, fault.pointer) == (title, detail, "/data/")


TEXTS = {
    "page size": lambda value: errors.InvalidParameter(f"'{value}' is no size: from 1.", "sort"),
    "job": lambda value: errors.NotFound(f"A job with id {value} does not exist."),
    "parameter": lambda value: UnknownParameter(value, "list"),
    "item": lambda value: errors.DoesNotExist("An item", value),
    "media type": errors.UnsupportedMediaType,
    "method": errors.MethodNotAllowed,
}


@pytest.mark.parametrize("name", TEXTS)
def test_long_values_are_cut_out(name: str) -> None:
    short, long = TEXTS[name]("x"), TEXTS[name]("x" * 60_000)
    assert len(long.detail) == 400
    assert long.title in {short.title, long.detail}
    start, _, end = short.detail.partition("x")
    assert long.detail.startswith(f"{start}xxx")
    assert long.detail.endswith(f"x{end}")
    assert "x…x" in long.detail


def test_longest_ids_stay_whole() -> None:
    resource_id = "$custom:::$default:::" + "x" * 255
    for fault in (
        errors.AlreadyLinked("category", resource_id),
        errors.NotLinked("category", resource_id),
        errors.DoesNotExist("A category", resource_id),
    ):
        assert resource_id in fault.detail
