from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.store import open_database
from backroom.store.migrate import ForeignDatabase, NewerDatabase, migrate, migrations
from store.described import columns, everything
from support.engines import ENGINES
from support.factories import written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database
    from conftest import NewDatabase


@pytest.fixture
def bare(new_store: NewDatabase) -> Iterator[Database]:
    """A database without any table."""
    opened = open_database(new_store(), migrated=False)
    yield opened
    opened.close()


@pytest.mark.parametrize("each_engine", ENGINES)
def test_migrations_are_numbered_in_order(each_engine: str) -> None:
    known = migrations(each_engine)
    assert list(known) == list(range(1, len(known) + 1))
    for number, (name, _) in known.items():
        assert name.startswith(f"{number:04}_")


def test_engines_have_the_same_migrations() -> None:
    first, *others = [
        [(number, name) for number, (name, _) in migrations(engine).items()] for engine in ENGINES
    ]
    assert others == [first]


def test_fresh_database_gets_all(bare: Database) -> None:
    known = migrations(bare.dialect.name)
    assert migrate(bare) == [name for name, _ in known.values()]
    with bare.read() as tx:
        applied = tx.all("select number, name from schema_migrations order by number")
    assert applied == [(number, name) for number, (name, _) in known.items()]


def test_second_time_does_nothing(bare: Database) -> None:
    migrate(bare)
    before = everything(bare)
    assert migrate(bare) == []
    assert everything(bare) == before


def test_data_outlives_migration(bare: Database) -> None:
    migrate(bare)
    written(bare, lambda tx: tx.run("insert into accounts values ('a', 'A', 'then')"))
    migrate(bare)
    with bare.read() as tx:
        assert tx.all("select account, name from accounts") == [("a", "A")]


def test_newer_database_is_refused(bare: Database) -> None:
    migrate(bare)
    written(bare, lambda tx: tx.run("insert into schema_migrations values (9000, 'x', 'then')"))
    before = everything(bare)
    with pytest.raises(NewerDatabase) as caught:
        migrate(bare)
    assert str(caught.value) == (
        "This database has schema 9000, made by a later version of backroom; this one knows"
        f" schemas up to {max(migrations(bare.dialect.name))}."
        " Install the later version to open it."
    )
    assert everything(bare) == before


def test_foreign_database_is_left_alone(bare: Database) -> None:
    written(bare, lambda tx: tx.run("create table items (in_the_way text)"))
    with pytest.raises(ForeignDatabase, match=r"already exists.*the database of something else"):
        migrate(bare)
    assert columns(bare) == {"items": {"in_the_way"}}
