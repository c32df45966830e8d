"""A client of the HTTP API: sends bulk jobs and waits for their ends."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import msgspec
import urllib3

from backroom.catalog.ids import external_id as external_id_in
from backroom.feeds import encoding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backroom.catalog.kinds import JobKind

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 1.0
_SUCCESSES = (200, 202)
_TRY_AGAIN_LATER = (429, 503)
_MOST_TRIES = 20
"""How often a request is sent that the server puts off."""
_FIRST_BACKOFF_SECONDS = 0.2
_LONGEST_BACKOFF_SECONDS = 60.0
_LARGEST_ANSWER = 64_000_000
"""Bytes. The largest real one is a job with a hundred errors."""
_CHUNK_BYTES = 65_536
_FINAL_STATUSES = ("complete", "cancelled")
_OPERATION_POINTER = re.compile(r"/data/attributes/\w+/(?:data/)?(\d+)(?:/(.*))?")


class _Source(msgspec.Struct):
    pointer: str | None = None


class _Meta(msgspec.Struct):
    external_id: str | None = None
    id: str | None = None


class _Error(msgspec.Struct):
    detail: str
    source: _Source | None = None
    meta: _Meta | None = None


class _Attributes(msgspec.Struct):
    status: str
    job_id: str | None = None
    completed_count: int | None = None
    errors: list[_Error] | None = None


class _Data(msgspec.Struct):
    attributes: _Attributes
    id: str | None = None


class _JobDocument(msgspec.Struct):
    data: _Data


class _ErrorDocument(msgspec.Struct):
    errors: Annotated[list[_Error], msgspec.Meta(min_length=1)]


class UnreachableError(Exception):
    """The server can't be reached, or does not answer in time, or with too much."""


class RefusedError(Exception):
    """The server has refused a request as a whole."""

    def __init__(self, detail: str, faulty: dict[int, str]) -> None:
        super().__init__(detail)
        self.faulty = faulty
        """What is wrong with single operations, by their index. Empty if the fault is elsewhere."""


@dataclass(frozen=True)
class JobFault:
    """Why one operation of a job failed."""

    external_id: str
    detail: str


@dataclass(frozen=True)
class FinishedJob:
    """A job that is complete or cancelled."""

    id: str
    status: str
    completed: int
    faults: list[JobFault]


class ApiClient:
    """A client of one account of one server, in one revision."""

    def __init__(self, url: str, key: str, revision: str, timeout: float) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._headers = {
            "Authorization": f"Klaviyo-API-Key {key}",
            "revision": revision,
            "Accept": "application/vnd.api+json",
            "Content-Type": "application/vnd.api+json",
        }
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
        self._pool = urllib3.PoolManager(
            retries=patience,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_ANSWER_SECONDS),
        )

    def submit(self, job_kind: JobKind, batch: Sequence[encoding.EncodedRow]) -> str:
        """Send a job and give its id. Raises `RefusedError` or `UnreachableError`."""
        end = time.monotonic() + self._timeout
        body = encoding.job_body(job_kind, batch)
        data = self._call("POST", f"/api/{job_kind.collection}", end, body)
        return data.id or data.attributes.job_id or ""

    def wait(self, job_kind: JobKind, job_id: str) -> FinishedJob:
        """Wait until a job is complete or cancelled. Raises the same as `submit`."""
        end = time.monotonic() + self._timeout
        pause = _FIRST_PAUSE_SECONDS
        while True:
            path = f"/api/{job_kind.collection}/{quote(job_id, safe='')}"
            data = self._call("GET", path, end)
            if data.attributes.status in _FINAL_STATUSES:
                return _finished_job(job_id, data.attributes)
            if time.monotonic() + pause > end:
                raise UnreachableError(
                    f"job {job_id} ({job_kind.title}) was not complete after {self._timeout:g} s"
                )
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)

    def _call(self, method: str, path: str, end: float, body: bytes | None = None) -> _Data:
        """Send a request until it is not put off. `end` is a time of the monotonic clock."""
        try:
            status, answer = self._answer(method, path, end, body)
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"no answer from {self.url}: {_cause_of(error)}") from error
        try:
            if status in _SUCCESSES:
                return msgspec.json.decode(answer, type=_JobDocument).data
            errors = msgspec.json.decode(answer, type=_ErrorDocument).errors
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise RefusedError(
                f"{method} {path} was answered with status {status} and no document of this API",
                {},
            ) from None
        raise _refused_error(status, errors)

    def _answer(self, method: str, path: str, end: float, body: bytes | None) -> tuple[int, bytes]:
        for attempt in range(_MOST_TRIES):
            response = self._pool.request(
                method,
                self.url + path,
                body=body,
                headers=self._headers,
                redirect=False,
                preload_content=False,
            )
            try:
                answer = self._read(response, end)
            finally:
                response.release_conn()
            if response.status not in _TRY_AGAIN_LATER or attempt == _MOST_TRIES - 1:
                break
            self._wait_to_try_again(response, attempt, end)
        return response.status, answer

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

    def _wait_to_try_again(
        self, response: urllib3.BaseHTTPResponse, attempt: int, end: float
    ) -> None:
        asked = _retry_after(response)
        backoff = min(_FIRST_BACKOFF_SECONDS * 2**attempt, _LONGEST_BACKOFF_SECONDS)
        pause = backoff if asked is None else asked
        if time.monotonic() + pause > end:
            header = response.headers.get("Retry-After", "")
            asks = f" and asks to wait (Retry-After: {header[:40]})" if asked is not None else ""
            raise UnreachableError(
                f"the server answered {response.status}{asks},"
                f" longer than the time-out of {self._timeout:g} s allows"
            )
        time.sleep(pause)


def _retry_after(response: urllib3.BaseHTTPResponse) -> float | None:
    """Give the seconds in `Retry-After`, None where it says nothing that can be read."""
    try:
        return urllib3.Retry().get_retry_after(response)
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


def _refused_error(status: int, errors: list[_Error]) -> RefusedError:
    pointers = [(error.source and error.source.pointer) or "" for error in errors]
    faulty = {
        int(found[1]): _with_member(found[2] or "", error.detail)
        for error, pointer in zip(errors, pointers, strict=True)
        if (found := _OPERATION_POINTER.fullmatch(pointer))
    }
    where = f" ({pointers[0]})" if pointers[0].strip("/") not in ("", "data") else ""
    return RefusedError(f"the server refused ({status}): {errors[0].detail}{where}", faulty)


def _with_member(pointer: str, detail: str) -> str:
    """Put the member that `pointer` names before what is wrong, unless the text names it."""
    member = pointer.removeprefix("attributes/").removeprefix("relationships/")
    return detail if not member or f"'{member}'" in detail else f"{member}: {detail}"


def _finished_job(job_id: str, attributes: _Attributes) -> FinishedJob:
    faults = [_job_fault(error) for error in attributes.errors or ()]
    return FinishedJob(job_id, attributes.status, attributes.completed_count or 0, faults)


def _job_fault(error: _Error) -> JobFault:
    meta = error.meta or _Meta()
    return JobFault(meta.external_id or external_id_in(meta.id or "") or "", error.detail)
