from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.api.filters import Condition, parse_filter
from backroom.errors import InvalidParameter
from support.strategies import Filter, filters, thorough


@given(filters)
@thorough(100)
def test_written_filters_are_read_back(written: Filter) -> None:
    assert parse_filter(written.text) == written.conditions


@given(st.text() | st.text("aeqnd(),[]\"' \\-1.", max_size=30))
@thorough(500)
def test_any_text_parses_or_is_refused(text: str) -> None:
    with suppress(InvalidParameter):
        assert parse_filter(text)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ('equals(status,"complete")', ("equals", "status", "complete")),
        ("equals(status,'complete')", ("equals", "status", "complete")),
        (' equals ( status , "complete" ) ', ("equals", "status", "complete")),
        ('equals(category.id,"$custom:::$default:::A")', ("equals", "category.id", None)),
        ("equals(published,true)", ("equals", "published", True)),
        ("equals(published,false)", ("equals", "published", False)),
        ("equals(price,null)", ("equals", "price", None)),
        ("greater-than(price,-1.5)", ("greater-than", "price", -1.5)),
        ("equals(n,12)", ("equals", "n", 12)),
        ("any(ids,[\"a\",'b',1,true])", ("any", "ids", ["a", "b", 1, True])),
        (r'contains(title,"a \"b\" \\ c")', ("contains", "title", r'a "b" \ c')),
        (r"contains(title,'it\'s')", ("contains", "title", "it's")),
        ('contains(title,"(a), [b]")', ("contains", "title", "(a), [b]")),
        ('contains(title,"")', ("contains", "title", "")),
    ],
)
def test_single_conditions_are_read(text: str, condition: tuple[str, str, object]) -> None:
    operator, field, value = condition
    (found,) = parse_filter(text)
    expected = "$custom:::$default:::A" if field == "category.id" else value
    assert found == Condition(operator, field, expected)
    assert type(found.value) is type(expected)


def test_comma_means_and() -> None:
    both = parse_filter('equals(a,"x"),equals(b,"y")')
    assert both == [Condition("equals", "a", "x"), Condition("equals", "b", "y")]
    assert parse_filter('and(equals(a,"x"),equals(b,"y"))') == both
    assert parse_filter('and(and(equals(a,"x")),equals(b,"y"))') == both


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "status",
        "equals",
        "equals(",
        "equals()",
        "equals(status)",
        "equals(status,)",
        "equals(status,complete)",
        'equals(status,"complete"',
        'equals(status,"complete)',
        'equals(status,"complete")x',
        'equals(status,"complete"),',
        ',equals(status,"complete")',
        'equals("status","complete")',
        '"equals"(status,"complete")',
        'equals(status "complete")',
        'equals(status,"complete","x")',
        "any(ids,[])",
        'any(ids,["a",])',
        'any(ids,["a" "b"])',
        'any(ids,[["a"]])',
        "and()",
        'and(equals(a,"x")',
        "equals(n,1.)",
        "equals(n,.5)",
        "equals(n,1e5)",
        "equals(n,1234567890123456)",
        "equals(n,True)",
    ],
)
def test_broken_filters_are_refused(text: str) -> None:
    with pytest.raises(InvalidParameter, match="Invalid filter provided"):
        parse_filter(text)


def test_quoted_comma_is_no_comma() -> None:
    with pytest.raises(InvalidParameter):
        parse_filter('equals(a,"b")","equals(c,"d")')


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("equals(a,'[\"b\"]')", '["b"]'),
        ('any(a,["b\\"]","c"])', ['b"]', "c"]),
        ('any(a,["b]"])', ["b]"]),
        ('any(a,["b"),equals(c,"]")', None),
        ('any(a,[["b"]])', None),
        ('any(a,[1,["b"]])', None),
        ('["b"]', None),
    ],
)
def test_brackets_may_stand_in_texts(text: str, value: object) -> None:
    if value is None:
        with pytest.raises(InvalidParameter):
            parse_filter(text)
    else:
        assert parse_filter(text)[0].value == value


def test_numbers_have_ascii_digits() -> None:
    with pytest.raises(InvalidParameter):
        parse_filter("equals(a,\N{ARABIC-INDIC DIGIT THREE})")


@pytest.mark.slow
@pytest.mark.parametrize("depth", [21, 1000, 100_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    with pytest.raises(InvalidParameter):
        parse_filter("and(" * depth + 'equals(a,"b")' + ")" * depth)


def test_long_filters_are_read() -> None:
    values = ",".join(f'"{n}"' for n in range(5000))
    assert len(parse_filter(f"any(ids,[{values}])")[0].value) == 5000
    assert len(parse_filter(",".join(['equals(a,"b")'] * 5000))) == 5000
