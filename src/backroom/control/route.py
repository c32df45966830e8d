"""One row of the control API: what a path does, as a function that all callers share.

The functions know nothing of HTTP. The control application, the command line and Python call the
same ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backroom.settings import Settings
    from backroom.store.database import Database


@dataclass
class Control:
    """What the functions of the control API work on: the parts of one running server."""

    database: Database
    settings: Settings
    parts: dict[str, Any] = field(default_factory=dict)
    """What else the server has: `clock`, `pace`, `faults`, `journal`, by name."""


@dataclass(frozen=True)
class Given:
    """What a caller gives: the parts of the path, the query, and the members of the body."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


class ControlError(Exception):
    """A call of the control API that can't be done. The text says what to do instead."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass(frozen=True)
class ControlRoute:
    """One path of the control API, below `/_backroom`. `{name}` stands for a part of it.

    `act` gives what is answered as JSON, or None for an answer without a body.
    """

    method: str
    path: str
    summary: str
    act: Callable[[Control, Given], Any]
    status: int = 200
