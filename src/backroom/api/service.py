"""The service: what an admitted request asks for, done, and every answer, written.

A request comes here three times. `admit` reads its head (`api/admission.py`), `read_body` its body
(`api/bodies.py`), and `perform` does what is asked in a transaction, with one of the `handlers`,
and writes the answer. A bulk job needs no transaction: the database accepts it as a whole, and
`accepted` writes the answer. `refuse` writes that of a request which one of them has refused.
"""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from backroom import clock
from backroom.api import bodies, documents, headers
from backroom.api.admission import Admission, Admitted, Known, Refusal
from backroom.api.handlers import READERS, WRITERS, jobs
from backroom.api.request import Answer
from backroom.catalog.operations import Shape
from backroom.errors import (
    AuthenticationFailed,
    Fault,
    InvalidScheme,
    NotAuthenticated,
    OperationFault,
    Throttled,
)
from backroom.jobs import submit

if TYPE_CHECKING:
    from datetime import date

    from backroom.api.headers import Headers, Usual
    from backroom.api.limits import Allowance
    from backroom.api.request import Request
    from backroom.api.routes import Path
    from backroom.api.wire import Parts
    from backroom.jobs.lifecycle import Status
    from backroom.revisions import Revision
    from backroom.store.database import Transaction
    from backroom.store.jobs import NewJob

_ALWAYS: Headers = [
    (headers.CONTENT_TYPE, b"application/vnd.api+json"),
    (headers.CONTENT_LANGUAGE, b"en-us"),
    (headers.VARY, b"Accept, Accept-Language, Cookie, Origin"),
]
_ANY_HEADERS = (headers.ALLOW_HEADERS, b"*")
_CHALLENGE = (headers.WWW_AUTHENTICATE, b"Bearer, Klaviyo-API-Key")


class Service:
    """Answers requests. A new job begins in `initial_status`."""

    def __init__(self, admission: Admission, initial_status: Status) -> None:
        self._admission = admission
        self._initial_status = initial_status

    @property
    def waits(self) -> bool:
        """Whether admission waits for another process, so that it must not run on an event loop."""
        return self._admission.waits

    def close(self) -> None:
        """Write down what is noted of requests. No more come."""
        self._admission.close()

    def admit(self, request: Request) -> Admitted:
        """Read the head of a request. Raises `Refusal`."""
        return self._admission.admit(request)

    def account_of(self, request: Request) -> str:
        """Give the account whose catalog a request may read. Raises `Fault`."""
        return self._admission.account_of(request)

    def read_body(self, admitted: Admitted, raw: bytes) -> Any:
        """Read a body as its operation needs it, that of a bulk job as a `NewJob`.

        Raises `Refusal`.
        """
        operation, revision = admitted.operation, admitted.revision
        try:
            body = bodies.read_body(operation, revision, raw, admitted.resource_id)
        except Fault as fault:
            raise Refusal(fault, admitted.known) from None
        if operation.shape is not Shape.JOB_POST:
            return body
        return submit.new_job(
            admitted.account,
            operation.job_kind,
            body.operations,
            body.total,
            self._initial_status,
        )

    @staticmethod
    def perform(admitted: Admitted, body: Any, tx: Transaction) -> Answer:
        """Do what is asked in a transaction, and write the answer. Raises `Refusal`."""
        operation = admitted.operation
        try:
            if operation.method == "GET":
                return _with_parts(admitted, READERS[operation.shape](admitted, tx))
            if operation.writes_catalog:
                # Nobody else may write between the read of a row and the write that depends on it.
                tx.exclusively(admitted.account)
            return _with_parts(admitted, WRITERS[operation.shape](admitted, body, tx))
        except OperationFault as fault:
            pointer = admitted.revision.pointer(operation, f"/data{fault.pointer}")
            raise Refusal(fault.with_pointer(pointer), admitted.known) from None
        except Fault as fault:
            raise Refusal(fault, admitted.known) from None

    @staticmethod
    def accepted(admitted: Admitted, new: NewJob, job_id: str | None) -> Answer:
        """Answer with a job that the database has accepted under an id.

        Raises `Refusal` where the account has as many jobs in progress as it may.
        """
        try:
            job = submit.stored_job(new, job_id)
        except Fault as fault:
            raise Refusal(fault, admitted.known) from None
        return _with_parts(admitted, jobs.accepted(admitted, job))

    def options(self, request: Request) -> Answer:
        """Answer an OPTIONS request with what the path allows, in headers alone."""
        known = self._admission.look(request)
        own = _own(request, known.allowance)
        if known.path is not None and known.path.public:
            own += [(headers.ALLOW_METHODS, known.path.allow.encode()), _ANY_HEADERS]
        return Answer(HTTPStatus.OK, [], own, _usual(known))

    @staticmethod
    def refuse(refusal: Refusal) -> Answer:
        """Answer with a fault."""
        fault, known = refusal.fault, refusal.known
        if fault.status == Throttled.status:
            # Observed: a 429 has no rate headers, whatever was counted before.
            known = known._replace(allowance=None)
        answered = _own(known.request, known.allowance)
        if isinstance(fault, (NotAuthenticated, InvalidScheme, AuthenticationFailed)):
            answered.append(_CHALLENGE)
        if fault.retry_after is not None:
            answered.append((headers.RETRY_AFTER, str(fault.retry_after).encode()))
        document = documents.error_document(fault, known.request.request_id)
        parts, usual = [msgspec.json.encode(document)], _usual(known)
        if fault.status == Throttled.status:
            # Observed: a 429 has no Content-Type either.
            return Answer(fault.status, parts, _untyped(usual) + answered)
        return Answer(fault.status, parts, answered, usual)


def _with_parts(admitted: Admitted, parts: Parts | None) -> Answer:
    """Answer an admitted request with a document, or with None where it has nothing to show."""
    path = admitted.path
    usual = _usual_headers(
        path.allow, admitted.access.account, admitted.revision, clock.now().date(), _origins(path)
    )
    own = _own(admitted.request, admitted.allowance)
    if parts is None:
        return Answer(admitted.operation.status, [], _untyped(usual) + own)
    return Answer(admitted.operation.status, parts, own, usual)


def _untyped(usual: Usual) -> Headers:
    """Give headers without the Content-Type among them."""
    return [each for each in usual.pairs if each[0] != headers.CONTENT_TYPE]


def _own(request: Request, allowance: Allowance | None) -> Headers:
    """Give the headers of one answer alone."""
    own: Headers = [(headers.REQUEST_ID, request.request_id.encode())]
    return own if allowance is None else own + allowance.headers()


def _usual(known: Known) -> Usual:
    """Give the headers that many answers of a day have in common."""
    path, today = known.path, clock.now().date()
    account = known.access.account if known.access is not None else None
    if path is None:
        return _usual_headers(None, account, known.revision, today, "")
    return _usual_headers(path.allow, account, known.revision, today, _origins(path))


def _origins(path: Path) -> str:
    """Say of which origins pages may read the answers: of any, where no key is needed."""
    return "*" if path.public else ""


@lru_cache(maxsize=1024)
def _usual_headers(
    allow: str | None, account: str | None, revision: Revision | None, today: date, origins: str
) -> Usual:
    # Where more accounts ask than are kept here, joining the parts is all that each request costs.
    before, after = _before_account(allow, origins), _after_account(revision, today)
    own = headers.NONE if account is None else headers.usual([(headers.CID, account.encode())])
    return headers.Usual(
        before.pairs + own.pairs + after.pairs, before.lines + own.lines + after.lines
    )


@lru_cache(maxsize=64)
def _before_account(allow: str | None, origins: str) -> Usual:
    own = [] if allow is None else [(headers.ALLOW, allow.encode())]
    own += [(headers.ALLOW_ORIGIN, origins.encode())] if origins else []
    return headers.usual([*_ALWAYS, *own])


@lru_cache(maxsize=64)
def _after_account(revision: Revision | None, today: date) -> Usual:
    if revision is None:
        return headers.NONE
    answered: Headers = [(headers.API_REVISION, revision.date.encode())]
    retires = revision.retires(today)
    if retires is not None:
        answered.append((headers.RETIREMENT_DATE, retires.encode()))
    return headers.usual(answered)
