from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from backroom.cli.imports import import_command
from dashboard.test_imports import IMPORT_PATH, ROWS, post, sent, words_when
from support.factories import a_resource
from support.page_form import fields_of
from support.process import until

if TYPE_CHECKING:
    from support.client import Client
    from support.visitor import Visitor

CHANGES = {
    "FF-1031": ("external_id", "FF-1031-C"),
    "FF-1067-B": ("categories", "jackets"),
    "FF-0917-BLK-M": ("item", "FF-1104"),
    "FF-1142-B": ("price", "129.95"),
    "FF-1188-B": ("title", "Trousers"),
    "FF-1226-MOS-4X3-M-P": ("inventory_policy", "1"),
}
CHEAP = b'{"type":"item","external_id":"b","title":"B","description":"","url":"u","price":"no"}\n'


def import_demo(client: Client) -> str:
    """Import the demo shop by the command, and give the page that it names."""
    environment = {"BACKROOM_URL": client.url, "BACKROOM_KEY": client.key}
    result = CliRunner(env=environment).invoke(import_command, ["--demo"])
    found = re.search(r"corrected in the dashboard: http://[^/]+(\S+)", result.stderr)
    assert found, result.output
    return found[1]


@pytest.mark.slow
def test_all_rows_of_the_demo_are_corrected(visitor: Visitor, client: Client) -> None:
    page = import_demo(client)
    assert "7 rows failed" in visitor.words(f"{IMPORT_PATH}?account={client.account}")
    assert "7 rows of shop.jsonl failed" in visitor.words("/_backroom/")
    assert "Correct 7 rows" in visitor.words(page)
    form = visitor.read(f"{page}/correct")
    fields = fields_of(form)
    for place in range(6):
        name, value = CHANGES[fields[f"r{place}.external_id"]]
        fields[f"r{place}.{name}"] = value
    answer = visitor.send(f"{page}/correct", **fields)
    corrected = answer.headers["Location"]
    words_when(visitor, corrected, "7 rows: 7 would be created")
    post(visitor, f"{corrected}/load")
    words_when(visitor, corrected, "7 rows: 7 created")
    # One of them had no id, and another has got a new one.
    assert visitor.words(f"{page}/correct").count("came in since") == 7
    account = client.account
    until(lambda: f"{account}/{page.rpartition('/')[2]}" not in visitor.read("/_backroom/"), "gone")


def test_rows_that_came_in_since_are_left_out(visitor: Visitor, client: Client) -> None:
    line = (
        b'{"type":"item","external_id":"%s","title":"B","description":"","url":"u","price":"x"}\n'
    )
    page = sent(visitor, client, line % b"b" + line % b"c", "f.jsonl")
    words_when(visitor, page, "What it would do")
    client.post("/api/catalog-items", {"data": a_resource("item", "b")})
    words = visitor.words(f"{page}/correct")
    assert words.count("This item came in since") == 1
    form = visitor.read(f"{page}/correct")
    assert re.findall(r'name="(r\d\.out)" value="1" checked', form) == ["r0.out"]
    answer = visitor.send(f"{page}/correct", **fields_of(form) | {"r0.out": "1", "r1.price": "3"})
    words_when(visitor, answer.headers["Location"], "1 row: 1 would be created")


def test_corrected_import_leaves_the_overview(visitor: Visitor, client: Client) -> None:
    page = sent(visitor, client, CHEAP, "cheap.jsonl")
    words_when(visitor, page, "What it would do")
    post(visitor, f"{page}/load")
    words_when(visitor, page, "What it did")
    words_when(visitor, "/_backroom/", "1 row of cheap.jsonl failed")
    client.post("/api/catalog-items", {"data": a_resource("item", "b")})
    until(lambda: "of cheap.jsonl failed" not in visitor.words("/_backroom/"), "it is gone")


def test_rows_are_corrected_before_anything_is_loaded(visitor: Visitor, client: Client) -> None:
    page = sent(visitor, client, CHEAP, "f.jsonl")
    assert "Correct 1 row" in words_when(visitor, page, "What it would do")
    fields = fields_of(visitor.read(f"{page}/correct"))
    answer = visitor.send(f"{page}/correct", **fields | {"r0.price": "3"})
    words_when(visitor, answer.headers["Location"], "1 would be created")


def test_unread_record_is_filled_in(visitor: Visitor, client: Client) -> None:
    page = sent(visitor, client, ROWS)
    words_when(visitor, page, "What it would do")
    assert "What was read of it is here" in visitor.words(f"{page}/correct")
    given = {"title": "Bowl", "description": "A bowl", "url": "https://x.example/b", "price": "3"}
    fields = {f"r0.{name}": value for name, value in given.items()} | {"r0.external_id": "b"}
    answer = visitor.send(f"{page}/correct", **fields)
    words_when(visitor, answer.headers["Location"], "1 would be created")


def test_cut_line_has_its_first_fields(visitor: Visitor, client: Client) -> None:
    line = b'{"type":"item","external_id":"b","title":"A, bowl","description":"A bo'
    page = sent(visitor, client, line, "f.jsonl")
    words_when(visitor, page, "What it would do")
    shown = visitor.read(f"{page}/correct")
    fields = fields_of(shown)
    assert (fields["r0.external_id"], fields["r0.title"]) == ("b", "A, bowl")
    assert 'The row in the file: {"type":"item"' in visitor.words(f"{page}/correct")
    assert shown.index("r0.description") < shown.index("other fields")
    given = {"r0.description": "A bowl", "r0.url": "https://x.example/b"}
    answer = visitor.send(f"{page}/correct", **fields | given)
    words_when(visitor, answer.headers["Location"], "1 would be created")


SHOPIFY = b"""Handle,Title,Option1 Value,Variant SKU,Variant Price,Image Src
hat,Hat,S,hat-s,10,https://x.example/h.jpg
hat,,M,hat-m,11,,x
cap,Cap,S,cap-s
"
"""


@pytest.mark.slow
def test_torn_rows_of_a_shop_are_corrected(visitor: Visitor, client: Client) -> None:
    page = sent(visitor, client, SHOPIFY)
    words = words_when(visitor, page, "What it would do")
    assert "1 rejected row can't be corrected here, in line 5. No value of" in words
    assert "The row in the file: hat,,M,hat-m,11,,x" in visitor.words(f"{page}/correct")
    post(visitor, f"{page}/load")
    words_when(visitor, page, "What it did")
    fields = fields_of(visitor.read(f"{page}/correct"))
    assert (fields["r0.external_id"], fields["r0.item"]) == ("hat-m", "hat")
    fields |= {"r0.price": "11", "r1.price": "12", "r2.price": "12"}
    corrected = visitor.send(f"{page}/correct", **fields).headers["Location"]
    words_when(visitor, corrected, "3 rows: 3 would be created")
    post(visitor, f"{corrected}/load")
    assert "Correct" not in words_when(visitor, corrected, "3 rows: 3 created")


def test_row_without_an_id_has_fields(visitor: Visitor, client: Client) -> None:
    page = sent(
        visitor, client, b'{"type":"item","title":"Bowl","description":"B","url":"u"}\n', "f.jsonl"
    )
    words_when(visitor, page, "What it would do")
    fields = fields_of(visitor.read(f"{page}/correct"))
    assert (fields["r0.external_id"], fields["r0.title"]) == ("", "Bowl")
    answer = visitor.send(f"{page}/correct", **fields | {"r0.external_id": "b"})
    words_when(visitor, answer.headers["Location"], "1 would be created")


def test_refused_cells_are_in_the_form(visitor: Visitor, client: Client) -> None:
    text = b"type,external_id,title,published,price\nitem,b,Bowl,perhaps,3\n"
    page = sent(visitor, client, text)
    words_when(visitor, page, "What it would do")
    shown = visitor.read(f"{page}/correct")
    assert fields_of(shown)["r0.title"] == "Bowl"
    assert "perhaps" in shown


def test_wrong_line_is_shown_again(visitor: Visitor, client: Client) -> None:
    page = sent(visitor, client, b"{broken\n", "f.jsonl")
    words_when(visitor, page, "What it would do")
    answer = visitor.send(f"{page}/correct", **{"r0.text": "{still broken"})
    assert b"This line is not a JSON object: " in answer.data
    assert b"{still broken" in answer.data
    answer = visitor.send(f"{page}/correct", **{"r0.out": "1"})
    assert b"You have left out all rows." in answer.data


@pytest.mark.slow
def test_import_is_forgotten(visitor: Visitor, client: Client) -> None:
    page = import_demo(client)
    visitor.send(f"{page}/remove")
    assert visitor.ask("GET", page).status == 404


@pytest.mark.parametrize("first", ["9" * 5_000, "²", "-1", "x"])
def test_strange_places_show_the_first_rows(visitor: Visitor, client: Client, first: str) -> None:
    page = sent(visitor, client, CHEAP, "cheap.jsonl")
    words_when(visitor, page, "What it would do")
    form = visitor.read(f"{page}/correct?from={quote(first)}")
    fields = fields_of(form)
    assert visitor.send(f"{page}/correct", **fields | {"from": first}).status in {303, 400}
