from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from backroom.control.import_reports import MOST_REPORT
from conftest import client_of, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.server import Server
    from conftest import NewDatabase
    from support.client import Client

TOKEN = "only-for-tests"
REPORT: dict[str, Any] = {
    "feed": "JSON Lines",
    "summary": "2 rows",
    "counts": {"catalog-item": {"rows": 2, "failed": 1}},
    **{each: [] for each in ("remarks", "changes", "unknown", "jobs")},
    **dict.fromkeys(("faults", "warnings", "changed", "sent"), 0),
    "seconds": 1.5,
}


@pytest.fixture(scope="module")
def server(new_database: NewDatabase) -> Iterator[Server]:
    with running(new_database(), limits="off", control_token=TOKEN) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Client:
    return client_of(server)


def left(client: Client, report: Any = REPORT, **more: Any) -> Any:
    headers = {"Authorization": f"Klaviyo-API-Key {client.key}", **more}
    body = {"name": "shop.jsonl", "report": report}
    return client.request("POST", "/_backroom/imports", json=body, headers=headers)


def test_key_leaves_a_report(client: Client) -> None:
    answer = left(client)
    assert answer.status == 201, answer.body
    token = {"Authorization": f"Bearer {TOKEN}"}
    path = f"/_backroom/imports?account={client.account}"
    (kept,) = json.loads(client.request("GET", path, headers=token).body)
    assert (kept["import_id"], kept["failed"]) == (answer.json["import_id"], 1)
    assert answer.json["page"].endswith(f"/kept/{client.account}/{kept['import_id']}")


def test_key_opens_nothing_else(client: Client) -> None:
    headers = {"Authorization": f"Klaviyo-API-Key {client.key}"}
    for method, path in (("GET", "/imports"), ("GET", "/keys"), ("POST", "/reset")):
        assert client.request(method, f"/_backroom{path}", headers=headers).status == 401


def test_key_leaves_nothing_with_another_account(client: Client, server: Server) -> None:
    body = {"name": "f", "report": REPORT, "account": client_of(server).account}
    headers = {"Authorization": f"Klaviyo-API-Key {client.key}"}
    answer = client.request("POST", "/_backroom/imports", json=body, headers=headers)
    assert f"/{client.account}/" in answer.json["page"]


def test_wrong_key_is_refused(client: Client, server: Server) -> None:
    assert left(client, Authorization="Klaviyo-API-Key pk_wrong_key").status == 401
    reader = client_of(server, "catalogs:read")
    assert left(reader).status == 403


@pytest.mark.parametrize(
    ("report", "status"),
    [
        ({"summary": 1}, 400),
        (REPORT | {"summary": "x" * MOST_REPORT}, 413),
        (
            REPORT
            | {
                "rejected": [
                    {
                        "line": 1,
                        "kind": "",
                        "external_id": "",
                        "text": "x" * 20_001,
                        "is_whole": True,
                    }
                ]
            },
            413,
        ),
    ],
)
def test_wrong_report_is_refused(client: Client, report: Any, status: int) -> None:
    assert left(client, report).status == status


def test_page_of_another_origin_is_refused(client: Client) -> None:
    assert left(client, Origin="http://evil.example").status == 403
