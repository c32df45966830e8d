"""Searching titles and names for any part of them.

What is searched is the text with its case folded. A full-text index has a word for every three
characters in a row, made here, which begins with the account and ends, after the last character,
with fillers: so that every part of one or two characters is the beginning of a word, and one
account's search never meets another's words. It only narrows down: what is found is compared with
the text itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from backroom.catalog.kinds import Kind
    from backroom.store.database import Transaction
    from backroom.store.dialects import Dialect

_LENGTH = 3
_FILLER = "\x02"


def folded(text: str) -> str:
    """Give the text as it is searched."""
    return text.casefold()


def grams(account: str, search_text: str) -> set[str]:
    """Give the words for a text."""
    return _words(account, _cleaned(search_text) + _FILLER * (_LENGTH - 1))


def words_query(dialect: Dialect, account: str, parts: Iterable[str]) -> str:
    """Give the full-text query for texts that may hold all `parts`, folded and not empty."""
    queries: dict[str, None] = {}
    for part in parts:
        text = _cleaned(part)
        if len(text) < _LENGTH:
            queries[dialect.search.word(account + text) + dialect.search.beginning] = None
        else:
            queries |= dict.fromkeys(map(dialect.search.word, sorted(_words(account, text))))
    return dialect.search.conjunction.join(queries)


def _cleaned(text: str) -> str:
    # The separator of words, and a character that PostgreSQL can't hold, become another one.
    return text.replace("\x1f", "\x1e").replace("\0", "\x1e")


def _words(account: str, text: str) -> set[str]:
    return {f"{account}{a}{b}{c}" for a, b, c in zip(text, text[1:], text[2:], strict=False)}


def table(kind: Kind) -> str:
    """Give the table that has the words of a kind's texts."""
    return f"{kind.table}_grams"


def index(
    tx: Transaction, kind: Kind, account: str, texts: Iterable[tuple[int, str]], *, fresh: bool
) -> None:
    """Make records findable by their folded texts; those that are not `fresh` were so before."""
    texts = list(texts)
    if not fresh:
        forget(tx, kind, account, [number for number, _ in texts])
    row, words = tx.dialect.search.row, tx.dialect.search.words
    rows = [row(account, number, words(grams(account, text))) for number, text in texts]
    tx.insert(table(kind), tx.dialect.search.columns, rows)


def forget(tx: Transaction, kind: Kind, account: str, numbers: Collection[int]) -> None:
    """Let records be found no more."""
    if numbers:
        dialect = tx.dialect
        tx.run(
            f"delete from {table(kind)} where {dialect.search.owner}"
            f" and {dialect.among(dialect.search.number, 'numbers')}",
            account=account,
            numbers=dialect.array(numbers),
        )
