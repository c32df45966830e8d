"""All differences between the engines in the text of statements, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable


@dataclass(frozen=True, eq=False)
class FullText:
    """How one engine keeps and finds the words of `store/search.py`, in tables of grams.

    All members differ for two reasons. A full-text table of SQLite has only a rowid beside its
    words, while PostgreSQL has a type for words. And the engines have different query languages.
    """

    columns: tuple[str, ...]
    """The columns of a table of grams."""
    row: Callable[[str, int, str], tuple[Any, ...]]
    """Make a row of such a table: `row(account, number, words)`."""
    words: Callable[[str, Collection[str]], str]
    """Make the value that is stored for a text: `words(account, runs)`.

    Each word is the account with one of the runs behind it.
    """
    number: str
    """The column with the record's number."""
    numbers: str
    """`numbers.format(table)`: the numbers that have words in a table of grams."""
    in_order: bool
    """Whether rows with some words are found in the order of their numbers.

    If not, all rows that have the words are read before a page is known.
    """
    clear: str
    """`clear.format(table)`: remove all rows, where only `:account` has any."""
    owner: str
    """The condition that a row belongs to `:account`."""
    match: str
    """The condition that a row of `{table}` has all words of `:grams`."""
    word: Callable[[str], str]
    """Write one word in the query `:grams`."""
    conjunction: str
    """What stands between two words that a row must both have."""
    disjunction: str
    """What stands between two words of which a row must have one."""
    beginning: str
    """What follows the beginning of a word in a query."""


@dataclass(frozen=True, eq=False)
class Dialect:
    """How one engine writes the parts of statements in which the engines differ."""

    name: str
    among: Callable[[str, str], str]
    """`among(column, parameter)`: the condition that the column equals one of many values.

    Differs because SQLite has no array type. There the values are one JSON text.
    """
    driven_by: Callable[[str, str], tuple[str, str]]
    """`driven_by(column, parameter)`: what stands before the table in `from`, and the condition.

    As `among`, where nothing else drives the statement and no value is given twice. Differs because
    SQLite would sort the values into a table of its own before it looks for the first.
    """
    array: Callable[[Iterable[Any]], Any]
    """Make the one value that is bound for many. Differs for the same reason as `among`."""
    exclusive: str | None
    """A statement that takes the lock named `:what` until the transaction ends.

    Differs because SQLite has only one writer at a time, and needs no lock.
    """
    holds: str
    """`holds.format(column, part)`: the condition that a text contains the part.

    Differs because the function has another name. Not `like`: its patterns have a greatest length.
    """
    octets: Callable[[str], str]
    """`octets(expression)`: a text as bytes in UTF-8, which can be sent as they are.

    Differs because the types have other names.
    """
    joined: Callable[[str, str], str]
    """`joined(column, query)`: the texts of a query's column, as bytes, with a zero between them.

    Null if the query gives no row. No stored text has a zero in it. Differs because on PostgreSQL
    no text at all can have one, so the texts are joined as bytes.
    """
    numbered: Callable[[str], str]
    """`numbered(parameter)`: a table of values bound as `array`, with `place` and `number`.

    Differs because SQLite has no array type.
    """
    unindexed: str
    """`unindexed.format(column)`: the column, so that no index on it is walked.

    Differs because a plus does this only on SQLite. PostgreSQL chooses by its statistics.
    """
    rows_about: Callable[[str], str]
    """`rows_about(table)`: about how many rows a table has, found at once.

    Differs because only PostgreSQL keeps an estimate. The greatest rowid is one where rows were
    seldom deleted.
    """
    changes: str
    """A query for a mark of all catalogs: another text after each commit that changed one.

    The mark may also be another one where nothing has changed. It is null, or there is no row,
    where the server can't say. Differs because each engine counts for itself what was written:
    SQLite the commits of others that a connection has seen, PostgreSQL the rows of each table.
    """
    search: FullText
    """How words are kept and found. Differs for the reasons that `FullText` gives."""


def _fts5_word(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _lexeme(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _fts5_words(account: str, runs: Collection[str]) -> str:
    return account + f"\x1f{account}".join(runs) if runs else ""


def _lexemes(account: str, runs: Collection[str]) -> str:
    # All words are escaped at once and then separated: no word has the character \x1f.
    return _lexeme(_fts5_words(account, runs)).replace("\x1f", "' '") if runs else ""


SQLITE = Dialect(
    name="sqlite",
    among=lambda column, parameter: f"{column} in (select value from json_each(:{parameter}))",
    driven_by=lambda column, parameter: (
        f"json_each(:{parameter}) given cross join ",
        f"{column} = given.value",
    ),
    array=lambda values: msgspec.json.encode(list(values)).decode(),
    exclusive=None,
    holds="instr({}, {}) > 0",
    octets="cast({} as blob)".format,
    joined="(select cast(string_agg({}, char(0)) as blob) from ({}))".format,
    numbered="(select key as place, value as number from json_each(:{}))".format,
    unindexed="+{}",
    rows_about="select max(rowid) from {}".format,
    changes="select connection_name() || '-' || data_version from pragma_data_version",
    search=FullText(
        number="rowid",
        numbers="select id from {}_docsize",
        in_order=True,
        words=_fts5_words,
        columns=("rowid", "grams"),
        row=lambda _, number, words: (number, words),
        clear="insert into {0} ({0}) values ('delete-all')",
        owner="true",
        match="{table} match :grams",
        word=_fts5_word,
        conjunction=" AND ",
        disjunction=" OR ",
        beginning="*",
    ),
)

POSTGRES = Dialect(
    name="postgres",
    among=lambda column, parameter: f"{column} = any(:{parameter})",
    driven_by=lambda column, parameter: ("", f"{column} = any(:{parameter})"),
    array=list,
    holds="strpos({}, {}) > 0",
    octets="convert_to({}, 'UTF8')".format,
    joined="(select string_agg(convert_to({}, 'UTF8'), '\\x00') from ({}) held)".format,
    numbered=(
        "(select place, number from unnest(cast(:{} as bigint[]))"
        " with ordinality as given (number, place))"
    ).format,
    unindexed="{}",
    rows_about="select cast(reltuples as bigint) from pg_class where oid = '{}'::regclass".format,
    exclusive="select pg_advisory_xact_lock(hashtextextended(:what, 0))",
    # Before version 15 a count could be lost on its way. A session that is idle has its own counts
    # taken in within ten seconds.
    changes=(
        "-- mark of the catalogs\n"
        "select md5(string_agg(concat_ws('-', pg_postmaster_start_time(), relfilenode,"
        " pg_stat_get_tuples_inserted(oid), pg_stat_get_tuples_updated(oid),"
        " pg_stat_get_tuples_deleted(oid)), ',' order by relname)) from pg_class"
        " where oid in ('items'::regclass, 'variants'::regclass, 'categories'::regclass,"
        " 'item_categories'::regclass) and current_setting('track_counts') = 'on'"
        " and current_setting('server_version_num')::int >= 150000"
    ),
    search=FullText(
        number="number",
        numbers="select number from {} where account = :account",
        in_order=False,
        words=_lexemes,
        columns=("account", "number", "grams"),
        row=lambda account, number, words: (account, number, words),
        clear="delete from {} where account = :account",
        owner="account = :account",
        match="{table}.account = :account and {table}.grams @@ cast(:grams as tsquery)",
        word=_lexeme,
        conjunction=" & ",
        disjunction=" | ",
        beginning=":*",
    ),
)
