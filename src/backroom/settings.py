"""Every setting, with its flag, its variable and its help; the only reader of the environment.

A flag `--show-queued` and the variable `BACKROOM_SHOW_QUEUED` set the same thing; the flag wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "BACKROOM_"
DEFAULT_PORT = 7227
_LONGEST_DELAY = 7 * 24 * 3600
"""Seconds: a job that waited longer would expire before it starts."""
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


class InvalidSetting(ValueError):  # noqa: N818 - reads as the fault it is
    """A setting has a value that it can't have."""


def _setting(default: Any, words: str, metavar: str = "") -> Any:
    return field(default=default, metadata={"help": words, "metavar": metavar})


@dataclass(frozen=True)
class Settings:
    """The settings of a server, a worker or a command."""

    database: str = _setting(
        "backroom.db", "The database: a path, made where there is none.", "PATH"
    )
    ephemeral: bool = _setting(False, "Keep nothing: a database that goes when the server stops.")
    host: str = _setting("127.0.0.1", "The address to listen on.", "ADDRESS")
    port: int = _setting(DEFAULT_PORT, "The port to listen on; 0 takes any that is free.", "PORT")
    public_url: str = _setting(
        "", "The URL that links in answers begin with, behind a proxy.", "URL"
    )
    limits: str = _setting(
        "real", "Rate limits: real, off, or a number that scales the real ones.", "real|off|SCALE"
    )
    limits_store: str = _setting(
        "",
        "Where servers count requests together: redis://… or valkey://…; each alone without it.",
        "URL",
    )
    default_revision: str = _setting(
        "", "The revision of requests that name none, which are refused otherwise.", "DATE"
    )
    show_queued: bool = _setting(
        False,
        "Let new jobs be queued before they are processing, as the specification has it.",
    )
    job_delay: float = _setting(0.0, "Seconds that a job waits before it is applied.", "SECONDS")
    concurrency: int = _setting(4, "How many accounts a worker serves at a time.", "ACCOUNTS")
    pipeline: str = _setting(
        "on",
        "PostgreSQL: on sends the statements of several requests together; off is slower, and uses"
        " nothing of its driver but what is public.",
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
        if self.limits not in {"real", "off"}:
            self.limits_scale  # noqa: B018 - raises where it is no number
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
        """What the real rates are multiplied with; None where there are no limits."""
        if self.limits == "off":
            return None
        if self.limits == "real":
            return 1.0
        try:
            scale = float(self.limits)
        except ValueError:
            scale = 0.0
        if not 0 < scale < float("inf"):
            raise InvalidSetting(
                f"limits must be real, off or a number above 0, not {self.limits!r}"
            )
        return scale


def variable(name: str) -> str:
    """Give the name of the variable of a setting."""
    return PREFIX + name.upper()


def load(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Make settings from flags that were given, then the environment, then defaults.

    Raises `InvalidSetting`, naming the variable, where a value can't be read.
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
