"""The ASGI application: the one async module. It moves bytes and decides where a call runs.

Reads are answered on the event loop's own thread: a read of SQLite takes a tenth of what a hop to
another thread does. Writes go to the store's writer and are awaited.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from backroom.api import control
from backroom.api.bodies import BodyReader
from backroom.api.request import Answer, Call, Request
from backroom.catalog.operations import Shape
from backroom.errors import Fault, NotFound, ServerError, Unavailable
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from backroom.api.answer import Service

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

log = logging.getLogger(__name__)


class ClientLeft(Exception):  # noqa: N818 - an event, not an error
    """The client went away before its request was whole."""


class App:
    """Serves one `Service`. `nudge` is called when a job was accepted."""

    def __init__(
        self, service: Service, *, public_url: str = "", nudge: Callable[[], None] = lambda: None
    ) -> None:
        self._service = service
        self._public_url = public_url.rstrip("/")
        self._nudge = nudge

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        call = Call(Request(scope, self._public_url))
        try:
            answer = await self._answer(call, receive)
        except Fault as fault:
            answer = self._service.refuse(call, fault)
        except ClientLeft:
            return
        except StoreUnavailable:
            log.exception("the store is unavailable")
            answer = self._service.refuse(call, Unavailable())
        except Exception:
            log.exception("request %s failed", call.request_id)
            answer = self._service.refuse(call, ServerError())
        length = (b"content-length", str(len(answer.body)).encode())
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [*answer.headers, length],
            }
        )
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, call: Call, receive: Receive) -> Answer:
        request, service = call.request, self._service
        if not request.raw_path.startswith("/api/"):
            return self._control(request)
        service.admit(call)
        if request.method == "OPTIONS":
            return service.options(call)
        if call.operation.method == "GET":
            with service.database.read() as tx:
                document = service.perform(call, tx)
            return service.finish(call, document)
        service.take_body(call, await self._body(call, receive))
        written = service.database.write(partial(service.perform, call))
        document = await asyncio.wrap_future(written)
        if call.operation.shape is Shape.JOB_POST:
            self._nudge()
        return service.finish(call, document)

    def _control(self, request: Request) -> Answer:
        answer = control.answer(request.method, request.raw_path, self._service.database)
        if answer is None:
            raise NotFound("The requested path does not exist.")
        return answer

    @staticmethod
    async def _body(call: Call, receive: Receive) -> bytes:
        assert call.revision is not None  # noqa: S101 - for the type checker
        reader = BodyReader(call.request, call.revision)
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientLeft
            reader.feed(message.get("body", b""))
            if not message.get("more_body", False):
                return reader.end()
