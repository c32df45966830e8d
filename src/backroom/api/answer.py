"""From request to answer, in the order in which it happens. Start reading here.

Who asks (`auth`), what for (`routes`), in which revision (`revisions`), how often (`limits`), with
which parameters (`query`) and which body (`bodies`); then one of the `handlers`, and its document
back through the revision to the wire.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from backroom import clock, revisions
from backroom.api import bodies, documents, headers, query, routes
from backroom.api.auth import Keyring
from backroom.api.handlers import HANDLERS
from backroom.api.request import Answer, Call
from backroom.errors import (
    AuthenticationFailed,
    Fault,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    OperationFault,
    PermissionDenied,
    Throttled,
    Unavailable,
)
from backroom.jobs.lifecycle import Status

if TYPE_CHECKING:
    from datetime import date

    from backroom.api.documents import Document, Parts
    from backroom.api.headers import Headers, Usual
    from backroom.api.limits import Limiter
    from backroom.catalog.operations import Operation
    from backroom.revisions import Revision
    from backroom.settings import Settings
    from backroom.store.database import Database, Transaction

_ALWAYS: Headers = [
    (headers.CONTENT_TYPE, b"application/vnd.api+json"),
    (headers.CONTENT_LANGUAGE, b"en-us"),
    (headers.VARY, b"Accept, Accept-Language, Cookie, Origin"),
]
_CHALLENGE = (headers.WWW_AUTHENTICATE, b"Bearer, Klaviyo-API-Key")


class Service:
    """Answers calls on one database."""

    def __init__(self, database: Database, settings: Settings, limiter: Limiter | None) -> None:
        self.database = database
        self._default_revision = settings.default_revision
        self._born = Status.QUEUED if settings.show_queued else Status.PROCESSING
        self._limiter = limiter
        self._keyring = Keyring(database)

    @property
    def inline(self) -> bool:
        """Whether admitting and reading take less time than anything else could."""
        return self.database.inline and self.limits_here

    @property
    def limits_here(self) -> bool:
        """Whether requests are counted in this process."""
        return self._limiter is None or self._limiter.inline

    def admit(self, call: Call) -> None:
        """Find out all that the head of a request says. Raises the fault that refuses it."""
        request = call.request
        call.path = routes.match(request.raw_path)
        call.access, caller = self._keyring.authenticate(request.header(b"authorization"))
        call.revision = self._revision(request.header(b"revision"))
        call.born = self._born
        if request.method == "OPTIONS":
            return
        call.operation = self._operation(call, call.revision)
        if self._limiter is not None:
            call.allowance = self._limiter.take(caller, call.operation, call.revision.date)
        if call.access.scopes is not None and call.operation.scope not in call.access.scopes:
            raise PermissionDenied(call.operation.scope)
        call.query = query.parse(call.operation, call.revision.date, request.query_string)

    def _revision(self, header: str | None) -> Revision:
        asked = header or self._default_revision or header
        return revisions.REVISIONS.get(asked or "") or revisions.resolve(asked, clock.now().date())

    @staticmethod
    def _operation(call: Call, revision: Revision) -> Operation:
        assert call.path is not None  # noqa: S101 - for the type checker
        method = "GET" if call.request.method == "HEAD" else call.request.method
        operation = call.path.operations.get(method)
        if operation is None:
            raise MethodNotAllowed(call.request.method)
        if revision.date < operation.since:
            raise NotFound("No valid revisions found for method, please check our documentation")
        return operation

    def take_body(self, call: Call, raw: bytes) -> None:
        """Read a body. Raises the fault that refuses it, with a pointer in the caller's shape."""
        call.body = bodies.read(call.operation, call.at, raw, call.resource_id)

    def perform(self, call: Call, tx: Transaction) -> Document | Parts | None:
        """Do what is asked, in a transaction.

        Give the document of the newest shape, or the parts of one that is in the caller's already.
        """
        if call.operation.writes_catalog:
            # What is read, changed and written back must not be written by others in between.
            tx.exclusively(call.account)
        try:
            return HANDLERS[call.operation.shape](call, tx)
        except OperationFault as fault:
            fault.pointer = call.at.pointer(call.operation, f"/data{fault.pointer}")
            raise

    def finish(self, call: Call, document: Document | Parts | None) -> Answer:
        """Take a document down to the caller's revision and write it."""
        if document is None:
            usual = [each for each in _usual(call).pairs if each[0] != headers.CONTENT_TYPE]
            return Answer(call.operation.status, [], usual + _own(call))
        if isinstance(document, dict):
            document = [documents.written(call, document)]
        return Answer(call.operation.status, document, _own(call), _usual(call))

    def options(self, call: Call) -> Answer:
        """Answer with what the path allows, in headers alone."""
        return Answer(200, [], _own(call), _usual(call))

    def refuse(self, call: Call, fault: Fault) -> Answer:
        """Answer with a fault."""
        if isinstance(fault, Throttled):
            # Observed: a 429 has no rate headers, whatever was counted before.
            call.allowance = None
        answered = _own(call)
        if isinstance(fault, (NotAuthenticated, AuthenticationFailed)):
            answered.append(_CHALLENGE)
        if isinstance(fault, (Throttled, Unavailable)):
            answered.append((headers.RETRY_AFTER, str(fault.retry_after).encode()))
        document = documents.errors(fault, call.request_id)
        return Answer(fault.status, [msgspec.json.encode(document)], answered, _usual(call))


def _own(call: Call) -> Headers:
    """Give the headers that are of one answer alone."""
    own: Headers = [(headers.REQUEST_ID, call.request_id.encode())]
    return own if call.allowance is None else own + call.allowance.headers()


def _usual(call: Call) -> Usual:
    """Give the headers that many answers of a day have in common."""
    allow = call.path.allow if call.path is not None else None
    account = call.access.account if call.access is not None else None
    return _usual_headers(allow, account, call.revision, clock.now().date())


@lru_cache(maxsize=1024)
def _usual_headers(
    allow: str | None, account: str | None, revision: Revision | None, today: date
) -> Usual:
    answered = list(_ALWAYS)
    if allow is not None:
        answered.append((headers.ALLOW, allow.encode()))
    if account is not None:
        answered.append((headers.CID, account.encode()))
    if revision is not None:
        answered.append((headers.API_REVISION, revision.date.encode()))
        retires = revision.retires(today)
        if retires is not None:
            answered.append((headers.RETIREMENT_DATE, retires.encode()))
    return headers.usual(answered)
