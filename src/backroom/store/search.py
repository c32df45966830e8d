"""Searching titles and names for any part of them.

A `contains` filter finds any part of a text, also in the middle of a word, without regard to case.
Without an index each search would read the whole catalog. The full-text indexes of both engines
find whole words and beginnings of words. So this module makes words of our own for them, called
grams:

1. The text is folded (`str.casefold`), as the part that is searched for will be.
2. Two fillers are added at its end. Every run of three characters in the result becomes a gram,
   with the account before it: `Mug` of the account `a1` gives `a1mug`, `a1ug␂` and `a1g␂␂`.
3. A part of three or more characters is found by its own grams: a text that contains the part has
   all of them. A part of one or two characters is found as the beginning of a gram. The fillers see
   to it that each character of a text begins a gram, the last two as well.

The account is part of each gram because one index serves all accounts: otherwise a search would
meet the rows of every account that has the gram, and drop all but its own.

A text has grams of its first `INDEXED_CHARACTERS` only, so that a long one costs no more time and
room than others. One that has more gets a gram beside them that stands for all it may contain, and
every search looks for that one too. (Earlier versions gave long texts all their grams. These texts
are found by them as before.)

The index only narrows down. A text may have all grams of a part at different places, as `abcxbcd`
has those of `abcd`. So each row that `words_query` finds is compared with the part itself. Without
that comparison some rows would be found wrongly, but none would be missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from backroom.catalog.kinds import Kind
    from backroom.store.database import Transaction
    from backroom.store.dialects import Dialect

INDEXED_CHARACTERS = 512
"""Hardly any title has more. A search looks into each of those that have."""
_GRAM_LENGTH = 3
_FILLER = "\x02"
_END = _FILLER * (_GRAM_LENGTH - 1)
_LONG_MARK = _FILLER * _GRAM_LENGTH
"""What makes, after the account, the gram of texts that have more than their grams say."""


def folded(text: str) -> str:
    """Fold a text. Both the searched texts and the parts that are looked for are folded."""
    return text.casefold()


def indexed_words(dialect: Dialect, account: str, search_text: str) -> str:
    """Give the grams of a folded text as the index stores them."""
    return dialect.search.words(account, _runs_of(search_text))


def grams(account: str, search_text: str) -> set[str]:
    """Give the grams of a folded text."""
    return {account + run for run in _runs_of(search_text)}


def all_grams(account: str, search_text: str) -> set[str]:
    """Give the grams that earlier versions stored, which were those of a whole text."""
    return {account + run for run in _runs_within(_cleaned(search_text) + _END)}


def _runs_of(search_text: str) -> set[str]:
    indexed = _cleaned(search_text[:INDEXED_CHARACTERS])
    if len(search_text) > INDEXED_CHARACTERS:
        return _runs_within(indexed) | {_LONG_MARK}
    return _runs_within(indexed + _END)


def words_query(dialect: Dialect, account: str, parts: Iterable[str]) -> str:
    """Give the full-text query for texts that may contain all `parts`, which are folded.

    No part may be empty.
    """
    queries: dict[str, None] = {}
    for part in parts:
        text = _cleaned(part)
        if len(text) < _GRAM_LENGTH:
            queries[dialect.search.word(account + text) + dialect.search.beginning] = None
        else:
            found = sorted(account + run for run in _runs_within(text))
            queries |= dict.fromkeys(map(dialect.search.word, found))
    mark = dialect.search.word(account + _LONG_MARK)
    return f"({dialect.search.conjunction.join(queries)}){dialect.search.disjunction}{mark}"


def _cleaned(text: str) -> str:
    # Dialects put \x1f between grams, and PostgreSQL can't store \0. Both become another character,
    # in the texts and in the parts, so that they still find each other.
    return text.replace("\x1f", "\x1e").replace("\0", "\x1e")


def _runs_within(text: str) -> set[str]:
    """Give each run of three characters."""
    return set(map("".join, zip(text, text[1:], text[2:], strict=False)))


def table(kind: Kind) -> str:
    """Give the table that has the grams of a kind's texts."""
    return f"{kind.table}_grams"


def index(
    tx: Transaction, kind: Kind, account: str, texts: Iterable[tuple[int, str]], *, fresh: bool
) -> None:
    """Store the grams of records' folded texts. Records that are not `fresh` have some already."""
    texts = list(texts)
    if not fresh:
        forget(tx, kind, account, [number for number, _ in texts])
    dialect, row = tx.dialect, tx.dialect.search.row
    rows = [row(account, number, indexed_words(dialect, account, text)) for number, text in texts]
    tx.insert(table(kind), tx.dialect.search.columns, rows)


def forget(tx: Transaction, kind: Kind, account: str, numbers: Collection[int]) -> None:
    """Remove the grams of records."""
    if numbers:
        dialect = tx.dialect
        tx.run(
            f"delete from {table(kind)} where {dialect.search.owner}"
            f" and {dialect.among(dialect.search.number, 'numbers')}",
            account=account,
            numbers=dialect.array(numbers),
        )


def forget_all(tx: Transaction, kind: Kind, account: str, *, alone: bool) -> None:
    """Remove the grams of all records of an account, which still exist.

    It is `alone` where no other account has grams: to remove all rows takes no time on SQLite.
    """
    search = tx.dialect.search
    if alone:
        tx.run(search.clear.format(table(kind)), account=account)
        return
    tx.run(
        f"delete from {table(kind)} where {search.owner} and {search.number} in"
        f" (select number from {kind.table} where account = :account)",
        account=account,
    )
