from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.api.key_uses import KEY_USE_SECONDS, KeyUses
from backroom.store import keys
from backroom.store.keys import Access
from support.factories import written
from support.process import until

if TYPE_CHECKING:
    from backroom.store.database import Database


@pytest.fixture
def access(database: Database) -> Access:
    made = written(database, lambda tx: keys.create(tx, "one", "test", []))
    return Access(made.account, made.key_id, None)


def used(database: Database) -> list[str | None]:
    with database.read() as tx:
        return [each.last_used_at for each in keys.all_keys(tx)]


def noted(database: Database) -> str:
    until(lambda: used(database) != [None], "the use is noted")
    (moment,) = used(database)
    assert moment is not None
    return moment


def test_use_is_noted(database: Database, access: Access) -> None:
    assert used(database) == [None]
    KeyUses(database).note(access, 0)
    assert noted(database)


def test_minute_has_one_note(database: Database, access: Access) -> None:
    uses = KeyUses(database)
    uses.note(access, 0)
    noted(database)
    written(database, lambda tx: tx.run("update keys set last_used_at = null"))
    uses.note(access, KEY_USE_SECONDS - 1)
    uses.flush()
    assert used(database) == [None]
    uses.note(access, KEY_USE_SECONDS)
    assert noted(database)


def test_second_server_adds_nothing(database: Database, access: Access) -> None:
    KeyUses(database).note(access, 0)
    first = noted(database)
    second = KeyUses(database)
    second.note(access, 0)
    second.flush()
    assert used(database) == [first]


def test_keys_of_settings_are_left_alone(database: Database, access: Access) -> None:
    uses = KeyUses(database)
    uses.note(Access(access.account, "fixed-1", None), 0)
    uses.note(access, 0)
    assert noted(database)
