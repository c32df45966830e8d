"""Items, variants and categories: list, show, create, update, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backroom import actions
from backroom.api import documents
from backroom.api.forms import of_records
from backroom.api.paging import Ordering, Pager
from backroom.catalog import ids
from backroom.catalog.kinds import KINDS, Kind
from backroom.errors import DoesNotExist, NotFound, OperationFault
from backroom.store import pages, records, search
from backroom.store.forms import NOTHING
from backroom.store.pages import Asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backroom.actions import Outcome
    from backroom.api.documents import Document, Parts
    from backroom.api.request import Call
    from backroom.store.database import Transaction
    from backroom.store.forms import Gathered
    from backroom.store.records import Record

LINKED_AT_MOST = 100
"""Resources that a relationship names or that are included for one resource: a page of them.

The service's own number is not known; there must be one, for a category may hold a whole catalog.
"""


def found(call: Call, tx: Transaction, kind: Kind) -> Record:
    """Give the record whose id stands in the path. Raises `NotFound` in the method's own words."""
    external_id = ids.external_id(call.resource_id)
    present = records.find(tx, kind, call.account, [external_id] if external_id else [])
    for record in present.values():
        return record
    raise _missing(call, kind)


def _missing(call: Call, kind: Kind) -> NotFound:
    reading = call.operation.method == "GET"
    words = kind.missing_read if reading else kind.missing_write
    return NotFound(words.format(id=call.resource_id))


def records_of(call: Call, tx: Transaction, *, bare: bool = False) -> tuple[list[Record], Document]:
    """Give a page of records, and its links. `bare` leaves attributes out."""
    pager, asked = _asked(call, tx)
    asked.bare = bare
    some = _narrow(call, tx, asked)
    rows = pages.page(tx, call.operation.kind, call.account, asked) if some else []
    return pager.cut(rows, lambda record: record.number)


def _asked(call: Call, tx: Transaction) -> tuple[Pager, Asked]:
    """Give what cuts the page that is asked for, and what is to be read for it, but for filters."""
    pager = Pager(call, Ordering(call.query.descending))
    asked = Asked(
        size=pager.wanted,
        ascending=pager.ascending,
        onward=pager.place.onward,
        border=pager.place.border,
    )
    parent = call.operation.parent
    if parent is not None:
        asked.related.append((parent.name, found(call, tx, parent).number))
    return pager, asked


def _narrow(call: Call, tx: Transaction, asked: Asked) -> bool:
    """Add the filters to what is asked. False where nothing can pass them."""
    for chosen, value in call.query.conditions:
        if chosen.means == "ids":
            wanted = {ids.external_id(each) for each in value} - {None}
            kept = wanted if asked.external_ids is None else wanted & set(asked.external_ids)
            asked.external_ids = sorted(each for each in kept if each is not None)
        elif chosen.means == "related":
            external_id = ids.external_id(value)
            known = records.numbers(
                tx, KINDS[chosen.target], call.account, [external_id] if external_id else []
            )
            if not known:
                return False
            asked.related += [(chosen.target, number) for number in known.values()]
        elif chosen.means == "text":
            asked.parts.append(search.folded(value))
        else:
            stored = int(value) if chosen.boolean else value
            if asked.equal.setdefault(chosen.target, stored) != stored:
                return False
    return asked.external_ids != []


def list_resources(call: Call, tx: Transaction) -> Document | Parts:
    """Answer with a page of resources, with the variants of items where asked to include them."""
    plain = not call.query.include and not call.query.fields and not _shows_linkage(call)
    if plain and call.operation.kind.shows_all_at(call.at.date):
        written = _written_list(call, tx)
        if written is not None:
            return written
    page, links = records_of(call, tx)
    document = _shown(call, tx, page)
    document["links"] = links
    return document


def _written_list(call: Call, tx: Transaction) -> Parts | None:
    """Answer with a page of resources that the database writes; None where it can't."""
    kind = call.operation.kind
    pager, asked = _asked(call, tx)
    gathered: Gathered | None = NOTHING
    if _narrow(call, tx, asked):
        form = of_records(call.operation, call.at, call.request.base)
        gathered = pages.written_page(tx, kind, call.account, asked, form)
    return gathered and documents.written_list(call, *pager.cut_text(gathered))


def _shows_linkage(call: Call) -> bool:
    return call.at.shows_linkage(call.operation)


def get_resource(call: Call, tx: Transaction) -> Document:
    """Answer with one resource."""
    return _one(call, tx, found(call, tx, call.operation.kind))


def _shown(call: Call, tx: Transaction, page: Sequence[Record]) -> Document:
    """Make the resource objects of records, and include what belongs to them where asked."""
    kind, base = call.operation.kind, call.request.base
    including = bool(call.query.include)
    linked: dict[int, list[Record]] = {}
    if including or _shows_linkage(call):
        linked = _linked(call, tx, page, bare=not including)
    document: Document = {
        "data": [documents.resource(base, kind, each, linked.get(each.number)) for each in page]
    }
    if including:
        target = KINDS[kind.shown.target]
        document["included"] = [
            documents.resource(base, target, each) for many in linked.values() for each in many
        ]
    return document


def _linked(
    call: Call, tx: Transaction, page: Sequence[Record], *, bare: bool
) -> dict[int, list[Record]]:
    """Give what the shown relationship of each record holds, by the record's number."""
    kind = call.operation.kind
    if not kind.shown.many:
        parents = pages.parents(tx, call.account, [each.number for each in page])
        # A parent is only ever named, so that its external id is all that is needed.
        owned = [(each.number, parents.get(each.number)) for each in page]
        return {number: [_named(name)] if name else [] for number, name in owned}
    target = KINDS[kind.shown.target]
    return {
        each.number: pages.page(
            tx,
            target,
            call.account,
            Asked(size=LINKED_AT_MOST, related=[(kind.name, each.number)], bare=bare),
        )
        for each in page
    }


def _named(external_id: str) -> Record:
    return records.Record(0, external_id, "")


def create_resource(call: Call, tx: Transaction) -> Document:
    """Create one resource, as one operation of a bulk job would, and show it."""
    draft = call.body
    record = _only(call, actions.create(tx, call.operation.kind, call.account, [draft]))
    if "custom_metadata" in draft.attributes:
        # Observed: a create shows it in the order in which it was sent, reads in the stored one.
        attributes = msgspec.json.decode(record.attributes)
        attributes["custom_metadata"] = draft.attributes["custom_metadata"]
        record = record._replace(attributes=msgspec.json.encode(attributes).decode())
    return _one(call, tx, record)


def update_resource(call: Call, tx: Transaction) -> Document:
    """Update one resource and show it."""
    outcomes = actions.update(tx, call.operation.kind, call.account, [call.body])
    return _one(call, tx, _only(call, outcomes))


def delete_resource(call: Call, tx: Transaction) -> None:
    """Delete one resource."""
    _only(call, actions.delete(tx, call.operation.kind, call.account, [call.body]))


def _only(call: Call, outcomes: Sequence[Outcome]) -> Record:
    """Give the record of the one outcome, or raise its fault."""
    (outcome,) = outcomes
    if isinstance(outcome, DoesNotExist):
        raise _missing(call, call.operation.kind)
    if isinstance(outcome, OperationFault):
        raise outcome
    return outcome


def _one(call: Call, tx: Transaction, record: Record) -> Document:
    """Make the document of one resource."""
    document = _shown(call, tx, [record])
    document["data"] = document["data"][0]
    document["links"] = {"self": call.request.url}
    return document
