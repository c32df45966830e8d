"""The short way for plain GETs, and all else that relies on uvicorn's private parts.

An ASGI server starts a task for each request and passes messages between the task and the
connection. Reading one job takes less time than that. So a plain GET takes a short way: the
application is called in the very call of the parser that completed the head, and the answer is
written in one piece. All other requests (with a body, of HTTP 1.0, the last one of a connection,
pipelined behind an answer that is still due, from a client that reads too slowly) take uvicorn's
own way, the long way, to the same application.

What happens, in order, for each request of a connection:

1. `on_message_begin`: the parser has seen the start of a request. uvicorn would build an ASGI scope
   here; `HttpProtocol` only resets the three attributes that the parser's next callbacks fill.
2. `on_url`, `on_header`: uvicorn's own; they collect `url` and `headers`.
3. `on_headers_complete`: the head is whole. If it is a plain GET, `App.answer` gets a `Request` and
   calls `_Exchange.reply` with the answer: at once on SQLite, in a later turn of the event loop on
   PostgreSQL. If not, the work that step 1 left out is done now, and uvicorn goes on.
4. `send`: head and body are written, and uvicorn's `on_response_complete` arms the keep-alive timer
   or starts the next request that waits.

Why this is safe:

- Answers keep the order of their requests. A GET takes the short way only if no answer is due on
  the connection. While its own answer is due, `cycle` is an `_Exchange` that is not complete, and
  uvicorn puts each further request into its pipeline, which step 4 empties.
- uvicorn keeps what it wants from the request under way in `cycle`. `_Exchange` stands there in the
  place of uvicorn's own class, with all attributes that uvicorn reads or sets from outside: the
  connection was lost (`disconnected`), the server stops (`keep_alive`), the request's end arrived
  (`more_body`, `message_event`).
- Memory is bounded. A client that does not read its answers fills the transport's buffer until
  uvicorn sets `flow.write_paused`; from then on requests take the long way, which waits.
- Nothing is raised into the parser: `App.answer` makes an answer of every exception.

None of this is a public interface, and uvicorn may change it in any release. `fault` finds out
before a server starts: it looks for all names that this module uses, and then has two connections
in memory answered. If anything differs, the server uses uvicorn's public interface alone, which is
slower and otherwise the same.
"""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

import uvicorn

from backroom.api.headers import lines
from backroom.api.request import Answer, Request

# A uvicorn without this class is served by its public interface: `fault` says why.
try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
except ImportError as error:
    _not_imported: str | None = str(error)
    HttpToolsProtocol = asyncio.Protocol  # type: ignore[misc, assignment]
else:
    _not_imported = None

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    from backroom.api.app import App
    from backroom.api.headers import Headers

    Message = MutableMapping[str, Any]

_RELIED_ON = (
    # Methods that are overridden, or called.
    "on_message_begin",
    "on_url",
    "on_header",
    "on_headers_complete",
    "on_response_complete",
    "shutdown",
    # The connection: its transport, its parser of httptools, and "http" or "https".
    "transport",
    "parser",
    "scheme",
    # Whether the client reads too slowly.
    "flow.write_paused",
    # The `date` header, which uvicorn writes anew once a second.
    "server_state.default_headers",
    # What the parser's callbacks collect of a request.
    "headers",
    "expect_100_continue",
    # The request under way, with its answer.
    "cycle",
)
"""Attributes of uvicorn's protocol for httptools, by what `HttpProtocol` does with them."""

_STATUS_LINES = {
    each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus
}
_BODIES = frozenset({b"content-length", b"transfer-encoding"})
"""Headers of a request that may have a body."""


class _Exchange:
    """A request on the short way and its answer, with the attributes that uvicorn reads and sets.

    uvicorn finds it as `cycle` of the connection.
    """

    __slots__ = ("_protocol", "disconnected", "keep_alive", "more_body", "response_complete")

    message_event = asyncio.Event()
    """Set by uvicorn when a part of the body has come. Nothing waits for it: there is no body."""

    def __init__(self, protocol: HttpProtocol) -> None:
        self._protocol = protocol
        self.disconnected = False
        self.keep_alive = True
        self.response_complete = False

    def reply(self, answer: Answer) -> None:
        """Send the answer, unless the client has gone."""
        # First: `send` lets uvicorn start the next request, which looks at this one.
        self.response_complete = True
        if not self.disconnected:
            self._protocol.send(answer, keep_alive=self.keep_alive)


class HttpProtocol(HttpToolsProtocol):
    """One connection, on which plain GETs take the short way. `protocol_for` gives it an `App`."""

    front: ClassVar[App]
    cycle: Any

    def on_message_begin(self) -> None:
        """Reset what the parser collects. The ASGI scope is built when a request needs one."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_headers_complete(self) -> None:
        """Have the request answered, by the short way or by uvicorn's own."""
        if self._is_plain():
            headers = dict(self.headers)
            if _BODIES.isdisjoint(headers):
                path, _, query = self.url.partition(b"?")
                self.cycle = _Exchange(self)
                request = Request(
                    "GET", path, query, headers, self.scheme or "http", self.front.public_url
                )
                self.front.answer(request, self.cycle.reply)
                return
        # uvicorn begins the request now. That resets what the parser has collected, and puts the
        # new list of headers into the scope: so the collected headers go into that very list.
        url, collected = self.url, self.headers
        super().on_message_begin()
        self.url = url
        self.headers += collected
        super().on_headers_complete()

    def _is_plain(self) -> bool:
        """Whether this is an ordinary GET. The cheapest, most selective checks come first."""
        parser, url = self.parser, self.url
        return (
            parser.get_method() == b"GET"
            # Otherwise this answer would overtake the one that is due.
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and parser.get_http_version() == "1.1"
            and not self.expect_100_continue
            # uvicorn alone handles a whole URL, and a target that is not a URL at all.
            and url.startswith(b"/")
            and url.isascii()
            and b"#" not in url
        )

    def send(self, answer: Answer, *, keep_alive: bool) -> None:
        """Write an answer at once, and be ready for the next request."""
        head = (
            _STATUS_LINES[answer.status],
            lines(self.server_state.default_headers),
            answer.usual.lines,
            lines(answer.headers),
            # `keep_alive` is false when the server began to stop after this request had come.
            b"" if keep_alive else b"connection: close\r\n",
            b"content-length: %d\r\n\r\n" % answer.length,
        )
        # One buffer is sent at once; several take a request of the event loop, and cost more than
        # the copy does.
        self.transport.write(b"".join((*head, *answer.parts)))
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()


def protocol_for(app: App) -> type[asyncio.Protocol]:
    """Give the class of connections to an application, as `uvicorn.Config(http=...)` takes it."""
    return type("HttpProtocol", (HttpProtocol,), {"front": app})


class _Cased(bytes):
    """A header's name that uvicorn leaves as it is written.

    On the long way, uvicorn's protocol for httptools lower-cases each name by calling its
    `lower()`. Names of headers have no case, but some official SDKs hand them over as a plain dict,
    whose users look for `X-Klaviyo-Api-Revision`. If uvicorn stops calling `lower()` on the name
    itself, names become lower case, and nothing else changes. Its protocol for h11 leaves names
    as they are anyway.
    """

    __slots__ = ()

    def lower(self) -> _Cased:
        return self


class _CasedNames(dict[bytes, _Cased]):
    """Each name of a header, made once. They are few: all stand in our code."""

    def __missing__(self, name: bytes) -> _Cased:
        made = self[name] = _Cased(name)
        return made


_cased_names = _CasedNames()


def as_written(headers: Headers) -> Headers:
    """Give headers for the long way whose names keep the case in which they are written."""
    return [(_cased_names[name], value) for name, value in headers]


def fault() -> str | None:
    """Say what in the installed uvicorn the short way can't work with; None if all is well."""
    if _not_imported is not None:
        return _not_imported
    loop = asyncio.new_event_loop()
    try:
        return _missing_member(_Trial(loop)) or _misanswered(loop)
    except Exception as error:  # noqa: BLE001 - whatever it is, the long way works without
        return f"{type(error).__name__}: {error}"
    finally:
        loop.close()


def _missing_member(trial: _Trial) -> str | None:
    for path in _RELIED_ON:
        found: Any = trial.connection
        for name in path.split("."):
            if not hasattr(found, name):
                return f"its protocol for httptools has no `{path}`"
            found = getattr(found, name)
    return None


def _misanswered(loop: asyncio.AbstractEventLoop) -> str | None:
    """Have requests answered on connections in memory: in order, and each by its way."""
    ordinary = _Trial(loop)
    ordinary.ask("GET /1", "GET /2", "POST /3", "GET /4")
    ordinary.ask("GET /5")
    ordinary.ask("GET /6", header="Connection: close")
    expected = ["short /1", "short /2", "long /3", "long /4", "short /5", "long /6"]
    if ordinary.answers != expected or not ordinary.transport.is_closing():
        return f"a connection was answered {ordinary.answers} instead of {expected}"
    stopping = _Trial(loop)
    stopping.ask("GET /late")
    stopping.connection.shutdown()
    stopping.reply_late()
    if b"connection: close\r\n" not in stopping.transport.written:
        return "an answer that was due when the server stopped did not close its connection"
    lost = _Trial(loop)
    lost.ask("GET /late")
    lost.connection.connection_lost(None)
    lost.reply_late()
    return "a lost connection was written to" if lost.transport.written else None


class _Trial:
    """A connection in memory to an application that answers with the way and the path.

    Only `/late` is answered when `reply_late` is called.
    """

    public_url = ""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        app: Any = self
        http = protocol_for(app)
        config = uvicorn.Config(
            app, http=http, interface="asgi3", lifespan="off", log_config=None, access_log=False
        )
        state = uvicorn.Server(config).server_state
        self._loop = loop
        self._late: list[Callable[[], None]] = []
        self.transport = _Memory()
        self.connection: Any = http(config=config, server_state=state, app_state={}, _loop=loop)  # type: ignore[call-arg]
        self.connection.connection_made(self.transport)

    def answer(self, request: Request, reply: Callable[[Answer], None]) -> None:
        answer = Answer(200, [b"short ", request.raw_path.encode()], [])
        if request.raw_path == "/late":
            self._late.append(lambda: reply(answer))
        else:
            reply(answer)

    async def __call__(
        self, scope: Message, _: object, send: Callable[[Message], Awaitable[None]]
    ) -> None:
        body = b"long " + scope["raw_path"]
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def ask(self, *requests: str, header: str = "Content-Type: text/plain") -> None:
        """Send requests in one piece, and let the loop turn until all that is due is written."""
        sent = [f"{each} HTTP/1.1\r\nHost: here\r\n{header}\r\n\r\n" for each in requests]
        self.connection.data_received("".join(sent).encode())
        for _ in range(4 * len(requests)):
            self._loop.run_until_complete(asyncio.sleep(0))

    def reply_late(self) -> None:
        for reply in self._late:
            reply()

    @property
    def answers(self) -> list[str]:
        return [
            each.decode() for each in re.findall(rb"(?:short|long) /\d", self.transport.written)
        ]


class _Memory(asyncio.Transport):
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.written += b"".join(list_of_data)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    def pause_reading(self) -> None:
        """Nothing is read."""

    def resume_reading(self) -> None:
        """Nothing is read."""
