from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.feeds.number_style import STYLES, Evidence, NumberStyle, read_number, style_of


@pytest.mark.parametrize(
    ("text", "style", "number"),
    [
        ("1,299.00", "point", 1299),
        ("1.299,00", "comma", 1299),
        ("19,95", "comma", 19.95),
        ("19.99 USD", "point", 19.99),
        ("CHF 12.\u2013", "point", 12),
        ("12,-", "comma", 12),
        ("€ 5", "comma", 5),
        ("1 299,50 €", "comma", 1299.5),
        ("1'299.50", "point", 1299.5),
        ("R$ 1.000", "comma", 1000),
        ("1,00,000", "point", 100000),
        (",5", "comma", 0.5),
        ("-3", "comma", -3),
        ("1e3", "point", 1000),
    ],
)
def test_numbers_of_people_are_read(text: str, style: NumberStyle, number: float) -> None:
    assert read_number(text, style) == number


@pytest.mark.parametrize(
    "text", ["", "abc", "1.2.3", "(5)", "nan", "1_0", "0x1", "1" * 200, "5 6 7"]
)
def test_other_texts_are_no_numbers(text: str) -> None:
    for style in STYLES:
        with pytest.raises(ValueError, match="is not a number"):
            read_number(text, style)


def test_contradiction_gets_its_own_advice() -> None:
    with pytest.raises(ValueError, match=r"write it as 19,95$"):
        read_number("19.95", "comma")
    with pytest.raises(ValueError, match=r"write it as 1299,00$"):
        read_number("1,299.00", "comma")
    with pytest.raises(ValueError, match=r"write it as 7.5$"):
        read_number("7,5", "point")


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("1,299", None),
        ("1.299", None),
        ("0,125", "comma"),
        ("12", None),
        ("x", None),
        ("1,299,000", "point"),
    ],
)
def test_some_cells_say_their_style(text: str, style: str | None) -> None:
    assert style_of(text) == style


def test_most_cells_decide() -> None:
    evidence = Evidence()
    for text in ("19,95", "1.299,00", "19.95", "7", "1,299"):
        evidence.add(text)
    assert (evidence.point, evidence.comma) == (1, 2)
    assert evidence.style("point") == "comma"
    assert Evidence().style("comma") == "comma"


@given(st.decimals(0, 10**9, places=2), st.sampled_from(["", " EUR", " €"]))
def test_both_styles_read_what_they_write(number: float, currency: str) -> None:
    point = f"{number:,.2f}"
    comma = point.translate(str.maketrans(",.", ".,"))
    assert read_number(point + currency, "point") == float(number)
    assert read_number(comma + currency, "comma") == float(number)


@pytest.mark.parametrize(
    ("cell", "unclear"),
    [("1.200", "1.200"), ("$2,030", "$2,030"), ("1200", ""), ("1.20", ""), ("x", "")],
)
def test_cells_of_two_numbers_are_noticed(cell: str, unclear: str) -> None:
    evidence = Evidence()
    evidence.add(cell)
    assert evidence.unclear == unclear
