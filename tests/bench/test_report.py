"""The results that are kept have their shape, and the page shows them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from bench import page, report
from bench.measuring import Goal, Row, Sample

ROOT = Path(__file__).parents[2]
MEMBERS: dict[str, Any] = {
    "name": str,
    "ours": (int, float, str),
    "floor": (int, float, type(None)),
    "ratio": (int, float, type(None)),
    "goal": str,
    "met": bool,
}


def rows() -> list[Row]:
    ours, floor = [Sample(50.0, 2e-6), Sample(60.0, 2e-6)], [Sample(100.0, 1e-6)] * 2
    measured = Row("fast", Goal(least=0.5), ours=ours, floor=floor)
    return [measured, Row("absent", Goal(least=10.0), why_not="it could not be had")]


def test_results_have_their_members() -> None:
    for each in report.document(rows()):
        assert list(each)[: len(MEMBERS)] == list(MEMBERS)
        assert all(isinstance(each[name], kind) for name, kind in MEMBERS.items())


def test_results_are_those_of_the_rows() -> None:
    fast, absent = report.document(rows())
    assert (fast["ours"], fast["floor"], fast["ratio"], fast["met"]) == (55.0, 100.0, 0.55, True)
    assert fast["cpu_ratio"] == pytest.approx(2.0)
    assert absent["ours"] == "not measured: it could not be had"
    assert absent["met"] is False


def test_results_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results")
    file = report.kept("short", rows(), {"seconds": {"reads": 1}})
    assert json.loads(file.read_text(encoding="utf-8")) == report.document(rows())
    facts = json.loads((file.parent / "facts-short.json").read_text(encoding="utf-8"))
    assert facts["machine"].startswith("Measured on ")


def test_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    report.shown(rows())
    printed = capsys.readouterr().out
    assert "fast" in printed
    assert "not measured" in printed


def test_page_shows_the_results_that_are_kept() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.made(*page.kept())


def test_kept_results_have_their_members() -> None:
    results, _ = page.kept()
    assert results
    for each in results:
        assert all(isinstance(each[name], kind) for name, kind in MEMBERS.items())


def test_page_names_the_worst_questions() -> None:
    worst = {
        "name": "items, include",
        "revision": "2022-10-17",
        "rows": 400,
        "bytes": 435_000,
        "cpu_microseconds": 900.0,
        "ratio": 2.5,
    }
    text = page.questions({"sqlite": {"asked": 800, "over": 1, "worst": [worst]}})
    assert text.startswith("SQLite: 1 of 800 questions take more than 2 times as much")
    assert "| `items, include` | 2022-10-17 | 400 | 435,000 | 900 µs | 2.50 |" in text


def test_page_does_without_questions() -> None:
    assert page.questions({}) == "The last whole run did not ask these questions."


def test_costs_on_paper_follow_the_logarithm() -> None:
    points = [(10**power, 5.0 + 2.0 * power) for power in (3, 4, 5, 6)]
    assert page.fit(points)(10_000_000) == pytest.approx(19.0)
    assert math.isclose(page.fit(points)(1_000), 11.0)


def locks() -> list[Any]:
    peers = ROOT / "bench" / "peers"
    found = [*peers.rglob("requirements.txt"), *peers.rglob("package-lock.json")]
    found += (ROOT / "bench" / "requirements").glob("*.txt")
    return sorted(found)


@pytest.mark.parametrize("lock", locks(), ids=lambda path: path.parent.name)
def test_locks_have_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    if lock.suffix == ".txt":
        names = [line for line in text.splitlines() if line[:1] not in {" ", "#", ""}]
        assert names
        assert all(line.endswith("\\") for line in names)
    else:
        packages = json.loads(text)["packages"]
        assert all("integrity" in each for name, each in packages.items() if name)
