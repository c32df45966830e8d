"""Items, variants and categories: list, show, create, update, delete."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec

from backroom import actions
from backroom.api import layouts
from backroom.api.paging import Ordering, Pager
from backroom.catalog import ids
from backroom.catalog.kinds import KINDS
from backroom.errors import DoesNotExist, NotFound, OperationFault
from backroom.store import large_records, pages, records, search
from backroom.store.pages import Columns, RecordQuestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backroom.actions import Outcome
    from backroom.api.admission import Admitted
    from backroom.api.layouts import RecordLayout, RecordTemplates
    from backroom.api.wire import Parts
    from backroom.catalog.drafts import Draft
    from backroom.catalog.kinds import Kind
    from backroom.store.database import Row, Transaction
    from backroom.store.records import Record


_TURN = Lock()
"""Threads write one answer at a time: the event loop waits for Python longer for each that runs."""


def number_in_path(admitted: Admitted, tx: Transaction, kind: Kind) -> int:
    """Give the number of the record with the id in the path.

    Raises `NotFound`, in the words of the method.
    """
    number = _number_of_id(admitted, tx, kind, admitted.resource_id)
    if number is None:
        raise _does_not_exist(admitted, kind)
    return number


def _number_of_id(admitted: Admitted, tx: Transaction, kind: Kind, resource_id: str) -> int | None:
    """Give the number of the record with an id, None where there is none."""
    external_id = ids.external_id(resource_id)
    return (
        None
        if external_id is None
        else records.record_number(tx, kind, admitted.account, external_id)
    )


def _does_not_exist(admitted: Admitted, kind: Kind) -> NotFound:
    reading = admitted.operation.method == "GET"
    words = kind.missing_read if reading else kind.missing_write
    return NotFound(words.format(id=admitted.resource_id))


def list_resources(admitted: Admitted, tx: Transaction) -> Parts:
    """Answer with a page of resources or identifiers, and with variants if these are included."""
    pager, layout = Pager(admitted, Ordering(admitted.query.descending)), _record_layout(admitted)
    question = RecordQuestion(pager.wanted, pager.ascending, pager.place.border)
    parent, kind = admitted.operation.parent, admitted.operation.kind
    if parent is not None:
        question.related.append((parent.name, number_in_path(admitted, tx, parent)))
    rows: list[Row] = []
    if _narrow(admitted, tx, question):
        rows = pages.records_page(tx, kind, admitted.account, question, layout.data.columns)
    onward = pager.place.onward
    fitting, included = _fitting(admitted, tx, layout, rows[: pager.size], turned=not onward)
    page, links = pager.cut(rows, fitting, lambda row: row[0])
    return layout.frame.document(_in_turn(tx, layout.data, page), links, included)


def _in_turn(tx: Transaction, template: RecordTemplates, rows: Sequence[Row]) -> bytes:
    if tx.on_loop:
        return template.filled(rows, tx.leave_loop)
    with _TURN:
        return template.filled(rows)


def _record_layout(admitted: Admitted) -> RecordLayout:
    query = admitted.query
    return layouts.of_records(
        admitted.operation,
        admitted.revision,
        query.shown,
        admitted.request.base,
        bool(query.include),
    )


def _narrow(admitted: Admitted, tx: Transaction, question: RecordQuestion) -> bool:
    """Add the filters to a question. False if no record can pass them."""
    for chosen, value in admitted.query.conditions:
        if chosen.means == "ids":
            wanted = value.external_ids
            known = question.external_ids
            if known is not None:
                wanted = [each for each in wanted if each in known]
            question.external_ids = wanted
        elif chosen.means == "related":
            number = _number_of_id(admitted, tx, KINDS[chosen.target], value)
            if number is None:
                return False
            question.related.append((chosen.target, number))
        elif chosen.means == "text":
            question.parts.append(search.folded(value))
        else:
            stored = int(value) if chosen.boolean else value
            if question.equal.setdefault(chosen.target, stored) != stored:
                return False
    return question.external_ids != []


def _fitting(
    admitted: Admitted,
    tx: Transaction,
    layout: RecordLayout,
    rows: list[Row],
    *,
    turned: bool = False,
) -> tuple[list[Row], bytes]:
    """Give the rows that fit into one answer, with all attributes, and write what they include.

    What is included stands in the order of the rows, or in the other order if `turned`.
    """
    kind, account = admitted.operation.kind, admitted.account
    if layout.data.columns.attributes:
        rows = large_records.filled_rows(tx, kind, account, rows)
    if layout.included is None or not rows:
        return rows, b""
    columns = layout.included.columns
    rows, found = large_records.with_included(tx, kind, account, rows, columns, turned=turned)
    return rows, _in_turn(tx, layout.included, found)


def get_resource(admitted: Admitted, tx: Transaction) -> Parts:
    """Answer with one resource."""
    external_id, layout = ids.external_id(admitted.resource_id), _record_layout(admitted)
    named = [external_id] if external_id else []
    kind, columns = admitted.operation.kind, layout.data.columns
    rows = pages.in_order(tx, kind, admitted.account, named, columns)
    if not rows:
        raise _does_not_exist(admitted, kind)
    rows, included = _fitting(admitted, tx, layout, rows)
    data = _in_turn(tx, layout.data, rows)
    return layout.frame.document(data, {"self": admitted.request.url}, included)


def create_resource(admitted: Admitted, draft: Draft, tx: Transaction) -> Parts:
    """Create one resource and show it. An operation of a bulk job does the same."""
    outcomes = actions.create(tx, admitted.operation.kind, admitted.account, [draft])
    record = _one_record(admitted, outcomes)
    if "custom_metadata" in draft.attributes:
        # Observed: a create shows its members in the order in which they were sent. Reads show them
        # in the order in which they are stored.
        attributes = msgspec.json.decode(record.attributes)
        attributes["custom_metadata"] = draft.attributes["custom_metadata"]
        record = record._replace(attributes=msgspec.json.encode(attributes).decode())
    return _written_record(admitted, record, tx)


def update_resource(admitted: Admitted, draft: Draft, tx: Transaction) -> Parts:
    """Update one resource and show it."""
    outcomes = actions.update(tx, admitted.operation.kind, admitted.account, [draft])
    return _written_record(admitted, _one_record(admitted, outcomes), tx)


def delete_resource(admitted: Admitted, draft: Draft, tx: Transaction) -> None:
    """Delete one resource."""
    _one_record(admitted, actions.delete(tx, admitted.operation.kind, admitted.account, [draft]))


def _one_record(admitted: Admitted, outcomes: Sequence[Outcome]) -> Record:
    """Give the record of the one outcome, or raise its fault."""
    (outcome,) = outcomes
    if isinstance(outcome, DoesNotExist):
        raise _does_not_exist(admitted, admitted.operation.kind)
    if isinstance(outcome, OperationFault):
        raise outcome
    return outcome


def _written_record(admitted: Admitted, record: Record, tx: Transaction) -> Parts:
    """Answer with a record that was just written."""
    layout, kind = _record_layout(admitted), admitted.operation.kind
    linkage = None
    if layout.data.columns.linkage:
        ((*_, linkage, _),) = pages.in_order(
            tx,
            kind,
            admitted.account,
            [record.external_id],
            Columns(attributes=False, linkage=True),
        )
    external_id, attributes = record.external_id.encode(), record.attributes.encode()
    row = (record.number, external_id, attributes, linkage, 1, *_own_columns_of(record, layout))
    return layout.frame.document(layout.data.filled([row]), {"self": admitted.request.url})


def _own_columns_of(record: Record, layout: RecordLayout) -> list[Any]:
    """Give the attributes with a column of their own, as a row that was read has them."""
    names = layout.data.columns.named
    held = msgspec.json.decode(record.attributes) if names else {}
    return [held[each].encode() if isinstance(held[each], str) else held[each] for each in names]
