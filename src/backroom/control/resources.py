"""The catalog of an account as rows of a feed, which a seed takes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.control.accounts import ACCOUNT, account_id
from backroom.control.route import ControlError, ControlRoute, Member
from backroom.feeds.rows import ORDER, relation_of
from backroom.store import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.catalog.kinds import Kind
    from backroom.control.route import Control, Given
    from backroom.store.database import Transaction

MOST_LISTED_RESOURCES = 10_000


def resources_of_account(control: Control, given: Given) -> list[dict[str, Any]]:
    """List the resources of an account, those of one type, or one of them."""
    asked = given.query.get("type")
    kinds = [kind for kind in ORDER if asked in {None, "", kind.name, kind.type}]
    if not kinds:
        names = ", ".join(kind.name for kind in ORDER)
        raise ControlError(400, f"{asked!r} is not a type of resources: take one of {names}.")
    with control.database.read() as tx:
        account = account_id(tx, given)
        found = [row for kind in kinds for row in _rows_of_kind(tx, kind, account)]
    if len(found) > MOST_LISTED_RESOURCES:
        raise ControlError(
            409,
            f"The account has more than {MOST_LISTED_RESOURCES:,} resources. Ask the API for them,"
            " page by page.",
        )
    wanted = given.query.get("external_id")
    return [each for each in found if wanted in {None, each["external_id"]}]


def _rows_of_kind(tx: Transaction, kind: Kind, account: str) -> Iterator[dict[str, Any]]:
    related = _related_ids(tx, kind, account)
    for external_id, attributes, parent in listing.listed_records(
        tx, kind, account, MOST_LISTED_RESOURCES + 1
    ):
        yield {
            "type": kind.name,
            **msgspec.json.decode(attributes),
            **related(external_id, parent),
        }


def _related_ids(
    tx: Transaction, kind: Kind, account: str
) -> Callable[[str, str | None], dict[str, Any]]:
    """Give the ids of the related resources of a record, as a row of a feed has them."""
    relation = relation_of(kind)
    if relation is None:
        return lambda _, __: {}
    if not relation.many:
        return lambda _, parent: {relation.name: parent}
    held: dict[str, list[str]] = defaultdict(list)
    for item, category in listing.listed_categories(tx, account):
        held[item].append(category)
    return lambda external_id, _: {relation.name: held.get(external_id, [])}


ROUTES = (
    ControlRoute(
        "GET",
        "/resources",
        "The resources of an account, as the rows that a seed takes, the oldest of each type"
        " first.",
        resources_of_account,
        query=(
            ACCOUNT,
            Member("type", "Only resources of this type: category, item or variant."),
            Member("external_id", "Only resources with this external id."),
        ),
    ),
)
