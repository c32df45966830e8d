"""The order in which a request is looked at, and the headers that show how far it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.limited import BODY, PATH, RATES, headers_of
from backroom import clock
from backroom.api.limits import Limiter
from backroom.settings import Settings
from support.factories import (
    NEWEST,
    OLDEST,
    Site,
)
from support.wire_contract import every_revision

if TYPE_CHECKING:
    from backroom.store.database import Database


@every_revision
def test_revision_is_echoed(site: Site, revision: str) -> None:
    answered = site.get(PATH, revision=revision)
    assert answered.headers["x-klaviyo-api-revision"] == revision
    year_old = f"{clock.now().year - 1}-{clock.now():%m-%d}" >= revision
    assert ("x-klaviyo-api-retirement-date" in answered.headers) == year_old


def test_day_between_echoes_the_earlier(site: Site) -> None:
    assert site.get(PATH, revision="2024-03-01").headers["x-klaviyo-api-revision"] == "2024-02-15"


def test_unknown_path_comes_first(site: Site) -> None:
    answered = site.get("/api/nothing", authorization=None, revision=None)
    assert (answered.status, answered.error["code"]) == (404, "not_found")
    assert headers_of(answered) == set()


def test_key_comes_before_the_revision(site: Site) -> None:
    answered = site.get(PATH, authorization=None, revision="nonsense")
    assert (answered.status, answered.error["code"]) == (401, "not_authenticated")
    assert headers_of(answered) == {"allow", "www-authenticate"}


def test_wrong_token_is_challenged_too(site: Site) -> None:
    answered = site.get(PATH, authorization="Bearer nonsense")
    assert (answered.status, answered.error["code"]) == (401, "authentication_failed")
    assert answered.headers["www-authenticate"] == "Bearer, Klaviyo-API-Key"


def test_revision_comes_before_the_method(site: Site) -> None:
    answered = site.call("PUT", PATH, headers={"revision": None})
    assert (answered.status, answered.error["code"]) == (400, "invalid")
    assert headers_of(answered) == {"allow", "cid"}
    assert site.call("PUT", PATH).status == 405


@pytest.mark.parametrize("default", [OLDEST, "2024-03-01"])
def test_default_revision_fills_in(database: Database, default: str) -> None:
    site = Site(database, Settings(default_revision=default))
    for header in (None, ""):
        answered = site.get(PATH, revision=header)
        assert answered.status == 200
    assert site.get(PATH, revision=NEWEST).headers["x-klaviyo-api-revision"] == NEWEST


def test_limit_comes_before_the_scope(database: Database) -> None:
    site = Site(database, limiter=Limiter(1 / 75), scopes=["catalogs:read"])
    refused = site.post(PATH, BODY)
    assert (refused.status, refused.error["code"]) == (403, "permission_denied")
    assert headers_of(refused) >= RATES
    throttled = site.post(PATH, BODY)
    assert (throttled.status, throttled.headers["retry-after"]) == (429, "1")
    assert not RATES & set(throttled.headers)


@pytest.mark.parametrize(
    ("scope", "statuses"),
    [
        ("catalogs:read", (200, 403)),
        ("catalogs:write", (403, 202)),
        ("lists:read", (403, 403)),
        ("catalogs:read catalogs:write", (200, 202)),
    ],
)
def test_scopes_open_reads_and_writes(
    database: Database, scope: str, statuses: tuple[int, int]
) -> None:
    site = Site(database, scopes=scope.split())
    assert (site.get(PATH).status, site.post(PATH, BODY).status) == statuses


def test_missing_scope_is_named(database: Database) -> None:
    answered = Site(database, scopes=["lists:read"]).get(PATH)
    assert answered.error["detail"].endswith(": catalogs:read")
    title = "You do not have permission to perform this action."
    assert answered.error["title"] == title


def test_scope_comes_before_the_query(database: Database) -> None:
    assert Site(database, scopes=["lists:read"]).get(PATH, "x=1").status == 403


def test_query_comes_before_the_body(site: Site) -> None:
    answered = site.call("POST", PATH, "x=1", headers={"content_type": "text/plain"})
    assert answered.status == 400
    assert site.chunks_taken == 0


def test_bearer_tokens_have_own_windows(database: Database) -> None:
    one = Site(database, limiter=Limiter(1 / 350))
    header = {"authorization": f"Bearer {one.key.key}"}
    assert one.get(PATH, **header).status == 200
    assert one.get(PATH, **header).status == 429
    assert one.get(PATH).status == 200
