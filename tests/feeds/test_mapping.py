from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.feeds.feed_options import FeedOptions
from backroom.feeds.formats import open_feed
from backroom.feeds.mapping import Mapping, read_mapping
from backroom.feeds.rows import FeedError, Row

if TYPE_CHECKING:
    from pathlib import Path


def test_other_columns_are_mapped(tmp_path: Path) -> None:
    (tmp_path / "feed").write_text("Tunniste,Nimi,Hinta,Väri\ncap,Lakki,3,red\n")
    (tmp_path / "map.toml").write_text(
        'format = "shopify"\n[columns]\nTunniste = "handle"\nNimi = "title"\nHinta = "price"\n'
    )
    options = FeedOptions(mapping=read_mapping(tmp_path / "map.toml"))
    rows = [
        each
        for each in open_feed(tmp_path / "feed", options=options).rows()
        if isinstance(each, Row)
    ]
    assert [(each.kind.name, each.external_id) for each in rows] == [
        ("item", "cap"),
        ("variant", "cap"),
    ]
    assert rows[0].attributes["custom_metadata"] == {"Väri": "red"}


def test_shown_mapping_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "feed").write_text(
        'Handle,Title,"My ""own"" column","Option1 Name"\ncap,Cap,x,Size\n'
    )
    feed = open_feed(tmp_path / "feed")
    (tmp_path / "map.toml").write_text(feed.shown_mapping())
    mapping = read_mapping(tmp_path / "map.toml")
    assert mapping == Mapping(
        "shopify",
        {
            "Handle": "handle",
            "Title": "title",
            'My "own" column': "metadata",
            "Option1 Name": "option 1 name",
        },
    )
    again = open_feed(tmp_path / "feed", options=FeedOptions(mapping=mapping))
    rows = [[each for each in one.rows() if isinstance(each, Row)] for one in (feed, again)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("format =", "is not TOML"),
        ("colums = 1", "has 'colums', and knows format and columns alone"),
        ("[columns]\na = 1", "columns must be a table"),
        ("format = 1", "format must be the name"),
    ],
)
def test_broken_mappings_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "map.toml").write_text(text)
    with pytest.raises(FeedError, match=reason):
        read_mapping(tmp_path / "map.toml")


def test_missing_mapping_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="can't be read"):
        read_mapping(tmp_path / "map.toml")


def test_unknown_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "feed").write_text("a,b\n1,2\n")
    with pytest.raises(FeedError, match="can't be read as 'magento'; known are jsonl"):
        open_feed(tmp_path / "feed", options=FeedOptions(mapping=Mapping("magento")))


def test_columns_can_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "feed").write_text("Handle,Title,Variant Price,Page\ncap,Cap,3,xxxx\n")
    options = FeedOptions(mapping=Mapping("", {"Page": "nothing"}))
    found = list(open_feed(tmp_path / "feed", options=options).rows())
    items = [each for each in found if isinstance(each, Row) and each.kind.name == "item"]
    assert items[0].attributes["custom_metadata"] == {}
    assert not [each for each in found if "Page" in str(each)]
