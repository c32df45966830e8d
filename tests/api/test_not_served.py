"""Operations of the real service that this server lacks are refused in words that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.api import not_served
from backroom.api.not_served import WORDS
from backroom.catalog.neighbours import SERVED_OPERATIONS
from support.factories import Site
from support.neighbours import FACTS

if TYPE_CHECKING:
    from backroom.store.database import Database


@pytest.fixture
def site(database: Database) -> Site:
    return Site(database)


def test_all_others_are_named(site: Site) -> None:
    served = {(each.method, each.path) for each in SERVED_OPERATIONS}
    others = [
        (each["method"], each["path"])
        for each in FACTS["all_operations"]
        if (each["method"], each["path"].replace("{}", "{id}")) not in served
        and not each["path"].startswith("/api/catalog-")
    ]
    assert len(others) > 250
    for method, path in others:
        answered = site.call(method, path.replace("{}", "x"), "company_id=" + site.account)
        assert (answered.status, answered.error["code"]) == (404, "not_found"), (method, path)
        assert answered.error["detail"].endswith(f"{WORDS}."), (method, path)


def test_log_names_it_once(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    not_served._log_once.cache_clear()  # noqa: SLF001 - another test may have asked
    for _ in range(2):
        site.get("/api/flows")
    assert [each.getMessage() for each in caplog.records] == [f"GET /api/flows is {WORDS}"]


@pytest.mark.parametrize("path", ["/api/nothing", "/api/flowsx", "/client/nothing", "/flows"])
def test_other_paths_are_refused_as_before(site: Site, path: str) -> None:
    assert site.get(path).error["detail"] == "The requested path does not exist."


def test_served_operations_keep_their_faults(site: Site) -> None:
    early = site.get("/api/accounts", revision="2022-10-17")
    assert early.error["detail"].startswith("No valid revisions found")
    assert site.call("PUT", "/api/lists").status == 405
    early = site.get("/api/catalog-items/x/relationships/variants", revision="2022-10-17")
    assert early.error["detail"].startswith("No valid revisions found")
    assert site.call("PATCH", "/api/catalog-items/x/relationships/variants").status == 405
    assert site.get("/api/catalog-items/x").error["detail"].startswith("An item with id")
