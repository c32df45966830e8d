"""Every setting, with its flag, its variable and its help.

A flag `--show-queued` and the variable `BACKROOM_SHOW_QUEUED` set the same thing; the flag wins.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping  # noqa: TC003 - a child reads settings by their types
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from backroom.addresses import MOST_PORT, is_limits_store, is_public_url, wrong_with_database

VARIABLE_PREFIX = "BACKROOM_"
DEFAULT_PORT = 7227
_LONGEST_DELAY_SECONDS = 7 * 24 * 3600
"""Seconds. A job that waited longer would expire before it starts."""
_MOST_KEPT = 100_000
"""Jobs. Looking for those that are kept no longer walks them all."""
FASTEST_CLOCK = 1_000_000
CLOCK_YEARS = (1971, 9000)
"""The first year that a clock can be set to, and the first one that it can't be."""
TIMEOUTS = ("head_timeout", "body_timeout", "answer_timeout", "idle_timeout")
"""Settings that limit how long a client may keep a connection waiting."""
_LONGEST_TIMEOUT = 24 * 3600
"""Seconds."""
_CALENDAR_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_CLOCK_SPEED = re.compile(r"\d{1,7}(\.\d{1,6})?x")
_SEED = re.compile(r"\d{1,18}")
_FIXED_KEY = re.compile(r"pk_[A-Za-z0-9_-]{1,120}")
_CONTROL_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,500}")
SECRETS = ("control_token",)
"""Settings whose value may be in a file: the flag with `-file` at its end names it, and so does the
variable with `_FILE`."""


class InvalidSetting(ValueError):
    """The value of a setting is not one that it can have.

    The text begins with the name of the setting.
    """


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
    retired_revisions: str = _setting(
        "serve",
        "Revisions that are two years old: serve them; warn about them in the log, too; forward to"
        " the oldest that is not retired, as the real service does; or gone, which is 410.",
        "serve|warn|forward|gone",
    )
    newer_revisions: str = _setting(
        "strict",
        "Revisions after today: strict refuses them, nearest answers as the newest one.",
        "strict|nearest",
    )
    show_queued: bool = _setting(
        False,
        "Show new jobs as queued before they are processing, as the specification says.",
    )
    job_delay: float = _setting(0.0, "Seconds that a job waits before it is applied.", "SECONDS")
    worker: str = _setting(
        "on",
        "PostgreSQL: on applies jobs in the server itself; off leaves them to `backroom work`.",
        "on|off",
    )
    concurrency: int = _setting(
        4, "How many accounts a worker serves at the same time.", "ACCOUNTS"
    )
    kept_operations: int = _setting(
        1000,
        "How many of the newest complete jobs keep the operations that were sent, as do"
        " as many of the newest with failures: to be looked at, and sent again. 0 keeps none.",
        "JOBS",
    )
    pipeline: str = _setting(
        "on",
        "PostgreSQL: on sends the statements of several requests together; off is slower, and uses"
        " only the public interface of the driver.",
        "on|off",
    )
    http: str = _setting(
        "auto",
        "What speaks HTTP: auto is the server's own, with all limits of time and size; plain is"
        " uvicorn with h11, which is slower and lacks some of them.",
        "auto|plain",
    )
    head_timeout: float = _setting(
        10.0, "Seconds in which the head of a request must have come.", "SECONDS"
    )
    body_timeout: float = _setting(
        10.0,
        "Seconds in which a body must end, or else bring 1,000 bytes for each second.",
        "SECONDS",
    )
    answer_timeout: float = _setting(
        60.0, "Seconds for which a client may read nothing of its answer.", "SECONDS"
    )
    idle_timeout: float = _setting(
        75.0, "Seconds for which a connection may be open without a request.", "SECONDS"
    )
    clock: str = _setting(
        "real",
        "The time that the server shows: real, frozen, a speed such as 60x, or a moment to freeze"
        " it at, such as 2026-01-01T00:00:00Z.",
        "real|frozen|60x|MOMENT",
    )
    seed: str = _setting(
        "",
        "A number: the same requests in the same order then give the same bytes. Time stands"
        " still, unless --clock says how it runs.",
        "NUMBER",
    )
    log_level: str = _setting("info", "How much to log.", "debug|info|warning|error")
    log_format: str = _setting(
        "auto",
        "How to log: text, or lines of json; auto is text on a terminal, and json elsewhere.",
        "text|json|auto",
    )
    access_log: str = _setting(
        "auto", "Whether to log each request and job; auto does so on a terminal.", "on|off|auto"
    )
    journal: str = _setting(
        "auto",
        "Whether to keep the last requests with their bodies, for tests; auto does so where the"
        " server is ephemeral.",
        "on|off|auto",
    )
    testing: str = _setting(
        "auto",
        "Whether the dashboard has controls for tests: clock, pace, faults, snapshots, seed and"
        " reset; auto has them where the server is ephemeral.",
        "on|off|auto",
    )
    key: tuple[str, ...] = _setting(
        (),
        "A fixed key of the default account, or of another one. For each key the flag is given"
        " again; the variable separates keys by commas. Fixed keys open accounts only on servers"
        " that have this setting.",
        "[ACCOUNT=]KEY",
    )
    open: bool = _setting(
        False, "Any key that begins with pk_ opens the default account, unless it is known."
    )
    control_token: str = _setting(
        "",
        "The bearer token of the control API; without it one is made at the start. The variable"
        " BACKROOM_CONTROL_TOKEN_FILE names a file that has it.",
        "TOKEN",
    )

    webhook_private: bool = _setting(
        False,
        "Let webhooks go to private addresses, such as those of this machine and its network.",
    )
    metrics: str = _setting(
        "on", "Whether to show metrics for Prometheus, at the path /metrics.", "on|off"
    )
    metrics_port: int = _setting(
        0,
        "A port of --host that shows the metrics and nothing else; then the other port shows none."
        " 0 opens none.",
        "PORT",
    )
    origins: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """The flag or the variable that each setting comes from, without those that are the default."""

    def __post_init__(self) -> None:
        _read_scale(self.limits)
        self._check_numbers()
        if self.default_revision and not _CALENDAR_DATE.fullmatch(self.default_revision):
            raise InvalidSetting("default_revision must be a date, as YYYY-MM-DD")
        if wrong := wrong_with_database(self.database):
            raise InvalidSetting(wrong)
        for name in _CHOICES:
            _check_choice(name, getattr(self, name))
        self._check_timeouts()
        self._check_for_tests()
        if self.public_url and not is_public_url(self.public_url):
            raise InvalidSetting(
                "public_url must be http(s)://HOST[:PORT][/PATH] in ASCII, without a query or a"
                " fragment, such as https://shop.example/klaviyo"
            )
        if self.limits_store and not is_limits_store(self.limits_store):
            raise InvalidSetting(
                "limits_store must be redis://HOST:PORT or valkey://HOST:PORT, with %40 for @, %2F"
                " for / and %3F for ? in a password"
            )

    def _check_numbers(self) -> None:
        if not 0 <= self.job_delay <= _LONGEST_DELAY_SECONDS:
            raise InvalidSetting(f"job_delay must be from 0 to {_LONGEST_DELAY_SECONDS} seconds")
        if self.concurrency < 1:
            raise InvalidSetting("concurrency must be 1 or more")
        if not 0 <= self.kept_operations <= _MOST_KEPT:
            raise InvalidSetting(f"kept_operations must be from 0 to {_MOST_KEPT}")
        for name in ("port", "metrics_port"):
            if not 0 <= getattr(self, name) <= MOST_PORT:
                raise InvalidSetting(f"{name} must be between 0 and 65535")

    def _check_for_tests(self) -> None:
        if not _is_clock(self.clock):
            raise InvalidSetting(
                "clock must be real, frozen, a speed such as 60x, or a moment such as"
                " 2026-01-01T00:00:00Z"
            )
        if self.seed and not _SEED.fullmatch(self.seed):
            raise InvalidSetting("seed must be a whole number of at most 18 digits")
        for each in self.key:
            read_fixed_key(each)
        if self.control_token and not _CONTROL_TOKEN.fullmatch(self.control_token):
            raise InvalidSetting(
                "control_token must be ASCII letters, digits and any of -._~+/="
                ", as a header can have them"
            )

    def _check_timeouts(self) -> None:
        for name in TIMEOUTS:
            if not 0 < getattr(self, name) <= _LONGEST_TIMEOUT:
                raise InvalidSetting(f"{name} must be above 0, and at most {_LONGEST_TIMEOUT}")

    @property
    def keeps_journal(self) -> bool:
        """Whether the last requests are kept."""
        return self.ephemeral if self.journal == "auto" else self.journal == "on"

    @property
    def shows_testing(self) -> bool:
        """Whether the dashboard has controls for tests."""
        return self.ephemeral if self.testing == "auto" else self.testing == "on"

    @property
    def limits_scale(self) -> float | None:
        """The number that multiplies the rates of the real service; None for no limits."""
        return _read_scale(self.limits)


SETTINGS = tuple(each for each in fields(Settings) if each.metadata)
"""The fields that are settings, in order."""


def read_fixed_key(text: str) -> tuple[str, str]:
    """Give the name of the account and the key in a value of the setting `key`.

    The name is empty where the value has none. Raises `InvalidSetting`.
    """
    account, separator, key = text.rpartition("=")
    if not _FIXED_KEY.fullmatch(key) or (separator and not account.strip()):
        raise InvalidSetting(
            f"key must be pk_… or ACCOUNT=pk_…, with letters, digits, - and _ after pk_, as in"
            f" pk_test, not {text!r}"
        )
    return account.strip(), key


_CHOICES = (
    *("worker", "pipeline", "http", "log_level", "log_format", "access_log", "journal"),
    *("testing", "metrics"),
    *("retired_revisions", "newer_revisions"),
)
"""The settings that have one of a few values, which their metavar lists."""


def _check_choice(name: str, value: str) -> None:
    choices = Settings.__dataclass_fields__[name].metadata["metavar"].split("|")
    if value not in choices:
        raise InvalidSetting(f"{name} must be {', '.join(choices[:-1])} or {choices[-1]}")


def _is_clock(text: str) -> bool:
    if text in {"real", "frozen"}:
        return True
    if _CLOCK_SPEED.fullmatch(text):
        return 0 < float(text[:-1]) <= FASTEST_CLOCK
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    has_zone = moment.tzinfo is not None or len(text) == len("YYYY-MM-DD")
    return has_zone and CLOCK_YEARS[0] <= moment.year < CLOCK_YEARS[1]


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
    return VARIABLE_PREFIX + name.upper()


def flag(name: str) -> str:
    """Give the flag of a setting."""
    return f"--{name.replace('_', '-')}"
