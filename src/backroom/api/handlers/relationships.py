"""Relationships between items and categories (and from items to variants): write them.

Their lists are those of resources of which only the identifiers are shown (`resources`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom import actions
from backroom.actions import Relationship
from backroom.api.handlers import resources

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.api.admission import Admitted
    from backroom.store.database import Transaction


def add(admitted: Admitted, related: list[str], tx: Transaction) -> None:
    """Add links; one that is there already refuses all."""
    _write(admitted, related, tx, actions.add)


def replace(admitted: Admitted, related: list[str], tx: Transaction) -> None:
    """Make the links given all there are."""
    _write(admitted, related, tx, actions.replace)


def remove(admitted: Admitted, related: list[str], tx: Transaction) -> None:
    """Remove links; one that isn't there refuses all."""
    _write(admitted, related, tx, actions.remove)


def _write(
    admitted: Admitted,
    related: list[str],
    tx: Transaction,
    action: Callable[[Transaction, str, Relationship, list[str]], None],
) -> None:
    operation = admitted.operation
    assert operation.parent is not None  # noqa: S101 - relationships always hang on something
    owner = resources.record_in_path(admitted, tx, operation.parent)
    relationship = Relationship(
        operation.parent, owner.number, admitted.resource_id, operation.relation, operation.kind
    )
    action(tx, admitted.account, relationship, related)
