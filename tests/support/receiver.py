"""A receiver of webhooks: a real HTTP server on a thread, which keeps what it gets."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import msgspec
from standardwebhooks import Webhook as Verifier

from support.process import until

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator


@dataclass
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        return msgspec.json.decode(self.body)

    def verified(self, secret: str) -> Any:
        """The event, if a library of others finds the signature right."""
        return Verifier(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """What was received, and how the next requests are answered.

    `answer` gives a status, or a status and headers. It may take its time.
    """

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], Any] = lambda _: 204

    def wait(self, count: int = 1) -> list[Received]:
        until(lambda: len(self.received) >= count, f"{count} deliveries, not {self.received}")
        return self.received

    @property
    def ids(self) -> list[str]:
        return [each.headers["webhook-id"] for each in self.received]


@contextmanager
def receiving(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver, which speaks https where it has a context."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Received(self.path, headers, body)
            receiver.received.append(got)
            answered = receiver.answer(got)
            status, more = answered if isinstance(answered, tuple) else (answered, {})
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A sender may be gone by the time of the answer."""

    server = Server((host, 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    receiver.url = f"{'https' if tls else 'http'}://{host}:{server.server_port}/hook?a=1"
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
