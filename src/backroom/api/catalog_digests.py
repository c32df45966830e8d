"""What is answered below `/_backroom/changes/`: digests of blocks, or of the rows of one block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from backroom.errors import InvalidParameter
from backroom.store import digests

if TYPE_CHECKING:
    from backroom.catalog.kinds import Kind
    from backroom.store.database import Transaction

_BLOCK = "block"
_MOST_DIGITS = 19
_LARGEST_NUMBER = 2**63 - 1


def answered(tx: Transaction, kind: Kind, account: str, query: str) -> dict[str, Any]:
    """Answer a query. Raises `InvalidParameter`."""
    tx.leave_loop()
    given = parse_qs(query).get(_BLOCK)
    if given is None:
        return {"blocks": digests.blocks_of(tx, kind, account)}
    number = given[-1]
    plain = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
    if not plain or int(number) > _LARGEST_NUMBER:
        raise InvalidParameter(f"'{_BLOCK}' must be a number that a block begins with.", _BLOCK)
    return {"resources": digests.block_from(tx, kind, account, int(number))}
