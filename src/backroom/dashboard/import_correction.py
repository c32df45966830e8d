"""Rows of an import that failed: shown with their faults, corrected, and sent as a new import.

The corrected rows become a file of JSON Lines on the server. The server tries it dry and loads it
as any other file. Rows that fail again can be corrected again.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec.structs import replace
from starlette.routing import Route

from backroom import clock
from backroom.catalog.kinds import KINDS, Verb
from backroom.catalog.values import whole_number
from backroom.control.corrected import note_corrected_rows, rows_loaded_since
from backroom.control.import_reports import found_report
from backroom.control.import_run import ImportOptions
from backroom.control.imports import imports_of, safe_name
from backroom.control.rejected_rows import MOST_WRITTEN
from backroom.control.route import ControlError
from backroom.dashboard.catalog_links import list_path, resource_path
from backroom.dashboard.import_upload import IMPORT_PATH
from backroom.dashboard.page import dashboard_of, form_of, page, redirect
from backroom.dashboard.resource_form import FormField, ResourceForm
from backroom.feeds.comparing import MODES
from backroom.feeds.json_lines import cut_object, object_row, whole_object
from backroom.feeds.rows import Row, RowFault, relation_of
from backroom.store import imports, keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from backroom.control.import_outcome import ImportOutcome, Remark
    from backroom.control.rejected_rows import RejectedRow

MOST_ROWS_SHOWN = 20
"""Rows on one page."""
_OTHER_MODE = "upsert"
_NO_ID = "?"
"""The id of a row that has none, while it is read."""
_NAMING_COLUMNS = ("external_id", "title", "name")
"""Fields that are shown of each row, beside those with a fault."""


class Correctable(NamedTuple):
    """The outcome of one import, even if its file is gone, and the path of its page."""

    account: str
    name: str
    outcome: ImportOutcome
    path: str
    created_at: str


@dataclass
class ShownRow:
    """One row in the form. Either `text` is edited, or the fields are."""

    place: int
    line: int
    kind: str
    external_id: str
    is_whole: bool
    written: str
    faults: list[tuple[str, str]]
    text: str | None = None
    first: list[FormField] = field(default_factory=list)
    more: list[FormField] = field(default_factory=list)
    is_left_out: bool = False
    loaded_at: str = ""
    """When it came in since, by another job or call, empty while it has not."""

    @property
    def prefix(self) -> str:
        """What the names of its fields begin with."""
        return f"r{self.place}."


def _correctable(request: Request) -> Correctable:
    """Give the import that an address names. Raises `ControlError`."""
    control = dashboard_of(request).control
    import_id = request.path_params["import_id"]
    account = request.path_params.get("account")
    if account is not None:
        kept, outcome = found_report(control, account, import_id)
        path = f"{IMPORT_PATH}/kept/{account}/{import_id}"
        return Correctable(account, kept.name, outcome, path, kept.created_at)
    found = imports_of(control).find(import_id)
    tried = found.loaded or found.tried
    if tried is None or found.at_work:
        raise ControlError(409, "The import is still running. Wait until it has ended.")
    path, created_at = f"{IMPORT_PATH}/{import_id}", clock.timestamp(found.began)
    return Correctable(found.account, found.name, tried, path, created_at)


def show_kept(request: Request) -> Response:
    """Show an import that is kept in the database."""
    dashboard = dashboard_of(request)
    account, import_id = request.path_params["account"], request.path_params["import_id"]
    kept, outcome = found_report(dashboard.control, account, import_id)
    with dashboard.control.database.read() as tx:
        account_name = keys.account_name(tx, account) or account
    return page(
        request,
        "import_kept.html",
        section="catalog",
        each=kept,
        outcome=outcome,
        was_loaded=True,
        account_name=account_name,
        catalog=dashboard.root + list_path(account, "item"),
        correct=f"{dashboard.root}{IMPORT_PATH}/kept/{account}/{import_id}/correct",
        resource_path=resource_path,
    )


def forget_kept(request: Request) -> Response:
    """Remove an import from the database."""
    account, import_id = request.path_params["account"], request.path_params["import_id"]
    control = dashboard_of(request).control
    control.database.write(lambda tx: imports.drop_import(tx, account, import_id)).result()
    return redirect(request, f"{IMPORT_PATH}?account={account}")


def edit_rejected(request: Request) -> Response:
    """Show rows that failed, to be corrected."""
    first = request.query_params.get("from", "0")
    return _ask(request, _correctable(request), whole_number(first) or 0)


def _ask(
    request: Request,
    found: Correctable,
    first: int,
    sent: Mapping[str, str] | None = None,
    wrong: Mapping[int, str] | None = None,
) -> Response:
    rejected = found.outcome.rejected
    shown = list(enumerate(rejected))[first : first + MOST_ROWS_SHOWN]
    root = dashboard_of(request).root
    with dashboard_of(request).control.database.read() as tx:
        loaded = rows_loaded_since(tx, found.account, found.outcome, found.created_at)
    rows = [_shown_row(found.outcome, place, each, sent) for place, each in shown]
    for each in rows:
        each.loaded_at = loaded.get(each.place, "")
        each.is_left_out |= sent is None and bool(each.loaded_at)
    return page(
        request,
        "import_correct.html",
        section="catalog",
        name=found.name,
        account=found.account,
        back=root + found.path,
        action=f"{root}{found.path}/correct",
        rows=rows,
        total=len(rejected),
        first=first,
        most=MOST_ROWS_SHOWN,
        wrong=wrong or {},
        outcome=found.outcome,
    )


def _shown_row(
    outcome: ImportOutcome, place: int, row: RejectedRow, sent: Mapping[str, str] | None
) -> ShownRow:
    remarks = [each for each in outcome.remarks if each.failed and each.line == row.line]
    made = ShownRow(
        place,
        row.line,
        row.kind,
        row.external_id,
        row.is_whole and whole_object(row.text) is not None,
        row.written,
        [(each.detail, each.advice) for each in remarks],
    )
    own = None if sent is None else _own_fields(sent, made.prefix)
    made.is_left_out = own is not None and "out" in own
    read = _read_row(row)
    if read is None:
        made.text = (own or {}).get("text", row.text)
        return made
    made.kind, made.external_id = read.kind.name, read.external_id
    if row.is_whole and not made.is_whole:
        made.written = row.text[:MOST_WRITTEN]
    faults = {_field_of(each, read): each.detail for each in remarks}
    fields = _form_of(read).fields(own, faults)
    shown = {each.name for each in fields if each.fault or each.name in _NAMING_COLUMNS}
    if not made.is_whole:
        shown |= {each.name for each in fields if each.needed and not each.text}
    made.first = [each for each in fields if each.name in shown]
    made.more = [each for each in fields if each.name not in shown]
    made.faults = [
        ("" if _field_of(each, read) in shown else each.detail, each.advice) for each in remarks
    ]
    return made


def _field_of(remark: Remark, row: Row) -> str:
    """Give the field that a remark is about: that of what the row names and there is not."""
    relation = relation_of(row.kind)
    words = f"{remark.detail} {remark.advice}"
    if not remark.column and relation is not None and any(map(words.count, row.related or ())):
        return relation.name
    return remark.column.partition(".")[0]


def _own_fields(sent: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {
        name.removeprefix(prefix): value for name, value in sent.items() if name.startswith(prefix)
    }


def _read_row(row: RejectedRow) -> Row | None:
    """Read a row that has fields, None for one that is corrected as a text."""
    cells = whole_object(row.text) or cut_object(row.text)
    if cells is None:
        return None
    read = object_row(row.line, cells)
    if isinstance(read, RowFault) and read.kind and not cells.get("external_id"):
        # The form asks for the id.
        named = object_row(row.line, {**cells, "external_id": _NO_ID})
        read = replace(named, external_id="") if isinstance(named, Row) else named
    return None if isinstance(read, RowFault) else read


def _form_of(row: Row) -> ResourceForm:
    relation = relation_of(row.kind)
    related = {} if relation is None else {relation.name: list(row.related or ())}
    attributes = {"external_id": row.external_id, **row.attributes}
    return ResourceForm(Verb.CREATE, row.kind, attributes, related)


def send_corrected(request: Request) -> Response:
    """Make an import of the corrected rows, or show which of them are no JSON."""
    found, sent = _correctable(request), form_of(request)
    first = whole_number(sent.get("from", "")) or 0
    lines: dict[int, str] = {}
    wrong: dict[int, str] = {}
    shown = list(enumerate(found.outcome.rejected))[first : first + MOST_ROWS_SHOWN]
    for place, row in shown:
        own = _own_fields(sent, f"r{place}.")
        if "out" in own:
            continue
        try:
            lines[place] = _corrected_line(row, own)
        except ValueError as error:
            wrong[place] = str(error)
    if not lines and not wrong:
        wrong[first] = "You have left out all rows. Correct at least one."
    if wrong:
        return _ask(request, found, first, sent, wrong)
    made = _added(request, found, list(lines.values()))
    named = {place: _named_in_line(line) for place, line in lines.items()}
    control, import_id = dashboard_of(request).control, request.path_params["import_id"]
    note_corrected_rows(control, found.account, import_id, found.outcome, named)
    return redirect(request, f"{IMPORT_PATH}/{made}")


def _named_in_line(line: str) -> tuple[str, str]:
    cells = msgspec.json.decode(line)
    return str(cells.get("type") or ""), str(cells.get("external_id") or "")


def _corrected_line(row: RejectedRow, own: Mapping[str, str]) -> str:
    """Give a row as a line of JSON. Raises `ValueError` for any other text."""
    read = _read_row(row)
    if read is None:
        try:
            cells = msgspec.json.decode(own.get("text", row.text), type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ValueError(f"This line is not a JSON object: {error}.") from None
        return msgspec.json.encode(cells).decode()
    filled = _form_of(read).filled(own)
    for name, fault in filled.faults.items():
        raise ValueError(f"{name}: {fault}")
    # An empty field stands for what the row had there, where that is empty, too.
    kept = {
        name: value
        for name, value in read.attributes.items()
        if not own.get(name) and (not value or name not in own)
    }
    cells = {"type": read.kind.name, **kept, **filled.attributes}
    relation = relation_of(KINDS[read.kind.name])
    if relation is not None and relation.name in own:
        linked = [each for line in own[relation.name].splitlines() if (each := line.strip())]
        cells[relation.name] = linked if relation.many else next(iter(linked), None)
    return msgspec.json.encode(cells).decode()


def _added(request: Request, found: Correctable, lines: list[str]) -> str:
    """Write the rows to a file, have it tried dry, and give the id of its import."""
    kept = imports_of(dashboard_of(request).control)
    mode = MODES[found.outcome.mode if found.outcome.mode in MODES else _OTHER_MODE]
    options = ImportOptions(_OTHER_MODE if mode.creates else mode.name)
    folder = kept.new_folder()
    stem = found.name.removesuffix(" corrected.jsonl")
    name = safe_name(f"{stem} corrected.jsonl")
    try:
        text = "".join(f"{each}\n" for each in lines)
        (folder / "file" / name).write_text(text, encoding="utf-8", errors="replace")
        return kept.add(folder, name, found.account, options).import_id
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


_KEPT_PATH = f"{IMPORT_PATH}/kept/{{account}}/{{import_id}}"
_CORRECT = (f"{_KEPT_PATH}/correct", f"{IMPORT_PATH}/{{import_id}}/correct")
ROUTES = (
    Route(_KEPT_PATH, show_kept),
    Route(f"{_KEPT_PATH}/remove", forget_kept, methods=["POST"]),
    *(Route(each, edit_rejected) for each in _CORRECT),
    *(Route(each, send_corrected, methods=["POST"]) for each in _CORRECT),
)
