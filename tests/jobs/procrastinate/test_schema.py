"""Procrastinate's tables: made, migrated from those of an earlier release, or refused."""

from __future__ import annotations

import gzip
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import procrastinate
import psycopg
import pytest

from backroom.jobs.procrastinate import schema
from backroom.jobs.procrastinate.dispatcher import Dispatcher
from backroom.store import open_database, task_queue
from backroom.store.migrate import NewerDatabase
from support.factories import written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database
    from support.engines import Cluster

EARLIER = Path(__file__).parent / "schema-3.2.2.sql.gz"
"""The whole schema of Procrastinate 3.2.2, as that release has it (MIT license)."""
EARLIER_VERSION = "3.2.2"
LAST_OF_EARLIER = "03.02.00_50_post_batch_defer_jobs.sql"
PROCESSES = 4

DESCRIPTIONS = {
    "columns": """
        select table_name, column_name, data_type, udt_name, is_nullable, column_default
        from information_schema.columns where table_schema = 'procrastinate'""",
    "indexes": "select indexname, indexdef from pg_indexes where schemaname = 'procrastinate'",
    "functions": r"""
        select proname, pg_get_function_arguments(oid),
               regexp_replace(prosrc, '\s+', ' ', 'g')
        from pg_proc where pronamespace = 'procrastinate'::regnamespace""",
    "triggers": """
        select tgname, pg_get_triggerdef(pg_trigger.oid) from pg_trigger
        join pg_class on pg_class.oid = tgrelid
        where relnamespace = 'procrastinate'::regnamespace and not tgisinternal""",
    "values": """
        select typname, enumlabel from pg_enum join pg_type on pg_type.oid = enumtypid
        where typnamespace = 'procrastinate'::regnamespace""",
}


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    with closing(open_database(postgres_url)) as opened:
        yield opened


@pytest.fixture
def earlier(database: Database) -> Database:
    """A database with the tables of an earlier release."""
    written(database, lambda tx: task_queue.run_script(tx, earlier_schema()))
    contained = [name for name in schema.shipped_migrations() if name <= LAST_OF_EARLIER]
    written(database, lambda tx: task_queue.record_migrations(tx, contained, EARLIER_VERSION))
    return database


def earlier_schema() -> str:
    return gzip.decompress(EARLIER.read_bytes()).decode()


def recorded(database: Database) -> dict[str, str] | None:
    with database.read() as tx:
        return task_queue.recorded_migrations(tx)


def described(url: str) -> dict[str, list[Any]]:
    """All that the schema consists of, whatever its order."""
    with psycopg.connect(url) as connection:
        return {
            what: sorted(connection.execute(asked).fetchall(), key=str)
            for what, asked in DESCRIPTIONS.items()
        }


def prepare_at_once(url: str) -> None:
    """Prepare the tables as several processes do that start together."""
    with ExitStack() as stack:
        databases = [stack.enter_context(closing(open_database(url))) for _ in range(PROCESSES)]
        with ThreadPoolExecutor(PROCESSES) as threads:
            list(threads.map(schema.prepare, databases))


def test_tables_are_made_once(database: Database, postgres_url: str) -> None:
    prepare_at_once(postgres_url)
    shipped = schema.shipped_migrations()
    assert recorded(database) == dict.fromkeys(shipped, procrastinate.__version__)


def test_prepared_tables_are_left_alone(database: Database, postgres_url: str) -> None:
    schema.prepare(database)
    before = described(postgres_url), recorded(database)
    schema.prepare(database)
    assert (described(postgres_url), recorded(database)) == before


@pytest.mark.usefixtures("earlier")
def test_earlier_tables_become_todays(
    cluster: Cluster, database: Database, postgres_url: str
) -> None:
    schema.prepare(database)
    with cluster.databases() as create:
        new_url = create()
        with closing(open_database(new_url)) as new:
            schema.prepare(new)
        assert described(postgres_url) == described(new_url)


def test_migrated_tables_keep_tasks(earlier: Database) -> None:
    Dispatcher(earlier).defer("a")
    schema.prepare(earlier)
    Dispatcher(earlier).defer("b")
    with earlier.read() as tx:
        assert task_queue.accounts_waiting(tx, ["a", "b", "c"]) == {"a", "b"}


def test_each_migration_runs_once(
    earlier: Database, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, schema.__name__)
    prepare_at_once(postgres_url)
    missing = [name for name in schema.shipped_migrations() if name > LAST_OF_EARLIER]
    assert len(missing) >= 3
    ran = [each.args for each in caplog.records if each.name == schema.__name__]
    # Another process may come first to the log than to its migration.
    assert sorted(map(str, ran)) == [str((name,)) for name in missing]
    versions = recorded(earlier) or {}
    assert {versions[name] for name in missing} == {procrastinate.__version__}


def test_unrecorded_tables_are_of_3_10(database: Database) -> None:
    """Versions of backroom that recorded nothing all required that one."""
    schema.prepare(database)
    written(database, lambda tx: tx.run("drop table procrastinate.backroom_migrations"))
    schema.prepare(database)
    versions = recorded(database) or {}
    assert versions[schema.LAST_UNRECORDED] == "3.10"
    assert list(versions) == list(schema.shipped_migrations())


def test_tables_of_a_later_library_are_refused(database: Database) -> None:
    schema.prepare(database)
    later = ["03.99.00_01_pre_something.sql"]
    written(database, lambda tx: task_queue.record_migrations(tx, later, "3.99.1"))
    with pytest.raises(NewerDatabase, match=r"03\.99\.00_01_pre_something\.sql.* version 3\.99\.1"):
        schema.prepare(database)
