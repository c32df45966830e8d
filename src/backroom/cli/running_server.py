"""Commands talk to a running server through its control API, with its token."""

from __future__ import annotations

import json
import sys
from functools import update_wrapper
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import click
import msgspec
import urllib3

from backroom.api.control import PREFIX
from backroom.cli import EXIT_UNREACHABLE
from backroom.cli.options import checked_url, own_url, settings_from
from backroom.cli.printable import printable
from backroom.control.route import given_members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PATIENCE_SECONDS = 120.0
_LARGEST_GOOD = 299
_PART_READ_BYTES = 65_536
_NAMING_SETTINGS = ("url", "control_token", "control_token_file")
with_account = click.option(
    "--account", metavar="NAME", help="The name or the id of the account; the default without it."
)


class RunningServer:
    """The server that a command talks to."""

    def __init__(self, url: str, token: str, patience: float = _PATIENCE_SECONDS) -> None:
        """`patience` is in seconds: how long an answer may take."""
        self._url = url.rstrip("/").removesuffix(PREFIX) + PREFIX
        self._token = token
        self._patience = patience

    def waiting(self, seconds: float) -> RunningServer:
        """Give the same server, whose answers may take so much longer."""
        return RunningServer(self._url, self._token, self._patience + seconds)

    def ask(self, method: str, path: str, body: Any = None, /, **query: str | None) -> Any:
        """Send one request, and give the answer. Ends the command where it is refused."""
        sent = None if body is None else msgspec.json.encode(body)
        with urllib3.PoolManager(retries=False, timeout=self._patience) as pool:
            answer = self._send(pool, method, path, query, body=sent)
            return _result(answer.status, answer.data)

    def follow(self, path: str, /, **query: str | None) -> Iterator[Any]:
        """Give the events of a stream as they come. Ends the command where it is refused."""
        endless = urllib3.Timeout(connect=_PATIENCE_SECONDS, read=None)
        with urllib3.PoolManager(retries=False, timeout=endless) as pool:
            answer = self._send(pool, "GET", path, query, preload_content=False)
            if answer.status > _LARGEST_GOOD:
                _result(answer.status, answer.read())
            for line in _lines_of_stream(answer):
                name, _, value = line.partition(b": ")
                if name == b"data":
                    yield msgspec.json.decode(value)

    def _send(
        self,
        pool: urllib3.PoolManager,
        method: str,
        path: str,
        query: dict[str, str | None],
        **options: Any,
    ) -> urllib3.BaseHTTPResponse:
        given = given_members(**query)
        url = f"{self._url}{path}{'?' if given else ''}{urlencode(given)}"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            return pool.request(method, url, headers=headers, **options)
        except urllib3.exceptions.HTTPError:
            click.echo(f"Error: No server answers at {self._url}.", err=True)
            sys.exit(EXIT_UNREACHABLE)


def _lines_of_stream(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Give the lines of a body as they come. A server that stops ends them."""
    held = b""
    try:
        while part := answer.read1(_PART_READ_BYTES):
            *whole, held = (held + part).split(b"\n")
            yield from whole
    except urllib3.exceptions.HTTPError:
        return


def _result(status: int, body: bytes) -> Any:
    try:
        found = msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise click.ClickException("What answers is not the control API of backroom.") from None
    if status <= _LARGEST_GOOD:
        return found
    words = found.get("error") if isinstance(found, dict) else None
    if not isinstance(words, str):
        raise click.ClickException(f"The server has answered {status}. Is it backroom?")
    raise click.ClickException(printable(words))


def on_server(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command a `RunningServer`, and the options that name it."""

    def called(**given: Any) -> Any:
        server = server_named({name: given.pop(name) for name in _NAMING_SETTINGS})
        return command(server, **given)

    return with_server(update_wrapper(called, command))


def server_named(flags: dict[str, str | None]) -> RunningServer:
    """Give the server that the options of `with_server` name. Raises `click.UsageError`."""
    settings = settings_from({name: flags[name] for name in _NAMING_SETTINGS if name != "url"})
    if not settings.control_token:
        raise click.UsageError(
            "The control API needs its token: give --control-token or BACKROOM_CONTROL_TOKEN."
            " The server has printed it at its start."
        )
    return RunningServer(flags["url"] or own_url(settings), settings.control_token)


def with_server(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that name a running server."""
    for decorate in reversed(
        (
            click.option(
                "--url",
                envvar="BACKROOM_URL",
                show_envvar=True,
                callback=checked_url,
                help="The URL of the server.  [default: by BACKROOM_HOST and BACKROOM_PORT]",
            ),
            click.option(
                "--control-token",
                metavar="TOKEN",
                help="The token of the server's control API.  [BACKROOM_CONTROL_TOKEN]",
            ),
            click.option(
                "--control-token-file",
                metavar="PATH",
                help="A file that has the token.  [BACKROOM_CONTROL_TOKEN_FILE]",
            ),
        )
    ):
        command = decorate(command)
    return command


def show(document: Any) -> None:
    """Print an answer as one line of JSON."""
    click.echo(json.dumps(document))


def member_pairs(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> dict[str, Any]:
    """Read the members of a body: NAME=VALUE, with JSON or a text as the value, or an object."""
    found: dict[str, Any] = {}
    for text in texts:
        if text.startswith("{"):
            try:
                found |= msgspec.json.decode(text, type=dict[str, Any])
            except msgspec.MsgspecError as error:
                raise click.BadParameter(f"{text!r} is not a JSON object: {error}") from None
            continue
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE, and no JSON object.")
        try:
            found[name] = msgspec.json.decode(value)
        except msgspec.MsgspecError:
            found[name] = value
    return found
