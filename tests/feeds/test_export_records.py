from __future__ import annotations

from backroom.feeds.export_records import deepest_paths, images_of, option_names
from backroom.feeds.fields import Headings
from feeds.small_catalogs import item, variant


def test_ancestors_are_no_paths() -> None:
    assert deepest_paths(("A", "A > B", "C")) == ["A > B", "C"]


def test_full_image_comes_first() -> None:
    assert images_of({"image_full_url": "b", "images": ["a", "b"]}) == ["b", "a"]


def test_title_says_the_order_of_options() -> None:
    held = variant(title="Cap - S / Red", custom_metadata={"Colour": "Red", "Size": "S"})
    assert option_names(item(held), Headings(()), " / ") == ["Size", "Colour"]
