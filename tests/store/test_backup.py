from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import Verb
from backroom.jobs.next_job import NextJob
from backroom.store import keys, open_database, open_to_read
from backroom.store.backup import back_up, copy_pages, without_log
from backroom.store.backup_file import examine_backup
from backroom.store.database import UnusablePlace
from backroom.store.migrate import NewerDatabase
from backroom.store.verify import verify
from store.small_shop import held, untold
from support.factories import (
    a_creation,
    a_kind_of_job,
    an_update,
    done,
    submitted,
    written,
)
from support.process import until

if TYPE_CHECKING:
    from pathlib import Path

    from backroom.store.database import Database

BOTH = 20
"""Items that each job changes together."""


def test_backup_has_every_row(shop_url: str, tmp_path: Path, engine: str) -> None:
    made = back_up(shop_url, tmp_path / "b.db", untold)
    assert held(str(tmp_path / "b.db")) == held(shop_url)
    backup = examine_backup(tmp_path / "b.db", lambda *_: None)
    assert backup.note is not None
    assert (backup.note.engine, backup.size) == (engine, made.size)
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_backup_is_a_sound_database(shop_url: str, tmp_path: Path) -> None:
    back_up(shop_url, tmp_path / "b.db", untold)
    with closing(open_to_read(str(tmp_path / "b.db"))) as database:
        assert verify(database, untold).findings == []


def test_existing_file_is_refused(shop_url: str, tmp_path: Path) -> None:
    (tmp_path / "b.db").write_text("mine")
    with pytest.raises(UnusablePlace, match="exists already"):
        back_up(shop_url, tmp_path / "b.db", untold)
    assert (tmp_path / "b.db").read_text() == "mine"


def test_newer_database_is_refused(shop_url: str, tmp_path: Path) -> None:
    with closing(open_database(shop_url)) as database:
        written(database, lambda tx: tx.run("insert into schema_migrations values (99, 'x', '')"))
        with pytest.raises(NewerDatabase):
            back_up(shop_url, tmp_path / "b.db", untold)
        written(database, lambda tx: tx.run("delete from schema_migrations where number = 99"))
    assert not (tmp_path / "b.db").exists()


def test_log_is_part_of_the_copy(tmp_path: Path) -> None:
    with closing(open_database(str(tmp_path / "a.db"))) as database:
        written(database, lambda tx: keys.create(tx, "logged", "test", []))
        assert (tmp_path / "a.db-wal").stat().st_size > 0
        copy_pages(tmp_path / "a.db", tmp_path / "b.db", untold)
    without_log(tmp_path / "b.db")
    assert [row[1] for row in held(str(tmp_path / "b.db"))["accounts"]] == ["logged"]


def change_all(database: Database, account: str, title: str) -> None:
    """Accept and apply a job that gives all items one title."""
    updates = [an_update(f"i{place}", title=title) for place in range(BOTH)]
    submitted(database, a_kind_of_job("item", "update"), *updates, account=account)
    NextJob(database).apply(lambda _: account)


@pytest.mark.slow
def test_no_job_is_copied_by_half(url: str, tmp_path: Path) -> None:
    with closing(open_database(url)) as database:
        account = written(database, lambda tx: keys.create(tx, "one", "test", [])).account
        items = [a_creation("item", f"i{place}") for place in range(BOTH)]
        done(database, Verb.CREATE, "item", *items, account=account)
        acknowledged: list[int] = []
        ended = threading.Event()

        def trade() -> None:
            while not ended.is_set():
                change_all(database, account, f"change {len(acknowledged)}")
                acknowledged.append(len(acknowledged))

        trading = threading.Thread(target=trade)
        trading.start()
        try:
            for number in range(3):
                begun = len(acknowledged)
                until(lambda begun=begun: len(acknowledged) > begun, "a job")  # type: ignore[misc]
                before = acknowledged[-1]
                back_up(url, tmp_path / f"{number}.db", untold)
                check_copy(tmp_path / f"{number}.db", before)
        finally:
            ended.set()
            trading.join()


def check_copy(path: Path, before: int) -> None:
    """See that a copy has all of each job or nothing, and what was acknowledged before it."""
    rows = held(str(path))
    titles = {row[2] for row in rows["items"]}
    assert len(titles) == 1
    (title,) = titles
    assert int(title.removeprefix("change ")) >= before
    complete = sum(row[6] is not None for row in rows["jobs"])
    assert complete == int(title.removeprefix("change ")) + 1
    with closing(open_to_read(str(path))) as database:
        assert verify(database, untold).findings == []
