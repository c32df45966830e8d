"""What is used of psycopg beyond its public interface: it is there, and does what we rely on."""

from __future__ import annotations

from contextlib import closing
from select import select
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backroom.store.postgresql import driver
from backroom.store.postgresql.connections import PatientConnection

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGED = (
    "psycopg {version} no longer has {absent}. Everything now takes the plain, slower way."
    " Bring store/postgresql/driver.py up to date with it."
)


@pytest.fixture
def connection(postgres_url: str) -> Iterator[PatientConnection]:
    with closing(PatientConnection.connect(postgres_url, autocommit=True)) as opened:
        yield opened


def test_psycopg_has_what_we_use() -> None:
    said = CHANGED.format(version=psycopg.__version__, absent=", ".join(driver.absent()))
    assert driver.absent() == [], said


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(psycopg.Connection, "wait")
    monkeypatch.delattr(psycopg.waiting, "Wait")
    monkeypatch.delattr(psycopg.AsyncConnection, "wait")
    assert driver.absent() == ["Connection.wait", "AsyncConnection.wait", "None.R"]


def results(channel: driver.Channel, count: int) -> list[Any]:
    found: list[Any] = []
    while len(found) < count:
        result = channel.next_result()
        if result is None:
            assert select([channel.socket], [], [], 10)[0], "psycopg gives no result in a pipeline"
            channel.receive()
        else:
            found.append(result)
    return found


def test_channel_sends_without_waiting(connection: PatientConnection) -> None:
    channel = driver.Channel(connection)
    for number in (1, 2):
        channel.execute(None, b"select $1 + 1", channel.dump([number]))
    channel.sync()
    assert not channel.flush()
    first, second, end = results(channel, 3)
    assert [channel.rows(each) for each, _ in (first, second)] == [[(2,)], [(3,)]]
    assert [is_sync for _, is_sync in (first, second, end)] == [False, False, True]


def test_channel_prepares_a_statement(connection: PatientConnection) -> None:
    channel = driver.Channel(connection)
    dumped = channel.dump(["a"])
    channel.prepare(b"named", b"select $1 || 'b'", dumped[1])
    channel.execute(b"named", b"", dumped)
    channel.sync()
    channel.flush()
    (prepared, _), (answer, _), _ = results(channel, 3)
    assert driver.is_answer(prepared)
    assert channel.rows(answer) == [("ab",)]


def test_rest_of_a_failed_batch_is_skipped(connection: PatientConnection) -> None:
    channel = driver.Channel(connection)
    for text in (b"select 1 / 0", b"select 1"):
        channel.execute(None, text, channel.dump([]))
    channel.sync()
    channel.flush()
    (failed, _), (skipped, _), _ = results(channel, 3)
    assert (driver.is_skipped(failed), driver.is_skipped(skipped)) == (False, True)
    assert driver.message(failed) == "division by zero"
    assert not driver.is_canceled(failed)


def test_cancelled_statement_is_known(connection: PatientConnection) -> None:
    connection.limit(0.01)
    channel = driver.Channel(connection)
    channel.execute(None, b"select pg_sleep(60)", channel.dump([]))
    channel.sync()
    channel.flush()
    assert driver.is_canceled(results(channel, 1)[0][0])


def test_values_that_cannot_be_sent_are_refused(connection: PatientConnection) -> None:
    with pytest.raises(psycopg.Error):
        driver.Channel(connection).dump(["\0"])


def test_every_answer_is_heard(connection: PatientConnection) -> None:
    connection.heard = 0.0
    connection.execute("select 1")
    assert connection.heard > 0, "psycopg no longer waits in Connection.wait"


def test_unasked_messages_are_seen(connection: PatientConnection, postgres_url: str) -> None:
    assert not connection.has_unasked()
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 10000)", [connection.info.backend_pid])
    assert connection.has_unasked()
