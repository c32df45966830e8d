from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.api.routes import match_path
from backroom.catalog.kinds import JOB_KINDS
from backroom.catalog.operations import OPERATIONS, Operation
from backroom.errors import MethodNotAllowed, NotFound
from backroom.revisions import NEWEST, OLDEST
from support.strategies import texts, thorough

COLLECTION = "/api/catalog-item-bulk-create-jobs"


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_operations_are_found(operation: Operation, end: str) -> None:
    path = match_path(operation.path.replace("{id}", "01J") + end)
    assert path.operations[operation.method] is operation
    assert path.resource_id == ("01J" if "{id}" in operation.path else "")


def test_head_asks_as_get_does() -> None:
    path = match_path(COLLECTION)
    assert path.operation("HEAD", NEWEST) is path.operation("GET", NEWEST)


def test_unknown_method_is_refused() -> None:
    with pytest.raises(MethodNotAllowed):
        match_path(COLLECTION).operation("PUT", NEWEST)


def test_later_operation_is_not_found() -> None:
    later = next(each for each in OPERATIONS if each.since > OLDEST)
    path = match_path(later.path.replace("{id}", "x"))
    with pytest.raises(NotFound, match="No valid revisions found"):
        path.operation(later.method, OLDEST)


@pytest.mark.parametrize("job_kind", JOB_KINDS.values(), ids=lambda each: each.type)
def test_allow_is_the_observed_one(job_kind: object) -> None:
    collection = f"/api/{job_kind.collection}"  # type: ignore[attr-defined]
    assert match_path(collection).allow == "GET, POST, HEAD, OPTIONS"
    assert match_path(f"{collection}/x").allow == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"


@given(texts.filter(bool))
@thorough(100)
def test_escaped_ids_are_read(resource_id: str) -> None:
    assert match_path(f"{COLLECTION}/{quote(resource_id, safe='')}").resource_id == resource_id


@pytest.mark.parametrize(
    ("raw", "resource_id"),
    [
        ("$custom:::$default:::A", "$custom:::$default:::A"),
        ("%24custom%3A%3A%3A%24default%3A%3A%3AA", "$custom:::$default:::A"),
        ("a%2Fb", "a/b"),
        ("a%252Fb", "a%2Fb"),
        ("a+b", "a+b"),
        ("%zz", "%zz"),
        ("\xc3\xa4", "ä"),
        ("\xc3%A4%", "ä%"),
        ("%EF%BF%BD", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_ids_are_unescaped_once(raw: str, resource_id: str) -> None:
    assert match_path(f"{COLLECTION}/{raw}").resource_id == resource_id


@pytest.mark.parametrize(
    "path",
    [
        f"{COLLECTION}/%FF",
        f"{COLLECTION}/%C3x%",
        f"{COLLECTION}/\xc3",
        "",
        "/",
        "/api",
        "/api/",
        "/api//",
        "/api/x",
        "/api/catalog-item-bulk-create-job",
        "/api/catalog-item-bulk-create-jobs//",
        "/api/catalog-item-bulk-create-jobs/x/y",
        "/api//catalog-item-bulk-create-jobs",
        "//api/catalog-item-bulk-create-jobs",
        "/API/catalog-item-bulk-create-jobs",
        "/apis/catalog-item-bulk-create-jobs",
        "/x/catalog-item-bulk-create-jobs",
        "/api/catalog%2Ditem-bulk-create-jobs",
        "/api/catalog-item-bulk-create-jobs?x",
        "api/catalog-item-bulk-create-jobs",
    ],
)
def test_other_paths_are_not_found(path: str) -> None:
    with pytest.raises(NotFound, match="The requested path does not exist"):
        match_path(path)


@given(st.text(st.characters(max_codepoint=255)))
@thorough(100)
def test_any_path_is_answered(text: str) -> None:
    for path in (text, f"/api/{text}", f"{COLLECTION}/{text}"):
        try:
            assert match_path(path).operations
        except NotFound:
            continue
