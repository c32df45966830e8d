"""The table of the checks of `backroom doctor`, with their words."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from http.client import OK
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import urllib3

from backroom.cli.options import own_url
from backroom.settings import SECRETS, SETTINGS, VARIABLE_PREFIX, InvalidSetting, Settings, variable
from backroom.signals.telemetry import check_exporters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_CHECK_SECONDS = 2.0
_OTHER_VARIABLES = frozenset({"BACKROOM_URL"})
_LEAST_PYTHON = (3, 11)


class Advice(NamedTuple):
    """The result of a check: `ok`, `warning` or `wrong`, its words, and what to do."""

    level: str
    words: str
    todo: str = ""


class Check(NamedTuple):
    """One check, with its words for the reference."""

    name: str
    words: str
    look: Callable[[Settings, Mapping[str, str]], Iterator[Advice]]


def _settings(settings: Settings, environment: Mapping[str, str]) -> Iterator[Advice]:
    for each in SETTINGS:
        value = getattr(settings, each.name)
        if value == each.default:
            continue
        named = variable(each.name)
        origin = next((name for name in (named, f"{named}_FILE") if name in environment), "a flag")
        hidden = each.name in {*SECRETS, "database", "key", "limits_store"}
        yield Advice("ok", f"{each.name} is {'set' if hidden else repr(value)}, by {origin}")


def _variables(_: Settings, environment: Mapping[str, str]) -> Iterator[Advice]:
    known = {variable(each.name) for each in SETTINGS} | _OTHER_VARIABLES
    known |= {f"{variable(name)}_FILE" for name in SECRETS}
    for name in sorted(environment):
        if not name.startswith(VARIABLE_PREFIX) or name in known:
            continue
        names = {each.removeprefix(VARIABLE_PREFIX) for each in known}
        near = get_close_matches(name.removeprefix(VARIABLE_PREFIX), names, n=1)
        todo = (
            f"Did you mean {VARIABLE_PREFIX}{near[0]}?" if near else "Remove it: nothing reads it."
        )
        yield Advice("warning", f"{name} is not a setting of backroom", todo)


def _python(_: Settings, __: Mapping[str, str]) -> Iterator[Advice]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _LEAST_PYTHON:
        yield Advice("wrong", f"Python is {version}", "Install Python 3.11 or later.")
    else:
        yield Advice("ok", f"Python is {version}")
    for library in ("uvloop", "httptools"):
        if find_spec(library) is None:
            yield Advice(
                "warning",
                f"{library} is not installed, so the server is slower",
                f"pip install {library}",
            )


def _telemetry(_: Settings, environment: Mapping[str, str]) -> Iterator[Advice]:
    named = sorted(name for name in environment if name.startswith("OTEL_"))
    if named and find_spec("opentelemetry") is None:
        yield Advice(
            "warning",
            f"{named[0]} asks for OpenTelemetry, which is not installed",
            "pip install 'backroom[otel]'",
        )
        return
    try:
        check_exporters(environment)
    except InvalidSetting as error:
        yield Advice("wrong", str(error), "Correct the variable, or no server starts with it.")


def _port(settings: Settings, _: Mapping[str, str]) -> Iterator[Advice]:
    if not settings.port:
        yield Advice("ok", "port 0 is any free port")
        return
    url = own_url(settings)
    try:
        with urllib3.PoolManager(retries=False) as pool:
            answer = pool.request("GET", f"{url}/health", timeout=_CHECK_SECONDS)
        health = answer.json()
        is_ours = isinstance(health, dict) and "revisions" in health
    except urllib3.exceptions.NewConnectionError:
        yield Advice("ok", f"nobody listens on {url}, so a server can start there")
        return
    except urllib3.exceptions.TimeoutError:
        yield Advice(
            "wrong",
            f"what listens on port {settings.port} does not answer within {_CHECK_SECONDS:g}"
            " seconds",
            "If it is a backroom, look at the load of the machine and at its log, then restart it."
            " Else name another port with --port (BACKROOM_PORT).",
        )
        return
    except (urllib3.exceptions.HTTPError, ValueError):
        is_ours, health = False, {}
    if not is_ours:
        yield Advice(
            "wrong",
            f"another program listens on port {settings.port}",
            "Stop it, or name another port with --port (BACKROOM_PORT).",
        )
        return
    if health["status"] != "ok":
        yield Advice(
            "wrong",
            f"the server at {url} is not ready: it can't write to its database",
            "Mend what the lines of the file and the database say. If all of them are ok, look for"
            " not_ready in the server's log. The server needs no restart.",
        )
    else:
        yield Advice("ok", f"backroom {health.get('version')} answers at {url}, and is ready")
    if health.get("worker") == "missing":
        yield Advice("wrong", "no worker is alive, so jobs wait", "Run `backroom work`.")
    yield from _warned_by_metrics(url)


_WORRYING = {
    "backroom_jobs_set_aside": (
        "jobs are set aside by this server",
        "Its log says which, and why: look for job_set_aside.",
    ),
    "backroom_store_write_failures_total": (
        "writes have failed since this server started",
        "Its log says why: look for store_unavailable, and for job_tried_again.",
    ),
}


def _warned_by_metrics(url: str) -> Iterator[Advice]:
    """Give the warnings of the metrics of a running server, which may show no metrics."""
    try:
        with urllib3.PoolManager(retries=False) as pool:
            answer = pool.request("GET", f"{url}/metrics", timeout=_CHECK_SECONDS)
    except urllib3.exceptions.HTTPError:
        return
    for line in answer.data.decode(errors="replace").splitlines() if answer.status == OK else ():
        name, _, value = line.partition(" ")
        if name in _WORRYING and float(value) > 0:
            words, todo = _WORRYING[name]
            yield Advice("warning", f"{float(value):g} {words}", todo)


def _limits_store(settings: Settings, _: Mapping[str, str]) -> Iterator[Advice]:
    if not settings.limits_store:
        return
    try:
        from redis import Redis, RedisError
    except ImportError:
        yield Advice(
            "wrong",
            "the store of limits needs a library that is not installed",
            "pip install 'backroom[postgres]'",
        )
        return
    url = settings.limits_store.replace("valkey", "redis", 1)
    try:
        Redis.from_url(
            url, socket_timeout=_CHECK_SECONDS, socket_connect_timeout=_CHECK_SECONDS
        ).ping()
    except (RedisError, OSError, ValueError):
        yield Advice(
            "warning",
            "the store of limits does not answer, so each server counts alone",
            "Start it, or name another with BACKROOM_LIMITS_STORE.",
        )
    else:
        yield Advice("ok", "the store of limits answers")


def _public_url(settings: Settings, _: Mapping[str, str]) -> Iterator[Advice]:
    if not settings.public_url:
        return
    try:
        with urllib3.PoolManager(retries=False) as pool:
            pool.request("GET", f"{settings.public_url.rstrip('/')}/health", timeout=_CHECK_SECONDS)
    except urllib3.exceptions.HTTPError as error:
        yield Advice(
            "wrong",
            f"{settings.public_url} does not answer: {type(error).__name__}",
            "Look at the proxy before the server, or set --public-url anew.",
        )
    else:
        yield Advice("ok", f"{settings.public_url} answers")


CHECKS_AROUND = (
    Check("settings", "Which settings are not the default, and where each comes from.", _settings),
    Check(
        "variables", "Variables that begin with BACKROOM_, and that no setting reads.", _variables
    ),
    Check("program", "The version of Python, and libraries that make a server fast.", _python),
    Check(
        "telemetry",
        "Whether the libraries that the OTEL_ variables need are installed.",
        _telemetry,
    ),
    Check(
        "port",
        "Whether the port is free, or who has it; whether a server is ready, and its warnings.",
        _port,
    ),
    Check("limits store", "Whether the store of limits answers, if one is set.", _limits_store),
)
"""The checks of what is around the database."""
PUBLIC = Check("public url", "Whether the public URL answers; only with --public.", _public_url)
