"""What is answered below `/_backroom/changes/`: digests of blocks, or of the rows of one block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from backroom.catalog.values import whole_number
from backroom.errors import InvalidParameter
from backroom.store.digests import block_from, blocks_of

if TYPE_CHECKING:
    from backroom.catalog.kinds import Kind
    from backroom.store.database import Database

_BLOCK = "block"


def answered(database: Database, kind: Kind, account: str, query: str) -> dict[str, Any]:
    """Answer a query. Raises `InvalidParameter`."""
    given = parse_qs(query).get(_BLOCK)
    if given is None:
        return {"blocks": _blocks(database, kind, account)}
    first = whole_number(given[-1])
    if first is None:
        raise InvalidParameter(f"'{_BLOCK}' must be a number that a block begins with.", _BLOCK)
    with database.read() as tx:
        return {"resources": block_from(tx, kind, account, first)}


def _blocks(database: Database, kind: Kind, account: str) -> dict[int, int]:
    if database.kept_digests is not None:
        return database.kept_digests.blocks(kind, account)
    with database.one_moment() as tx:
        return blocks_of(tx, kind, account)
