"""Seed: the demo shop, or the rows of a feed, in an account's catalog at once, without jobs."""

from __future__ import annotations

import base64
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from backroom import actions
from backroom.catalog import drafts
from backroom.catalog.kinds import Verb
from backroom.control.accounts import ACCOUNT, account_id
from backroom.control.route import ControlError, ControlRoute, Member
from backroom.errors import AlreadyExists, Fault
from backroom.feeds.columns import row_from
from backroom.feeds.encoding import encode_row
from backroom.feeds.formats import FORMATS, open_feed
from backroom.feeds.rows import ORDER, FeedError, Row, RowFault
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.catalog.drafts import Draft
    from backroom.catalog.kinds import Kind
    from backroom.control.route import Control, Given
    from backroom.feeds.rows import Finding
    from backroom.store.database import Transaction

_ROWS_IN_A_BATCH = 1_000
_FAULTS_SHOWN = 5


def seed_account(control: Control, given: Given) -> dict[str, Any]:
    """Create the resources of a feed, or update those that exist: all of them, or none.

    The demo shop has rows with mistakes, which are left out.
    """
    wanted, faults = _drafts_of(_rows_given(given))
    is_demo = not {"resources", "feed", "feed_base64"} & given.body.keys()
    if faults and not is_demo:
        raise _refuse_rows(faults)

    def work(tx: Transaction) -> tuple[str, list[str]]:
        account = account_id(tx, given)
        tx.exclusively(account)
        refused: list[str] = []
        for kind in ORDER:
            for batch in _batches(wanted[kind.name]):
                refused += _write_batch(tx, kind, account, batch)
        if refused and not is_demo:
            raise _refuse_rows(refused)
        return account, refused

    account, refused = control.database.write(work).result()
    counts = {kind.plural: len(wanted[kind.name]) for kind in ORDER}
    return {"account": account, **counts, "left_out": len(faults) + len(refused)}


def _batches(rows: list[Draft]) -> Iterator[list[Draft]]:
    """Give rows in batches, as one statement takes them."""
    for start in range(0, len(rows), _ROWS_IN_A_BATCH):
        yield rows[start : start + _ROWS_IN_A_BATCH]


def _rows_given(given: Given) -> list[Row | RowFault]:
    """Read what the body gives: rows, a feed, or nothing, which stands for the demo shop."""
    rows, feed = given.body.get("resources"), _feed_given(given)
    if rows is not None and feed is not None:
        raise ControlError(400, "Give `resources` or a `feed`, not both.")
    if rows is not None:
        return [_row(place, each) for place, each in enumerate(rows, start=1)]
    if feed is None:
        with resources.as_file(resources.files("backroom.feeds") / "demo" / "shop.jsonl") as path:
            return _without_warnings(open_feed(path).rows())
    # A text is JSON Lines unless the body names a format. The content of a file shows its format.
    name = given.body.get("format") or (None if "feed_base64" in given.body else "jsonl")
    if name is not None and name not in FORMATS:
        raise ControlError(400, f"{name!r} is not a format of feeds: take {' or '.join(FORMATS)}.")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "feed"
        path.write_bytes(feed)
        try:
            return _without_warnings(open_feed(path, name).rows())
        except FeedError as error:
            raise ControlError(400, f"The feed can't be read: {error}") from None


def _feed_given(given: Given) -> bytes | None:
    text, encoded = given.body.get("feed"), given.body.get("feed_base64")
    if text is not None and encoded is not None:
        raise ControlError(400, "Give `feed` or `feed_base64`, not both.")
    if encoded is None:
        return None if text is None else str(text).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        raise ControlError(400, "`feed_base64` is not base64.") from None


def _without_warnings(found: Iterable[Row | Finding]) -> list[Row | RowFault]:
    return [each for each in found if isinstance(each, (Row, RowFault))]


def _row(place: int, cells: Any) -> Row | RowFault:
    return row_from(place, cells) if isinstance(cells, dict) else RowFault(place, "is no object")


def _drafts_of(rows: Iterable[Row | RowFault]) -> tuple[dict[str, list[Draft]], list[str]]:
    """Check all rows. Give the drafts of each kind, and the faults of the other rows."""
    wanted: dict[str, list[Draft]] = {kind.name: [] for kind in ORDER}
    faults: list[str] = []
    for row in rows:
        try:
            draft = _draft(row)
        except Fault as fault:
            faults.append(f"row {row.line}: {fault.detail}")
            continue
        if isinstance(draft, RowFault) or row.kind is None:
            faults.append(f"row {row.line}: {draft.detail if isinstance(draft, RowFault) else ''}")
        else:
            wanted[row.kind.name].append(draft)
    return wanted, faults


def _draft(row: Row | RowFault) -> Draft | RowFault:
    encoded = row if isinstance(row, RowFault) else encode_row(row, Verb.CREATE)
    if isinstance(encoded, RowFault):
        return encoded
    resource = msgspec.json.decode(encoded.encoded)
    return drafts.draft(Verb.CREATE, encoded.row.kind, resource, "", NEWEST)


def _write_batch(tx: Transaction, kind: Kind, account: str, batch: list[Draft]) -> list[str]:
    """Write rows of one kind. Give the faults of those that can't be written."""
    outcomes = actions.create(tx, kind, account, batch)
    existing = [
        draft
        for draft, outcome in zip(batch, outcomes, strict=True)
        if isinstance(outcome, AlreadyExists)
    ]
    faults = list(_details(batch, outcomes))
    faults += _details(existing, actions.update(tx, kind, account, _updates(kind, existing)))
    return faults


def _updates(kind: Kind, existing: list[Draft]) -> list[Draft]:
    """Give the updates that stand for creates of what exists."""
    updated = {each.name for each in kind.relations if Verb.UPDATE in each.verbs}
    return [
        drafts.Draft(
            draft.id,
            {name: value for name, value in draft.attributes.items() if name != "external_id"},
            {name: ids for name, ids in draft.relations.items() if name in updated},
        )
        for draft in existing
    ]


def _details(batch: list[Draft], outcomes: Iterable[actions.Outcome]) -> Iterator[str]:
    for draft, outcome in zip(batch, outcomes, strict=True):
        if isinstance(outcome, Fault) and not isinstance(outcome, AlreadyExists):
            yield f"{draft.id}: {outcome.detail}"


def _refuse_rows(faults: list[str]) -> ControlError:
    shown = "; ".join(faults[:_FAULTS_SHOWN])
    more = f"; and {len(faults) - _FAULTS_SHOWN} more" if len(faults) > _FAULTS_SHOWN else ""
    return ControlError(422, f"Nothing was written. Correct these rows: {shown}{more}.")


ROUTES = (
    ControlRoute(
        "POST",
        "/seed",
        "Put the demo shop, or a feed, into the catalog of an account: all of it, or nothing."
        " Resources that exist are updated.",
        seed_account,
        body=(
            ACCOUNT,
            Member(
                "resources",
                "The rows of a feed in JSON Lines, as a list of objects: `type`, `external_id`,"
                " attributes, and `categories` or `item`. Without it and `feed`: the demo shop.",
                form="array",
            ),
            Member("feed", "A feed as text, in place of `resources`.", any_text=True),
            Member(
                "feed_base64",
                "The file of a feed in base64, in place of `feed`: in any encoding, packed or not.",
            ),
            Member(
                "format",
                f"The format of the feed: {' or '.join(FORMATS)}. Without it, `feed` is jsonl and"
                " `feed_base64` is recognised.",
            ),
        ),
    ),
)
