"""A client that keeps within the limits of a server, asks little, and measures what it waits for.

The ends of many jobs are read from the list of jobs: one request for a hundred of them. To ask for
each job alone would use up the limit of that operation as fast as posting uses up its own.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from backroom.feeds.api_client import FINAL_STATUSES, SUCCESSES, ApiClient, finished_job
from backroom.feeds.api_documents import (
    BlockDocument,
    BlocksDocument,
    JobDocument,
    JobPageDocument,
    MarkDocument,
)
from backroom.feeds.client_errors import LostAnswerError, RefusedError, UnreachableError
from backroom.feeds.measures import Measures
from backroom.feeds.own_account import account_of_key
from backroom.feeds.pacing import Pacer, operation_of
from backroom.feeds.waits import WaitCause, Waits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import urllib3

    from backroom.catalog.kinds import JobKind, Kind
    from backroom.feeds.api_client import FinishedJob
    from backroom.feeds.api_documents import JobAttributes, JobInList
    from backroom.feeds.encoding import EncodedRow

_Document = TypeVar("_Document")

CHANGES = "/_backroom/changes"
"""A push that stays asks its source at this path and below it. The path is outside of the API."""
_FEW_JOBS = 4
"""The client asks for so many jobs of a kind one by one."""
_FIRST_PAUSE_SECONDS = 0.02
_LEAST_LIST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 1.0
_MOST_PAGES = 5
_MANY_TRIES = 1_000_000
_BUSY_PAUSE_SECONDS = 1.0
_MOST_DAMAGED = 5
"""How often the client sends a request if the answer does not come from this API."""
_DAMAGED_PAUSE_SECONDS = 0.2
_TOO_MANY_JOBS = "jobs in progress"
"""Words of the documentation: how the service refuses a job beyond 500 was never recorded."""


class PacedClient(ApiClient):
    """A client of one account of one server that never asks too fast."""

    most_tries = _MANY_TRIES

    def __init__(self, url: str, key: str, revision: str, timeout: float) -> None:
        super().__init__(url, key, revision, timeout)
        self._patience = timeout
        self.pacer = Pacer(revision)
        self.measures = Measures()
        self.waits = Waits()
        self._open: dict[str, set[str]] = {}
        """Jobs that were posted and not waited for, by the collection that they are in."""
        self._finished: dict[str, FinishedJob] = {}
        self.posted: Counter[str] = Counter()
        """How many jobs were posted to each collection."""

    @property
    def in_flight(self) -> int:
        """How many posted jobs have not been waited for."""
        return sum(map(len, self._open.values()))

    def account(self) -> str:
        """Give the id of the account, empty where the key may not read it.

        Raises what `page` raises.
        """
        return account_of_key(self)

    def mark(self) -> str:
        """Give what the server says of changes: another text whenever a catalog may have changed.

        It is empty where the server can't say, or is not a backroom server.
        Raises `UnreachableError`.
        """
        try:
            return self._call("GET", CHANGES, MarkDocument).mark or ""
        except RefusedError:
            return ""

    def blocks(self, kind: Kind) -> dict[int, int]:
        """Give digests of the blocks of a kind, by their numbers. Raises what `page` raises."""
        return self._call("GET", f"{CHANGES}/{kind.plural}", BlocksDocument).blocks

    def block(self, kind: Kind, number: int) -> list[tuple[str, int, str | None]]:
        """Give each resource of a block: external id, digest, and the item of a variant.

        Raises what `page` raises.
        """
        path = f"{CHANGES}/{kind.plural}?block={number}"
        return self._call("GET", path, BlockDocument).resources

    def submit(self, job_kind: JobKind, batch: Sequence[EncodedRow]) -> str:
        """Send a job and give its id. Waits while too many jobs are in progress."""
        while True:
            try:
                job = super().submit(job_kind, batch)
            except RefusedError as error:
                if error.faulty or _TOO_MANY_JOBS not in str(error):
                    raise
                self._rest(_BUSY_PAUSE_SECONDS, "too many jobs are in progress", WaitCause.JOBS)
                continue
            self._open.setdefault(job_kind.collection, set()).add(job)
            self.posted[job_kind.collection] += 1
            self.measures.posted(time.monotonic())
            return job

    def wait(self, job_kind: JobKind, job_id: str) -> FinishedJob:
        """Wait until a job is complete or cancelled. Raises the same as `submit`."""
        end = time.monotonic() + self._patience
        pause = _FIRST_PAUSE_SECONDS
        began, others = time.monotonic(), self.waits.total
        try:
            while job_id not in self._finished:
                pause = max(pause, self._look(job_kind, job_id))
                if job_id in self._finished:
                    break
                if time.monotonic() + pause > end:
                    raise UnreachableError(
                        f"job {job_id} ({job_kind.title}) was not complete after"
                        f" {self._patience:g} s"
                    )
                time.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
        finally:
            seconds = time.monotonic() - began
            self.measures.rested(seconds)
            # Within it may be waits for other things.
            self.waits.add(WaitCause.JOBS, max(0.0, seconds - (self.waits.total - others)))
        self._open.get(job_kind.collection, set()).discard(job_id)
        return self._finished.pop(job_id)

    def measure_jobs(self, job_kind: JobKind) -> None:
        """Learn from earlier jobs of the account how long a job takes."""
        for job in reversed(self.listed(job_kind.collection, {}, "", JobPageDocument).data):
            self._measure(job.attributes)

    def _measure(self, attributes: JobAttributes) -> None:
        created, completed = _moment(attributes.created_at), _moment(attributes.completed_at)
        if created and completed:
            self.measures.completed(created, completed)

    def _look(self, job_kind: JobKind, job_id: str) -> float:
        """Ask how jobs are, at least this one; give the pause before the next question."""
        wanted = self._open.get(job_kind.collection, set())
        many = len(wanted) > _FEW_JOBS
        if job_id in wanted and many and self._look_in_list(job_kind, job_id, wanted):
            return _LEAST_LIST_PAUSE_SECONDS
        path = f"/api/{job_kind.collection}/{quote(job_id, safe='')}"
        self._keep(job_id, self._call("GET", path, JobDocument).data.attributes)
        return 0.0

    def _look_in_list(self, job_kind: JobKind, job_id: str, wanted: set[str]) -> bool:
        """Look for jobs among the newest; give whether this one is among them."""
        cursor = ""
        listed: list[JobInList] = []
        for _ in range(_MOST_PAGES):
            page = self.listed(job_kind.collection, {}, cursor, JobPageDocument)
            listed += page.data
            if not (cursor := page.cursor) or any(job.id == job_id for job in page.data):
                break
        # Lists have the newest first. Jobs are measured in the order in which they end.
        for job in reversed(listed):
            failures = job.attributes.failed_count or 0
            # A list may leave the errors out, so it does not prove that a job succeeded.
            if job.id in wanted and len(job.attributes.errors or ()) >= failures:
                self._keep(job.id, job.attributes)
        found = next((job for job in listed if job.id == job_id), None)
        goes_on = found is not None and found.attributes.status not in FINAL_STATUSES
        return goes_on or job_id in self._finished

    def _keep(self, job_id: str, attributes: JobAttributes) -> None:
        if attributes.status not in FINAL_STATUSES or job_id in self._finished:
            return
        self._finished[job_id] = finished_job(job_id, attributes)
        self._measure(attributes)

    def _call(
        self, method: str, path: str, document: type[_Document], body: bytes | None = None
    ) -> _Document:
        """Send a request, and send it again if its answer was damaged on the way."""
        for attempt in range(_MOST_DAMAGED):
            try:
                return super()._call(method, path, document, body)
            except RefusedError as error:
                if error.status not in SUCCESSES or attempt == _MOST_DAMAGED - 1:
                    named = f"{self.url}: {error}"
                    raise RefusedError(named, error.faulty, error.status, error.pointer) from error
                if method == "POST":
                    raise LostAnswerError(str(error)) from error
                self._rest(_DAMAGED_PAUSE_SECONDS, str(error), WaitCause.DAMAGE)
        raise AssertionError

    def _answered(
        self, method: str, path: str, end: float, body: bytes | None
    ) -> tuple[int, bytes, Mapping[str, str]]:
        operation = operation_of(method, path)
        now = time.monotonic()
        if (pause := self.pacer.windows(operation).earliest(now) - now) > 0:
            self._rest(pause, "the rate limit is reached", WaitCause.LIMIT)
        began = time.monotonic()
        headers: Mapping[str, str] | None = None
        try:
            status, answer, headers = super()._answered(method, path, end, body)
        finally:
            moment = time.monotonic()
            if headers is None:
                # It may have been counted before its answer was lost.
                self.pacer.windows(operation).count(moment)
                self.waits.add(WaitCause.AWAY, moment - began)
            else:
                succeeded = status in SUCCESSES
                self.pacer.answered(operation, headers, moment, succeeded=succeeded)
        self.measures.answered(method, moment - began)
        return status, answer, headers

    def _wait_for_server(
        self, method: str, error: urllib3.exceptions.HTTPError, attempt: int, end: float
    ) -> None:
        began = time.monotonic()
        super()._wait_for_server(method, error, attempt, end)
        self._note(WaitCause.AWAY, time.monotonic() - began)

    def _wait_to_try_again(self, status: int, header: str, attempt: int, end: float) -> None:
        # A server that is busy is there: no pause it asks for adds up to a time-out.
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            end = time.monotonic() + self._patience
        began = time.monotonic()
        super()._wait_to_try_again(status, header, attempt, end)
        throttled = status == HTTPStatus.TOO_MANY_REQUESTS
        cause = WaitCause.LIMIT if throttled else WaitCause.BUSY
        self._note(cause, time.monotonic() - began)

    def _rest(self, seconds: float, reason: str, cause: WaitCause) -> None:
        self.waiting(seconds, reason)
        time.sleep(seconds)
        self._note(cause, seconds)

    def _note(self, cause: WaitCause, seconds: float) -> None:
        self.measures.rested(seconds)
        self.waits.add(cause, seconds)


def _moment(text: str | None) -> float | None:
    """Read a time of the API in seconds, None where there is none."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
