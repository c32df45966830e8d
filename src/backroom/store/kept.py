"""What is kept of operations that are only accepted, and the shop of an account.

Requests are kept as they were sent. Resources are what such operations list: profiles, lists and
metrics, with their attributes as JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from backroom import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backroom.store.database import Transaction

LONGEST_KEPT_ID = 100
"""Characters of the id of a resource: a key of PostgreSQL takes no text of any length."""
PROFILE, LIST, METRIC, ACCOUNT = "profile", "list", "metric", "account"


class KeptRequest(NamedTuple):
    """One request. `body` is JSON text."""

    account: str
    request_id: str
    operation: str
    revision: str
    body: str
    created_at: str


class KeptResource(NamedTuple):
    """One resource. `number` is its place in the order of creation."""

    resource_id: str
    number: int
    attributes: dict[str, Any]


def keep_request(tx: Transaction, account: str, operation: str, revision: str, body: str) -> None:
    """Keep a request."""
    moment = clock.now()
    tx.run(
        "insert into kept_requests (account, request_id, operation, revision, body, created_at)"
        " values (:account, :request_id, :operation, :revision, :body, :created_at)",
        account=account,
        request_id=clock.new_ulid(moment),
        operation=operation,
        revision=revision,
        body=body,
        created_at=clock.timestamp(moment),
    )


def kept_requests(
    tx: Transaction, account: str | None = None, operation: str | None = None
) -> list[KeptRequest]:
    """List the requests of an account or of all, to an operation or to all, oldest first."""
    rows = tx.all(
        "select account, request_id, operation, revision, body, created_at from kept_requests"
        " where account = coalesce(cast(:account as text), account)"
        " and operation = coalesce(cast(:operation as text), operation) order by request_id",
        account=account,
        operation=operation,
    )
    return [KeptRequest(*row) for row in rows]


def put_resource(
    tx: Transaction, account: str, type_: str, resource_id: str, attributes: Mapping[str, Any]
) -> None:
    """Keep a resource, in place of one with this id if there is one."""
    tx.run(
        "insert into kept_resources (account, type, resource_id, number, attributes)"
        " values (:account, :type, :resource_id, :number, :attributes)"
        " on conflict (account, type, resource_id) do update set attributes = excluded.attributes",
        account=account,
        type=type_,
        resource_id=resource_id,
        number=clock.new_number(),
        attributes=msgspec.json.encode(attributes).decode(),
    )


def find_resource(
    tx: Transaction, account: str, type_: str, resource_id: str
) -> KeptResource | None:
    """Give the resource with an id, or None."""
    row = tx.one(
        "select resource_id, number, attributes from kept_resources"
        " where account = :account and type = :type and resource_id = :resource_id",
        account=account,
        type=type_,
        resource_id=resource_id,
    )
    return None if row is None else _resource(row)


def kept_resources(
    tx: Transaction,
    account: str,
    type_: str,
    border: int | None = None,
    *,
    ascending: bool = True,
    most: int | None = None,
) -> list[KeptResource]:
    """List the resources of a type beyond a number, at most so many, nearest to it first."""
    compared, order = (">", "asc") if ascending else ("<", "desc")
    rows = tx.all(
        "select resource_id, number, attributes from kept_resources"
        " where account = :account and type = :type"
        f"{'' if border is None else f' and number {compared} :border'}"
        f" order by number {order}{'' if most is None else ' limit :most'}",
        account=account,
        type=type_,
        **({} if border is None else {"border": border}),
        **({} if most is None else {"most": most}),
    )
    return [_resource(row) for row in rows]


def _resource(row: tuple[Any, ...]) -> KeptResource:
    return KeptResource(row[0], row[1], msgspec.json.decode(row[2]))


def profile_of(tx: Transaction, account: str, identifiers: Iterable[str]) -> str | None:
    """Give the id of a profile that has one of some identifiers, or None."""
    rows = tx.all(
        "select resource_id from profile_identifiers where account = :account"
        f" and {tx.dialect.among('identifier', 'identifiers')} order by resource_id",
        account=account,
        identifiers=tx.dialect.array(identifiers),
    )
    return str(rows[0][0]) if rows else None


def identify(tx: Transaction, account: str, profile_id: str, identifiers: Iterable[str]) -> None:
    """Note that a profile has these identifiers, where no other profile has."""
    for each in identifiers:
        tx.run(
            "insert into profile_identifiers (account, identifier, resource_id)"
            " values (:account, :identifier, :resource_id) on conflict do nothing",
            account=account,
            identifier=each,
            resource_id=profile_id,
        )
