from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.feeds.feed_options import FeedOptions
from backroom.feeds.formats import open_feed
from backroom.feeds.rows import RowFault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SHOPIFY = "Handle,Title,Body (HTML),Type,Option1 Value,Variant SKU,Variant Price,Image Src\n"
HAT = "hat,Hat,Warm,Hats,S,hat-s,10,https://x.example/h.jpg\n"
WOO = "ID,Type,SKU,Name,Description,Regular price,Categories,Parent\n"
OPENAI = '{"item_id":"a","title":"A","url":"https://x.example/a","price":"10 EUR"}\n'


def lost(place: Path, text: str, name: str = "f.csv", **options: Any) -> list[Mapping[str, Any]]:
    """Give what was read of the rows that can't be loaded."""
    path = place / name
    path.write_bytes(text.encode("latin-1"))
    feed = open_feed(path, options=FeedOptions(**options))
    faults = [each for each in feed.rows() if isinstance(each, RowFault) and not each.kind]
    return [each for fault in faults for each in fault.read]


def named(found: list[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(each["type"], each["external_id"]) for each in found]


def test_cut_row_gives_item_and_variant(tmp_path: Path) -> None:
    found = lost(tmp_path, f"{SHOPIFY}{HAT}cap,Cap,Soft,Caps,S,cap-s")
    assert named(found) == [("category", "Caps"), ("item", "cap"), ("variant", "cap-s")]
    assert "price" not in found[2]


def test_torn_variant_has_its_item(tmp_path: Path) -> None:
    [found] = lost(tmp_path, f'{SHOPIFY}{HAT}hat,,,,M,hat-m,"11,\n')
    assert (found["external_id"], found["item"], found["title"]) == ("hat-m", "hat", "Hat - M")


def test_variants_below_a_torn_item_are_lost_with_it(tmp_path: Path) -> None:
    found = lost(tmp_path, f'{SHOPIFY}hat,Hat,"Warm,Hats\nhat,,,,M,hat-m,11,\n')
    assert named(found) == [("item", "hat"), ("variant", "hat-m")]


def test_torn_image_gives_its_item(tmp_path: Path) -> None:
    [found] = lost(tmp_path, f"{SHOPIFY}{HAT}hat,,,,,,,https://x.example/2.jpg,x\n")
    assert found["images"] == ["https://x.example/h.jpg", "https://x.example/2.jpg"]


def test_variations_find_their_torn_parent(tmp_path: Path) -> None:
    rows = '1,variable,tee,Tee,"Nice,,\n2,variation,tee-s,Tee S,,10,,id:1\n'
    assert named(lost(tmp_path, WOO + rows)) == [("item", "1"), ("variant", "2")]


def test_cells_in_another_encoding_are_kept(tmp_path: Path) -> None:
    [_, item, _] = lost(tmp_path, f"{SHOPIFY}hat,H\xe4t,W,Hats,S,s,1,\n", encoding="utf-8")
    assert (item["external_id"], item["title"]) == ("hat", "H?t")


def test_cut_object_is_read_to_its_last_member(tmp_path: Path) -> None:
    cut = OPENAI.replace('"a"', '"b"')[:-6]
    found = lost(tmp_path, OPENAI + cut, "f.jsonl")
    assert named(found) == [("item", "b"), ("variant", "b")]


@pytest.mark.parametrize("row", ['"\n', ",,,,,,,,\n"])
def test_row_without_cells_gives_nothing(tmp_path: Path, row: str) -> None:
    assert lost(tmp_path, SHOPIFY + HAT + row) == []
