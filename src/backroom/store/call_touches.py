"""Which single calls have changed a resource, and what each has given."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backroom.store.database import Transaction

MOST_CALLS_KEPT = 100_000
"""Calls of all accounts. The oldest make room."""
_OLDEST = 2_000
"""At most so many of the oldest are dropped at once."""


class CallTouch(NamedTuple):
    """One call that has changed a resource. `given` is JSON, empty where it is not kept."""

    account: str
    kind: str
    external_id: str
    touch_id: str
    operation: str
    revision: str
    request_id: str
    touched_at: str
    given: str


_CALL_COLUMNS = ", ".join(CallTouch._fields)


def add_calls(tx: Transaction, touches: Sequence[CallTouch]) -> None:
    """Write down calls that have changed resources."""
    tx.many(
        f"insert into call_touches ({_CALL_COLUMNS})"
        f" values ({', '.join(f':{each}' for each in CallTouch._fields)}) on conflict do nothing",
        touches,
    )


def drop_oldest_calls(tx: Transaction, most: int = MOST_CALLS_KEPT) -> None:
    """Drop some of the oldest calls beyond `most`."""
    row = tx.one(
        "select touch_id from call_touches order by touch_id desc limit 1 offset :most", most=most
    )
    if row is not None:
        tx.run(
            "delete from call_touches where touch_id in (select touch_id from call_touches"
            " where touch_id <= :last order by touch_id limit :oldest)",
            last=row[0],
            oldest=_OLDEST,
        )


def calls_touching(
    tx: Transaction, account: str, kind: str, external_id: str, most: int
) -> list[CallTouch]:
    """Give the calls that have changed a resource, newest first, up to `most`."""
    rows = tx.all(
        f"select {_CALL_COLUMNS} from call_touches where account = :account and kind = :kind"
        " and external_id = :external_id order by touch_id desc limit :most",
        account=account,
        kind=kind,
        external_id=external_id,
        most=most,
    )
    return [CallTouch(*row) for row in rows]
