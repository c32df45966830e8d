"""All that differs between the engines in the text of statements, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable


@dataclass(frozen=True, eq=False)
class FullText:
    """How one engine keeps and finds the words of `store/search.py`, in tables of grams.

    All of it differs because a full-text table of SQLite has a rowid and nothing else beside its
    words, while PostgreSQL has a type for them, and because the languages of queries differ.
    """

    columns: tuple[str, ...]
    """The columns of a table of grams."""
    row: Callable[[str, int, str], tuple[Any, ...]]
    """Make a row of them: `row(account, number, words)`."""
    words: Callable[[Collection[str]], str]
    """Bind the words of a text."""
    number: str
    """The column that has the record's number."""
    owner: str
    """The condition that words are `:account`'s."""
    match: str
    """The condition that a row of `{table}` has all words of `:grams`."""
    word: Callable[[str], str]
    """Write a word for `:grams`."""
    conjunction: str
    """What stands between words that must all be there."""
    beginning: str
    """What follows a word that is only the beginning of one."""


@dataclass(frozen=True, eq=False)
class Dialect:
    """How one engine writes what the other writes in another way."""

    name: str
    among: Callable[[str, str], str]
    """`among(column, parameter)`: the column equals one of many values.

    Differs because SQLite has no array type: it unpacks a JSON text.
    """
    array: Callable[[Iterable[Any]], Any]
    """Bind many values as the one parameter of `among`. Differs for the same reason."""
    exclusive: str | None
    """A statement that keeps others who name the same `:what` out until the transaction ends.

    Differs because SQLite has one writer at a time, and needs none.
    """
    holds: str
    """`holds.format(column, part)`: the text has the part in it.

    Differs because the function has another name. Not `like`: its patterns have a greatest length.
    """
    octets: Callable[[str], str]
    """`octets(expression)`: a text in UTF-8, as bytes that can be sent. Differs with the types."""
    joined: Callable[[str, str], str]
    """`joined(column, query)`: the texts of a query's column, as bytes, with a zero between them.

    Null where there is no row. No text here has a zero. Differs because PostgreSQL's texts can't
    have one either, and are joined as bytes.
    """
    numbered: Callable[[str], str]
    """`numbered(parameter)`: a table of values bound as `array`, with `place` and `number`.

    Differs because SQLite has no array type.
    """
    unindexed: str
    """`unindexed.format(column)`: the column, so that no index on it is walked.

    Differs because a plus does so on SQLite alone; the other engine chooses by its statistics.
    """
    search: FullText
    """Differs because each engine has full-text search, and none is like another."""


def _fts5_word(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _lexeme(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _lexemes(words: Collection[str]) -> str:
    # Written at once and then cut: a word has no such character.
    return _lexeme("\x1f".join(words)).replace("\x1f", "' '") if words else ""


SQLITE = Dialect(
    name="sqlite",
    among=lambda column, parameter: f"{column} in (select value from json_each(:{parameter}))",
    array=lambda values: msgspec.json.encode(list(values)).decode(),
    exclusive=None,
    holds="instr({}, {}) > 0",
    octets="cast({} as blob)".format,
    joined="(select cast(string_agg({}, char(0)) as blob) from ({}))".format,
    numbered="(select key as place, value as number from json_each(:{}))".format,
    unindexed="+{}",
    search=FullText(
        number="rowid",
        words="\x1f".join,
        columns=("rowid", "grams"),
        row=lambda _, number, words: (number, words),
        owner="true",
        match="{table} match :grams",
        word=_fts5_word,
        conjunction=" AND ",
        beginning="*",
    ),
)

POSTGRES = Dialect(
    name="postgres",
    among=lambda column, parameter: f"{column} = any(:{parameter})",
    array=list,
    holds="strpos({}, {}) > 0",
    octets="convert_to({}, 'UTF8')".format,
    joined="(select string_agg(convert_to({}, 'UTF8'), '\\x00') from ({}) held)".format,
    numbered=(
        "(select place, number from unnest(cast(:{} as bigint[]))"
        " with ordinality as given (number, place))"
    ).format,
    unindexed="{}",
    exclusive="select pg_advisory_xact_lock(hashtextextended(:what, 0))",
    search=FullText(
        number="number",
        words=_lexemes,
        columns=("account", "number", "grams"),
        row=lambda account, number, words: (account, number, words),
        owner="account = :account",
        match="{table}.account = :account and {table}.grams @@ cast(:grams as tsquery)",
        word=_lexeme,
        conjunction=" & ",
        beginning=":*",
    ),
)
