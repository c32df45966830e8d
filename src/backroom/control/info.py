"""The running server: its version, its database, its settings, and the control document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backroom import __version__
from backroom.control.route import ControlRoute
from backroom.revisions import NEWEST, OLDEST
from backroom.settings import SECRETS, SETTINGS
from backroom.store import keys

if TYPE_CHECKING:
    from backroom.control.route import Control, Given

HIDDEN = "***"
_PASSWORD = re.compile(r"(?<=://)([^/@]*?):[^/@]*(?=@)")
_PASSWORD_OPTION = re.compile(r"(?<=[?&]password=)[^&]*")
OF_THE_PROCESS = ("clock", "pace", "faults", "requests", "fixed keys", "open")
"""What each server has for itself, where several serve one database."""


def server_info(control: Control, _: Given) -> dict[str, Any]:
    """Give the version and the parts of the server, and the values of this process alone."""
    with control.database.read() as tx:
        accounts = keys.count_accounts(tx)
    return {
        "version": __version__,
        "database": control.database.dialect.name,
        "ephemeral": control.settings.ephemeral,
        "worker": control.parts["state"]() if "state" in control.parts else "here",
        "revisions": {"oldest": OLDEST, "newest": NEWEST},
        "accounts": accounts,
        "of_this_process": list(OF_THE_PROCESS),
    }


def effective_settings(control: Control, _: Given) -> dict[str, Any]:
    """Give all settings in force, with `***` in place of secrets."""
    shown = {each.name: getattr(control.settings, each.name) for each in SETTINGS}
    for name in SECRETS:
        shown[name] = HIDDEN if shown[name] else ""
    shown["key"] = [re.sub("pk_.*", f"pk_{HIDDEN}", each) for each in control.settings.key]
    for name in ("database", "limits_store"):
        shown[name] = _without_password(shown[name])
    return shown


def _without_password(url: str) -> str:
    return _PASSWORD_OPTION.sub(HIDDEN, _PASSWORD.sub(rf"\1:{HIDDEN}", url))


ROUTES = (
    ControlRoute(
        "GET",
        "/info",
        "The version and the parts of the server, and which parts belong to this process alone.",
        server_info,
        query=(),
    ),
    ControlRoute(
        "GET",
        "/config",
        "All settings with their values. Secrets are replaced.",
        effective_settings,
        query=(),
    ),
)
