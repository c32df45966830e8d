from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import apsw
import psycopg
import pytest
from psycopg import sql

from backroom.cli import doctor_database
from backroom.cli.doctor_database import CHECKS_OF_DATABASE
from backroom.settings import Settings
from backroom.store import keys, open_database, webhooks
from support.factories import a_creation, a_kind_of_job, submitted, written
from support.process import until

if TYPE_CHECKING:
    from backroom.store.database import Transaction
    from support.process import Programs


def found(name: str, url: str) -> list[tuple[str, str]]:
    (check,) = (each for each in CHECKS_OF_DATABASE if each.name == name)
    return [(each.level, each.words) for each in check.look(Settings(database=url), {})]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with closing(open_database(str(path))) as database:
        written(database, lambda tx: keys.create(tx, "one", "test", []))
    return path


def test_sound_file_has_no_advice(path: Path) -> None:
    assert found("file", str(path)) == []
    assert [level for level, _ in found("database", str(path))] == ["ok", "ok", "ok"]


def test_open_mode_is_a_warning(path: Path) -> None:
    path.chmod(0o644)
    ((level, words),) = found("file", str(path))
    assert (level, words.endswith("its mode is 644")) == ("warning", True)


def test_little_room_is_wrong(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_database, "_LEAST_ROOM", 2**62)
    assert found("file", str(path))[0][0] == "wrong"


def test_large_log_is_a_warning(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_database, "_LARGE_LOG", 0)
    Path(f"{path}-wal").write_bytes(b"log")
    assert "write-ahead log has 3 bytes" in found("file", str(path))[0][1]


def test_missing_file_is_fine(tmp_path: Path) -> None:
    assert found("file", str(tmp_path / "none.db"))[0][0] == "ok"
    assert found("database", str(tmp_path / "none.db")) == []


@pytest.mark.parametrize(
    ("statement", "level", "words"),
    [
        ("insert into schema_migrations values (99, 'x', '')", "wrong", "a later version"),
        ("delete from schema_migrations where number > 5", "warning", "an earlier version"),
        ("drop table schema_migrations", "wrong", "not a database of backroom"),
        ("update keys set revoked_at = 'now'", "warning", "all keys are revoked"),
        ("delete from keys", "warning", "there are no keys"),
    ],
)
def test_each_fault_is_said(path: Path, statement: str, level: str, words: str) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(statement)
    assert any(each == level and words in said for each, said in found("database", str(path)))


def test_waiting_jobs_are_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(open_database(str(path))) as database:
        submitted(database, a_kind_of_job("item", "create"), a_creation("item", "a"))
    assert found("database", str(path))[-1][0] == "ok"
    monkeypatch.setattr(doctor_database, "_LONG_WAIT", timedelta())
    level, words = found("database", str(path))[-1]
    assert (level, words.startswith("1 jobs wait")) == ("warning", True)


def test_postgres_is_looked_at(postgres_url: str) -> None:
    open_database(postgres_url).close()
    said = found("database", postgres_url)
    assert any("PostgreSQL is version" in words for _, words in said)
    assert "wrong" not in {level for level, _ in said}


@pytest.mark.slow
def test_unreachable_postgres_says_what_to_do() -> None:
    settings = Settings(database="postgresql://127.0.0.1:1/none")
    (said,) = (each for check in CHECKS_OF_DATABASE for each in check.look(settings, {}))
    assert (said.level, "Connection refused" in said.words) == ("wrong", True)
    assert said.todo.startswith("Start PostgreSQL, or correct --database")


def test_jobs_without_a_worker_are_wrong(postgres_url: str) -> None:
    with closing(open_database(postgres_url)) as database:
        assert not any("no worker" in words for _, words in found("database", postgres_url))
        submitted(database, a_kind_of_job("item", "create"), a_creation("item", "a"))
    assert ("wrong", "no worker is alive") in found("database", postgres_url)


@pytest.mark.parametrize(
    ("late", "level", "words"),
    [
        (0, "ok", "1 deliveries of webhooks wait for a try"),
        (90_000, "warning", "and the oldest is overdue by 9"),
    ],
)
def test_waiting_deliveries_are_said(path: Path, late: int, level: str, words: str) -> None:
    def queue(tx: Transaction) -> None:
        made = webhooks.queue_event(tx, "w", webhooks.TEST, {})
        webhooks.make_due(tx, made.delivery_id, webhooks.milliseconds() - late)

    with closing(open_database(str(path))) as database:
        written(database, queue)
    said = found("database", str(path))
    assert any(each == level and words in line for each, line in said)


def test_given_up_deliveries_are_said(path: Path) -> None:
    with closing(open_database(str(path))) as database:
        written(
            database,
            lambda tx: tx.run(
                "insert into webhook_deliveries (delivery_id, webhook_id, event, body,"
                " created_at, state, due_at, tries, attempts) values"
                " ('d', 'w', 'e', '{}', '2026', :state, 0, 8, '[]')",
                state=webhooks.GIVEN_UP,
            ),
        )
    assert ("warning", "1 deliveries of webhooks were given up") in found("database", str(path))


def test_read_only_postgres_is_wrong(postgres_url: str) -> None:
    name = urlsplit(postgres_url).path[1:]
    with closing(open_database(postgres_url)):
        pass
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("alter database {} set default_transaction_read_only = on").format(
                sql.Identifier(name)
            )
        )
    assert ("wrong", True) in [
        (level, "takes no writes" in words) for level, words in found("database", postgres_url)
    ]


def test_timeouts_of_a_database_are_said(postgres_url: str) -> None:
    name = urlsplit(postgres_url).path[1:]
    open_database(postgres_url).close()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for setting in ("statement_timeout = '5s'", "lock_timeout = 0"):
            connection.execute(
                sql.SQL(f"alter database {{}} set {setting}").format(sql.Identifier(name))
            )
    said = [words for level, words in found("database", postgres_url) if level == "warning"]
    assert "the role or the database sets statement_timeout=5s" in said


def test_workers_are_said(postgres_url: str, programs: Programs) -> None:
    worker = programs.start("work", "--database", postgres_url)
    until(lambda: "applies jobs" in worker.output, "the worker to start")
    until(
        lambda: "was alive" in str(found("database", postgres_url)),
        "a heartbeat",
    )


@pytest.mark.parametrize(
    ("mounts", "kind"),
    [
        ("a / ext4 rw\nb /data nfs4 rw\n", "nfs4"),
        ("a / ext4 rw\nb /data ext4 rw\nc /data nfs rw\n", "nfs"),
        ("a / ext4 rw\nb /other\\040data nfs rw\n", "ext4"),
    ],
)
def test_file_system_is_that_on_top(
    mounts: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "mounts"
    listed.write_text(mounts)
    monkeypatch.setattr(doctor_database, "MOUNTS", str(listed))
    assert doctor_database.file_system(Path("/data/shop.db")) == kind
