"""Every setting, with its flag, its variable and its help; the only reader of the environment.

A flag `--show-queued` and the variable `BACKROOM_SHOW_QUEUED` set the same thing; the flag wins.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "BACKROOM_"
DEFAULT_PORT = 7227
_LONGEST_DELAY = 7 * 24 * 3600
"""Seconds. A job that waited longer would expire before it starts."""
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


class InvalidSetting(ValueError):
    """The value of a setting is not one that it can have."""


def _setting(default: Any, words: str, metavar: str = "") -> Any:
    return field(default=default, metadata={"help": words, "metavar": metavar})


@dataclass(frozen=True)
class Settings:
    """The settings of a server, a worker or a command."""

    database: str = _setting(
        "backroom.db",
        "The database: a path or a postgresql:// URL. The file is created if it is missing.",
        "PATH",
    )
    ephemeral: bool = _setting(
        False, "Keep nothing: the database is removed when the server stops."
    )
    host: str = _setting("127.0.0.1", "The address to listen on.", "ADDRESS")
    port: int = _setting(DEFAULT_PORT, "The port to listen on; 0 takes any free port.", "PORT")
    public_url: str = _setting(
        "", "The URL that links in answers begin with, behind a proxy.", "URL"
    )
    limits: str = _setting(
        "real", "Rate limits: real, off, or a number that scales the real ones.", "real|off|SCALE"
    )
    limits_store: str = _setting(
        "",
        "Where servers count requests together: redis://… or valkey://…; without it each server"
        " counts alone.",
        "URL",
    )
    default_revision: str = _setting(
        "",
        "The revision of requests without a revision header, which are refused otherwise.",
        "DATE",
    )
    show_queued: bool = _setting(
        False,
        "Show new jobs as queued before they are processing, as the specification says.",
    )
    job_delay: float = _setting(0.0, "Seconds that a job waits before it is applied.", "SECONDS")
    concurrency: int = _setting(
        4, "How many accounts a worker serves at the same time.", "ACCOUNTS"
    )
    pipeline: str = _setting(
        "on",
        "PostgreSQL: on sends the statements of several requests together; off is slower, and uses"
        " only the public interface of the driver.",
        "on|off",
    )
    http: str = _setting(
        "auto",
        "How to use uvicorn: auto answers simple reads by a shorter way where the installed version"
        " allows it; plain keeps to its public interface, and is slower.",
        "auto|plain",
    )
    log_level: str = _setting("info", "How much to log.", "debug|info|warning|error")

    def __post_init__(self) -> None:
        _read_scale(self.limits)
        if not 0 <= self.job_delay <= _LONGEST_DELAY:
            raise InvalidSetting(f"job_delay must be from 0 to {_LONGEST_DELAY} seconds")
        if self.default_revision and not _DATE.fullmatch(self.default_revision):
            raise InvalidSetting("default_revision must be a date, as YYYY-MM-DD")
        if not self.database:
            raise InvalidSetting("database must be a path or a URL")
        if self.concurrency < 1:
            raise InvalidSetting("concurrency must be 1 or more")
        if self.pipeline not in {"on", "off"}:
            raise InvalidSetting("pipeline must be on or off")
        if self.http not in {"auto", "plain"}:
            raise InvalidSetting("http must be auto or plain")
        if self.log_level not in {"debug", "info", "warning", "error"}:
            raise InvalidSetting("log_level must be debug, info, warning or error")
        if not 0 <= self.port <= 65535:  # noqa: PLR2004 - the ports there are
            raise InvalidSetting("port must be between 0 and 65535")

    @property
    def limits_scale(self) -> float | None:
        """The number that multiplies the rates of the real service; None for no limits."""
        return _read_scale(self.limits)


_NAMED_SCALES: dict[str, float | None] = {"real": 1.0, "off": None}


def _read_scale(limits: str) -> float | None:
    """Read the setting `limits`: a name or a number. Raises `InvalidSetting` for anything else."""
    if limits in _NAMED_SCALES:
        return _NAMED_SCALES[limits]
    try:
        scale = float(limits)
    except ValueError:
        scale = math.nan
    if not 0 < scale < math.inf:
        raise InvalidSetting(f"limits must be real, off or a number above 0, not {limits!r}")
    return scale


def variable(name: str) -> str:
    """Give the name of the environment variable of a setting."""
    return PREFIX + name.upper()


def load(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Make settings from flags, then from the environment, then from defaults.

    Raises `InvalidSetting`, which names the variable, if a value can't be read.
    """
    values: dict[str, Any] = {}
    for each in fields(Settings):
        if flags.get(each.name) is not None:
            values[each.name] = flags[each.name]
        elif variable(each.name) in environment:
            values[each.name] = _read(each.name, each.type, environment[variable(each.name)])
    return Settings(**values)


_TRUTHS = {"1": True, "true": True, "yes": True, "on": True}
_FALSEHOODS = {"0": False, "false": False, "no": False, "off": False, "": False}


def _read(name: str, kind: Any, text: str) -> Any:
    try:
        if kind == "bool":
            return (_TRUTHS | _FALSEHOODS)[text.strip().lower()]
        return {"int": int, "float": float, "str": str}[kind](text)
    except (KeyError, ValueError):
        raise InvalidSetting(f"{variable(name)} has a value that can't be read: {text!r}") from None
