"""Faults: which requests they strike, how often, and what is answered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from urllib3.exceptions import HTTPError

from backroom.revisions import NEWEST, OLDEST
from backroom.testing.faults import Faults, FaultWish, InvalidFault
from conftest import client_of, running
from support.factories import a_body, a_kind_of_job, a_resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.server import Server
    from conftest import NewDatabase
    from support.client import Client

ITEMS = "/api/catalog-items"
JOBS = f"/api/{a_kind_of_job('item', 'create').collection}"
JOB = a_body(a_kind_of_job("item", "create"), a_resource("item"))


@pytest.fixture(scope="module")
def faulty_server(new_database: NewDatabase) -> Iterator[tuple[Server, Faults]]:
    with running(new_database(), limits="off") as server:
        injected = Faults()
        server.observe(injected)
        yield server, injected


@pytest.fixture
def faults(faulty_server: tuple[Server, Faults]) -> Faults:
    faulty_server[1].clear()
    return faulty_server[1]


@pytest.fixture
def client(faulty_server: tuple[Server, Faults]) -> Client:
    return client_of(faulty_server[0])


def statuses(client: Client, count: int, path: str = ITEMS) -> list[int]:
    return [client.get(path).status for _ in range(count)]


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({}, [503, 200, 200, 200]),
        ({"times": 2}, [503, 503, 200, 200]),
        ({"times": 0}, [503, 503, 503, 503]),
        ({"nth": 3}, [200, 200, 503, 200]),
        ({"nth": 3, "times": 0}, [200, 200, 503, 200]),
        ({"probability": 1}, [503, 503, 503, 503]),
        ({"probability": 1, "times": 1}, [503, 200, 200, 200]),
    ],
)
def test_faults_strike_as_often_as_asked(
    client: Client, faults: Faults, wish: dict[str, Any], expected: list[int]
) -> None:
    faults.add(status=503, **wish)
    assert statuses(client, 4) == expected


def test_same_seed_strikes_the_same(client: Client, faults: Faults) -> None:
    seen = []
    for _ in range(2):
        fault = faults.add(status=503, probability=0.5, seed=7)
        seen.append(statuses(client, 20))
        assert faults.remove(fault.number)
    assert seen[0] == seen[1]
    assert set(seen[0]) == {200, 503}


@pytest.mark.parametrize(
    ("wish", "struck"),
    [
        ({"operation": "get_catalog_items"}, [ITEMS]),
        ({"path": "/api/*-items"}, [ITEMS]),
        ({"method": "GET"}, [ITEMS, "/api/catalog-variants"]),
        ({"method": "POST"}, []),
        ({"revision": NEWEST}, [ITEMS, "/api/catalog-variants"]),
        ({"revision": OLDEST}, []),
        ({"account": "nobody"}, []),
    ],
)
def test_faults_strike_what_is_meant(
    client: Client, faults: Faults, wish: dict[str, str], struck: list[str]
) -> None:
    faults.add(status=503, times=0, **wish)
    paths = [ITEMS, "/api/catalog-variants"]
    assert [path for path in paths if client.get(path).status == 503] == struck


def test_one_account_is_struck(
    client: Client, faults: Faults, faulty_server: tuple[Server, Faults]
) -> None:
    other = client_of(faulty_server[0])
    faults.add(status=503, account=client.key.split("_")[1])
    assert (other.get(ITEMS).status, client.get(ITEMS).status) == (200, 503)


def test_faults_are_used_in_order(client: Client, faults: Faults) -> None:
    for status in (500, 429, 503):
        faults.add(status=status)
    assert statuses(client, 4) == [500, 429, 503, 200]


def test_refused_requests_use_up_no_fault(client: Client, faults: Faults) -> None:
    faults.add(status=503)
    assert client.get("/api/nothing").status == 404
    assert client.get(ITEMS, headers={"Authorization": None}).status == 401
    assert client.get("/health").status == 200
    assert client.get(ITEMS).status == 503


@pytest.mark.parametrize(
    ("status", "code", "title"),
    [
        (400, "invalid", "Invalid input."),
        (401, "authentication_failed", "Incorrect authentication credentials."),
        (403, "permission_denied", "You do not have permission to perform this action."),
        (404, "not_found", "Not found."),
        (409, "conflict", "Conflict."),
        (429, "throttled", "Request was throttled."),
        (500, "error", "A server error occurred."),
        (502, "bad_gateway", "Bad Gateway."),
        (503, "service_unavailable", "Service temporarily unavailable, try again later."),
        (524, "error", "A server error occurred."),
    ],
)
def test_errors_have_the_words_of_the_api(
    client: Client, faults: Faults, status: int, code: str, title: str
) -> None:
    faults.add(status=status)
    answer = client.get(ITEMS, revision=OLDEST)
    assert (answer.status, answer.error["status"]) == (status, status)
    assert (answer.error["code"], answer.error["title"]) == (code, title)
    assert answer.headers["X-Klaviyo-Api-Revision"] == OLDEST


def test_words_may_be_given(client: Client, faults: Faults) -> None:
    faults.add(status=400, code="duplicate", title="Twice.", detail="It is there.", form="short")
    error = client.get(ITEMS).error
    assert (error["code"], error["title"], error["detail"]) == (
        "duplicate",
        "Twice.",
        "It is there.",
    )
    assert "links" not in error


def test_both_forms_of_throttling(client: Client, faults: Faults) -> None:
    faults.add(status=429, retry_after=3)
    faults.add(status=429, retry_after=3, form="short")
    long, short = client.get(ITEMS), client.get(ITEMS)
    for each in (long, short):
        assert each.headers["Retry-After"] == "3"
        assert not {"RateLimit-Limit", "Content-Type"} & set(each.headers)
    assert long.error["source"] == {"pointer": "/data"}
    assert "links" in long.error
    assert short.error["source"] == {"pointer": "/data/"}
    assert "links" not in short.error


def test_missing_scope_is_named(client: Client, faults: Faults) -> None:
    faults.add(status=403)
    assert client.post(JOBS, JOB).error["detail"].endswith("scopes: catalogs:write")


def test_struck_work_is_not_done(client: Client, faults: Faults) -> None:
    faults.add(status=503)
    assert client.post(JOBS, JOB).status == 503
    assert client.get(JOBS).json["data"] == []


def test_error_may_follow_the_work(client: Client, faults: Faults) -> None:
    faults.add(status=503, after=True)
    assert client.post(JOBS, JOB).status == 503
    assert len(client.get(JOBS).json["data"]) == 1


@pytest.mark.parametrize("damage", ["reset", "empty", "truncated"])
def test_answers_get_lost_after_the_work(client: Client, faults: Faults, damage: str) -> None:
    faults.add(damage=damage, after=True)
    with pytest.raises(HTTPError):
        client.post(JOBS, JOB)
    assert len(client.get(JOBS).json["data"]) == 1


def test_faults_say_what_they_have_done(client: Client, faults: Faults) -> None:
    used = faults.add(status=503, operation="get_catalog_items")
    idle = faults.add(delay=(0, 0.01), method="DELETE")
    statuses(client, 2)
    assert used.as_json() == {
        "number": used.number,
        "operation": "get_catalog_items",
        "status": 503,
        "seen": 1,
        "used": 1,
        "used_up": True,
    }
    assert faults.unused() == [idle]
    assert faults.all() == [used, idle]
    assert faults.remove(used.number)
    assert not faults.remove(used.number)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({}, "needs a status, a delay or a damage"),
        ({"status": 200}, "400 to 599"),
        ({"status": "503"}, "Expected"),
        ({"stauts": 503}, "nearest is status"),
        ({"status": 503, "operation": "get_catalog_item_s"}, "nearest is get_catalog_items"),
        ({"status": 503, "revision": "2023-01-01"}, "no revision 2023-01-01"),
        ({"status": 503, "path": "api"}, "path must begin with /"),
        ({"status": 503, "probability": 2}, "probability, above 0"),
        ({"status": 503, "nth": 0}, "nth, 1 or more"),
        ({"status": 503, "times": -1}, "times, 0 or more"),
        ({"delay": (2, 1)}, "delay, from 0 to 3600"),
        ({"delay": float("nan")}, "delay, from 0"),
        ({"delay": 1, "retry_after": 1}, "need a status"),
        ({"damage": "shredded"}, "Invalid enum value"),
    ],
)
def test_wrong_faults_say_what_is_right(faults: Faults, wish: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidFault, match=words):
        faults.add(**wish)
    assert faults.all() == []


PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "inject-faults.md"
SHOWN = re.findall(
    r"^\| `(\{.*\})` \||-d '(\{.*\})'", PAGE.read_text(encoding="utf-8"), re.MULTILINE
)


@pytest.mark.parametrize("shown", ["".join(each) for each in SHOWN])
def test_faults_of_the_page_are_right(shown: str) -> None:
    assert Faults().add(**msgspec.json.decode(shown)).as_json()["used"] == 0


def test_page_names_all_members() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in FaultWish.__struct_fields__ if f'"{name}":' not in page] == []


def test_first_fault_begins_to_observe() -> None:
    observers: list[Faults] = []
    faults = Faults(observers.append)
    assert observers == []
    faults.add(status=503)
    faults.add(status=503)
    assert observers == [faults]


def test_misspelt_members_are_guessed() -> None:
    with pytest.raises(InvalidFault, match="no member staus; nearest is status"):
        Faults().add(staus=503)
    with pytest.raises(InvalidFault, match="no member xyz; there are operation,"):
        Faults().add(xyz=1)


def test_faults_of_one_account_are_removed() -> None:
    faults = Faults()
    kept = faults.add(status=503, account="b")
    faults.add(status=503, account="a")
    faults.clear("a")
    assert faults.all() == [kept]
    faults.clear()
    assert faults.all() == []
