from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from backroom import __version__
from backroom.api import control, headers
from backroom.api.control import HEALTH_MEMBERS, ROUTES, answer_route
from backroom.errors import NotAuthenticated
from backroom.revisions import NEWEST, OLDEST
from backroom.store import open_database

if TYPE_CHECKING:
    from backroom.store.database import Database

WAITLESS = ("/_backroom/health/live", "/_backroom/health/startup")
PATHS = ("/health", "/_backroom/health", "/_backroom/health/ready", *WAITLESS)
BROWSER = control.PathRequest(accept="text/html", account=lambda: "A")
every_path = pytest.mark.parametrize("path", PATHS)


@every_path
@pytest.mark.parametrize("end", ["", "/"])
def test_health_says_what_runs(database: Database, path: str, end: str) -> None:
    answered = answer_route("GET", path + end, database)
    assert answered is not None
    assert answered.status == 200
    assert answered.headers == [(headers.CONTENT_TYPE, b"application/json")]
    assert msgspec.json.decode(b"".join(answered.parts)) == {
        "status": "ok",
        "version": __version__,
        "database": database.dialect.name,
        "worker": "here",
        "revisions": {"oldest": OLDEST, "newest": NEWEST},
    }


@every_path
def test_head_is_answered_too(database: Database, path: str) -> None:
    answered = answer_route("HEAD", path, database)
    assert answered is not None
    assert answered.status == 200


@every_path
@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(database: Database, path: str, method: str) -> None:
    answered = answer_route(method, path, database)
    assert answered is not None
    assert answered.status == 405
    assert answered.headers == [(headers.ALLOW, b"GET, HEAD")]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/healthy",
        "/_backroom",
        "/_backroom/health/x",
        "//",
        "/_backroom/openapi/.json",
        "/_backroom/docs/2022-10-16",
        "/_backroom/docs/2024-02-15/x",
    ],
)
def test_other_paths_are_none(database: Database, path: str) -> None:
    assert answer_route("GET", path, database) is None


def test_changes_have_a_mark(database: Database) -> None:
    answered = answer_route("GET", "/_backroom/changes", database)
    assert answered is not None
    assert answered.status == 200
    assert msgspec.json.decode(b"".join(answered.parts))["mark"]


def test_digests_need_a_key(database: Database) -> None:
    with pytest.raises(NotAuthenticated):
        answer_route("GET", "/_backroom/changes/items", database)


def test_lost_store_is_not_ready() -> None:
    database = open_database(None)
    assert answer_route("GET", "/health", database) is not None
    database.close()
    statuses = {}
    for path in PATHS:
        answered = answer_route("GET", path, database)
        assert answered is not None
        statuses[path] = answered.status, msgspec.json.decode(b"".join(answered.parts))["status"]
    assert {statuses.pop(path) for path in WAITLESS} == {(200, "ok")}
    assert set(statuses.values()) == {(503, "unavailable")}


def test_health_members_are_described(database: Database) -> None:
    answered = answer_route("GET", "/health", database)
    assert answered is not None
    body = msgspec.json.decode(b"".join(answered.parts))
    revisions = [f"revisions.{each}" for each in body.pop("revisions")]
    assert [*body, *revisions] == list(HEALTH_MEMBERS)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_every_route_is_answered(database: Database, route: control.Route) -> None:
    path = route.path.replace(control.DATE_IN_PATH, "2024-02-15")
    answered = answer_route(
        "GET", path, database, metrics=lambda: ("text/plain", b""), asked=BROWSER
    )
    assert answered is not None
    assert answered.status in route.statuses


def test_metrics_that_are_off_have_no_path(database: Database) -> None:
    assert answer_route("GET", "/metrics", database) is None
    assert control.takes_long("/metrics")


def test_days_between_are_the_earlier() -> None:
    found = control.route_of("/_backroom/docs/2024-03-01")
    assert found is not None
    assert found.revision.date == "2024-02-15"


def test_documents_take_long_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_made", set())
    path = "/_backroom/openapi/2024-02-15.json"
    assert control.takes_long(path)
    assert answer_route("GET", path, database) is not None
    assert not control.takes_long(path)
    assert control.takes_long("/_backroom/openapi/2024-05-15.json")


def test_refused_methods_make_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_made", set())
    assert answer_route("POST", "/_backroom/docs", database) is not None
    assert control.takes_long("/_backroom/docs")


@pytest.mark.parametrize("path", [*PATHS, "/_backroom/openapi/", "/api/catalog-items", "/x"])
def test_other_answers_are_quick(path: str) -> None:
    assert not control.takes_long(path)
