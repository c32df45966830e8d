"""The settings of the server as a page: what holds, and where each comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.routing import Route

from backroom.control.table import perform
from backroom.dashboard.mount import DASHBOARD_PATH
from backroom.dashboard.page import dashboard_of, page
from backroom.settings import SETTINGS, flag, variable
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

SETTINGS_PATH = f"{DASHBOARD_PATH}/settings"


class ShownSetting(NamedTuple):
    """A setting as the page shows it."""

    name: str
    value: str
    origin: str
    flag: str
    variable: str
    words: str


def _in_words(value: Any) -> str:
    """Write the value of a setting, "-" for none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return "-" if value is None else str(value) or "-"


def show_settings(request: Request) -> Response:
    """Show all settings. Secrets are replaced."""
    control = dashboard_of(request).control
    values = perform(control, "GET", "/config")
    origins = control.settings.origins
    shown = [
        ShownSetting(
            each.name,
            _in_words(values[each.name]),
            origins.get(each.name, "default"),
            flag(each.name),
            variable(each.name),
            each.metadata["help"],
        )
        for each in SETTINGS
    ]
    try:
        info = perform(control, "GET", "/info")
    except StoreUnavailable:
        # It may be by a setting that the server can't reach its database.
        info = None
    return page(request, "settings.html", section="settings", settings=shown, info=info)


ROUTES = (Route(SETTINGS_PATH, show_settings),)
