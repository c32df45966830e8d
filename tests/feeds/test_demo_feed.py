from __future__ import annotations

import subprocess
import sys
from collections import Counter
from importlib import resources
from pathlib import Path

import msgspec
import pytest

from backroom.feeds.formats import open_feed
from backroom.feeds.rows import Row
from backroom.feeds.survey import Survey

SCRIPTS = Path(__file__).parents[2] / "scripts"
DEMO = Path(str(resources.files("backroom.feeds") / "demo"))


def test_generator_makes_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, SCRIPTS / "make_demo_feed.py", tmp_path], check=True)
    for name in ("shop.jsonl", "shop.expected.json"):
        assert (tmp_path / name).read_bytes() == (DEMO / name).read_bytes()


def test_feed_is_small_enough_to_ship() -> None:
    assert (DEMO / "shop.jsonl").stat().st_size < 700_000


def test_feed_is_a_whole_shop() -> None:
    survey = Survey()
    rows = list(survey.watch(open_feed(DEMO / "shop.jsonl").rows()))
    found = Counter(row.kind.name for row in rows if isinstance(row, Row))
    assert found["category"] == 25
    assert found["item"] > 300
    assert found["variant"] > 700
    assert not survey.unknown


def test_ids_are_unique_but_for_one() -> None:
    rows = open_feed(DEMO / "shop.jsonl").rows()
    counts = Counter((row.kind.name, row.external_id) for row in rows if isinstance(row, Row))
    assert [id_ for id_, count in counts.items() if count > 1] == [("item", "FF-1031")]


def test_bad_rows_are_bad_in_all_places() -> None:
    expected = msgspec.json.decode((DEMO / "shop.expected.json").read_bytes())
    places = Counter(fault["by"] for fault in expected["faults"])
    assert places == {"job": 2, "request": 2, "feed": 3}


@pytest.mark.slow
def test_demo_ends_as_expected() -> None:
    run = subprocess.run(
        [sys.executable, SCRIPTS / "demo.py"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""
    for shown in ("1,162", "FF-1067-B", '"job_id"', "All as expected"):
        assert shown in run.stdout
