"""Write the relationships between items and categories.

`resources` lists them: such a list is one of resources that shows only their identifiers.
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
    """Add links. Adds no link if one of them exists already."""
    _write(admitted, related, tx, actions.add)


def replace(admitted: Admitted, related: list[str], tx: Transaction) -> None:
    """Replace all links by those in the body."""
    _write(admitted, related, tx, actions.replace)


def remove(admitted: Admitted, related: list[str], tx: Transaction) -> None:
    """Remove links. Removes no link if one of them does not exist."""
    _write(admitted, related, tx, actions.remove)


def _write(
    admitted: Admitted,
    related: list[str],
    tx: Transaction,
    action: Callable[[Transaction, str, Relationship, list[str]], None],
) -> None:
    operation = admitted.operation
    assert operation.parent is not None  # noqa: S101 - a relationship always has an owner
    owner = resources.number_in_path(admitted, tx, operation.parent)
    relationship = Relationship(
        operation.parent, owner, admitted.resource_id, operation.relation, operation.kind
    )
    action(tx, admitted.account, relationship, related)
