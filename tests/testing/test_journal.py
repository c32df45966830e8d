"""The journal: what it keeps of requests, and how they are found."""

from __future__ import annotations

import asyncio
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest

from backroom.api.not_served import WORDS
from backroom.catalog.neighbours import NEIGHBOURS
from backroom.revisions import NEWEST
from backroom.settings import Settings
from backroom.testing.journal import Journal, Wanted
from conftest import client_of, running
from support.process import until

if TYPE_CHECKING:
    from backroom.server import Server
    from support.client import Client

ITEMS = "/api/catalog-items"


def item(name: str, **more: Any) -> Any:
    attributes = {"external_id": name, "title": name, "description": "d", "url": "https://a.test"}
    return {"data": {"type": "catalog-item", "attributes": attributes | more}}


def test_neighbours_have_their_names(caller: Client, journal: Journal) -> None:
    account = caller.key.split("_")[1]
    for each in NEIGHBOURS:
        query = {"company_id": account} if each.public else None
        body: Any = {} if each.has_body else None
        caller.request(each.method, each.path.replace("{id}", account), json=body, query=query)
    assert [each.operation for each in journal.find()] == [each.name for each in NEIGHBOURS]
    assert {each.account for each in journal.find()} == {account}


def test_operations_that_are_not_served_are_named(caller: Client, journal: Journal) -> None:
    caller.get("/api/flows/x")
    (entry,) = journal.find()
    assert (entry.operation, entry.near) == (None, f"GET /api/flows/{{id}} is {WORDS}")
    assert entry.reason == f"{entry.near}."


WANTED = [
    (Wanted(), [1, 2, 3, 4]),
    (Wanted(operation="create_catalog_item"), [1, 2]),
    (Wanted(method="GET"), [3, 4]),
    (Wanted(path="/api/*-items"), [1, 2, 3]),
    (Wanted(status="404"), [4]),
    (Wanted(status="4xx"), [2, 4]),
    (Wanted(revision=NEWEST, status="2xx"), [1, 3]),
    (Wanted(body={"$.data.attributes.title": "first"}), [1]),
    (Wanted(answer={"$.errors[*].code": "conflict"}), [2]),
    (Wanted(account="nobody"), []),
]


@pytest.mark.parametrize(("wanted", "places"), WANTED)
def test_requests_are_found(
    caller: Client, journal: Journal, wanted: Wanted, places: list[int]
) -> None:
    begin = journal.last
    caller.post(ITEMS, item(f"found {begin}", title="first"))
    caller.post(ITEMS, item(f"found {begin}"))
    caller.get(f"{ITEMS}?page[size]=2")
    caller.get("/nothing")
    assert [each.number - begin for each in journal.find(wanted)] == places
    assert journal.count(wanted) == len(places)


def test_own_paths_are_left_out(caller: Client, journal: Journal) -> None:
    caller.get("/health")
    assert journal.find() == []


@pytest.mark.parametrize("kept", [Journal(most=3), Journal(most_bytes=3_700)])
def test_oldest_requests_are_forgotten(watched_server: Server, kept: Journal) -> None:
    watched_server.observe(kept)
    caller = client_of(watched_server)
    for _ in range(5):
        caller.get("/api/nothing")
    assert [each.number for each in kept.find()] == [3, 4, 5]
    assert (kept.entry(1), kept.entry(5) is not None) == (None, True)


def test_requests_are_waited_for(caller: Client, journal: Journal) -> None:
    def ask() -> None:
        for _ in range(3):
            caller.get(ITEMS)

    thread = threading.Thread(target=ask)
    thread.start()
    assert len(journal.wait(Wanted(path=ITEMS), 3)) == 3
    thread.join()


def test_waiting_in_vain_says_what_came(caller: Client, journal: Journal) -> None:
    caller.get(ITEMS)
    with pytest.raises(
        TimeoutError,
        match=re.escape(f"0 of 1 requests came in 0.01 s; the last of all: GET {ITEMS} 200"),
    ):
        journal.wait(Wanted(method="DELETE"), seconds=0.01)


def test_requests_are_followed(caller: Client, journal: Journal) -> None:
    async def first_two() -> list[str]:
        with journal.followed(Wanted(status="2xx")) as entries:
            for path in (ITEMS, "/nothing", "/api/catalog-variants"):
                await asyncio.to_thread(caller.get, path)
            return [(await anext(entries)).path for _ in range(2)]

    assert asyncio.run(first_two()) == [ITEMS, "/api/catalog-variants"]


@pytest.mark.slow
def test_refused_by_uvicorn_is_kept() -> None:
    journal = Journal()
    with running(None, limits="off", http="plain") as server:
        server.observe(journal)
        client_of(server).get(f"{ITEMS}?{'x' * 20_000}")
        until(lambda: journal.last == 1, "a request")
    assert journal.find()[0].status == 414


@pytest.mark.parametrize(
    ("journal", "ephemeral", "kept"),
    [("auto", True, True), ("auto", False, False), ("on", False, True), ("off", True, False)],
)
def test_setting_says_whether_to_keep(journal: str, *, ephemeral: bool, kept: bool) -> None:
    assert Settings(journal=journal, ephemeral=ephemeral).keeps_journal is kept


def test_server_has_journal_and_faults() -> None:
    with running(None, limits="off", journal="on") as server:
        client = client_of(server)
        server.faults.add(status=503)
        assert [client.get(ITEMS).status for _ in range(2)] == [503, 200]
        assert server.journal is not None
        assert [each.fault for each in server.journal.find()] == [1, None]


def test_followers_end_with_the_server() -> None:
    kept = Journal()

    async def follow() -> list[int]:
        with kept.followed() as entries:
            kept.let_go()
            return [each.number async for each in entries]

    assert asyncio.run(follow()) == []
