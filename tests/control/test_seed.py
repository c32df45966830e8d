from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.kinds import ITEM
from backroom.control.route import ControlError
from backroom.store import records

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.control.route import Control

MUG = {
    "type": "item",
    "external_id": "mug",
    "title": "Mug",
    "description": "It holds tea.",
    "url": "https://shop.example/mug",
}


def test_demo_shop_is_the_default(call: Callable[..., Any]) -> None:
    seeded = call("POST", "/seed")
    assert all(seeded[each] > 5 for each in ("categories", "items", "variants"))


def test_rows_that_exist_are_updated(control: Control, call: Callable[..., Any]) -> None:
    call("POST", "/seed", {"resources": [MUG]})
    account = call("POST", "/seed", {"resources": [MUG | {"title": "Cup"}]})["account"]
    with control.database.read() as tx:
        found = records.find(tx, ITEM, account, ["mug"])["mug"]
    assert '"title":"Cup"' in found.attributes


def test_feed_is_text_of_a_format(call: Callable[..., Any]) -> None:
    feed = "type,external_id,name\ncategory,tea,Tea\n"
    assert call("POST", "/seed", {"feed": feed, "format": "csv"})["categories"] == 1


def test_packed_feed_of_a_shop_is_recognised(call: Callable[..., Any]) -> None:
    feed = "Handle;Title;Variant Price;Type\ncap;Kappe für Wärme;19,95;Hüte\n"
    packed = base64.b64encode(gzip.compress(feed.encode("cp1252"))).decode()
    found = call("POST", "/seed", {"feed_base64": packed})
    assert (found["categories"], found["items"], found["variants"]) == (1, 1, 1)


def test_one_wrong_row_refuses_all(control: Control, call: Callable[..., Any]) -> None:
    wrong = MUG | {"external_id": "cup", "categories": ["none"]}
    with pytest.raises(ControlError, match="Nothing was written") as raised:
        call("POST", "/seed", {"resources": [MUG, wrong]})
    assert raised.value.status == 422
    assert call("POST", "/seed", {"resources": []})["items"] == 0
    with control.database.read() as tx:
        account = call("POST", "/seed", {"resources": []})["account"]
        assert records.find(tx, ITEM, account, ["mug"]) == {}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"resources": [1]}, "row 1: is no object"),
        ({"resources": [MUG | {"price": "dear"}]}, "row 1: "),
        ({"resources": [{"type": "shop"}]}, "row 1: type is 'shop'"),
        ({"resources": [], "feed": ""}, "not both"),
        ({"feed": "", "format": "xml"}, "take jsonl or csv"),
        ({"feed": "", "feed_base64": ""}, "not both"),
        ({"feed_base64": "é"}, "not base64"),
    ],
)
def test_wrong_feed_says_why(call: Callable[..., Any], body: dict[str, Any], words: str) -> None:
    with pytest.raises(ControlError, match=words):
        call("POST", "/seed", body)
