"""The report: a page with prose of its own, and in it what was measured last."""

from __future__ import annotations

import json
import math
import re
import statistics
from pathlib import Path
from typing import Any

import click

from bench import servers
from bench.report import RESULTS, figure
from bench.worst import GOALS, TITLES

TEMPLATE = Path(__file__).parent / "page.md"
PAGE = servers.ROOT / "docs" / "explanation" / "performance.md"
_PICTURES = PAGE.parent / "profiles"
_PAPER = 10_000_000
"""The size whose figures are not measured."""

Table = list[list[str]]


def made(rows: list[dict[str, Any]], facts: dict[str, Any]) -> str:
    """Write the page from the results of a whole run."""
    parts = {
        "results": results(rows),
        "growth": growth(facts["growth"]),
        "accounts": accounts(facts["accounts"]),
        "questions": questions(facts.get("questions", {})),
        "machine": _machine(facts),
        "pictures": _pictures(),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], text)


def kept() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Give the results of the last whole run."""
    rows, facts = (
        json.loads((RESULTS / f"{name}-full.json").read_text(encoding="utf-8"))
        for name in ("bench", "facts")
    )
    return rows, facts


def results(rows: list[dict[str, Any]]) -> str:
    """Write the table of all rows, and how many goals are met."""
    heads = [
        "work",
        "ours",
        "against",
        "ratio",
        "goal",
        "met",
        "processor time",
        "against",
        "ratio",
    ]
    met = sum(row["met"] for row in rows if row["goal"] != "none")
    goals = sum(row["goal"] != "none" for row in rows)
    return f"{_table(heads, map(_result, rows))}\n\n{met} of {goals} goals are met."


def _result(row: dict[str, Any]) -> list[str]:
    if row["ratio"] is None:
        return [row["name"], row["ours"], "", "", row["goal"], "no", "", "", ""]
    computing = [_microseconds(row[f"{side}_cpu_us"]) for side in ("ours", "floor")]
    ratio = row["cpu_ratio"]
    return [
        row["name"],
        figure(row["ours"], row["unit"]),
        f"{figure(row['floor'], row['unit'])} ({row['against']})",
        f"{row['ratio']:.2f}",
        row["goal"],
        "yes" if row["met"] else "**no**",
        *computing,
        f"{ratio:.2f}" if ratio else "",
    ]


def growth(sizes: list[dict[str, Any]]) -> str:
    """Write what requests cost at each size, and on paper at the next."""
    columns = [f"{each['items']:,}" for each in sizes]
    heads = ["processor time of", *columns, f"{_PAPER:,} on paper"]
    lines = []
    for name in sizes[0]["requests"]:
        measured = [each["requests"][name]["cpu_microseconds"] for each in sizes]
        fitted = fit([(each["items"], cost) for each, cost in zip(sizes, measured, strict=True)])
        lines.append([name, *map(_microseconds, measured), _microseconds(fitted(_PAPER))])
    held = ["bytes in the file for each item"]
    held += [f"{each['bytes'] / each['items']:,.0f}" for each in sizes]
    return _table(heads, [*lines, [*held, ""]])


def fit(points: list[tuple[int, float]]) -> Any:
    """Fit a cost that grows with the logarithm of the size; give the function."""
    line = statistics.linear_regression(
        [math.log10(size) for size, _ in points], [cost for _, cost in points]
    )
    return lambda size: line.intercept + line.slope * math.log10(size)


def accounts(counts: list[dict[str, Any]]) -> str:
    """Write what requests cost with different numbers of accounts."""
    heads = ["processor time of", *(f"{each['accounts']:,}" for each in counts)]
    lines = [
        [name, *(_microseconds(each["requests"][name]["cpu_microseconds"]) for each in counts)]
        for name in counts[0]["requests"]
    ]
    return _table(heads, lines)


def questions(engines: dict[str, Any]) -> str:
    """Write the worst questions of each engine, and how many are over the goal."""
    if not engines:
        return "The last whole run did not ask these questions."
    heads = ["question", "revision", "rows", "bytes", "processor time", "ratio"]
    parts = []
    for engine, found in engines.items():
        lines = [
            [
                f"`{each['name']}`",
                each["revision"],
                f"{each['rows']:,}",
                f"{each['bytes']:,}",
                _microseconds(each["cpu_microseconds"]),
                f"{each['ratio']:.2f}",
            ]
            for each in found["worst"]
        ]
        goal = f"more than {GOALS[engine]:g} times as much as a plain page"
        counted = f"{found['over']} of {found['asked']:,} questions take {goal}"
        parts.append(f"{TITLES[engine]}: {counted}. The worst:\n\n{_table(heads, lines)}")
    return "\n\n".join(parts)


def _machine(facts: dict[str, Any]) -> str:
    seconds = sum(facts["seconds"].values())
    parts = ", ".join(f"{name} {took} s" for name, took in facts["seconds"].items())
    return f"{facts['machine']}. The run took {seconds // 60} min {seconds % 60} s: {parts}."


def _pictures() -> str:
    files = sorted(_PICTURES.glob("*.svg"))
    return "\n".join(f"- [{file.stem.replace('-', ' ')}](profiles/{file.name})" for file in files)


def _microseconds(cost: float | None) -> str:
    if not cost:
        return ""
    return figure(cost, "µs")


def _table(heads: list[str], lines: Any) -> str:
    rows = [heads, ["---"] + ["---:"] * (len(heads) - 1), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


@click.command("report")
def command() -> None:
    """Write the page from the results that are kept."""
    PAGE.write_text(made(*kept()), encoding="utf-8")
    click.echo(PAGE.relative_to(servers.ROOT))
