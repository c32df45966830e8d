from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from backroom.feeds.feed_options import FeedOptions
from backroom.feeds.formats import FORMATS, SHOPS, open_feed
from backroom.feeds.rows import FeedError, Row

if TYPE_CHECKING:
    from pathlib import Path

LINE = '{"type":"item","external_id":"C1"}\n'
SHOPIFY = "Handle;Title;Variant Price\ncap;Mütze;19,95\n"


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "name", "described"),
    [
        (LINE, "jsonl", "JSON Lines, UTF-8"),
        (
            "type,external_id\nitem,C1\n",
            "csv",
            "CSV with the API's names, 2 columns, UTF-8, commas",
        ),
        (f"[{LINE}]", "json", "JSON array with the API's names, UTF-8"),
        (
            SHOPIFY.encode("cp1252"),
            "shopify",
            "Shopify CSV, 3 columns, Windows-1252, semicolons",
        ),
        (
            gzip.compress(b"\xef\xbb\xbfID,Name,Type\n4,Cap,simple\n", mtime=0),
            "woocommerce",
            "WooCommerce CSV, 3 columns, UTF-8 with BOM, commas, compressed as gz",
        ),
        (
            "id\ttitle\tlink\n4\tCap\thttps://a.example\n".encode("utf-16"),
            "google",
            "Google Merchant TSV, 3 columns, UTF-16, tabs",
        ),
        ('[{"id":"4","title":"Cap","link":"c"}]', "klaviyo", "Klaviyo JSON, UTF-8"),
        (
            "<Products><Product><id>4</id><title>Cap</title><link>c</link></Product></Products>",
            "klaviyo",
            "Klaviyo XML, UTF-8",
        ),
        (
            '{"data":[{"type":"catalog-item","id":"$custom:::$default:::4"}]}',
            "api",
            "answer of the API, UTF-8",
        ),
    ],
)
def test_content_tells_the_format(
    tmp_path: Path, content: str | bytes, name: str, described: str
) -> None:
    feed = open_feed(write(tmp_path / "feed.bin", content))
    assert (feed.format, feed.described) == (FORMATS[name], described)
    assert list(feed.rows())


def test_every_shop_is_a_format() -> None:
    assert SHOPS.keys() <= FORMATS.keys()


def test_feed_reads_twice(tmp_path: Path) -> None:
    for content in (LINE, SHOPIFY):
        feed = open_feed(write(tmp_path / "feed", content))
        first = list(feed.rows())
        assert first == list(feed.rows())


def test_errors_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"^a\.csv is empty"):
        open_feed(write(tmp_path / "a.csv", ""))


def test_missing_file_is_a_feed_error(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"^a\.csv can't be read: No such file"):
        open_feed(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "content", ["type,external_id\n", "Handle,Title\n", '{"data":[]}', "\n\n", "  ", "[]"]
)
def test_empty_feeds_say_so(tmp_path: Path, content: str) -> None:
    with pytest.raises(FeedError, match=r"is empty|is an empty array"):
        list(open_feed(write(tmp_path / "a", content)).rows())


def test_array_is_not_read_as_lines(tmp_path: Path) -> None:
    with pytest.raises(FeedError) as caught:
        open_feed(write(tmp_path / "a", f"[{LINE}]"), "jsonl")
    assert str(caught.value).startswith("a is one JSON array, which is not how JSON Lines is")


def test_unknown_columns_are_shown(tmp_path: Path) -> None:
    with pytest.raises(FeedError) as caught:
        open_feed(write(tmp_path / "a", "Nimi,Hinta\nHattu,3\n"))
    assert "of no known format: 'Nimi', 'Hinta'; name" in str(caught.value)


@pytest.mark.parametrize("added", [b"x", b"\x00\xdcx\x00"])
def test_broken_utf_16_is_told(tmp_path: Path, added: bytes) -> None:
    path = write(tmp_path / "a", SHOPIFY.encode("utf-16") + added)
    with pytest.raises(FeedError, match="is not text in one encoding"):
        open_feed(path, "shopify")


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04 is no zip", b'<?xml version="1.0" encoding="klingon"?><rss/>', b"\x1f\x8b"],
)
def test_broken_files_are_feed_errors(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FeedError):
        open_feed(write(tmp_path / "a", content))


def test_file_that_changes_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "a", LINE * 3)
    rows = open_feed(path).rows()
    next(rows)
    path.write_text(LINE)
    with pytest.raises(FeedError, match="was changed while"):
        list(rows)


def test_lines_may_be_utf_16(tmp_path: Path) -> None:
    feed = open_feed(write(tmp_path / "a", LINE.replace("C1", "Mütze").encode("utf-16")))
    (row,) = feed.rows()
    assert isinstance(row, Row)
    assert row.external_id == "Mütze"


def test_said_beats_recognised(tmp_path: Path) -> None:
    options = FeedOptions(encoding="cp1251", delimiter="semicolon", numbers="point")
    content = "type;external_id;title;price\nitem;C1;Шапка;1,299\n".encode("cp1251")
    feed = open_feed(write(tmp_path / "a", content), options=options)
    (row,) = feed.rows()
    assert isinstance(row, Row)
    assert row.attributes == {"title": "Шапка", "price": 1299}


def test_mapping_in_use_is_written(tmp_path: Path) -> None:
    text = open_feed(write(tmp_path / "a", SHOPIFY)).shown_mapping()
    assert 'format = "shopify"' in text
    assert '"Variant Price" = "price"' in text


def test_own_names_need_no_mapping(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="needs no mapping"):
        open_feed(write(tmp_path / "a", LINE)).shown_mapping()
