"""The application: requests in, answers out. Event-loop code: it decides where work runs.

A request without a body is answered on the event loop's own thread, because handing it to another
thread takes ten times as long as answering it. `Database.on_loop` keeps the loop going meanwhile:
on PostgreSQL while a statement waits for its answer, on SQLite by starting a long read again in a
thread. Three kinds of work begin in a thread: counting requests in a store that servers share,
making a page of documentation for the first time, and writes.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from backroom import events
from backroom.api import control, paced
from backroom.api.admission import Known, Refusal
from backroom.api.body_reader import ClientLeft, received
from backroom.api.damage import DamagedAnswer, damaged, send_over_asgi
from backroom.api.observer import Exchange
from backroom.api.reading import Read, refusal_answer, refusal_of
from backroom.api.request import Answer, Request
from backroom.api.routes import PREFIXES
from backroom.api.touch_notes import TouchNotes
from backroom.api.watchers import Watchers
from backroom.catalog.operations import Shape
from backroom.errors import Fault, NotFound, ServerError, Unavailable
from backroom.jobs.lifecycle import MOST_IN_PROGRESS
from backroom.jobs.pacing import Pace, Pacing
from backroom.store.database import TookTooLong
from backroom.store.timed import noting, timing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from backroom.api.admission import Admitted
    from backroom.api.mounted import Mounted
    from backroom.api.observer import Mishap
    from backroom.api.service import Service
    from backroom.store.database import Database
    from backroom.store.jobs import NewJob

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Reply = Callable[[Answer], None]

_REQUEST_THREADS = 16
"""How many requests are counted in another process, or documented, at the same time."""
_LEAVING_WORK = frozenset({Shape.JOB_POST, Shape.DELETE})
"""What leaves something to the worker: a job, or the links of a category that is gone."""

T = TypeVar("T")


class App:
    """Serves one `Service` on one database. `announce` is given accounts that have new work.

    `worker` says where jobs are applied: here, elsewhere, or nowhere, as "missing". `pacing` is
    where a test hangs the pace of jobs.
    """

    def __init__(
        self,
        service: Service,
        database: Database,
        *,
        announce: Callable[[str], None],
        public_url: str = "",
        worker: Callable[[], str] = lambda: "here",
        pacing: Pacing | None = None,
    ) -> None:
        self.public_url = public_url.rstrip("/")
        self._service = service
        self._database = database
        self._waits = service.waits
        self._threads = ThreadPoolExecutor(_REQUEST_THREADS, thread_name_prefix="backroom-request")
        self._announce = announce
        self._worker = worker
        self._pacing = pacing or Pacing()
        self.watchers = Watchers()
        """Who watches requests."""
        self.metrics: control.Shown = None
        """What gives the metrics of the process. They are off where it is None."""
        self._mounted: Mounted | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.touches = TouchNotes(database)

    def mount(self, mounted: Mounted) -> None:
        """Have an application answer what is below `control.PREFIX` and no path of `control`."""
        self._mounted = mounted

    def close(self) -> None:
        """Wait for what threads are at. The event loop has ended."""
        self._threads.shutdown()
        self.touches.flush()
        self._service.close()

    def answer(self, request: Request, reply: Reply) -> None:
        """Answer a request that has no body, now or later, on the event loop."""
        if _is_of_api(request):
            read = Read(self._service, self._database, request)
            if self._pacing.pace is not None:
                reply = paced.counting_reads(self._pacing.pace, lambda: read.admitted, reply)
            watchers = self.watchers
            if watchers.are_there:
                read.began = perf_counter()
                if watchers.tracer is not None:
                    read.tracer = watchers.tracer
                if watchers.active is not None:
                    watchers.change_active(request, 1)
                deliver = self._read if watchers.strikers else self._deliver
                reply = partial(deliver, read, reply)
            self._run(read, reply, in_thread=self._waits)
        elif (mounted := self._mounted_for(request)) is not None:
            task = asyncio.get_running_loop().create_task(self._pass_on(mounted, request, reply))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            path = request.raw_path
            if self.watchers.are_there:
                reply = partial(self._answered_outside, self.watchers.begun(request), reply)
            self._run(partial(self._control, request), reply, in_thread=control.takes_long(path))

    async def answer_with_body(self, request: Request, receive: Receive, reply: Reply) -> None:
        """Answer a request that may have a body, unless its client leaves."""
        try:
            answer = await self.respond(request, receive)
        except ClientLeft:
            return
        reply(answer)

    def refuse(self, request: Request, fault: Fault) -> Answer:
        """Answer a request that was refused before it came here."""
        answer = refusal_answer(self._service, fault, Known(request))
        exchange = Exchange(Known(request))
        exchange.fault = fault
        self.watchers.finished(exchange, answer)
        return answer

    def _read(self, read: Read, reply: Reply, answer: Answer) -> None:
        """Deliver an answer to a request of the API without a body, unless it has a mishap."""
        if read.admitted is not None:
            mishap = self.watchers.mishap_for(read)
            if mishap is not None:
                # It has changed nothing, so it does not matter that it was done.
                answer = self._struck(read, mishap, answer)
                loop = asyncio.get_running_loop()
                loop.call_later(mishap.delay, self._deliver, read, reply, answer)
                return
        self._deliver(read, reply, answer)

    def _answered_outside(self, exchange: Exchange, reply: Reply, answer: Answer) -> None:
        """Deliver an answer to a request outside of the API, and show it."""
        if answer.status == NotFound.status:
            exchange.fault = _no_path()
        self._deliver(exchange, reply, answer)

    def _deliver(self, exchange: Exchange, reply: Reply, answer: Answer) -> None:
        exchange.seconds = perf_counter() - exchange.began
        watchers = self.watchers
        if watchers.active is not None:
            watchers.change_active(exchange.known.request, -1)
        watchers.finished(exchange, answer)
        reply(answer)

    def _struck(self, exchange: Exchange, mishap: Mishap, answer: Answer) -> Answer:
        """Give what a mishap makes of an answer."""
        if mishap.fault is not None:
            exchange.fault = mishap.fault
            answer = self._service.refuse(Refusal(mishap.fault, _known_of(exchange)))
        return answer if mishap.damage is None else damaged(answer, mishap.damage)

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
        mounted = self._mounted_for(request)
        if mounted is not None:
            await mounted(scope, receive, send)
            return
        try:
            answer = await self.respond(request, receive)
        except ClientLeft:
            return
        headers = [*answer.usual.pairs, *answer.headers]
        if answer.status != _NO_CONTENT:
            headers.append((b"content-length", str(answer.length).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if isinstance(answer, DamagedAnswer):
            await send_over_asgi(answer, send)
            return
        await send({"type": "http.response.body", "body": b"".join(answer.parts)})

    async def respond(self, request: Request, receive: Receive) -> Answer:
        """Answer a request that may have a body. Raises `ClientLeft`."""
        is_of_api = _is_of_api(request)
        if not is_of_api and (mounted := self._mounted_for(request)) is not None:
            return await self._answer_of(mounted, request, receive)
        if not is_of_api or request.method in BODILESS:
            answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self.answer(request, partial(_settle, answered))
            return await answered
        events.ABOUT.set((("request_id", request.request_id),))
        if self.watchers.active is None:
            return await self._observed(Exchange(Known(request)), receive)
        self.watchers.change_active(request, 1)
        try:
            return await self._observed(Exchange(Known(request)), receive)
        finally:
            self.watchers.change_active(request, -1)

    async def _observed(self, exchange: Exchange, receive: Receive) -> Answer:
        """Answer a request with a body, and show it to the observer. Raises `ClientLeft`."""
        answer = await self._performed(exchange, receive)
        mishap = exchange.mishap
        if mishap is not None:
            if mishap.after:
                await asyncio.sleep(mishap.delay)
            answer = self._struck(exchange, mishap, answer)
        exchange.end()
        self.watchers.finished(exchange, answer)
        return answer

    async def _performed(self, exchange: Exchange, receive: Receive) -> Answer:
        """Do what a request with a body asks for, unless a mishap prevents it."""
        try:
            admitted = await self._admitted(exchange.known.request)
            exchange.known = admitted
            raw = await received(admitted, receive)
            if self.watchers.are_there:
                exchange.body = raw
            if self.watchers.have_a_say:
                mishap = self.watchers.mishap_for(exchange)
                if mishap is not None and not mishap.after:
                    await asyncio.sleep(mishap.delay)
                    if mishap.replaces_work:
                        return _NOTHING_DONE
            answer = await self._done(exchange, admitted, raw)
        except ClientLeft:
            raise
        except asyncio.CancelledError:
            # The server stops, and waits no longer for this request.
            return refusal_answer(self._service, Unavailable(), _known_of(exchange))
        except Exception as error:  # noqa: BLE001 - each has its answer
            refusal = refusal_of(error, _known_of(exchange))
            exchange.known, exchange.fault = refusal.known, refusal.fault
            return self._service.refuse(refusal)
        if admitted.operation.shape in _LEAVING_WORK:
            self._announce(admitted.account)
        return answer

    async def _done(self, exchange: Exchange, admitted: Admitted, raw: bytes) -> Answer:
        """Do what an admitted request with a body asks for. Raises `Refusal`."""
        body, traced = self._service.read_body(admitted, raw), exchange.traced
        if admitted.operation.shape is Shape.JOB_POST:
            new: NewJob = body if traced is None else body._replace(trace=traced.trace)
            if (pace := self._pacing.pace) is not None:
                return await self._accepted_planned(admitted, new, pace)
            accepting = self._database.accept(new, MOST_IN_PROGRESS)
            if traced is None:
                return self._service.accepted(admitted, new, await accepting)
            with timing("accept a job", traced.statements):
                job_id = await accepting
            return self._service.accepted(admitted, new, job_id)
        work = partial(self._service.perform, admitted, body)
        if traced is not None:
            work = partial(noting, traced.statements, work)
        answer = await self._database.written(events.carried(work))
        self.touches.note(admitted, body)
        return answer

    async def _accepted_planned(self, admitted: Admitted, new: NewJob, pace: Pace) -> Answer:
        """Answer with a job that has done what it may do at once. Raises `Refusal`."""
        new = pace.planned(new)
        job_id = await paced.accept_planned(self._database, pace, new, MOST_IN_PROGRESS)
        answer = self._service.accepted(admitted, new, job_id)
        self._announce(admitted.account)
        await paced.let_go_on(pace, admitted.account, job_id)
        return answer

    def _mounted_for(self, request: Request) -> Mounted | None:
        """Give the application beside the API, where a request is for it."""
        is_ours = _is_of_api(request) or control.is_own(request.raw_path)
        return None if is_ours else self._mounted

    async def _pass_on(self, mounted: Mounted, request: Request, reply: Reply) -> None:
        reply(await self._answer_of(mounted, request, None))

    async def _answer_of(
        self, mounted: Mounted, request: Request, receive: Receive | None
    ) -> Answer:
        """Answer a request by the application beside the API. A `Stream` is an answer too."""
        try:
            return await mounted.answer(request, receive)
        except Exception as error:  # noqa: BLE001 - each has its answer
            return refusal_answer(self._service, error, Known(request))

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
            accept = request.header(b"accept") or ""
            account = partial(self._service.account_of, request)
            asked = control.PathRequest(accept, request.query_string, account)
            method, path = request.method, request.raw_path
            found = control.answer_route(
                method, path, self._database, self._worker(), self.metrics, asked
            )
        except TookTooLong:
            raise
        except Exception as error:  # noqa: BLE001 - each has its answer
            return refusal_answer(self._service, error, known)
        return found or refusal_answer(self._service, _no_path(), known)


def _known_of(exchange: Exchange) -> Known:
    """Give what is known of a request, without what only one that was admitted has."""
    known = exchange.known
    return known if isinstance(known, Known) else known.known


def _no_path() -> NotFound:
    return NotFound("The requested path does not exist.")


_NO_CONTENT = 204
BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
_NOTHING_DONE = Answer(ServerError.status, [], [])
"""Stands for the answer to a request that was not carried out: a mishap replaces it."""


def _settle(future: asyncio.Future[T], result: T) -> None:
    """Settle a future that its waiter may have left."""
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[T], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _is_of_api(request: Request) -> bool:
    return request.raw_path.startswith(PREFIXES)
