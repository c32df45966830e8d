"""The report of an import as one page of HTML, to be sent to the shop whose feed it was."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from backroom.feeds.reporting import has_gone_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.feeds.reporting import Report

_REPORT_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem;
  color: #1c2024; background: #fff; }
table { border-collapse: collapse; margin: 1rem 0 2rem; }
th, td { border-bottom: 1px solid #d5d9de; padding: .4rem .7rem; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
th { background: #f2f4f6; overflow-wrap: normal; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.failed { color: #a4161a; font-weight: 600; }
.error { border-left: 4px solid #a4161a; padding: .5rem 1rem; background: #fdf0f0; }
"""
_PLURALS_OF_TYPES = {
    "catalog-category": "categories",
    "catalog-item": "items",
    "catalog-variant": "variants",
    "unreadable": "rows that can't be read",
}
_SINGULARS = {
    "catalog-category": "category",
    "catalog-item": "item",
    "catalog-variant": "variant",
    "unreadable": "row that can't be read",
}


def html_lines_of(report: Report) -> Iterator[str]:
    """Give the lines of the page."""
    title = f"Import of {escape(report.file)}"
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title><style>{_REPORT_STYLE}</style></head><body>"
    yield f"<h1>{title}</h1>"
    about = (report.feed, f"mode {report.mode.name}", report.moment)
    yield f"<p>{escape(' · '.join(filter(None, about)))}</p>"
    yield f"<p>{escape(summary(report))}</p>"
    if report.error:
        yield f'<p class="error">{escape(report.error)}</p>'
    if report.counts:
        yield from _counts(report)
    faults = report.number_of_findings(failed=True)
    warnings = report.number_of_findings(failed=False)
    if faults:
        yield f"<h2>Rows that {'would be' if report.dry_run else 'were'} rejected</h2>"
        yield from _findings(report, failed=True)
    if warnings:
        yield "<h2>Warnings</h2>"
        yield from _findings(report, failed=False)
    if report.unknown:
        yield "<h2>Columns that were left out</h2><ul>"
        for each in report.unknown:
            yield f"<li>{escape(str(each))}</li>"
        yield "</ul>"
    yield "</body></html>"


def summary(report: Report) -> str:
    """Say in a sentence or two what became of the rows."""
    rows = report.total("rows")
    failed = report.total("failed")
    said = "Nothing was sent. " if report.dry_run else ""
    parts = [
        f"{report.total(name):,} {'would be ' if report.dry_run else ''}{name}"
        for name in report.mode.outcomes
        if report.total(name)
    ]
    would = "would fail" if report.dry_run else "failed"
    parts += [f"{failed:,} {would}"] if failed else []
    done = ", ".join(parts) or "none of them done"
    if report.records:
        return f"{said}{report.records} of the file: {_what_they_make(report)}. Of these, {done}."
    noun = "row" if rows == 1 else "rows"
    return f"{said}{rows:,} {noun}: {done}."


def _what_they_make(report: Report) -> str:
    """Name what a shop's rows make: a product may be several rows, and a row several things."""
    numbers = [(label, each["rows"]) for label, each in report.counts.items() if each["rows"]]
    parts = [f"{number:,} {_nouns(label)[number != 1]}" for label, number in numbers]
    return ", ".join(parts) or "nothing"


def _nouns(label: str) -> tuple[str, str]:
    return _SINGULARS[label], _PLURALS_OF_TYPES[label]


def number_heading(report: Report) -> str:
    """Name the column of what the file has. A shop's file has rows of another kind."""
    return "in the file" if report.records else "rows"


def went_in_label(report: Report) -> str:
    """Name the column that says whether a row with a warning was loaded."""
    return "would be imported" if report.dry_run else "imported"


def _counts(report: Report) -> Iterator[str]:
    counts = report.counts
    names = [each for each in next(iter(counts.values())) if each != "jobs"]
    heads = {"rows": number_heading(report)}
    yield "<table><thead><tr><th></th>"
    yield "".join(f'<th class="number">{escape(heads.get(name, name))}</th>' for name in names)
    yield "</tr></thead><tbody>"
    for label, numbers in counts.items():
        cells = "".join(f'<td class="number">{numbers[name]:,}</td>' for name in names)
        yield f"<tr><th>{escape(_PLURALS_OF_TYPES[label])}</th>{cells}</tr>"
    yield "</tbody></table>"


def _findings(report: Report, *, failed: bool) -> Iterator[str]:
    said = ("line", "what", "id", "column", "value", "what is wrong", "what to change")
    yield "<table><thead>"
    yield _table_row("th", said if failed else (*said, went_in_label(report)))
    yield "</thead><tbody>"
    for each in report.findings(failed=failed):
        kind = each.kind.name if each.kind else ""
        cells = [kind, each.external_id, each.column, each.value, each.detail, each.advice]
        cells += [] if failed else ["yes" if has_gone_in(each) else "no"]
        yield _table_row("td", (str(each.line or ""), *cells))
    yield "</tbody></table>"


def _table_row(element: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{element}>{escape(cell)}</{element}>' for cell in cells)}</tr>"
