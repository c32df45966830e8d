"""Relationships between items and categories (and from items to variants): list, write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom import actions
from backroom.actions import Relationship
from backroom.api import documents
from backroom.api.handlers import resources

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.api.documents import Document
    from backroom.api.request import Call
    from backroom.store.database import Transaction


def list_ids(call: Call, tx: Transaction) -> Document:
    """Answer with a page of identifiers."""
    page, links = resources.records_of(call, tx, bare=True)
    kind = call.operation.kind
    return {"data": [documents.identifier(kind, each) for each in page], "links": links}


def add(call: Call, tx: Transaction) -> None:
    """Add links; one that is there already refuses all."""
    _write(call, tx, actions.add)


def replace(call: Call, tx: Transaction) -> None:
    """Make the links given all there are."""
    _write(call, tx, actions.replace)


def remove(call: Call, tx: Transaction) -> None:
    """Remove links; one that isn't there refuses all."""
    _write(call, tx, actions.remove)


def _write(
    call: Call,
    tx: Transaction,
    action: Callable[[Transaction, str, Relationship, list[str]], None],
) -> None:
    parent = call.operation.parent
    assert parent is not None  # noqa: S101 - relationships always hang on something
    owner = resources.found(call, tx, parent)
    relationship = Relationship(
        parent, owner.number, call.resource_id, call.operation.relation, call.operation.kind
    )
    action(tx, call.account, relationship, call.body)
