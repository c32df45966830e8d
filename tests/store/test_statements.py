"""Every statement names the account whose rows it is about, so that a cluster knows where to go."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom import clock
from backroom.api.query import allowed_fields, allowed_filters
from backroom.catalog import ids
from backroom.catalog.kinds import JOB_KINDS, KINDS, Verb
from backroom.catalog.operations import FILTERED_IDS_SINCE, OPERATIONS, Shape
from backroom.jobs import housekeeping
from backroom.jobs.keeping import Keeping
from backroom.jobs.next_job import NextJob
from backroom.store import jobs, keys, open_database, pages, sqlite
from backroom.store.database import Transaction
from backroom.store.pages import Columns, RecordQuestion
from support.factories import (
    ACCOUNT,
    Site,
    a_body,
    a_complete_job,
    a_creation,
    a_resource,
    done,
    stored,
)
from support.wire_contract import every_revision

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    from backroom.catalog.operations import Operation
    from backroom.store.database import Connection, Database, Row
    from backroom.store.signals import Signal
    from conftest import NewDatabase
    from support.factories import Answered

    Counted = tuple[Site, "HeardDatabase"]

ABOUT_ROWS = re.compile(
    r"\b(?:from|into|update|join)\s+"
    r"(accounts|keys|items|variants|categories|item_categories|emptied_categories|jobs"
    r"|job_operations|\w+_grams)\b"
)
ABOUT_KEYS = re.compile(r"\bkey(s|_changes)\b")
NAMES_ACCOUNT = re.compile(r"account = :account|:account[,)]")
FOR_ALL_ACCOUNTS = {
    "select 1 from accounts limit 1",
    "select account from accounts order by account",
    "select account, category_number from emptied_categories limit 1",
    "select 1 from emptied_categories limit 1",
    "select distinct account from jobs where completed_at is null and created_at <= :due",
    (
        "select completed_at from jobs where completed_at is not null"
        " order by completed_at desc limit 1 offset :before"
    ),
    (
        "select job_id from jobs where failed_count > 0"
        " order by job_id desc, account desc limit 1 offset :before"
    ),
    (
        "select account, job_id from job_operations as kept where coalesce((select"
        " case when failed_count = 0 or job_id < :failed then completed_at end from jobs"
        " where account = kept.account and job_id = kept.job_id), '~') < :completed"
        " limit :slice_size"
    ),
}
"""What a server that starts and a worker that looks for work have to ask of everybody."""


class Heard:
    """A connection that is listened to."""

    def __init__(self, connection: Connection, said: list[str]) -> None:
        self._connection = connection
        self._said = said

    def execute(self, sql: str, values: dict[str, Any]) -> Iterable[Row]:
        self._said.append(sql)
        return self._connection.execute(sql, values)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        names = ", ".join(f":{column}" for column in columns)
        self._said.append(f"insert into {table} values ({names})")
        self._connection.insert(table, columns, rows)

    def executemany(self, sql: str, rows: Sequence[Row]) -> None:
        self._said.append(sql)
        self._connection.executemany(sql, rows)

    def script(self, sql: str) -> None:
        self._connection.script(sql)

    def ends(self, error: Exception) -> bool:
        return self._connection.ends(error)

    def wait_for(self, tables: Iterable[str]) -> None:
        self._connection.wait_for(tables)


class HeardDatabase:
    """A database that is listened to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.dialect = database.dialect
        self.kept_digests = database.kept_digests
        self.said: list[str] = []

    def _heard(self, tx: Transaction) -> Transaction:
        return Transaction(Heard(tx.connection, self.said), tx.dialect)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with self._database.read() as tx:
            yield self._heard(tx)

    def one_moment(self) -> AbstractContextManager[Transaction]:
        return self.read()

    def on_loop(self, work: Callable[[], Any], deliver: Callable[[Any], None]) -> None:
        self._database.on_loop(work, deliver)

    def written(self, work: Callable[[Transaction], Any]) -> asyncio.Future[Any]:
        return self._database.written(lambda tx: work(self._heard(tx)))

    def accept(self, new: jobs.NewJob, most: int) -> asyncio.Future[str | None]:
        # On PostgreSQL it is one call of a function, which names the account as a value.
        return self.written(lambda tx: jobs.accept(tx, new, most))

    def write(self, work: Callable[[Transaction], Any]) -> Future[Any]:
        return self._database.write(lambda tx: work(self._heard(tx)))

    def check(self) -> None:
        self._database.check()

    def signals(self) -> list[Signal]:
        return self._database.signals()

    def asked(self, tx: Transaction) -> list[Signal]:
        return self._database.asked(tx)

    def close(self) -> None:
        self._database.close()


@pytest.fixture
def heard(database: Database) -> HeardDatabase:
    return HeardDatabase(database)


@pytest.fixture
def site(heard: HeardDatabase) -> Site:
    made = Site(heard)
    own = {"account": made.account}
    done(heard, Verb.CREATE, "category", *(a_creation("category", n) for n in "ab"), **own)
    done(heard, Verb.CREATE, "item", *(a_creation("item", n) for n in ("a", "parent")), **own)
    done(heard, Verb.CREATE, "variant", a_creation("variant", "a", {"item": ["parent"]}), **own)
    return made


def body_of(operation: Operation) -> Any:
    """What the newest revision asks for."""
    named = {"type": operation.kind.type, "id": ids.resource_id("a")}
    if operation.shape is Shape.JOB_POST:
        job_kind = operation.job_kind
        many = [a_resource(job_kind.kind.name, f"b{n}") for n in range(2)]
        updated = {**named, "attributes": {"custom_metadata": {}}}
        if job_kind.kind.name == "category":
            updated["attributes"] = {"name": "A"}
        choice = {Verb.CREATE: many, Verb.UPDATE: [updated], Verb.DELETE: [named]}
        return a_body(job_kind, *choice[job_kind.verb])
    if operation.shape is Shape.CREATE:
        return {"data": a_resource(operation.kind.name, "c")}
    if operation.shape is Shape.UPDATE:
        column = "name" if operation.kind.name == "category" else "title"
        return {"data": {**named, "attributes": {column: "New"}}}
    return {"data": [named]}


def ask(site: Site, operation: Operation, query: str = "") -> Answered:
    path = operation.path.replace("{id}", ids.resource_id("a"))
    chunks = [msgspec.json.encode(body_of(operation))] if operation.has_body else []
    headers = {"content_type": "application/json"}
    return site.call(operation.method, path, query, headers=headers, chunks=chunks)


def nameless(heard: HeardDatabase) -> set[str]:
    """The statements about rows that name no account.

    Without the words that SQLite searches, which know a row's number alone: nobody distributes it.
    """
    return {
        each
        for each in heard.said
        if ABOUT_ROWS.search(each)
        and not NAMES_ACCOUNT.search(each)
        and not (heard.dialect.name == "sqlite" and "_grams" in each)
    }


def tables(heard: HeardDatabase) -> set[str]:
    return {found for each in heard.said for found in ABOUT_ROWS.findall(each)}


def test_every_operation_names_the_account(site: Site, heard: HeardDatabase) -> None:
    order = [each for each in OPERATIONS if each.shape is not Shape.DELETE]
    order += [each for each in OPERATIONS if each.shape is Shape.DELETE]
    for operation in order:
        if operation.shape is not Shape.JOB_GET:
            assert ask(site, operation).status in {200, 201, 202, 204}, operation.name
    while NextJob(heard).apply(lambda _: site.account):
        pass
    assert nameless(heard) == set()
    assert tables(heard) >= {"keys", "items", "variants_grams", "item_categories", "jobs"}


@pytest.mark.parametrize("kind", KINDS)
def test_filters_name_the_account(site: Site, heard: HeardDatabase, kind: str) -> None:
    column = "name" if kind == "category" else "title"
    identifier = ids.resource_id("a")
    asked = [f'contains({column},"{part}")' for part in ("s", "sh", "shirt")]
    asked.append(f'any(ids,["{identifier}"])')
    if kind != "category":
        asked.append("equals(published,true)")
    if kind == "variant":
        asked.append('equals(sku,"S-R")')
    if kind == "item":
        asked.append(f'equals(category.id,"{identifier}")')
    for each in asked:
        answered = site.get(f"/api/{KINDS[kind].collection}", f"filter={each}")
        assert answered.status == 200, answered.json
    assert nameless(heard) == set()


def test_only_upkeep_asks_of_everybody(site: Site, heard: HeardDatabase) -> None:
    ask(site, next(each for each in OPERATIONS if each.name == "delete_catalog_category"))
    heard.said.clear()
    housekeeping.expire(heard, lambda: False)
    Keeping().drop(heard, lambda: False)
    while housekeeping.empty_categories(heard):
        pass
    with heard.read() as tx:
        keys.has_accounts(tx)
        jobs.accounts_in_progress(tx, NextJob(heard).turns.due())
        jobs.earliest_created_of(tx, ACCOUNT)
    assert nameless(heard) == FOR_ALL_ACCOUNTS


# How many


MOST = 4
"""Statements of one answer: for the path, the filter, the page and what is included."""
READS = [each for each in OPERATIONS if each.method == "GET"]


def variants_of(operation: Operation, revision: str) -> Iterator[str]:
    """Every way to ask for what an operation reads."""
    fields = [
        f"fields[{each}]={names[0]}" for each, names in allowed_fields(operation, revision).items()
    ]
    yield ""
    yield "&".join(fields)
    for name in operation.includes:
        yield f"include={name}"
        yield "&".join([f"include={name}", *fields])
    if not operation.paged or (operation.shape is Shape.IDS and revision < FILTERED_IDS_SINCE):
        return
    value = {"ids": f'["{ids.resource_id("a")}"]', "related": f'"{ids.resource_id("a")}"'}
    for each in allowed_filters(operation, revision):
        given = value.get(each.means) or ("true" if each.boolean else '"complete"')
        yield f"filter={each.operator}({each.name},{given})"


def shop(url: str | None, size: int) -> Counted:
    """A shop in which each list has so many resources."""
    # Each call has an event loop of its own here, which would open pipelines of its own.
    heard = HeardDatabase(open_database(url, pipeline=False))
    made = Site(heard)
    own = {"account": made.account}
    names = ["a", *(f"x{n}" for n in range(size - 1))]
    done(heard, Verb.CREATE, "category", *(a_creation("category", n) for n in names), **own)
    related = {"categories": names}
    done(heard, Verb.CREATE, "item", *(a_creation("item", n, related) for n in names), **own)
    done(
        heard,
        Verb.CREATE,
        "variant",
        *(a_creation("variant", n, {"item": ["a"]}) for n in names),
        **own,
    )
    for job_kind in JOB_KINDS.values():
        for _ in range(size):
            stored(heard, a_complete_job(type=job_kind.type, job_id=new_id()), account=made.account)
    return made, heard


@pytest.fixture(scope="module")
def one_and_many(new_store: NewDatabase) -> Iterator[tuple[Counted, Counted]]:
    """A shop with one of each, and one with many."""
    shops = shop(new_store(), 1), shop(new_store(), 30)
    yield shops
    for _, heard in shops:
        heard.close()


def new_id() -> str:
    return clock.new_ulid(clock.now())


@every_revision
def test_answers_take_few_statements(
    one_and_many: tuple[Counted, Counted], revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A read that is begun again in a thread, as it may be on a busy machine, counts twice.
    monkeypatch.setattr(sqlite, "LOOP_SECONDS", 60.0)
    # Nor is a statement left out whose answer is still known.
    monkeypatch.setattr(pages, "RARITY_SECONDS", 0.0)
    one, many = [statements_taken(*each, revision) for each in one_and_many]
    assert one == many
    assert {key: count for key, count in many.items() if count > MOST} == {}


def statements_taken(site: Site, heard: HeardDatabase, revision: str) -> dict[tuple[str, str], int]:
    """How many statements each way to ask each operation takes, beside those about the key.

    What a key opens is remembered, whether a key has changed is asked twice a second, and the use
    of a key is noted once in a minute.
    """
    taken = {}
    for operation in READS:
        if operation.since > revision:
            continue
        named = ids.resource_id("a") if operation.bulk is None else a_job_id(site, operation)
        path = operation.path.replace("{id}", named)
        for query in variants_of(operation, revision):
            heard.said.clear()
            answered = site.get(path, query, revision=revision)
            assert answered.status == 200, (path, query, answered.json)
            said = [each for each in heard.said if not ABOUT_KEYS.search(each)]
            taken[operation.name, query] = len(said)
    return taken


def a_job_id(site: Site, operation: Operation) -> str:
    path = operation.path.removesuffix("/{id}")
    return str(site.get(path).json["data"][0]["id"])


def test_rarity_is_counted_once(new_store: NewDatabase) -> None:
    asked = RecordQuestion(5, related=[("category", 7)], parts=["rarely asked"])
    heard = HeardDatabase(open_database(new_store()))
    for _ in range(3):
        with heard.read() as tx:
            pages.records_page(tx, KINDS["item"], ACCOUNT, asked, Columns())
    assert sum("links from linked" in each for each in heard.said) == 1
    heard.close()
