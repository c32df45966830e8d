"""The ASGI application: the async module of the API. Moves bytes, decides where a call runs.

What a call's head asks for is done on the event loop's own thread, for that takes a tenth of what
a hop to another does: at once on SQLite, set aside while it waits for PostgreSQL. Only where limits
are counted in another process do threads wait. Writes go to the store and are awaited.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from backroom.api import control
from backroom.api.bodies import BodyReader
from backroom.api.handlers import jobs
from backroom.api.request import Answer, Call, Request
from backroom.catalog.operations import Shape
from backroom.errors import Fault, NotFound, ServerError, Unavailable
from backroom.jobs.lifecycle import MOST_IN_PROGRESS
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from backroom.api.answer import Service
    from backroom.api.documents import Document, Parts

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

_THREADS = 16
"""How many reads are under way at once, where they are answered in threads."""
_LEAVING_WORK = frozenset({Shape.JOB_POST, Shape.DELETE})
"""What leaves something to the worker: a job, or the links of a category that is gone."""

log = logging.getLogger(__name__)
T = TypeVar("T")


class ClientLeft(Exception):  # noqa: N818 - an event, not an error
    """The client went away before its request was whole."""


class App:
    """Serves one `Service`. `nudge` is called with the account that has work for a worker."""

    def __init__(
        self, service: Service, *, nudge: Callable[[str], None], public_url: str = ""
    ) -> None:
        self.public_url = public_url.rstrip("/")
        self._service = service
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="backroom-reader")
        self._nudge = nudge

    def answer(self, request: Request, reply: Callable[[Answer], None]) -> None:
        """Answer one request that has no body, now or from the event loop."""
        call = Call(request)
        if self._is_inline(call):
            reply(self._settled(call))
        else:
            answering = self._aside(self._settled, call)
            answering.add_done_callback(lambda done: reply(done.result()))

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, whatever it is."""
        if scope["type"] != "http":
            return
        call = Call(Request.of_scope(scope, self.public_url))
        try:
            answer = await self._answer(call, receive)
        except ClientLeft:
            return
        except Exception as error:  # noqa: BLE001 - each has its answer
            answer = self._refused(call, error)
        headers = [*answer.usual.pairs, *answer.headers]
        if answer.status != HTTPStatus.NO_CONTENT:
            headers.append((b"content-length", str(answer.length).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"".join(answer.parts)})

    async def _answer(self, call: Call, receive: Receive) -> Answer:
        service = self._service
        if self._is_inline(call):
            answer = self._begin(call)
        else:
            answer = await self._aside(self._begin, call)
        if answer is not None:
            return answer
        service.take_body(call, await self._body(call, receive))
        if call.operation.shape is Shape.JOB_POST:
            new = jobs.new_job(call)
            stored = await service.database.accept(new, MOST_IN_PROGRESS)
            document: Document | Parts | None = jobs.accepted(call, new, stored)
        else:
            document = await service.database.written(partial(service.perform, call))
        if call.operation.shape in _LEAVING_WORK:
            self._nudge(call.account)
        return service.finish(call, document)

    def _is_inline(self, call: Call) -> bool:
        """Whether the head of a call is dealt with on the event loop itself."""
        # Whether this process lives is answered even while all threads wait for the database.
        path = call.request.raw_path
        return self._service.inline or not (_is_of_api(path) or control.asks_database(path))

    def _aside(self, work: Callable[[Call], T], call: Call) -> asyncio.Future[T]:
        """Have work done on a call while the event loop goes on."""
        if self._service.limits_here:
            return self._service.database.on_loop(partial(work, call))
        return asyncio.get_running_loop().run_in_executor(self._threads, work, call)

    def _settled(self, call: Call) -> Answer:
        """Answer a call that has no body, whatever happens."""
        try:
            answer = self._begin(call)
        except Exception as error:  # noqa: BLE001 - each has its answer
            return self._refused(call, error)
        assert answer is not None, call.request.method  # noqa: S101 - it would have a body
        return answer

    def _begin(self, call: Call) -> Answer | None:
        """Admit a call, and answer it where it has no body. Runs where reads run."""
        service = self._service
        if not _is_of_api(call.request.raw_path):
            return self._control(call)
        service.admit(call)
        if call.request.method == "OPTIONS":
            return service.options(call)
        if call.operation.method != "GET":
            return None
        with service.database.read() as tx:
            document = service.perform(call, tx)
        return service.finish(call, document)

    def _control(self, call: Call) -> Answer:
        request = call.request
        answer = control.answer(request.method, request.raw_path, self._service.database)
        if answer is None:
            raise NotFound("The requested path does not exist.")
        return answer

    def _refused(self, call: Call, error: Exception) -> Answer:
        """Make the answer of whatever went wrong."""
        if isinstance(error, Fault):
            return self._service.refuse(call, error)
        if isinstance(error, StoreUnavailable):
            log.error("the store is unavailable: %s", error)
            return self._service.refuse(call, Unavailable())
        log.error("request %s failed", call.request_id, exc_info=error)
        return self._service.refuse(call, ServerError())

    @staticmethod
    async def _body(call: Call, receive: Receive) -> bytes:
        if not call.operation.has_body:
            return b""
        reader = BodyReader(call.request, call.at)
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientLeft
            reader.feed(message.get("body", b""))
            if not message.get("more_body", False):
                return reader.end()


def _is_of_api(path: str) -> bool:
    return path.startswith("/api/")
