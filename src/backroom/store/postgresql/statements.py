"""The text of a statement: as psycopg wants it, as the protocol wants it, and its name in the log.

The store writes values as `:name`. A statement's name is the comment it begins with, which the
server shows in `pg_stat_activity` too::

    -- page of jobs
    select … from jobs where …

Without a comment it is the verb and the first table: `select jobs`.
"""

from __future__ import annotations

import re
from functools import lru_cache

_VALUE = re.compile(r"(?<!:):([a-z_]\w*)")
"""A value in a statement, `:name`; `::name` is a type."""
_SQL_COMMENT = re.compile(r"\s*--\s*(.+)")
_VERB = re.compile(r"\s*(\w+)")
_TABLE_IN_SQL = re.compile(r"\b(?:from|into|update)\s+([a-z_][\w.]*)")
_KEPT_TEXTS = 512
_LONGEST_STATEMENT_NAME = 60


@lru_cache(maxsize=_KEPT_TEXTS)
def for_psycopg(sql: str) -> str:
    """Write the values of a statement as psycopg has them, `%(name)s`."""
    return _VALUE.sub(r"%(\1)s", sql.replace("%", "%%"))


@lru_cache(maxsize=_KEPT_TEXTS)
def for_rows(sql: str) -> str:
    """Write the values of a statement without their names, `%s`, for rows in their order."""
    return _VALUE.sub("%s", sql.replace("%", "%%"))


@lru_cache(maxsize=_KEPT_TEXTS)
def for_protocol(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """Write the values of a statement as the protocol has them, `$1`; give their names in order."""
    names = tuple(dict.fromkeys(_VALUE.findall(sql)))
    places = {name: f"${place}" for place, name in enumerate(names, 1)}
    return _VALUE.sub(lambda name: places[name[1]], sql).encode(), names


@lru_cache(maxsize=_KEPT_TEXTS)
def name_of(sql: str) -> str:
    """Give the name by which a statement is logged. No value is part of it."""
    if comment := _SQL_COMMENT.match(sql):
        return comment[1].strip()[:_LONGEST_STATEMENT_NAME]
    verb, table = _VERB.match(sql), _TABLE_IN_SQL.search(sql)
    if verb and table:
        return f"{verb[1]} {table[1]}"
    return " ".join(sql.split())[:_LONGEST_STATEMENT_NAME]
