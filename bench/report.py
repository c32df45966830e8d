"""The table on the terminal and the results as JSON."""

from __future__ import annotations

import json
import os
import platform
from datetime import date
from importlib import metadata
from typing import TYPE_CHECKING, Any

import apsw
from rich.console import Console
from rich.table import Table

from bench.measuring import computing, middle
from bench.servers import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from bench.measuring import Row, Sample

RESULTS = ROOT / "bench" / "results"
_WIDTH = 150


def shown(rows: list[Row]) -> None:
    """Print the table."""
    table = Table(title=None)
    table.add_column("work", overflow="fold")
    for name in ("ours", "against", "ratio", "goal", "met", "CPU ours", "against", "ratio", "busy"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*_cells(row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH
    console.print(table)


def _cells(row: Row) -> list[str]:
    if row.ratio is None:
        why = f"not measured: {row.why_not}"
        return [row.name, why, "", "", str(row.goal), "no", *[""] * 4]
    return [
        row.name,
        figure(middle(row.ours), row.unit),
        f"{figure(middle(row.floor), row.unit)} ({row.against})",
        f"{row.ratio:.2f}",
        str(row.goal),
        "yes" if row.met else "NO",
        _microseconds(row.ours),
        _microseconds(row.floor),
        f"{row.computing_ratio:.2f}" if row.computing_ratio else "",
        f"{max(each.busy for each in row.ours):.0%} / {max(each.busy for each in row.floor):.0%}",
    ]


def figure(value: float, unit: str) -> str:
    """Write a figure with its unit."""
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:,.3g} {unit}"


def _microseconds(samples: list[Sample]) -> str:
    spent = computing(samples)
    return f"{1e6 * spent:,.1f} µs" if spent else ""


def document(rows: list[Row]) -> list[dict[str, Any]]:
    """Give the results as they are kept."""
    return [
        {
            "name": row.name,
            "ours": f"not measured: {row.why_not}" if row.why_not else middle(row.ours),
            "floor": None if row.why_not else middle(row.floor),
            "ratio": row.ratio,
            "goal": str(row.goal),
            "met": row.met,
            **_more(row),
        }
        for row in rows
    ]


def _more(row: Row) -> dict[str, Any]:
    """Give what a row tells beside the ratio: processor time for each unit, in microseconds."""
    if row.why_not:
        return {}
    ours, floor = (1e6 * computing(each) or None for each in (row.ours, row.floor))
    return {
        "unit": row.unit,
        "against": row.against,
        "ours_cpu_us": ours,
        "floor_cpu_us": floor,
        "cpu_ratio": row.computing_ratio,
        "rounds": [
            [ours.figure, floor.figure] for ours, floor in zip(row.ours, row.floor, strict=True)
        ],
    }


def kept(name: str, rows: list[Row], facts: dict[str, Any]) -> Path:
    """Write the results, and beside them the facts for the report; give where the first are."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"bench-{name}.json"
    lines = ",\n".join(json.dumps(each) for each in document(rows))
    file.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    described = json.dumps({"machine": machine(), **facts}, indent=1)
    (RESULTS / f"facts-{name}.json").write_text(f"{described}\n", encoding="utf-8")
    return file


def machine() -> str:
    """Describe what the run ran on."""
    versions = {
        "Python": platform.python_version(),
        "uvicorn": metadata.version("uvicorn"),
        "apsw": metadata.version("apsw"),
        "SQLite": apsw.sqlite_lib_version(),
        "psycopg": metadata.version("psycopg"),
    }
    parts = ", ".join(f"{name} {version}" for name, version in versions.items())
    cores = f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()})"
    return f"Measured on {date.today().isoformat()} on {cores}, with {parts}"  # noqa: DTZ011
