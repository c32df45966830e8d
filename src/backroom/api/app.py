"""The application: requests in, answers out. Event-loop code: it decides where work runs.

What a request's head asks for is done on the event loop's own thread, because handing it to another
thread takes ten times as long as doing it. The database sees to it that the loop goes on meanwhile
(`Database.on_loop`): PostgreSQL while a statement waits for its answer, SQLite by beginning a read
that takes long again in a thread. Three kinds of work begin in a thread: what counts requests in
another process, pages of documentation that are made when they are first asked for, and writes.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from backroom.api import control
from backroom.api.admission import Known, Refusal
from backroom.api.body_reader import BodyReader
from backroom.api.request import Answer, Request
from backroom.api.routes import PREFIXES
from backroom.catalog.operations import Shape
from backroom.errors import Fault, NotFound, ServerError, Unavailable
from backroom.jobs.lifecycle import MOST_IN_PROGRESS
from backroom.store.database import StoreUnavailable, TookTooLong

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from backroom.api.admission import Admitted
    from backroom.api.service import Service
    from backroom.store.database import Database

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Reply = Callable[[Answer], None]

_THREADS = 16
"""How many requests are counted in another process, or documented, at the same time."""
_LEAVING_WORK = frozenset({Shape.JOB_POST, Shape.DELETE})
"""What leaves something to the worker: a job, or the links of a category that is gone."""

log = logging.getLogger(__name__)
T = TypeVar("T")


class ClientLeft(Exception):
    """The client went away before its request was whole."""


class App:
    """Serves one `Service` on one database. `announce` is given accounts that have new work.

    `worker` says where jobs are applied: here, elsewhere, or nowhere, as "missing".
    """

    def __init__(
        self,
        service: Service,
        database: Database,
        *,
        announce: Callable[[str], None],
        public_url: str = "",
        worker: Callable[[], str] = lambda: "here",
    ) -> None:
        self.public_url = public_url.rstrip("/")
        self._service = service
        self._database = database
        self._waits = service.waits
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="backroom-request")
        self._announce = announce
        self._worker = worker

    def close(self) -> None:
        """Wait for what threads are at. The event loop has ended."""
        self._threads.shutdown()

    def answer(self, request: Request, reply: Reply) -> None:
        """Answer a request that has no body, now or later, on the event loop."""
        if _is_of_api(request):
            read: Callable[[], Answer] = _Read(self._service, self._database, request)
            self._run(read, reply, in_thread=self._waits)
        else:
            path = request.raw_path
            self._run(partial(self._control, request), reply, in_thread=control.takes_long(path))

    def refuse(self, request: Request, fault: Fault) -> Answer:
        """Answer a request that was refused before it came here."""
        return _refusal_answer(self._service, fault, Known(request))

    def _run(self, work: Callable[[], T], deliver: Callable[[T], None], *, in_thread: bool) -> None:
        """Have work done without the event loop waiting for it; it raises nothing."""
        if not in_thread:
            self._database.on_loop(work, deliver)
            return
        done = asyncio.get_running_loop().run_in_executor(self._threads, work)
        done.add_done_callback(lambda each: deliver(each.result()))

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, whatever it is."""
        if scope["type"] != "http":
            return
        request = Request.of_scope(scope, self.public_url)
        try:
            answer = await self.respond(request, receive)
        except ClientLeft:
            return
        except asyncio.CancelledError:
            # The server stops, and waits no longer for this request.
            answer = self._service.refuse(Refusal(Unavailable(), Known(request)))
        headers = [*answer.usual.pairs, *answer.headers]
        if answer.status != _NO_CONTENT:
            headers.append((b"content-length", str(answer.length).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"".join(answer.parts)})

    async def respond(self, request: Request, receive: Receive) -> Answer:
        """Answer a request that may have a body. Raises `ClientLeft`."""
        if not _is_of_api(request) or request.method in BODILESS:
            answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self.answer(request, partial(_settle, answered))
            return await answered
        known = Known(request)
        try:
            admitted = await self._admitted(request)
            known = admitted.known
            body = self._service.read_body(admitted, await _received(admitted, receive))
            if admitted.operation.shape is Shape.JOB_POST:
                job_id = await self._database.accept(body, MOST_IN_PROGRESS)
                answer = self._service.accepted(admitted, body, job_id)
            else:
                work = partial(self._service.perform, admitted, body)
                answer = await self._database.written(work)
        except ClientLeft:
            raise
        except Exception as error:  # noqa: BLE001 - each has its answer
            return _refusal_answer(self._service, error, known)
        if admitted.operation.shape in _LEAVING_WORK:
            self._announce(admitted.account)
        return answer

    async def _admitted(self, request: Request) -> Admitted:
        """Admit a request whose body is still to come. Raises `Refusal`."""
        outcome: asyncio.Future[Admitted] = asyncio.get_running_loop().create_future()

        def admit() -> Callable[[], None]:
            try:
                admitted = self._service.admit(request)
            except TookTooLong:
                raise
            except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
                return partial(_fail, outcome, error)
            return partial(_settle, outcome, admitted)

        self._run(admit, lambda settle: settle(), in_thread=self._waits)
        return await outcome

    def _control(self, request: Request) -> Answer:
        """Answer a request outside of the API."""
        known = Known(request)
        try:
            found = control.answer_route(
                request.method, request.raw_path, self._database, self._worker()
            )
        except TookTooLong:
            raise
        except Exception as error:  # noqa: BLE001 - each has its answer
            return _refusal_answer(self._service, error, known)
        missing = NotFound("The requested path does not exist.")
        return found or _refusal_answer(self._service, missing, known)


_NO_CONTENT = 204
BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})


class _Read:
    """A request without a body, being answered.

    The database may begin it again in a thread where it takes long on the event loop. Then it is
    not admitted again: it would count twice.
    """

    __slots__ = ("_admitted", "_database", "_request", "_service")

    def __init__(self, service: Service, database: Database, request: Request) -> None:
        self._service = service
        self._database = database
        self._request = request
        self._admitted: Admitted | None = None

    def __call__(self) -> Answer:
        """Give the answer, whatever happens. Raises only `TookTooLong`."""
        service = self._service
        try:
            if self._request.method == "OPTIONS":
                return service.options(self._request)
            if self._admitted is None:
                self._admitted = service.admit(self._request)
            with self._database.read() as tx:
                return service.perform(self._admitted, None, tx)
        except TookTooLong:
            raise
        except Exception as error:  # noqa: BLE001 - each has its answer
            known = Known(self._request) if self._admitted is None else self._admitted.known
            return _refusal_answer(service, error, known)


def _refusal_answer(service: Service, error: Exception, known: Known) -> Answer:
    """Make the answer of whatever went wrong."""
    if isinstance(error, Refusal):
        return service.refuse(error)
    if isinstance(error, Fault):
        return service.refuse(Refusal(error, known))
    if isinstance(error, StoreUnavailable):
        log.error("the store is unavailable: %s", error)
        return service.refuse(Refusal(Unavailable(), known))
    log.error("request %s failed", known.request.request_id, exc_info=error)
    return service.refuse(Refusal(ServerError(), known))


async def _received(admitted: Admitted, receive: Receive) -> bytes:
    """Receive the body of a request. Raises `ClientLeft`, or a fault."""
    if not admitted.operation.has_body:
        return b""
    reader = BodyReader(admitted.request, admitted.revision)
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        reader.feed(message.get("body", b""))
        if not message.get("more_body", False):
            return reader.end()


def _settle(future: asyncio.Future[T], result: T) -> None:
    """Settle a future that its waiter may have left."""
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[T], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _is_of_api(request: Request) -> bool:
    return request.raw_path.startswith(PREFIXES)
