from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import pytest

from backroom.feeds.feed_options import FeedOptions
from backroom.feeds.formats import SHOPS
from backroom.feeds.recognition import Recognised, recognise, unknown_columns
from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    from pathlib import Path


def found(path: Path, content: str | bytes, **said: str) -> Recognised:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return recognise(path, FeedOptions(**said), SHOPS.values())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Type,External_ID", "csv"),
        ("Handle,Title", "shopify"),
        ("Title,Option1 value,Price", "shopify"),
        ("Title,URL handle,Status", "shopify"),
        ("Typ;Artikelnummer;Name", "woocommerce"),
        ("ID,Type,UGS,Nom", "woocommerce"),
        ("SKU,Name,Regular price", "woocommerce"),
        ("id,title,link,image link,availability", "google"),
        ("id,title,link,image_link,inventory_policy,categories", "klaviyo"),
        ("a,b", ""),
    ],
)
def test_headings_tell_the_format(tmp_path: Path, header: str, name: str) -> None:
    assert found(tmp_path / "a", f"{header}\n").guess == name


@pytest.mark.parametrize(
    ("content", "carrier", "name"),
    [
        ('{"type":"item"}\n{"type":"item"}\n', "lines", "jsonl"),
        ('{"type":"item","custom_metadata":{"data":1}}\n', "lines", "jsonl"),
        ('{"type":"item"\n{"type":"item"}\n', "lines", "jsonl"),
        ('{"external_id":"a","images":[]}\n', "lines", "jsonl"),
        ('{"data":[]}', "document", "api"),
        ('{\n "data": [\n{"a":1}\n]}', "document", "api"),
        ('{"errors":[]}', "document", "api"),
        ('[{"type":"catalog-item","attributes":{}}]', "array", "api"),
        ('[{"type":"item","external_id":"a"}]', "array", "json"),
        ('[{"id":"a"}]', "array", "klaviyo"),
        ("<Products/>", "xml", "klaviyo"),
        ("<rss/>", "xml", "google"),
        ('<feed xmlns="http://www.w3.org/2005/Atom"/>', "xml", "google"),
    ],
)
def test_first_character_tells_the_carrier(
    tmp_path: Path, content: str, carrier: str, name: str
) -> None:
    result = found(tmp_path / "a", content)
    assert (result.carrier, result.guess) == (carrier, name)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a workbook of the old kind"),
        (b"%PDF-1.7", "is a PDF"),
        ("<!DOCTYPE html>", "is a web page"),
        ("<html>", "is a web page"),
        ("<sitemap/>", "root element 'sitemap'"),
        ("  \n ", "has blanks alone"),
        (b"\x7fELF" + b"\0" * 9, "is not a text file"),
        ("[]", "is an empty array"),
        (
            '{\n "a@b.c" : {\n  "products": [\n{"id": 1}]}}\n',
            "one JSON object .* 'a@b.c', which no",
        ),
        ('{"products": [{"id": 1}], "n": 1}', "one JSON object .* 'products', 'n', which"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: str | bytes, reason: str) -> None:
    with pytest.raises(FeedError, match=reason):
        found(tmp_path / "a", content)


def test_declared_encoding_is_shown(tmp_path: Path) -> None:
    content = '<?xml version="1.0" encoding="ISO-8859-2"?><rss/>'
    assert found(tmp_path / "a", content).encoding == "iso8859-2"


def test_many_columns_are_cut() -> None:
    columns = tuple(f"column {number} {'x' * 90}" for number in range(20))
    text = str(unknown_columns(Recognised("table", "utf-8", columns=columns)))
    assert "and 8 more" in text
    assert len(text) < 800


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("ID,Тип,Артикул,Имя,Базовая цена", "cp1251"),
        ("ID,Тип,Артикул,Имя,Базовая цена", "koi8-r"),
        ("Kimlik,Tür,İsim,Görseller", "cp1254"),
        ("ID,Typ,Namn,Förälder", "mac-roman"),
        ("ID,Typ,Nazwa,Wyróżniony produkt?,Widoczność w katalogu", "cp1250"),
        ("ID,Typ,Name,Veröffentlicht", "cp1252"),
    ],
)
def test_headings_tell_the_code_page(tmp_path: Path, header: str, encoding: str) -> None:
    recognised = found(tmp_path / "a", f"{header}\n".encode(encoding))
    assert recognised.guess == "woocommerce"
    assert codecs.lookup(recognised.encoding).name == encoding
