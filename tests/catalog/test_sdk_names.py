"""The names of the SDKs' methods are those that were published."""

from __future__ import annotations

import pytest

from backroom.catalog import sdk_names
from backroom.catalog.neighbours import NEIGHBOURS, SERVED_OPERATIONS
from backroom.catalog.operations import OPERATIONS
from backroom.revisions import NEWEST, REVISIONS
from support.wire_contract import CONTRACT


@pytest.mark.parametrize("revision", REVISIONS)
def test_methods_have_published_names(revision: str) -> None:
    published = {
        (each["method"], each["path"].replace("{job_id}", "{id}")): each["operation_id"]
        for each in CONTRACT["revisions"][revision]["operations"]
    }
    named = {
        (each.method, each.path): sdk_names.method_name(each, revision)
        for each in OPERATIONS
        if revision >= each.since
    }
    assert named == published


def test_newest_names_are_the_table() -> None:
    for each in SERVED_OPERATIONS:
        assert sdk_names.method_name(each, NEWEST) == each.name


def test_neighbours_of_browsers_have_no_class() -> None:
    assert {sdk_names.api_class(each, NEWEST) is None for each in NEIGHBOURS if each.public} == {
        True
    }
    assert all(sdk_names.api_class(each, NEWEST) for each in NEIGHBOURS if not each.public)


def test_node_writes_camel_case() -> None:
    assert sdk_names.in_camel_case("get_catalog_items") == "getCatalogItems"


def test_versions_are_for_revisions() -> None:
    assert {*sdk_names.PYTHON_VERSIONS, *sdk_names.NODE_VERSIONS} <= REVISIONS.keys()
