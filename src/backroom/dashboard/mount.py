"""The applications below `control.PREFIX`: the dashboard, and the control API for all other paths.

Event-loop code. Each is made when it is first asked for, so that a server without readers imports
neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.api.control import PREFIX
from backroom.api.mounted import Mounted

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

HOME = f"{PREFIX}/"
DASHBOARD_PATH = f"{PREFIX}/dashboard"
"""The start of the path of each page but the first."""


class BesideApi:
    """Two applications as one."""

    def __init__(self, make_dashboard: Callable[[], ASGIApp], control: ASGIApp) -> None:
        self._dashboard = Mounted(make_dashboard)
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        served = self._dashboard if is_of_dashboard(scope["path"]) else self._control
        await served(scope, receive, send)


def is_of_dashboard(path: str) -> bool:
    """Whether a path is one of the dashboard's."""
    return path.rstrip("/") in {PREFIX, DASHBOARD_PATH} or path.startswith(f"{DASHBOARD_PATH}/")
