"""The control API of a database, called as Python does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.control.route import Control
from backroom.control.table import perform
from backroom.settings import Settings
from backroom.store import keys
from backroom.store.keys import DEFAULT_ACCOUNT
from backroom.store.move import CATALOG_TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Database

    Call = Callable[..., Any]


@pytest.fixture
def control(database: Database) -> Control:
    """The parts of a server whose default account exists."""
    database.write(lambda tx: keys.create(tx, DEFAULT_ACCOUNT, "first", [])).result()
    return Control(database, Settings())


@pytest.fixture
def call(control: Control) -> Call:
    """Calls a path: `call("GET", "/accounts")`."""

    def called(method: str, path: str, body: Any = None, **query: str) -> Any:
        return perform(control, method, path, body, query)

    return called


@pytest.fixture
def rows(control: Control) -> Callable[[str], int]:
    """Counts the rows of an account's catalog and jobs."""

    def counted(account: str) -> int:
        statements = [f"select 1 from {each.name} where account = :a" for each in CATALOG_TABLES]
        with control.database.read() as tx:
            return sum(len(tx.all(each, a=account)) for each in statements)

    return counted
