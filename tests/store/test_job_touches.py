from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backroom.store import job_touches
from backroom.store.job_touches import Look, jobs_naming
from support.factories import ACCOUNT, a_creation, a_job, stored

if TYPE_CHECKING:
    import pytest

    from backroom.store.database import Database


def look(database: Database, part: str, before: str | None = None, most: int = 3) -> Look:
    with database.read() as tx:
        return jobs_naming(tx, ACCOUNT, part, before, most)


def jobs_of(database: Database, *names: str) -> list[str]:
    """Store a job for each name, the oldest first."""
    return [
        stored(database, a_job(timedelta(minutes=60 - place)), a_creation("item", name)).job_id
        for place, name in enumerate(names)
    ]


def test_newest_job_comes_first(database: Database) -> None:
    first, _, third = jobs_of(database, "a", "b", "a")
    found = look(database, ":a")
    assert [each.job.job_id for each in found.found] == [third, first]
    assert (found.looked, found.before) == (3, None)


def test_look_goes_on_where_it_ended(database: Database) -> None:
    first, second, *_ = jobs_of(database, "a", "b", "c", "d", "e")
    found = look(database, ":a")
    assert (found.found, found.looked) == ([], 3)
    rest = look(database, ":a", found.before)
    assert [each.job.job_id for each in rest.found] == [first]
    assert (rest.looked, rest.before) == (2, None)
    assert look(database, ":a", second, most=1).before is None


def test_job_of_another_account_is_not_looked_at(database: Database) -> None:
    stored(database, a_job(), a_creation("item", "a"), account="other")
    assert look(database, ":a") == Look([], 0, 0, None)


def test_look_stops_at_bytes(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_touches, "MOST_BYTES_READ", 1)
    jobs_of(database, "a", "b")
    found = look(database, ":")
    assert (found.looked, len(found.found)) == (1, 1)
    assert found.before is not None


def test_part_may_be_any_text(database: Database) -> None:
    jobs_of(database, "50%_'\"")
    assert len(look(database, "50%_'").found) == 1
    assert look(database, "%").looked == 1
    assert look(database, "50_").found == []


def test_job_without_operations_is_counted(database: Database) -> None:
    (job_id,) = jobs_of(database, "a")
    database.write(
        lambda tx: tx.run("delete from job_operations where job_id = :job_id", job_id=job_id)
    ).result()
    found = look(database, ":a")
    assert (found.found, found.unkept) == ([], 1)
