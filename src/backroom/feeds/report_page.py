"""The report of an import as one page of HTML, to be sent to the shop whose feed it was."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from backroom.feeds.reporting import has_gone_in
from backroom.feeds.rows import ORDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.feeds.reporting import Report

_FINDING_HEADS = ("line", "what", "id", "column", "value", "what is wrong", "what to change")
_CELL_LABELS = "\n".join(
    f'  .findings td:nth-child({number})::before {{ content: "{head}: "; }}'
    for number, head in enumerate((*_FINDING_HEADS, "imported"), start=1)
)
_REPORT_STYLE = f"""
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem;
  color: #1c2024; background: #fff; overflow-wrap: anywhere; }}
table {{ border-collapse: collapse; margin: 1rem 0 2rem; overflow-wrap: normal; }}
th, td {{ border-bottom: 1px solid #d5d9de; padding: .4rem .7rem; text-align: left;
  vertical-align: top; }}
th {{ background: #f2f4f6; }}
td.number, th.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
.wide {{ overflow-x: auto; }}
.frequent td {{ overflow-wrap: anywhere; }}
.error {{ border-left: 4px solid #a4161a; padding: .5rem 1rem; background: #fdf0f0; }}
.note {{ color: #555e68; }}
.findings {{ table-layout: fixed; width: 100%; }}
.findings td {{ overflow-wrap: anywhere; unicode-bidi: plaintext; }}
.findings th:nth-child(1) {{ width: 3.5rem; }}
.findings th:nth-child(2) {{ width: 4.5rem; }}
.findings th:nth-child(n+3) {{ width: 12%; }}
.findings th:nth-child(n+6) {{ width: auto; }}
.findings th:nth-child(8) {{ width: 5.5rem; }}
@media (max-width: 45rem) {{
  th, td {{ padding: .3rem .4rem; }}
  .wide {{ font-size: .85rem; }}
  .findings, .findings tbody, .findings tr, .findings td {{ display: block; width: auto; }}
  .findings thead, .findings td:empty {{ display: none; }}
  .findings tr {{ border-bottom: 2px solid #d5d9de; padding: .5rem 0; }}
  .findings td {{ border: 0; padding: .1rem 0; }}
  .findings td::before {{ color: #555e68; }}
{_CELL_LABELS}
}}
"""
_ABOUT_LINES = (
    "Lines are counted as in a text editor: a cell with line breaks takes several. Of a workbook"
    " they are the rows of its sheet."
)
_ABOUT_KINDS = (
    "An item is a product. A variant is what is sold of it, such as a size, with a price and a"
    " stock of its own."
)
_MANY = 20
"""With more findings than this, the page begins with the most frequent ones."""
_PLURALS_OF_TYPES = {each.type: each.plural for each in ORDER} | {
    "unreadable": "rows that can't be read"
}
_SINGULARS = {each.type: each.name for each in ORDER} | {"unreadable": "row that can't be read"}


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
        yield f'<p class="note">{_ABOUT_KINDS}</p>'
    rejected = f"Rows that {'would be' if report.dry_run else 'were'} rejected"
    for failed, heading in ((True, rejected), (False, "Warnings")):
        if number := report.number_of_findings(failed=failed):
            yield f"<h2>{heading} ({number:,})</h2>"
            yield f'<p class="note">{_ABOUT_LINES}</p>'
            if number > _MANY:
                yield from _most_frequent(report, failed=failed)
            yield from _findings(report, failed=failed)
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
    yield '<div class="wide"><table><thead><tr><th></th>'
    yield "".join(f'<th class="number">{escape(heads.get(name, name))}</th>' for name in names)
    yield "</tr></thead><tbody>"
    for label, numbers in counts.items():
        cells = "".join(f'<td class="number">{numbers[name]:,}</td>' for name in names)
        yield f"<tr><th>{escape(_PLURALS_OF_TYPES[label])}</th>{cells}</tr>"
    yield "</tbody></table></div>"


def _most_frequent(report: Report, *, failed: bool) -> Iterator[str]:
    """Write a table of the most frequent findings, because nobody reads thousands of rows."""
    yield '<table class="frequent"><thead><tr><th class="number">rows</th>'
    yield "<th>column</th><th>what to change</th><th>first in line</th></tr></thead><tbody>"
    for each in report.frequent_findings(failed=failed):
        yield f'<tr><td class="number">{each.rows:,}</td>'
        for cell in (each.column, each.advice, str(each.first_line or "")):
            yield f"<td>{escape(cell)}</td>"
        yield "</tr>"
    yield "</tbody></table>"


def _findings(report: Report, *, failed: bool) -> Iterator[str]:
    yield '<table class="findings"><thead>'
    yield _table_row("th", _FINDING_HEADS if failed else (*_FINDING_HEADS, went_in_label(report)))
    yield "</thead><tbody>"
    for each in report.findings(failed=failed):
        kind = each.kind.name if each.kind else ""
        cells = [kind, each.external_id, each.column, each.value, each.detail, each.advice]
        cells += [] if failed else ["yes" if has_gone_in(each) else "no"]
        yield _table_row("td", (str(each.line or ""), *cells))
    yield "</tbody></table>"


def _table_row(element: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{element}>{escape(cell)}</{element}>' for cell in cells)}</tr>"
