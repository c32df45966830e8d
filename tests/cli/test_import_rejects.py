"""Feeds of each format with a fault: the rejects, corrected and imported alone, complete them."""

from __future__ import annotations

import csv
import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from openpyxl import Workbook, load_workbook

from backroom.cli.imports import import_command

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from conftest import MakeClient
    from support.client import Client

KINDS = ("catalog-items", "catalog-variants", "catalog-categories")


@dataclass(frozen=True)
class Case:
    """A feed as it should be, and what is wrong in it instead."""

    name: str
    right: str
    good: str
    bad: str
    encoding: str = "utf-8"
    left_out: str = "hat"
    """What only the products without a fault have."""


SHOPIFY = """\
Handle,Title,Body (HTML),Type,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src
cap,Cap,"<p>Wärm,
""itchy""</p>",Hats,Size,S,C-S,19.95,https://i.example/c1.jpg
hat,Hat,,Hats,Size,S,,5,https://i.example/h.jpg
cap,,,,,L,C-L,21.95,
cap,,,,,,,,https://i.example/c2.jpg
"""
WOOCOMMERCE = """\
ID;Type;SKU;Name;Regular price;Categories;Images;Parent;Attribute 1 name;Attribute 1 value(s)
11;variation;C-S;Cap - S;19,95;;https://i.example/s.jpg;id:10;Size;S
10;variable;C;Cap;;Shop > Hats;https://i.example/c.jpg;;Size;S, L
12;variation;C-L;Cap - L;21,95;;;c;Size;L
20;simple;H;hat;5,50;Shop;https://i.example/h.jpg;;;
"""
GOOGLE = """\
id\ttitle\tlink\timage_link\tprice\titem_group_id\tsize
C-S\tCap\thttps://s.example/c\thttps://i.example/c1.jpg\t19.95 USD\tcap\tS
hat\tHat\thttps://s.example/h\thttps://i.example/h.jpg\t5.00 USD\t\t
C-L\tCap\thttps://s.example/c\thttps://i.example/c2.jpg\t21.95 USD\tcap\tL
"""
RSS = """\
<?xml version="1.0"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>
 <item><g:id>C-S</g:id><title>Cäp</title><link>https://s.example/c</link>
  <g:image_link>https://i.example/c.jpg</g:image_link><g:price>19.95 USD</g:price>
  <g:item_group_id>cap</g:item_group_id></item>
 <item><g:id>hat</g:id><title>Hat</title><link>https://s.example/h</link>
  <g:image_link>https://i.example/h.jpg</g:image_link><g:price>5.00 USD</g:price></item>
 <item><g:id>C-L</g:id><title>Cäp</title><link>https://s.example/c</link>
  <g:price>21.95 USD</g:price><g:item_group_id>cap</g:item_group_id></item>
 <description>end</description></channel></rss>
"""
KLAVIYO = json.dumps(
    [
        {"id": "cap", "title": "Cap", "link": "https://s.example/c", "price": 21.95},
        {"id": "hat", "title": "Hat", "link": "https://s.example/h", "price": 5},
    ]
)
PRODUCTS = """<Products><Product><id>hat</id><title>Hat</title><link>https://s.example/h</link>
<price>5</price></Product><Product><id>cap</id><title>Cap</title><link>https://s.example/c</link>
<price>21.95</price></Product><Product/></Products>""".replace("<Product/>", "")
TITLED = {"title": "T", "description": "", "url": "https://s.example"}
OWN = [{"type": "item", "external_id": each, **TITLED, "price": 21.95} for each in ("cap", "hat")]
LINES = "".join(f"{json.dumps(each)}\n" for each in OWN)
PAGE = json.dumps(
    {
        "data": [
            {
                "type": "catalog-item",
                "id": f"$custom:::$default:::{each}",
                "attributes": {"external_id": each, **TITLED, "price": 21.95},
            }
            for each in ("cap", "hat")
        ]
    }
)
CSV = """type,external_id,title,description,url,price
item,cap,T,d,https://s.example,21.95
item,hat,T,d,https://s.example,5.95
"""

CASES = (
    Case("shopify", SHOPIFY, "21.95", "cheap", left_out="hat,Hat"),
    Case("shopify.torn", SHOPIFY, "C-L,21.95,", "C-L,21.95", left_out="hat,Hat"),
    Case("shopify.utf-16", SHOPIFY, "21.95", "cheap", "utf-16", left_out="hat,Hat"),
    Case("shopify.cut", SHOPIFY, ",https://i.example/c2.jpg\n", ',"https://i', left_out="hat,Hat"),
    Case("woocommerce", WOOCOMMERCE, "21,95", "cheap", "cp1252"),
    Case("woocommerce.torn", WOOCOMMERCE, "C-L;Cap - L;", "C-L;Cap;- L;"),
    Case("woocommerce.orphan", WOOCOMMERCE, ";;;c;Size;L", ";;;cc;Size;L"),
    Case("google", GOOGLE, "21.95 USD", "free of charge"),
    Case("google.xml", RSS, "21.95 USD", "free of charge"),
    Case("google.bom", RSS, "21.95 USD", "free of charge", "utf-8-sig"),
    Case("google.utf-16", RSS, "21.95 USD", "free of charge", "utf-16"),
    Case("klaviyo", KLAVIYO, "21.95", '"cheap"'),
    Case("klaviyo.xml", PRODUCTS, "21.95", "cheap"),
    Case("jsonl", LINES, '"cap"', "3"),
    Case("csv", CSV, "21.95", "cheap"),
    Case("json", f"[{','.join(LINES.splitlines())}]", '"cap"', "3"),
    Case("api", PAGE, '"title": "T"', '"title": 5'),
)


def run(client: Client, *arguments: str | Path) -> Result:
    environment = {"BACKROOM_URL": client.url, "BACKROOM_KEY": client.key}
    return CliRunner(env=environment).invoke(import_command, [str(each) for each in arguments])


def told_command(result: Result) -> list[str]:
    """The arguments of the command that the import names for its rejects."""
    line = result.stderr.splitlines()[-1]
    assert line.startswith("  backroom import "), result.stderr
    return shlex.split(line)[2:]


def catalog(client: Client) -> Any:
    """All resources and relationships, without what tells accounts and times apart."""
    found = {}
    for collection in KINDS:
        for each in client.get(f"/api/{collection}").json["data"]:
            attributes = each["attributes"]
            for name in ("created", "updated"):
                attributes.pop(name, None)
            found[collection, each["id"]] = attributes
            if collection == "catalog-items":
                path = f"/api/catalog-items/{each['id']}/relationships"
                for related in ("variants", "categories"):
                    answer = client.get(f"{path}/{related}").json["data"]
                    found[each["id"], related] = sorted(one["id"] for one in answer)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_corrected_rejects_complete_a_feed(
    make_client: MakeClient, tmp_path: Path, case: Case
) -> None:
    client, other = make_client(), make_client()
    path, rejects, right = (tmp_path / each for each in ("feed", "rejects", "right"))
    right.write_bytes(case.right.encode(case.encoding))
    assert run(other, right).exit_code == 0
    assert case.good in case.right
    wrong = case.right.replace(case.good, case.bad, 1)
    path.write_bytes(wrong.encode(case.encoding))
    # 1. The product with a fault is in the rejects, with all of its records and no other.
    result = run(client, path, "--rejects", rejects)
    assert result.exit_code == 3, result.output
    text = rejects.read_bytes().decode(case.encoding)
    assert case.bad in text
    assert case.left_out not in text
    assert run(client, *told_command(result)).exit_code == 3
    # 2. Corrected, they make the catalog what it should be.
    rejects.write_bytes(text.replace(case.bad, case.good).encode(case.encoding))
    assert run(client, *told_command(result)).exit_code == 0
    assert catalog(client) == catalog(other)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["rejects.xlsx", "rejects.csv"])
def test_rejects_of_a_workbook_can_be_corrected(
    make_client: MakeClient, tmp_path: Path, target: str
) -> None:
    client, other = make_client(), make_client()
    book = Workbook(write_only=True)
    page = book.create_sheet("Products")
    for cells in csv.reader(SHOPIFY.splitlines(keepends=True)):
        page.append(["cheap" if each == "21.95" else each for each in cells])
    book.save(tmp_path / "feed.xlsx")
    (tmp_path / "right.csv").write_text(SHOPIFY)
    assert run(other, tmp_path / "right.csv").exit_code == 0
    rejects = tmp_path / target
    result = run(client, tmp_path / "feed.xlsx", "--rejects", rejects)
    if rejects.suffix == ".csv":
        rejects.write_text(rejects.read_text("utf-8-sig").replace("cheap", "21.95"))
    else:
        book = load_workbook(rejects)
        for row in book["Products"].iter_rows():
            for cell in row:
                cell.value = 21.95 if cell.value == "cheap" else cell.value
        book.save(rejects)
    assert run(client, *told_command(result)).exit_code == 0
    assert catalog(client) == catalog(other)


def test_command_says_what_the_whole_feed_shows(make_client: MakeClient, tmp_path: Path) -> None:
    path, rejects = tmp_path / "feed", tmp_path / "the rejects"
    path.write_text(SHOPIFY.replace("21.95", "cheap"))
    address = "https://s.example/{handle}"
    result = run(make_client(), path, "--rejects", rejects, "--shop-url", address)
    assert told_command(result) == [
        *(str(rejects), "--mode", "upsert", "--input-format", "shopify"),
        *("--variant-ids", "options", "--shop-url", address),
    ]


def test_torn_rows_alone_do_not_say_what_ids_are(make_client: MakeClient, tmp_path: Path) -> None:
    client, other = make_client(), make_client()
    path, rejects, right = (tmp_path / each for each in ("feed", "rejects", "right"))
    feed = "Handle,Title,Option1 Value,Variant SKU,Variant Price\ncap,Cap,S,C-S,5\ncap,,L,,6\n"
    path.write_text(feed.replace(",5", ",5,").replace(",6", ",6,"))
    result = run(client, path, "--rejects", rejects)
    assert "--variant-ids" not in result.stderr
    for each in (rejects, right):
        each.write_text(feed)
    assert run(client, *told_command(result)).exit_code == 0
    assert run(other, right).exit_code == 0
    assert catalog(client) == catalog(other)


def test_command_says_how_numbers_are_where_rejects_do_not(
    make_client: MakeClient, tmp_path: Path
) -> None:
    path, rejects = tmp_path / "feed.csv", tmp_path / "rejects.csv"
    first = "id,title,link,image_link,price\n1,Cap,c,i,"
    path.write_text(f'{first}cheap\n2,Hat,c,i,"19,95"\n')
    client = make_client()
    result = run(client, path, "--rejects", rejects)
    assert "--numbers comma" in result.stderr
    rejects.write_text(f"{first}1.299\n")
    assert run(client, *told_command(result)).exit_code == 0
    assert "1299" in str(catalog(client))


def test_rejects_may_be_saved_with_decimal_commas(make_client: MakeClient, tmp_path: Path) -> None:
    client, other = make_client(), make_client()
    path, rejects = tmp_path / "feed", tmp_path / "rejects"
    path.write_text(SHOPIFY.replace("21.95", "cheap"))
    result = run(client, path, "--rejects", rejects)
    rows = csv.reader(rejects.read_text().replace("cheap", "21.95").splitlines(keepends=True))
    with rejects.open("w", encoding="cp1252", newline="") as file:
        csv.writer(file, delimiter=";").writerows(
            [re.sub(r"^(\d+)\.(\d+)$", r"\1,\2", each) for each in row] for row in rows
        )
    assert run(client, *told_command(result)).exit_code == 0
    (tmp_path / "right").write_text(SHOPIFY)
    assert run(other, tmp_path / "right").exit_code == 0
    assert catalog(client) == catalog(other)


def test_rejects_are_not_the_feed(make_client: MakeClient, tmp_path: Path) -> None:
    (tmp_path / "feed").write_text(SHOPIFY)
    result = run(make_client(), tmp_path / "feed", "--rejects", tmp_path / "feed")
    assert result.exit_code == 1
    assert "is the feed itself" in result.stderr
    assert (tmp_path / "feed").read_text() == SHOPIFY
