"""All that differs between the engines in the text of statements, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable


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
    exclusive: str
    """A statement that keeps others who name the same `:what` out until the transaction ends.

    Differs because SQLite has one writer at a time, and needs none.
    """
    accept: str
    """A call of `accept_job`, whose migration says what it does, with the columns of a job.

    Differs because SQLite is no server to which one call is shorter than five: it never accepts.
    """
    holds: str
    """`holds.format(column, part)`: the text has the part in it.

    Differs because the function has another name. It is no `like`: patterns have a longest.
    """
    octets: Callable[[str], str]
    """`octets(expression)`: a text in UTF-8, as bytes that can be sent. Differs with the types."""
    json_array: Callable[[str, str], str]
    """`json_array(column, query)`: a JSON array, without blanks, of the column of a query's rows.

    Differs because the functions do.
    """
    numbered: Callable[[str], str]
    """`numbered(parameter)`: a table of values bound as `array`, with `place` and `number`.

    Differs because SQLite has no array type.
    """
    unindexed: str
    """`unindexed.format(column)`: the column, so that no index on it is walked.

    Differs because a plus does so on SQLite alone; the other engine chooses by its statistics.
    """
    gram_number: str
    """The column of a table of grams that has the record's number.

    Differs because a full-text table of SQLite has a rowid and nothing else beside its words.
    """
    gram_words: Callable[[Collection[str]], str]
    """Bind the words of a text. Differs with the type of their column."""
    gram_columns: tuple[str, ...]
    """The columns of a table of grams. Differ as `gram_number`."""
    gram_row: Callable[[str, int, str], tuple[Any, ...]]
    """Make a row of them: `gram_row(account, number, words)`. Differs as they do."""
    gram_owner: str
    """Whose words in a table of grams are meant. Differs as its columns do."""
    gram_match: str
    """`{table}` has all words of `:grams`. Differs because each engine has full-text search."""
    gram_word: Callable[[str], str]
    """Write a word for `gram_match`. Differs with the language of each engine's search."""
    gram_and: str
    """What stands between words that must all be there. Differs for the same reason."""
    gram_beginning: str
    """What follows a word that is only the beginning of one. Differs for the same reason."""


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
    exclusive="select 1",
    accept="select null",
    holds="instr({}, {}) > 0",
    octets="cast({} as blob)".format,
    json_array="(select json_group_array({}) from ({}))".format,
    numbered="(select key as place, value as number from json_each(:{}))".format,
    unindexed="+{}",
    gram_number="rowid",
    gram_words="\x1f".join,
    gram_columns=("rowid", "grams"),
    gram_row=lambda _, number, words: (number, words),
    gram_owner="true",
    gram_match="{table} match :grams",
    gram_word=_fts5_word,
    gram_and=" AND ",
    gram_beginning="*",
)

POSTGRES = Dialect(
    name="postgres",
    among=lambda column, parameter: f"{column} = any(:{parameter})",
    array=list,
    holds="strpos({}, {}) > 0",
    octets="convert_to({}, 'UTF8')".format,
    json_array="array_to_json(array(select {} from ({}) held))::text".format,
    numbered=(
        "(select place, number from unnest(cast(:{} as bigint[]))"
        " with ordinality as given (number, place))"
    ).format,
    unindexed="{}",
    exclusive="select pg_advisory_xact_lock(hashtextextended(:what, 0))",
    accept="select accept_job(:what, row({}, null)::jobs, :operations, :most)",
    gram_number="number",
    gram_words=_lexemes,
    gram_columns=("account", "number", "grams"),
    gram_row=lambda account, number, words: (account, number, words),
    gram_owner="account = :account",
    gram_match="{table}.account = :account and {table}.grams @@ cast(:grams as tsquery)",
    gram_word=_lexeme,
    gram_and=" & ",
    gram_beginning=":*",
)
