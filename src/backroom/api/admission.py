"""Admission: the facts in the head of a request, found out in order, or the fault that refuses it.

The order is the service's own (observed: which of two faults is answered): the path, who asks,
the revision, the operation, how often it was asked, the scope, the query. A refused request is
answered with the headers of what was known by then, so a `Refusal` carries that along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backroom.api import query, routes
from backroom.api.auth import Keyring
from backroom.api.cursors import Cursors
from backroom.api.neighbour_query import query_of
from backroom.api.not_served import not_served
from backroom.catalog.operations import READ_SCOPE
from backroom.errors import Fault, PermissionDenied
from backroom.store import keys

if TYPE_CHECKING:
    from backroom.api.asked_revision import AskedRevision
    from backroom.api.auth import Find
    from backroom.api.limits import Allowance, Limiter
    from backroom.api.query import Query
    from backroom.api.request import Request
    from backroom.api.routes import Path
    from backroom.catalog.operations import Operation
    from backroom.revisions import Revision
    from backroom.store.database import Database
    from backroom.store.keys import Access


class Known(NamedTuple):
    """The facts about a request that the headers of its answer show, as far as they are known."""

    request: Request
    path: Path | None = None
    access: Access | None = None
    revision: Revision | None = None
    allowance: Allowance | None = None


class Refusal(Exception):
    """A request is refused with a fault."""

    def __init__(self, fault: Fault, known: Known) -> None:
        super().__init__(fault)
        self.fault = fault
        self.known = known


class Admitted(NamedTuple):
    """A request that may be carried out, with all that its head says."""

    request: Request
    path: Path
    access: Access
    revision: Revision
    allowance: Allowance | None
    operation: Operation
    query: Query
    cursors: Cursors

    @property
    def account(self) -> str:
        """The account whose key was given."""
        return self.access.account

    @property
    def resource_id(self) -> str:
        """The id in the path, empty where it has none."""
        return self.path.resource_id

    @property
    def known(self) -> Known:
        """What the headers of the answer say."""
        return Known(self.request, self.path, self.access, self.revision, self.allowance)


class Admission:
    """Admits requests to one database. There are no limits where `limiter` is None."""

    def __init__(
        self,
        database: Database,
        asked: AskedRevision,
        limiter: Limiter | None,
        find: Find = keys.access_of,
    ) -> None:
        """Read the secret of cursors. `find` gives what a key opens. Raises `StoreUnavailable`."""
        self._keyring = Keyring(database, find)
        self._cursors = Cursors(keys.cursor_secret(database))
        self._asked = asked
        self._limiter = limiter

    @property
    def waits(self) -> bool:
        """Whether counting a request means waiting for another process."""
        return self._limiter is not None and not self._limiter.inline

    def close(self) -> None:
        """Write down what is noted of requests."""
        self._keyring.close()

    def admit(self, request: Request) -> Admitted:
        """Find out the facts in the head of a request. Raises `Refusal`."""
        path = access = revision = operation = allowance = None
        try:
            path = routes.match_path(request.raw_path)
            access, caller = (
                self._keyring.company(query.parameters_given(request.query_string))
                if path.public
                else self._keyring.authenticate(request.header(b"authorization"))
            )
            revision = self._asked.of(request)
            operation = path.operation(request.method, revision.date)
            if self._limiter is not None:
                allowance = self._limiter.take(caller, operation, revision.date)
            if access.scopes is not None:
                lacking = operation.lacking(access.scopes, revision.date)
                if lacking:
                    raise PermissionDenied(lacking)
            asked = query_of(operation, revision.date, request.query_string)
        except Fault as fault:
            refused = not_served(request, fault) if operation is None else fault
            raise Refusal(refused, Known(request, path, access, revision, allowance)) from None
        return Admitted(request, path, access, revision, allowance, operation, asked, self._cursors)

    def account_of(self, request: Request) -> str:
        """Give the account whose catalog a request outside of the API may read. Raises `Fault`."""
        access, _ = self._keyring.authenticate(request.header(b"authorization"))
        if access.scopes is not None and READ_SCOPE not in access.scopes:
            raise PermissionDenied(READ_SCOPE)
        return access.account

    def look(self, request: Request) -> Known:
        """Find out what an OPTIONS request is about. Raises `Refusal`.

        A browser sends one before a page may ask from another origin. It says nothing but the path.
        """
        path = access = None
        try:
            path = routes.match_path(request.raw_path)
            if path.public:
                return Known(request, path)
            access, _ = self._keyring.authenticate(request.header(b"authorization"))
            revision = self._asked.of(request)
        except Fault as fault:
            raise Refusal(fault, Known(request, path, access)) from None
        return Known(request, path, access, revision)
