"""A client of the HTTP API: sends bulk jobs and waits for their ends."""

from __future__ import annotations

import itertools
import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

import msgspec
import urllib3

from backroom.catalog.ids import external_id as external_id_in
from backroom.feeds import encoding
from backroom.feeds.api_documents import (
    ErrorDocument,
    ErrorMeta,
    IncludingDocument,
    JobDocument,
    LinkedPageDocument,
    PageDocument,
)
from backroom.feeds.client_errors import (
    LostAnswerError,
    OperationRefusal,
    RefusedError,
    UnreachableError,
)
from backroom.feeds.page_target import page_target
from backroom.feeds.query_connection import query_pool, without_query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from backroom.catalog.kinds import JobKind
    from backroom.feeds.api_documents import ErrorObject, JobAttributes, ListedResource

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 1.0
SUCCESSES = (200, 202)
_TRY_AGAIN_LATER = (429, 503)
_PERHAPS_DONE = frozenset(range(500, 600)) - {501, 503, 505}
"""These statuses leave open whether the server has carried out a POST. A GET is sent again."""
_FIRST_BACKOFF_SECONDS = 0.2
_LONGEST_BACKOFF_SECONDS = 60.0
_LONGEST_ABSENT_SECONDS = 2.0
"""How long the client waits at most before it asks a server again that is away."""
_FIRST_TRIES = 4
"""How often the client asks a server that has never answered and closes each connection."""
_NEVER_REACHED = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NameResolutionError,
)
_LARGEST_ANSWER = 64_000_000
"""Bytes. The largest real one is a job with a hundred errors."""
_CHUNK_BYTES = 65_536
FINAL_STATUSES = ("complete", "cancelled")
_OPERATION_POINTER = re.compile(r"/data/attributes/\w+/(?:data/)?(\d+)(?:/(.*))?")
_JOB_POINTER = re.compile(r"/data/attributes/\w+/data(?:/\d+)?/(.*)")


_Document = TypeVar("_Document")


@dataclass(frozen=True)
class Resource:
    """A resource, or its identifier, as a list shows it."""

    external_id: str
    attributes: dict[str, Any]
    related: tuple[str, ...] = ()
    """The external ids of the resources that the page includes, if the request asked for them."""
    variants: frozenset[str] | None = None
    """The external ids of an item's variants, None where the answer does not show them."""


@dataclass(frozen=True)
class Page:
    """One page of a list. `cursor` leads to the next one, and is empty on the last."""

    resources: list[Resource]
    cursor: str


@dataclass(frozen=True)
class ListedJob:
    """A job as the list of jobs shows it."""

    id: str
    total: int


@dataclass(frozen=True)
class JobFault:
    """Why one operation of a job failed."""

    external_id: str
    detail: str
    member: str = ""
    """The member of the operation that is wrong, as in `OperationRefusal`."""


@dataclass(frozen=True)
class FinishedJob:
    """A job that is complete or cancelled."""

    id: str
    status: str
    completed: int
    faults: list[JobFault]


class ApiClient:
    """A client of one account of one server, in one revision."""

    most_tries = 20
    """How often the client sends a request that the server puts off."""

    def __init__(self, url: str, key: str, revision: str, timeout: float) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._headers = {
            "Authorization": f"Klaviyo-API-Key {key}",
            "revision": revision,
            "Accept": "application/vnd.api+json",
            "Content-Type": "application/vnd.api+json",
        }
        self._away_since = ""
        """The local time of the first of the last requests that had no answer."""
        self._met = False
        """Whether the server has ever answered. One that has is waited for when it is away."""
        self.waiting: Callable[[float, str], object] = lambda *_: None
        """Called before a pause with its seconds and its reason."""
        self.telling: Callable[[str], object] = lambda _: None
        """Called now and then in a long reading of the server, with the name of what it reads."""
        self.asking: Callable[[], object] = lambda: None
        """Called before each request. An exception of it ends the call that sends the request."""
        # A connection that was never made may be tried again. A request that was lost under way may
        # have been carried out. `_answer` repeats what was put off.
        patience = urllib3.Retry(
            total=None,
            connect=2,
            read=0,
            redirect=0,
            other=0,
            status=0,
            allowed_methods=None,
            backoff_factor=0.2,
            respect_retry_after_header=False,
        )
        self._path = urlsplit(self.url).path
        # The pool of one server: a manager of pools would read each long URL a second time.
        self._pool = query_pool(
            self.url,
            retries=patience,
            # One for the thread that sends, one for the thread that compares.
            maxsize=2,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_ANSWER_SECONDS),
        )

    def submit(self, job_kind: JobKind, batch: Sequence[encoding.EncodedRow]) -> str:
        """Send a job and give its id.

        Raises `RefusedError`, `UnreachableError`, and `LostAnswerError` where the server may have
        the job.
        """
        body = encoding.job_body(job_kind, batch)
        data = self._call("POST", f"/api/{job_kind.collection}", JobDocument, body).data
        return data.id or data.attributes.job_id or ""

    def wait(self, job_kind: JobKind, job_id: str) -> FinishedJob:
        """Wait until a job is complete or cancelled. Raises the same as `submit`."""
        end = time.monotonic() + self._timeout
        pause = _FIRST_PAUSE_SECONDS
        path = f"/api/{job_kind.collection}/{quote(job_id, safe='')}"
        while True:
            data = self._call("GET", path, JobDocument).data
            if data.attributes.status in FINAL_STATUSES:
                return finished_job(job_id, data.attributes)
            if time.monotonic() + pause > end:
                raise UnreachableError(
                    f"job {job_id} ({job_kind.title}) was not complete after {self._timeout:g} s"
                )
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)

    def page(self, path: str, query: Mapping[str, str], cursor: str = "") -> Page:
        """Read one page of a list of resources. Raises `RefusedError` or `UnreachableError`."""
        document = self.listed(path, query, cursor, PageDocument)
        return Page([_listed_resource(each) for each in document.data], document.cursor)

    def listed(
        self, path: str, query: Mapping[str, str], cursor: str, document: type[_Document]
    ) -> _Document:
        """Read one page of a list as a document. Raises the same as `page`."""
        return self._call("GET", page_target(path, query, cursor), document)

    def linked_page(
        self, path: str, query: Mapping[str, str], relation: str, cursor: str = ""
    ) -> Page:
        """Read one page that includes a relation, with the ids it leads to. Raises as `page`."""
        asked = {**query, "include": relation}
        document = self.listed(path, asked, cursor, LinkedPageDocument)
        resources = [
            Resource(external_id_in(each.id) or each.id, each.attributes, each.linked(relation))
            for each in document.data
        ]
        return Page(resources, document.cursor)

    def jobs(self, job_kind: JobKind) -> list[ListedJob]:
        """Give the newest jobs of a kind, the newest first."""
        document = self._call("GET", f"/api/{job_kind.collection}", PageDocument)
        return [
            ListedJob(each.id, int(each.attributes.get("total_count") or 0))
            for each in document.data
        ]

    def results(self, job_kind: JobKind, job_id: str) -> list[str]:
        """Give the external ids of the resources that a job created or updated."""
        path = f"/api/{job_kind.collection}/{quote(job_id, safe='')}?include={job_kind.member}"
        included = self._call("GET", path, IncludingDocument).included
        return [external_id_in(each.id) or each.id for each in included]

    def _call(
        self, method: str, path: str, document: type[_Document], body: bytes | None = None
    ) -> _Document:
        """Send a request until it is not put off."""
        self.asking()
        end = time.monotonic() + self._timeout
        status, answer = self._answer(method, path, end, body)
        try:
            if status in SUCCESSES:
                return msgspec.json.decode(answer, type=document)
            errors = msgspec.json.decode(answer, type=ErrorDocument).errors
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise RefusedError(
                f"{method} {path.partition('?')[0]} was answered with status {status}"
                " and no document of this API",
                {},
                status,
            ) from None
        raise _refused_error(status, errors)

    def _answer(self, method: str, path: str, end: float, body: bytes | None) -> tuple[int, bytes]:
        for attempt in itertools.count():
            try:
                status, answer, headers = self._answered(method, path, end, body)
            except urllib3.exceptions.HTTPError as error:
                self._wait_for_server(method, error, attempt, end)
                continue
            self._met = True
            self._away_since = ""
            if status in _PERHAPS_DONE and method == "POST":
                raise LostAnswerError(f"the server answered {status}")
            put_off = status in _TRY_AGAIN_LATER or status in _PERHAPS_DONE
            if not put_off or attempt >= self.most_tries - 1:
                return status, answer
            self._wait_to_try_again(status, headers.get("Retry-After", ""), attempt, end)
        raise AssertionError

    def _answered(
        self, method: str, path: str, end: float, body: bytes | None
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Send a request once; give the status, the body and the headers of its answer."""
        target, headers = without_query(self._path + path, self._headers)
        response = self._pool.urlopen(
            method,
            target,
            body=body,
            headers=headers,
            redirect=False,
            preload_content=False,
        )
        try:
            answer = self._read(response, end)
        finally:
            response.release_conn()
        return response.status, answer, response.headers

    def _wait_for_server(
        self, method: str, error: urllib3.exceptions.HTTPError, attempt: int, end: float
    ) -> None:
        """Wait until a server that has answered before may be there again."""
        cause = _cause_of(error)
        detail = f"no answer from {self.url}: {cause}"
        reached = not isinstance(getattr(error, "reason", error), _NEVER_REACHED)
        if method == "POST" and reached:
            raise LostAnswerError(detail) from error
        pause = min(_FIRST_BACKOFF_SECONDS * 2 ** min(attempt, 6), _LONGEST_ABSENT_SECONDS)
        cut_off = isinstance(getattr(error, "reason", error), urllib3.exceptions.ProtocolError)
        waited_for = self._met or (cut_off and attempt < _FIRST_TRIES - 1)
        if not waited_for or time.monotonic() + pause > end:
            raise UnreachableError(detail) from error
        self._away_since = self._away_since or time.strftime("%H:%M:%S")
        self.waiting(pause, f"the server is away since {self._away_since}: {cause}")
        time.sleep(pause)

    def _read(self, response: urllib3.BaseHTTPResponse, end: float) -> bytes:
        """Read a body. It is not decompressed, because nobody asked the server to compress it."""
        answer = bytearray()
        latest = max(end, time.monotonic() + _ANSWER_SECONDS)
        while chunk := response.read1(_CHUNK_BYTES, decode_content=False):
            answer += chunk
            if len(answer) > _LARGEST_ANSWER:
                response.close()
                raise UnreachableError(
                    f"an answer from {self.url} is larger than {_LARGEST_ANSWER // 1_000_000} MB"
                )
            if time.monotonic() > latest:
                response.close()
                raise UnreachableError(f"no answer from {self.url}: it takes too long")
        return bytes(answer)

    def _wait_to_try_again(self, status: int, header: str, attempt: int, end: float) -> None:
        """Wait as long as the server asks, if the wait ends before `end`."""
        asked = _retry_after(header)
        backoff = min(_FIRST_BACKOFF_SECONDS * 2 ** min(attempt, 10), _LONGEST_BACKOFF_SECONDS)
        pause = backoff if asked is None else asked
        if time.monotonic() + pause > end:
            asks = f" and asks to wait (Retry-After: {header[:40]})" if asked is not None else ""
            raise UnreachableError(
                f"the server answered {status}{asks},"
                f" longer than the time-out of {self._timeout:g} s allows"
            )
        throttled = status == HTTPStatus.TOO_MANY_REQUESTS
        self.waiting(pause, "the rate limit is reached" if throttled else f"it answered {status}")
        time.sleep(pause)


def _listed_resource(listed: ListedResource) -> Resource:
    shown = listed.relationships.variants.data
    ids = None if shown is None else frozenset(external_id_in(each.id) or "" for each in shown)
    return Resource(external_id_in(listed.id) or listed.id, listed.attributes, variants=ids)


def _retry_after(header: str) -> float | None:
    """Give the seconds in `Retry-After`, None where it says nothing that can be read."""
    try:
        return urllib3.Retry().parse_retry_after(header) if header else None
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None


def _cause_of(error: Exception) -> str:
    """Say in a few words why there was no answer."""
    cause = getattr(error, "reason", None) or error
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return "its name is not known"
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return "nothing is listening there"
    if isinstance(cause, urllib3.exceptions.TimeoutError):
        return "it takes too long"
    return str(cause)


def _refused_error(status: int, errors: list[ErrorObject]) -> RefusedError:
    pointers = [(error.source and error.source.pointer) or "" for error in errors]
    faulty = {
        int(found[1]): OperationRefusal(_member_in(found[2] or ""), error.detail)
        for error, pointer in zip(errors, pointers, strict=True)
        if (found := _OPERATION_POINTER.fullmatch(pointer))
    }
    where = f" ({pointers[0]})" if pointers[0].strip("/") not in ("", "data") else ""
    detail = f"the server refused ({status}): {errors[0].detail}{where}"
    return RefusedError(detail, faulty, status, pointers[0])


def _member_in(pointer: str) -> str:
    return pointer.removeprefix("attributes/").removeprefix("relationships/")


def finished_job(job_id: str, attributes: JobAttributes) -> FinishedJob:
    """Make the result of a job from what the API shows of it."""
    faults = [_job_fault(error) for error in attributes.errors or ()]
    return FinishedJob(job_id, attributes.status, attributes.completed_count or 0, faults)


def _job_fault(error: ErrorObject) -> JobFault:
    meta = error.meta or ErrorMeta()
    found = _JOB_POINTER.fullmatch((error.source and error.source.pointer) or "")
    external_id = meta.external_id or external_id_in(meta.id or "") or ""
    return JobFault(external_id, error.detail, _member_in(found[1]) if found else "")
