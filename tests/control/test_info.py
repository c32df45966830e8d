from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.control.info import effective_settings
from backroom.control.route import Control, Given
from backroom.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Database


def test_info_counts_accounts(call: Callable[..., Any]) -> None:
    call("POST", "/accounts")
    assert call("GET", "/info")["accounts"] == 2


def test_info_says_what_is_the_process_own(call: Callable[..., Any]) -> None:
    assert {"clock", "faults", "requests"} <= set(call("GET", "/info")["of_this_process"])


def test_config_hides_secrets(database: Database) -> None:
    settings = Settings(
        database="postgresql://shop:opensesame@db/shop?sslmode=disable",
        limits_store="redis://:opensesame@cache:6379",
        key=("shop=pk_opensesame",),
        control_token="opensesame",
    )
    shown = effective_settings(Control(database, settings), Given())
    assert "opensesame" not in repr(shown)
    assert shown["database"] == "postgresql://shop:***@db/shop?sslmode=disable"
    assert shown["key"] == ["shop=pk_***"]
