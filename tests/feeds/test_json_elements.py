from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backroom.feeds import json_elements
from backroom.feeds.json_elements import array_elements, document_elements
from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    from pathlib import Path

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("feed") / "feed.json"


def read(path: Path, text: str) -> list[tuple[int, Any]]:
    path.write_bytes(text.encode())
    return list(array_elements(path, "utf-8"))


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(values, max_size=8), st.integers(1, 9), st.sampled_from([None, 1]))
def test_elements_read_as_written(
    path: Path, array: list[Any], chunk: int, indent: int | None
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_elements, "_JSON_READ_BYTES", chunk)
        found = read(path, json.dumps(array, indent=indent))
    assert [value for _, value in found] == array


def test_elements_have_their_lines(path: Path) -> None:
    assert read(path, '\n[\n {"a":\n1}, {"b": 2},\n\n 3\n]\n') == [
        (3, {"a": 1}),
        (4, {"b": 2}),
        (6, 3),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[{"a": 1', "is cut off: Expecting ',' delimiter, in line 1, column 9"),
        ("[1, ", "is cut off: Expecting value, in line 1, column 5"),
        ("[1", "is cut off: a comma or the end"),
        ("[1,]", "is not JSON: an element has to follow a comma, in line 1, column 4"),
        (
            "[1 2]",
            "is not JSON: a comma or the end of the array has to follow, in line 1, column 4",
        ),
        ("[1] x", "is not JSON: nothing may follow the array"),
        ("[NaN]", "is not JSON: NaN is not JSON"),
        ("{}", "an array begins with"),
        ("[" * 100_000, "is nested too deep in line 1"),
    ],
)
def test_broken_arrays_say_where(path: Path, text: str, reason: str) -> None:
    with pytest.raises(FeedError) as caught:
        read(path, text)
    assert reason in str(caught.value)


def test_huge_elements_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_elements, "LONGEST_LINE", 100)
    monkeypatch.setattr(json_elements, "_JSON_READ_BYTES", 10)
    with pytest.raises(FeedError, match="has an element in line 1 that is longer"):
        read(path, '["' + "x" * 300 + '"]')


def test_pages_have_resources(path: Path) -> None:
    path.write_text('{"links": {},\n"data": [\n{"a": 1},\n{"b": 2}]}')
    assert list(document_elements(path, "utf-8")) == [(3, {"a": 1}), (4, {"b": 2})]
    path.write_text('{"data": {"a": 1}}')
    assert list(document_elements(path, "utf-8")) == [(1, {"a": 1})]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "without the member data"),
        ('{"data": 1}', "without the member data"),
        ("{", "is cut off"),
        ('{"data": [1', "is cut off: a comma or the end of the array"),
        ('{"data": [1] "links"', "a comma or the end of the object has to follow"),
        ('{"data": NaN}', "is not JSON"),
        ("{1: 2}", "an object has names in quotes"),
        ('{"data": []} 1', "nothing may follow the object"),
    ],
)
def test_other_objects_are_refused(path: Path, text: str, reason: str) -> None:
    path.write_text(text)
    with pytest.raises(FeedError, match=reason):
        list(document_elements(path, "utf-8"))


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(st.lists(values, max_size=4), st.dictionaries(st.text(), values, max_size=3))
def test_pages_read_as_written(path: Path, data: list[Any], others: dict[str, Any]) -> None:
    others.pop("data", None)
    for page in ({"data": data, **others}, {**others, "data": data}):
        path.write_text(json.dumps(page))
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(json_elements, "_JSON_READ_BYTES", 7)
            assert [value for _, value in document_elements(path, "utf-8")] == data


def test_long_pages_are_read_in_parts(path: Path) -> None:
    resource = '{"id": "' + "x" * 990 + '"}'
    path.write_text('{"data": [' + ",".join([resource] * 3_000) + '], "included": []}')
    tracemalloc.start()
    assert sum(1 for _ in document_elements(path, "utf-8")) == 3_000
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2_500_000
