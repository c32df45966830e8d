from __future__ import annotations

import pytest

from backroom.feeds.products import Distinct, category_ids, slug, split_path, variant_id


def test_paths_make_their_ancestors() -> None:
    paths = [split_path("A > B>C"), split_path(" A > D "), split_path(" > ")]
    assert category_ids(paths) == ["A", "A > B", "A > B > C", "A > D"]


def test_paths_may_be_deep() -> None:
    assert len(category_ids([split_path(" > ".join(map(str, range(51))))])) == 51


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Größe & Co.", "große-co"), ("Ça va?", "ca-va"), ("قبعة", "قبعة"), ("!!", "")],
)
def test_names_become_ids(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_ids_of_options_are_unambiguous() -> None:
    assert variant_id("a/b", ["c"]) != variant_id("a", ["b/c"]) != variant_id("a", ["b", "c"])
    assert variant_id("cap", []) == "cap"


def test_repeated_ids_get_numbers() -> None:
    distinct = Distinct()
    assert [distinct(each) for each in ("a", "a/2", "a", "a")] == ["a", "a/2", "a/2/2", "a/3"]
