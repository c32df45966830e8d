"""Every operation on the page has calls, which are right in their languages."""

from __future__ import annotations

import ast
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from backroom.api.openapi.calls import calls
from backroom.api.openapi.document import openapi_document
from backroom.revisions import NEWEST, OLDEST, REVISIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

each_end = pytest.mark.parametrize("revision", [OLDEST, NEWEST])


def described(revision: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in openapi_document(REVISIONS[revision])["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def of(revision: str, name: str) -> dict[str, str]:
    (made,) = (
        calls(revision, method, path, each)
        for method, path, each in described(revision)
        if each["operationId"] == name
    )
    return {each.language: each.text for each in made}


@each_end
def test_all_operations_have_calls(revision: str) -> None:
    for method, path, operation in described(revision):
        languages = [each.language for each in calls(revision, method, path, operation)]
        browser = path.startswith("/client/")
        assert languages == (["curl"] if browser else ["curl", "Python", "Node"])


@each_end
def test_calls_in_python_compile(revision: str) -> None:
    for method, path, operation in described(revision):
        for each in calls(revision, method, path, operation):
            if each.language == "Python":
                ast.parse(each.text)


def test_python_has_the_body_of_the_example() -> None:
    (place,) = (
        each for each in described(NEWEST) if each[2]["operationId"] == "create_catalog_item"
    )
    content = place[2]["requestBody"]["content"]["application/vnd.api+json"]
    (text,) = (each.text for each in calls(NEWEST, *place) if each.language == "Python")
    _, body = (each.value for each in ast.parse(text).body if isinstance(each, ast.Assign))
    assert ast.literal_eval(body) == content["example"]


def test_shells_read_curl_as_meant() -> None:
    words = shlex.split(of(NEWEST, "get_catalog_item")["curl"])
    assert words[:4] == [
        "curl",
        "-X",
        "GET",
        "http://127.0.0.1:7227/api/catalog-items/$custom:::$default:::item-1",
    ]
    assert f"revision: {NEWEST}" in words


def test_node_writes_attributes_as_its_types() -> None:
    text = of(NEWEST, "update_catalog_item")["Node"]
    assert 'imageFullUrl: "https://' in text
    assert 'updateCatalogItem("$custom:::$default:::item-1", body)' in text
    old = of(OLDEST, "update_catalog_item")["Node"]
    assert 'image_full_url: "https://' in old
    assert 'updateCatalogItem(body, "$custom:::$default:::item-1")' in old
