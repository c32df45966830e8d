"""What tests of an integration need: a server, clean accounts, time, pace, faults, a journal.

`Server` and the values that it gives are imported when they are first asked for: pytest imports
this package at each of its starts, because of the plugin.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backroom.control.route import ControlError
    from backroom.testing.account import Account, SavedCatalog
    from backroom.testing.account_requests import SentRequest
    from backroom.testing.account_wishes import AddedWish, NeverUsed
    from backroom.testing.server import Server

__all__ = [
    "Account",
    "AddedWish",
    "ControlError",
    "NeverUsed",
    "SavedCatalog",
    "SentRequest",
    "Server",
]

_HOMES = {
    "Account": "backroom.testing.account",
    "AddedWish": "backroom.testing.account_wishes",
    "ControlError": "backroom.control.route",
    "NeverUsed": "backroom.testing.account_wishes",
    "SavedCatalog": "backroom.testing.account",
    "SentRequest": "backroom.testing.account_requests",
    "Server": "backroom.testing.server",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
