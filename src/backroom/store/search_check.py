"""Whether the index of the search has, for each record, the grams of its text, and no others.

PostgreSQL shows the grams of a record. SQLite only walks through its index by grams. So there the
pairs of gram and record are summed up as hashes, once from the index and once from the records, in
a number of buckets. Only the records of buckets that differ are looked at one by one.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

from backroom.store import search
from backroom.store.move import SNAPSHOT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from backroom.catalog.kinds import Kind
    from backroom.store.backup import Progress
    from backroom.store.database import Row, Transaction

_CHECKED_IN_A_SLICE = 1000
_BUCKETS = 65_536
_MOST_BUCKETS = 512
"""That differ are looked into: the memory of their records is bounded."""


def unfindable(tx: Transaction, kind: Kind, progress: Progress) -> Iterator[Row]:
    """Give the account and the external id of each record with wrong grams.

    Grams without a record come last, with the number in place of the external id.
    """
    check = _by_sums if tx.dialect.name == "sqlite" else _one_by_one
    yield from check(tx, kind, progress)
    yield from _strays(tx, kind)


def _searched_texts(tx: Transaction, kind: Kind, progress: Progress) -> Iterator[list[Row]]:
    """Read the account, the number, the external id and the text of each record, in slices."""
    after: Row = ("", -1)
    done = 0
    while rows := tx.all(
        f"select account, number, external_id, search_text from {kind.table}"
        " where (account, number) > (:account, :number) order by account, number limit :most",
        account=after[0],
        number=after[1],
        most=_CHECKED_IN_A_SLICE,
    ):
        yield rows
        after = rows[-1]
        done += len(rows)
        progress(f"texts of {kind.table} compared", done, None)


def _one_by_one(tx: Transaction, kind: Kind, progress: Progress) -> Iterator[Row]:
    for rows in _searched_texts(tx, kind, progress):
        by_account: dict[str, list[Row]] = {}
        for row in rows:
            by_account.setdefault(row[0], []).append(row)
        for account, held in by_account.items():
            indexed: dict[int, list[str]] = dict(
                tx.all(
                    f"select number, tsvector_to_array(grams) from {search.table(kind)}"
                    f" where account = :account and {tx.dialect.among('number', 'numbers')}",
                    account=account,
                    numbers=tx.dialect.array(row[1] for row in held),
                )
            )
            for _, number, external_id, text in held:
                if not _is_found_by(account, text, indexed.get(number)):
                    yield account, external_id


def _is_found_by(account: str, text: str, indexed: Collection[str] | None) -> bool:
    if indexed is None:
        return False
    found = set(indexed)
    return found == search.grams(account, text) or found == search.all_grams(account, text)


def _by_sums(tx: Transaction, kind: Kind, progress: Progress) -> Iterator[Row]:
    tx.run(
        "create virtual table if not exists"
        f" temp.{kind.table}_words using fts5vocab(main, {search.table(kind)}, instance)"
    )
    differing = _differing(tx, kind, progress)
    if not differing:
        return
    indexed: dict[int, tuple[int, int]] = {}
    for gram, number in _pairs(tx, kind):
        if number % _BUCKETS in differing:
            count, total = indexed.get(number, (0, 0))
            indexed[number] = count + 1, total + hash(gram)
    for rows in _searched_texts(tx, kind, progress):
        for account, number, external_id, text in rows:
            if number % _BUCKETS in differing and not any(
                _is_indexed(tx, kind, number, grams, indexed.get(number, (0, 0)))
                for grams in (search.grams(account, text), search.all_grams(account, text))
            ):
                yield account, external_id


def _is_indexed(
    tx: Transaction,
    kind: Kind,
    number: int,
    grams: set[str],
    indexed: tuple[int, int],
) -> bool:
    """Whether a record has these grams in the index, which has so many, with this sum."""
    count, total = indexed
    if total == sum(map(_hashed, grams)):
        return True
    if not grams or count > len(grams):
        return not grams and not count
    # SQLite folds some letters in another way than Python, so it has to say it itself.
    name, words = search.table(kind), tx.dialect.search
    row = tx.one(
        f"select 1 from {name} where {words.match.format(table=name)} and {words.number} = :number",
        grams=words.conjunction.join(map(words.word, sorted(grams))),
        number=number,
    )
    return row is not None


def _hashed(gram: str) -> int:
    """Give a hash of a gram as the index of SQLite has it, which folds the account's id too."""
    return hash(gram.lower())


def _differing(tx: Transaction, kind: Kind, progress: Progress) -> set[int]:
    """Give buckets of numbers for which the index and the records have other pairs."""
    sums = [0] * _BUCKETS
    for rows in chain(_searched_texts(tx, kind, progress), [_copies(tx, kind)]):
        for account, number, _, text in rows:
            place = number % _BUCKETS
            for gram in search.grams(account, text):
                sums[place] += hash((gram.lower(), number))
    for gram, number in _pairs(tx, kind):
        sums[number % _BUCKETS] -= hash((gram, number))
    return set(islice((place for place, total in enumerate(sums) if total), _MOST_BUCKETS))


def _pairs(tx: Transaction, kind: Kind) -> Iterable[Row]:
    """Walk through the pairs of gram and number in the index of SQLite."""
    return tx.connection.execute(f"select term, doc from temp.{kind.table}_words", {})


def _copies(tx: Transaction, kind: Kind) -> Iterable[Row]:
    """Give the copies in snapshots that keep the grams of records which are gone."""
    return tx.connection.execute(
        f"select account, number, '', min(search_text) from {SNAPSHOT}{kind.table} as kept"
        f" where not exists (select 1 from {kind.table} as live"
        " where live.account = kept.account and live.number = kept.number)"
        " group by account, number having min(search_text) = max(search_text)",
        {},
    )


def _strays(tx: Transaction, kind: Kind) -> list[Row]:
    """Give the grams that belong to no record, and to no copy of one in a snapshot."""
    name, copies = search.table(kind), SNAPSHOT + kind.table
    if tx.dialect.name == "sqlite":
        sql = (
            f"select '', id from {name}_docsize where id not in (select number from {kind.table})"
            f" and id not in (select number from {copies})"
        )
    else:
        sql = f"select account, number from {name} as held where " + " and ".join(
            f"not exists (select 1 from {table} as own"
            " where own.account = held.account and own.number = held.number)"
            for table in (kind.table, copies)
        )
    return tx.all(f"{sql} limit {_CHECKED_IN_A_SLICE}")
