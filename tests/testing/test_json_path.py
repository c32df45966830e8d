from __future__ import annotations

from typing import Any

import pytest

from backroom.testing.json_path import InvalidPath, steps_of, values_at

DOCUMENT = {"data": [{"id": "a", "tags": {"x-y": 1}}, {"id": "b"}], "$size": 2}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("$.data[0].id", ["a"]),
        ("data[1].id", ["b"]),
        ("$.data[*].id", ["a", "b"]),
        ("$.data.*.id", ["a", "b"]),
        ("$['data'][0][\"tags\"]['x-y']", [1]),
        ("data[0].tags.x-y", [1]),
        ("$.data[2].id", []),
        ("$.data.id", []),
        ("$.none", []),
        ("$", [DOCUMENT]),
    ],
)
def test_paths_lead_to_values(path: str, values: list[Any]) -> None:
    assert list(values_at(DOCUMENT, steps_of(path))) == values


@pytest.mark.parametrize("path", ["$.data[", "data[x]", "$..", "a b", "$.data[-1]"])
def test_unreadable_path_says_how(path: str) -> None:
    with pytest.raises(InvalidPath, match=r"write it as \$\.data"):
        steps_of(path)
