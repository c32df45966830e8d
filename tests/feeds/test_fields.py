from __future__ import annotations

import pytest

from backroom.feeds.fields import Field, Headings, kept, normal_heading
from backroom.feeds.rows import FeedError

FIELDS = (
    Field("title", ("Title", "Nom de l'article"), ""),
    Field("option {n} name", ("Option{n} Name",), ""),
    *kept(("Price / {any}",)),
)


@pytest.mark.parametrize("heading", ["\ufeffTITLE", " title ", "Nom de l\u2019article"])
def test_headings_are_found_as_written(heading: str) -> None:
    found = Headings(FIELDS).find(heading)
    assert found
    assert found[0] == "title"


def test_numbers_become_part_of_names() -> None:
    found = Headings(FIELDS).find("OPTION2 name")
    assert found
    assert found[0] == "option 2 name"


def test_any_text_may_end_a_heading() -> None:
    found = Headings(FIELDS).find("Price / International")
    assert found
    assert found[1].form == "metadata"


def test_unknown_headings_are_none() -> None:
    assert Headings(FIELDS).find("Titel") is None


def test_mapping_goes_first() -> None:
    headings = Headings(FIELDS, {"Titel": "title", "Title": "metadata", "Farbe": "option 1 name"})
    assert headings.find("titel") == ("title", FIELDS[0])
    assert headings.find("Title") is None
    assert headings.find("farbe") == ("option 1 name", FIELDS[1])


def test_mapping_needs_fields() -> None:
    with pytest.raises(FeedError, match="to 'colour', which is not a field"):
        Headings(FIELDS, {"Farbe": "colour"})


def test_underscores_are_blanks() -> None:
    assert normal_heading("Item_Group  ID") == "item group id"
