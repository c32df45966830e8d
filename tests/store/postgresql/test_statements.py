"""The text of a statement in its three forms, and its name."""

from __future__ import annotations

import pytest

from backroom.store.postgresql.statements import for_protocol, for_psycopg, for_rows, name_of


def test_psycopg_gets_names() -> None:
    assert for_psycopg("select :a, :b_2, :a") == "select %(a)s, %(b_2)s, %(a)s"


def test_percent_signs_are_doubled() -> None:
    assert for_psycopg("select 7 % 4, :n") == "select 7 %% 4, %(n)s"
    assert for_rows("select 7 % 4, :n") == "select 7 %% 4, %s"


def test_protocol_gets_numbers() -> None:
    assert for_protocol("select :b, :a, :b") == (b"select $1, $2, $1", ("b", "a"))


def test_casts_are_no_values() -> None:
    assert for_protocol("select :a::text, row(1)::jobs") == (
        b"select $1::text, row(1)::jobs",
        ("a",),
    )


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("-- page of jobs\nselect 1 from jobs", "page of jobs"),
        ("\n  -- page of jobs \n  select 1", "page of jobs"),
        ("select a, b from jobs where account = :account", "select jobs"),
        ("insert into job_operations values (1)", "insert job_operations"),
        ("update jobs set status = 'a'", "update jobs"),
        ("delete from jobs where account in (select account from keys)", "delete jobs"),
        ("select 1\n  +  1", "select 1 + 1"),
        ("select '" + "a" * 100, "select '" + "a" * 52),
    ],
)
def test_statements_have_names(sql: str, name: str) -> None:
    assert name_of(sql) == name
