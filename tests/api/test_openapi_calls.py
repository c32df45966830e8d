"""Every operation on the page has calls, which are right in their languages."""

from __future__ import annotations

import ast
import json
import shlex
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from backroom.api.openapi.calls import KEY, SampleRequest, calls
from backroom.api.openapi.document import openapi_document
from backroom.catalog.operations import OPERATIONS
from backroom.catalog.sdk_names import NODE_VERSIONS
from backroom.revisions import LADDER, NEWEST, OLDEST, REVISIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

each_end = pytest.mark.parametrize("revision", [OLDEST, NEWEST])


def described(revision: str) -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
    document = openapi_document(REVISIONS[revision])
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield document, path, operation


def of(revision: str, name: str) -> dict[str, str]:
    (made,) = (
        calls(document, path, each)
        for document, path, each in described(revision)
        if each["operationId"] == name
    )
    return {each.language: each.text for each in made}


def words_of(command: str) -> list[str]:
    """The words as a shell has them, which joins the lines. `shlex` does not."""
    return shlex.split(command.replace("\\\n", ""))


@each_end
def test_all_operations_have_calls(revision: str) -> None:
    for document, path, operation in described(revision):
        languages = [each.language for each in calls(document, path, operation)]
        browser = path.startswith("/client/")
        assert languages == (["curl"] if browser else ["curl", "Python", "Node"])


@each_end
def test_calls_in_python_compile(revision: str) -> None:
    for document, path, operation in described(revision):
        for each in calls(document, path, operation):
            if each.language == "Python":
                ast.parse(each.text)


def test_python_has_the_body_of_the_example() -> None:
    (place,) = (
        each for each in described(NEWEST) if each[2]["operationId"] == "create_catalog_item"
    )
    content = place[2]["requestBody"]["content"]["application/vnd.api+json"]
    (text,) = (each.text for each in calls(*place) if each.language == "Python")
    _, body = (each.value for each in ast.parse(text).body if isinstance(each, ast.Assign))
    sent = ast.literal_eval(body)
    # An empty catalog lacks the categories.
    assert "relationships" not in sent["data"]
    assert content["example"]["data"] == sent["data"] | {
        "relationships": content["example"]["data"]["relationships"]
    }


def test_shells_read_curl_as_meant() -> None:
    words = words_of(of(NEWEST, "get_catalog_item")["curl"])
    assert words == [
        "curl",
        "http://127.0.0.1:7227/api/catalog-items/$custom:::$default:::item-1",
        *("-H", f"Authorization: Klaviyo-API-Key {KEY}"),
        *("-H", f"revision: {NEWEST}"),
    ]


def test_calls_keep_what_is_needed() -> None:
    variant = of(NEWEST, "create_catalog_variant")["curl"]
    assert '"relationships"' in variant
    assert '"relationships"' in of("2024-06-15", "create_back_in_stock_subscription")["curl"]
    assert '"meta"' not in of(NEWEST, "create_or_update_profile")["curl"]


@each_end
def test_curl_sends_method_and_body(revision: str) -> None:
    for document, path, operation in described(revision):
        words = words_of(calls(document, path, operation)[0].text)
        assert ("-X" in words) == (not operation["operationId"].startswith("get_"))
        content = operation.get("requestBody", {}).get("content", {})
        sent = [json.loads(after) for each, after in pairwise(words) if each == "--data"]
        assert len(sent) == bool(content)
        assert all(each.keys() == {"data"} for each in sent)


def test_browsers_need_no_key() -> None:
    assert KEY not in of(NEWEST, "create_client_subscription")["curl"]


@pytest.mark.parametrize("revision", LADDER)
def test_reads_ask_newest_python_for_revision(revision: str) -> None:
    text = of(revision, "get_category_ids_for_catalog_item")["Python"]
    assert text.startswith("# pip install klaviyo-api\n")
    assert f'["revision"] = "{revision}"' in text
    assert ".get_category_ids_for_catalog_item(" in text


def test_bodies_need_python_of_revision() -> None:
    text = of("2022-10-17", "add_categories_to_catalog_item")["Python"]
    assert text.startswith("# pip install klaviyo-api==1.0.3\n")
    assert "options" not in text
    assert ".create_catalog_item_relationships(" in text
    unknown = of("2023-01-24", "create_catalog_item")["Python"]
    assert unknown.startswith("# pip install klaviyo-api, in a version for revision 2023-01-24\n")


@pytest.mark.parametrize("revision", LADDER)
def test_node_names_version_of_revision(revision: str) -> None:
    text = of(revision, "get_catalog_variant")["Node"]
    version = NODE_VERSIONS.get(revision)
    asked = f"@{version}" if version else f", in a version for revision {revision}"
    assert text.startswith(f"// npm install klaviyo-api{asked}\n")
    assert ("ApiKeySession" in text) == (revision >= "2023-09-15")


def test_languages_name_any_id_as_it_is() -> None:
    read = next(each for each in OPERATIONS if each.name == "get_catalog_item")
    odd = "a'b\"\\ /\n\u00e9\U0001f45f$(x)"
    _, python, node = SampleRequest(read, NEWEST, "/api/catalog-items/a", odd).calls()
    nodes = ast.walk(ast.parse(python.text))
    assert odd in [each.value for each in nodes if isinstance(each, ast.Constant)]
    assert json.loads(node.text.partition("api.getCatalogItem(")[2].partition(").then")[0]) == odd


def test_node_writes_attributes_as_its_types() -> None:
    text = of(NEWEST, "update_catalog_item")["Node"]
    assert 'imageFullUrl: "https://' in text
    assert 'updateCatalogItem("$custom:::$default:::item-1", body)' in text
    old = of(OLDEST, "update_catalog_item")["Node"]
    assert 'image_full_url: "https://' in old
    assert 'updateCatalogItem(body, "$custom:::$default:::item-1")' in old


def test_node_writes_odd_names_as_its_types() -> None:
    assert "eventsBulkCreate: {" in of(NEWEST, "bulk_create_events")["Node"]
    event = of(NEWEST, "create_event")["Node"]
    assert 'kx: "text"' in event
    assert 'time: new Date("20' in event


def test_numbers_are_samples_of_numbers() -> None:
    document = openapi_document(REVISIONS[NEWEST])
    operation = document["paths"]["/api/profiles"]["post"]
    (python,) = (
        each for each in calls(document, "/api/profiles", operation) if each.language == "Python"
    )
    assert '"latitude": 1.5,' in python.text
