from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.control.accounts_named import account_named
from backroom.control.route import ControlError
from backroom.store import keys
from support.factories import written

if TYPE_CHECKING:
    from backroom.store.database import Database


def test_id_goes_before_name(database: Database) -> None:
    first = written(database, lambda tx: keys.create(tx, "shop", "test", [])).account
    second = written(database, lambda tx: keys.create(tx, first, "test", [])).account
    with database.read() as tx:
        assert account_named(tx, "shop") == first
        assert account_named(tx, first) == first
        assert account_named(tx, second) == second


def test_unknown_account_says_what_to_do(database: Database) -> None:
    with database.read() as tx, pytest.raises(ControlError, match="Make it first"):
        account_named(tx, "nobody")
