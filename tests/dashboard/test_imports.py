from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from support.process import until
from support.stocked import put

if TYPE_CHECKING:
    import urllib3

    from backroom.server import Server
    from support.client import Client
    from support.visitor import Visitor

IMPORT_PATH = "/_backroom/dashboard/catalog/import"
ROWS = (
    b"type,external_id,title,description,url,price\n"
    b"item,a,Mug,A mug,https://x.example/a,12.5\n"
    b"item,b,Bowl,A bowl,https://x.example/b,cheap\n"
)
LINES = b"""{"type":"item","external_id":"a","title":"A","description":"","url":"u"}
{"type":"item","external_id":"b","title":"B","description":"","url":"u","price":"cheap"}
"""


def sent(visitor: Visitor, client: Client, body: bytes, name: str = "f.csv") -> str:
    """Send a file as the script does, and give the page of its import."""
    answer = raw(visitor, client, body, name)
    assert answer.status == 200, answer.data
    return str(answer.json()["page"])


def raw(
    visitor: Visitor, client: Client, body: bytes, name: str = "f.csv"
) -> urllib3.BaseHTTPResponse:
    return visitor.ask(
        "POST",
        f"{IMPORT_PATH}?account={client.account}&name={name}",
        body,
        X_CSRF_Token=visitor.csrf_token(),
        Content_Type="application/octet-stream",
    )


def words_when(visitor: Visitor, page: str, said: str) -> str:
    until(lambda: said in visitor.words(page), said)
    return visitor.words(page)


def post(visitor: Visitor, page: str) -> urllib3.BaseHTTPResponse:
    return visitor.ask("POST", page, X_CSRF_Token=visitor.csrf_token())


def test_file_is_checked_before_it_is_loaded(visitor: Visitor, client: Client) -> None:
    page = sent(visitor, client, ROWS)
    words = words_when(visitor, page, "What it would do")
    assert "CSV with the API's names" in words
    assert "2 rows: 1 would be created, 1 would fail" in words
    assert "3 out item b price cheap" in words
    assert client.get("/api/catalog-items").json["data"] == []


def test_loaded_file_is_in_the_catalog(visitor: Visitor, client: Client, shown: Server) -> None:
    page = sent(visitor, client, ROWS)
    words_when(visitor, page, "Load it")
    assert post(visitor, f"{page}/load").status == 200
    words = words_when(visitor, page, "What it did")
    assert "1 created, 1 failed" in words
    (item,) = client.get("/api/catalog-items").json["data"]
    assert item["attributes"]["external_id"] == "a"
    assert f"/jobs/{client.account}/" in visitor.read(page)
    rows = shown.database.read()
    with rows as tx:
        left = tx.all(
            "select 1 from keys where name like 'dashboard import%' and revoked_at is null"
        )
    assert left == []


def test_report_is_a_file(visitor: Visitor, client: Client) -> None:
    page = sent(visitor, client, ROWS)
    words_when(visitor, page, "What it would do")
    answer = visitor.ask("GET", f"{page}/report.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="report.csv"'
    assert b"cheap" in answer.data
    assert b'"dry_run": true' in visitor.ask("GET", f"{page}/report.json").data
    assert visitor.ask("GET", f"{page}/report.exe").status == 404


def test_options_are_tried_again(visitor: Visitor, client: Client) -> None:
    put(client, "item", "old")
    page = sent(visitor, client, ROWS)
    words_when(visitor, page, "What it would do")
    visitor.send(f"{page}/check", mode="mirror", max_delete="5")
    words = words_when(visitor, page, "1 would be deleted")
    assert "Load it" in words


@pytest.mark.slow
def test_refused_rows_are_sent_on_demand(visitor: Visitor, client: Client) -> None:
    for _ in range(2):
        page = sent(visitor, client, LINES, "f.jsonl")
        words_when(visitor, page, "What it would do")
        post(visitor, f"{page}/load")
        words = words_when(visitor, page, "What it did")
    assert "1 unchanged, 1 failed" in words
    assert "It was not sent again" in words
    visitor.send(f"{page}/check", mode="upsert", retry_refused="1")
    words_when(visitor, page, "Load it")
    post(visitor, f"{page}/load")
    assert "It was not sent again" not in words_when(visitor, page, "What it did")


def test_mirror_keeps_its_limit(visitor: Visitor, client: Client) -> None:
    put(client, "item", "old")
    page = sent(visitor, client, ROWS.replace(b"cheap", b"2"))
    words_when(visitor, page, "What it would do")
    visitor.send(f"{page}/check", mode="mirror", max_delete="10%")
    words = words_when(visitor, page, "may be deleted")
    assert "Load it" not in words
    assert post(visitor, f"{page}/load").status == 409


def test_file_that_is_no_feed_says_why(visitor: Visitor, client: Client) -> None:
    page = sent(visitor, client, b"\x00\x01\x02 nothing", "../../etc/x.csv")
    words = words_when(visitor, page, "What it would do")
    assert "Load it" not in words
    assert "x.csv" in words


def test_empty_file_is_refused(visitor: Visitor, client: Client) -> None:
    answer = raw(visitor, client, b"")
    assert (answer.status, answer.data) == (400, b"The file is empty.")


def test_file_without_token_is_refused(visitor: Visitor, client: Client) -> None:
    path = f"{IMPORT_PATH}?account={client.account}&name=f.csv"
    answer = visitor.ask("POST", path, ROWS, Content_Type="application/octet-stream")
    assert answer.status == 403


def test_unknown_account_is_refused(visitor: Visitor) -> None:
    answer = visitor.ask(
        "POST",
        f"{IMPORT_PATH}?account=nobody&name=f.csv",
        ROWS,
        X_CSRF_Token=visitor.csrf_token(),
        Content_Type="application/octet-stream",
    )
    assert answer.status == 404


def test_form_sends_a_file_without_scripts(visitor: Visitor, client: Client) -> None:
    parts = {"csrf_token": (None, visitor.csrf_token()), "file": ("f.csv", ROWS)}
    body = b"".join(
        f'--xx\r\nContent-Disposition: form-data; name="{name}"'.encode()
        + (f'; filename="{given[0]}"'.encode() if given[0] else b"")
        + b"\r\n\r\n"
        + (given[1] if isinstance(given[1], bytes) else str(given[1]).encode())
        + b"\r\n"
        for name, given in parts.items()
    )
    answer = visitor.ask(
        "POST",
        f"{IMPORT_PATH}?account={client.account}",
        body + b"--xx--\r\n",
        Content_Type="multipart/form-data; boundary=xx",
    )
    assert answer.status == 303
    assert re.fullmatch(f"{IMPORT_PATH}/[0-9A-Z]+", answer.headers["Location"])


def test_import_is_found_again_and_forgotten(visitor: Visitor, client: Client) -> None:
    page = sent(visitor, client, ROWS, "again.csv")
    words_when(visitor, page, "What it would do")
    assert page in visitor.read(IMPORT_PATH)
    visitor.send(f"{page}/remove")
    assert page not in visitor.read(IMPORT_PATH)
    assert visitor.ask("GET", page).status == 404


def test_list_names_a_new_import(visitor: Visitor, client: Client) -> None:
    with visitor.following(f"/_backroom/dashboard/live/imports/{client.account}") as stream:
        page = sent(visitor, client, ROWS, "dropped.csv")
        seen = b""
        while page.encode() not in seen:
            seen += stream.read1()
    assert b"dropped.csv" in seen
