from __future__ import annotations

import pytest

from backroom.feeds.fields import Headings, normal_heading
from backroom.feeds.woocommerce import FIELDS
from backroom.feeds.woocommerce_headings import HEADINGS, KEPT


def test_no_heading_has_two_meanings() -> None:
    normal = [normal_heading(each) for headings in HEADINGS.values() for each in headings]
    assert len(normal) == len(set(normal))
    assert not set(normal) & {normal_heading(each) for each in KEPT}


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Valeur(s) de l\u2019attribut 2", "attribute 2 values"),
        ("¿Existencias?", "in stock"),
        ("Waarde(n) eigenschap 3", "attribute 3 values"),
        ("Element nadrzędny", "parent"),
        ("Prezzo di listino", "regular price"),
        ("BUTTON TEXT", "Button text"),
        ("Weight (lbs)", "Weight ({any})"),
        ("Meta: _x", "Meta: {any}"),
    ],
)
def test_headings_of_languages_are_known(heading: str, name: str) -> None:
    found = Headings(FIELDS).find(heading)
    assert found
    assert found[0] == name
