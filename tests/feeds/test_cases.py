from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from feeds.cases import expected_of

PLACE = Path(__file__).parent
EXPECTED = sorted(PLACE.glob("*/*.expected.json"))


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: str(path.relative_to(PLACE)))
def test_feed_gives_what_is_expected(path: Path) -> None:
    feed = path.with_name(path.name.removesuffix(".expected.json"))
    assert msgspec.json.decode(expected_of(feed)) == msgspec.json.decode(path.read_bytes())


def test_every_case_is_expected() -> None:
    feeds = {each for each in PLACE.glob("*/*.*") if not each.name.endswith(".expected.json")}
    assert len(EXPECTED) == len({each for each in feeds if "__pycache__" not in str(each)})


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: str(path.relative_to(PLACE)))
def test_every_finding_has_advice(path: Path) -> None:
    rows = msgspec.json.decode(path.read_bytes()).get("rows", [])
    assert not [
        each for each in rows if {"fault", "warning"} & each.keys() and "advice" not in each
    ]
