from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backroom.feeds import json_lines
from backroom.feeds.json_lines import read
from backroom.feeds.rows import TOO_LONG, Row, RowFault

if TYPE_CHECKING:
    from pathlib import Path

CAP = b'{"type":"item","external_id":"C1"}\n'

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("feed") / "feed.jsonl"


def faults(path: Path, content: bytes) -> list[tuple[int, str]]:
    path.write_bytes(content)
    return [(row.line, row.detail) for row in read(path) if isinstance(row, RowFault)]


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["title", "price", "images"]), values)))
def test_rows_read_as_written(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = [{"type": "item", "external_id": "C1"} | row for row in rows]
    path.write_bytes(msgspec.json.Encoder().encode_lines(lines))
    found = [row.attributes for row in read(path) if isinstance(row, Row)]
    assert found == rows


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + CAP, CAP[:-1] + b"\r\n", CAP[:-1]])
def test_line_ends_and_bom_matter_not(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    (row,) = read(path)
    assert isinstance(row, Row)
    assert row.line == 1


def test_empty_lines_count_as_lines(path: Path) -> None:
    path.write_bytes(b"\n  \n" + CAP)
    assert [row.line for row in read(path)] == [3]


@pytest.mark.parametrize("broken", [CAP[:10], b'{"type":"item",}', b'{"price":1e999}', b"nul"])
def test_broken_json_is_a_fault(path: Path, broken: bytes) -> None:
    (fault,) = faults(path, CAP + broken + b"\n" + CAP)
    assert fault[0] == 2
    assert fault[1].startswith("is not JSON: ")


def test_list_is_a_fault(path: Path) -> None:
    assert faults(path, b"[]") == [(1, "is not a JSON object")]


def test_other_encodings_are_a_fault(path: Path) -> None:
    assert faults(path, b'{"title":"caf\xe9"}\n') == [(1, "is not UTF-8 text")]


def test_deep_nesting_is_a_fault(path: Path) -> None:
    assert faults(path, b"[" * 100_000) == [(1, "is nested too deep")]


def test_long_lines_are_faults(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "LONGEST_LINE", 100)
    path.write_bytes(CAP + b"x" * 250 + b"\n" + CAP + b"x" * 250)
    assert [each.line for each in read(path) if isinstance(each, Row)] == [1, 3]
    assert faults(path, path.read_bytes()) == [(2, TOO_LONG), (4, TOO_LONG)]


@pytest.mark.parametrize("number", [1, 2])
def test_other_encodings_say_their_line(path: Path, number: int) -> None:
    bad = b'{"type":"item","external_id":"caf\xe9"}\n'
    assert faults(path, CAP * (number - 1) + bad) == [(number, "is not UTF-8 text")]
    assert faults(path, CAP * (number - 1) + b'{"caf\xe9":1}\n') == [(number, "is not UTF-8 text")]
