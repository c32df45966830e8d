"""Create, update, delete and link: the changes of a single call, or of a job, to the catalog.

`create`, `update` and `delete` take many drafts of one kind and give an outcome for each, in order:
the record as it is afterwards (for a delete: before), or the fault that prevented it. A single call
is a batch of one. An action works in three steps:

1. It reads everything that the batch needs: which records exist, and the numbers of all related
   ones.
2. It goes through the drafts in order and decides the outcome of each, in memory. What a draft does
   counts for the drafts after it: of two creates of one external id the second fails, and of two
   updates the second changes what the first has left.
3. It writes all changes.

So a batch takes as many statements as a single call. It is right only if nobody else writes to the
account's catalog meanwhile. The caller sees to that: with the account's lock, on PostgreSQL, and
with the one writer on SQLite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from backroom import clock
from backroom.catalog import ids
from backroom.catalog.kinds import CATEGORY, KINDS, Kind, Relation, Verb
from backroom.catalog.values import stored
from backroom.errors import (
    AlreadyExists,
    AlreadyLinked,
    DoesNotExist,
    NotLinked,
    OperationFault,
    UnknownCategory,
    UnknownRelated,
)
from backroom.store import links, records, search, subscriptions
from backroom.store.records import Record, Values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from backroom.catalog.drafts import Draft
    from backroom.store.database import Transaction

Outcome = Record | OperationFault

_encode_attributes = msgspec.json.Encoder().encode
_decode_attributes = msgspec.json.Decoder(dict[str, Any]).decode


def create(tx: Transaction, kind: Kind, account: str, drafts: Sequence[Draft]) -> list[Outcome]:
    """Create the resources that don't exist yet."""
    taken = set(records.numbers(tx, kind, account, _external_ids(drafts)))
    targets = _Targets(tx, kind, account, drafts)
    moment = clock.coarse_timestamp(clock.now())
    blank = {each.name: each.default for each in kind.attributes}
    blank |= dict.fromkeys(kind.dated, moment)
    outcomes: list[Outcome] = []
    added: list[Values] = []
    for draft, number in zip(drafts, clock.new_numbers(len(drafts)), strict=True):
        external_id = draft.attributes["external_id"]
        fault = (
            AlreadyExists(kind.with_article, external_id)
            if external_id in taken
            else targets.missing(draft)
        )
        if fault is not None:
            outcomes.append(fault)
            continue
        taken.add(external_id)
        values = _values(kind, number, _merged(kind, blank, draft), targets.parent(draft))
        added.append(values)
        targets.link(draft, number)
        outcomes.append(_record(values))
    records.insert(tx, kind, account, added)
    targets.write(fresh=True)
    return outcomes


def update(tx: Transaction, kind: Kind, account: str, drafts: Sequence[Draft]) -> list[Outcome]:
    """Change resources that exist: the attributes and relationships that a draft has."""
    present = records.find(tx, kind, account, _external_ids(drafts))
    targets = _Targets(tx, kind, account, drafts)
    moment = clock.coarse_timestamp(clock.now())
    outcomes: list[Outcome] = []
    changed: dict[int, Values] = {}
    renamed: set[int] = set()
    restocked: dict[int, Any] = {}
    for draft in drafts:
        record = present.get(draft.external_id or "")
        fault = _absent(kind, draft) if record is None else targets.missing(draft)
        if record is None or fault is not None:
            outcomes.append(fault or _absent(kind, draft))
            continue
        attributes = _decode_attributes(record.attributes)
        if draft.attributes.get(kind.searched) not in {None, attributes[kind.searched]}:
            renamed.add(record.number)
        # An unknown stock, which is null, counts as none.
        before = attributes.get(kind.stock) or 0
        attributes = _merged(kind, attributes, draft)
        if before <= 0 < (attributes.get(kind.stock) or 0):
            restocked.setdefault(record.number, attributes[kind.stock])
        attributes["updated"] = moment
        values = _values(kind, record.number, attributes)
        changed[record.number] = values
        targets.link(draft, record.number)
        present[record.external_id] = _record(values)
        outcomes.append(_record(values))
    records.update(tx, kind, account, changed.values(), renamed)
    targets.write(fresh=False)
    subscriptions.deliver(tx, account, restocked)
    return outcomes


def delete(tx: Transaction, kind: Kind, account: str, drafts: Sequence[Draft]) -> list[Outcome]:
    """Delete resources that exist. An item's variants go with it. A category's items stay."""
    present = records.find(tx, kind, account, _external_ids(drafts))
    outcomes: list[Outcome] = []
    gone: list[int] = []
    for draft in drafts:
        record = present.pop(draft.external_id or "", None)
        if record is None:
            outcomes.append(_absent(kind, draft))
        else:
            gone.append(record.number)
            outcomes.append(record)
    records.delete(tx, kind, account, gone)
    return outcomes


ACTIONS: dict[Verb, Callable[[Transaction, Kind, str, Sequence[Draft]], list[Outcome]]] = {
    Verb.CREATE: create,
    Verb.UPDATE: update,
    Verb.DELETE: delete,
}


@dataclass(frozen=True)
class Relationship:
    """A to-many relationship of one resource: its owner, its name, the kind of its targets."""

    owner: Kind
    number: int
    resource_id: str
    name: str
    target: Kind


def add(tx: Transaction, account: str, relationship: Relationship, related: list[str]) -> None:
    """Link resources by id. Raises `AlreadyLinked` if one is linked, and then links none."""
    found = _related_numbers(tx, account, relationship, related)
    if links.present(tx, account, relationship.name, relationship.number, found):
        raise AlreadyLinked(relationship.owner.name, relationship.resource_id)
    links.add(tx, account, relationship.name, {relationship.number: found})


def replace(tx: Transaction, account: str, relationship: Relationship, related: list[str]) -> None:
    """Link the resources in `related` and no others."""
    found = _related_numbers(tx, account, relationship, related)
    links.replace(tx, account, relationship.name, {relationship.number: found})


def remove(tx: Transaction, account: str, relationship: Relationship, related: list[str]) -> None:
    """Unlink resources by id. Raises `NotLinked` if one is not linked, and then unlinks none."""
    numbers = _numbers_by_id(tx, account, relationship.target, related)
    found = list(numbers.values())
    present = links.present(tx, account, relationship.name, relationship.number, found)
    for each in related:
        if numbers.get(each) not in present:
            raise NotLinked(relationship.owner.name, relationship.resource_id)
    links.remove(tx, account, relationship.name, relationship.number, found)


def _related_numbers(
    tx: Transaction, account: str, relationship: Relationship, related: list[str]
) -> list[int]:
    """Give the numbers of related resources, all of which must exist."""
    numbers = _numbers_by_id(tx, account, relationship.target, related)
    for each in related:
        if each not in numbers:
            raise unknown_related(relationship.target, each, "")
    return list(numbers.values())


def _numbers_by_id(
    tx: Transaction, account: str, kind: Kind, resource_ids: list[str]
) -> dict[str, int]:
    wanted = {ids.external_id(each): each for each in resource_ids}
    known = records.numbers(tx, kind, account, (each for each in wanted if each is not None))
    return {wanted[external_id]: number for external_id, number in known.items()}


def unknown_related(target: Kind, resource_id: str, pointer: str) -> OperationFault:
    """Make the fault for a related resource that does not exist."""
    if target is CATEGORY:
        return UnknownCategory(pointer)
    return UnknownRelated(target.with_article, resource_id, pointer)


def _external_ids(drafts: Iterable[Draft]) -> list[str]:
    return [external_id for draft in drafts if (external_id := draft.external_id) is not None]


def _absent(kind: Kind, draft: Draft) -> DoesNotExist:
    return DoesNotExist(kind.with_article, draft.id)


def _merged(kind: Kind, attributes: dict[str, Any], draft: Draft) -> dict[str, Any]:
    """Give attributes, with those of a draft in their places, as they will be stored."""
    merged = attributes | draft.attributes
    for name in kind.objects:
        if name in draft.attributes:
            merged[name] = stored(draft.attributes[name])
    return merged


def _values(
    kind: Kind, number: int, attributes: dict[str, Any], parent: int | None = None
) -> Values:
    return Values(
        number,
        attributes["external_id"],
        _encode_attributes(attributes).decode(),
        attributes,
        search.folded(attributes[kind.searched]),
        parent,
    )


def _record(values: Values) -> Record:
    return Record(values.number, values.external_id, values.attributes)


class _Targets:
    """The resources that drafts relate to, read once, and the links that will be written."""

    def __init__(self, tx: Transaction, kind: Kind, account: str, drafts: Sequence[Draft]) -> None:
        self._tx = tx
        self._kind = kind
        self._account = account
        self._numbers: dict[str, dict[str, int]] = {}
        for relation in kind.relations:
            wanted = {
                external_id
                for draft in drafts
                for each in draft.relations.get(relation.name, ())
                if (external_id := ids.external_id(each)) is not None
            }
            if wanted:
                target = KINDS[relation.target]
                self._numbers[relation.name] = records.numbers(tx, target, account, wanted)
        self._replaced: dict[str, dict[int, list[int]]] = {}

    def _number(self, relation: Relation, resource_id: str) -> int | None:
        known = self._numbers.get(relation.name, {})
        return known.get(ids.external_id(resource_id) or "")

    def missing(self, draft: Draft) -> OperationFault | None:
        """Give the fault for the first related resource that does not exist, or None."""
        for relation in self._kind.relations:
            for each in draft.relations.get(relation.name, ()):
                if self._number(relation, each) is None:
                    pointer = f"/relationships/{relation.name}"
                    return unknown_related(KINDS[relation.target], each, pointer)
        return None

    def parent(self, draft: Draft) -> int | None:
        """Give the number of the one resource that a draft belongs to, or None."""
        for relation in self._kind.relations:
            for each in draft.relations.get(relation.name, ()):
                if not relation.many:
                    return self._number(relation, each)
        return None

    def link(self, draft: Draft, number: int) -> None:
        """Note that the to-many relationships of a draft replace those of the record `number`."""
        for relation in self._kind.relations:
            if relation.many and relation.name in draft.relations:
                self._replaced.setdefault(relation.name, {})[number] = [
                    found
                    for each in draft.relations[relation.name]
                    if (found := self._number(relation, each)) is not None
                ]

    def write(self, *, fresh: bool) -> None:
        """Write the noted links. Resources that are not `fresh` lose their old links before."""
        for name, replaced in self._replaced.items():
            write = links.add if fresh else links.replace
            write(self._tx, self._account, name, replaced)
