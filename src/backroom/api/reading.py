"""Answers a request without a body, and makes the answer to any failure."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from backroom import events
from backroom.api.admission import Known, Refusal
from backroom.errors import Fault, ServerError, Unavailable
from backroom.store.database import StoreUnavailable, TookTooLong
from backroom.store.timed import timed

if TYPE_CHECKING:
    from backroom.api.admission import Admitted
    from backroom.api.observer import Traced, Tracer
    from backroom.api.request import Answer, Request
    from backroom.api.service import Service
    from backroom.store.database import Database

log = logging.getLogger(__name__)


class Read:
    """A request without a body, being answered.

    The database may begin it again in a thread where it takes long on the event loop. Then it is
    not admitted again: it would count twice.
    """

    __slots__ = (
        "_database",
        "_request",
        "_service",
        "_tracer",
        "admitted",
        "began",
        "refusal",
        "traced",
    )

    def __init__(self, service: Service, database: Database, request: Request) -> None:
        self._service = service
        self._database = database
        self._request = request
        self.admitted: Admitted | None = None
        self.refusal: Refusal | None = None
        self._tracer: Tracer | None = None
        self.traced: Traced | None = None
        """What the tracer started for the request, once it was asked after the admission."""

    def watch(self, began: float, tracer: Tracer | None) -> None:
        """Have it watched, from a time of `perf_counter` on."""
        self.began = began
        self._tracer = tracer

    @property
    def known(self) -> Admitted | Known:
        """What is known of the request."""
        if self.refusal is not None:
            return self.refusal.known
        return self.admitted or Known(self._request)

    def __call__(self) -> Answer:
        """Give the answer, whatever happens. Raises only `TookTooLong`."""
        service = self._service
        before = events.ABOUT.set((("request_id", self._request.request_id),))
        try:
            if self._request.method == "OPTIONS":
                return service.options(self._request)
            if self.admitted is None:
                self.admitted = service.admit(self._request)
                if self._tracer is not None:
                    self.traced = self._tracer.begin(self.admitted, self.began)
            with self._database.read() as tx:
                if self.traced is not None:
                    # It may have been begun on the event loop before.
                    self.traced.statements.clear()
                    tx = timed(tx, self.traced.statements)  # noqa: PLW2901 - the same transaction
                return service.perform(self.admitted, None, tx)
        except TookTooLong:
            raise
        except Exception as error:  # noqa: BLE001 - each has its answer
            known = Known(self._request) if self.admitted is None else self.admitted.known
            self.refusal = refusal_of(error, known)
            return service.refuse(self.refusal)
        finally:
            events.ABOUT.reset(before)


def refusal_answer(service: Service, error: Exception, known: Known) -> Answer:
    """Make the answer to a failure."""
    return service.refuse(refusal_of(error, known))


def refusal_of(error: Exception, known: Known) -> Refusal:
    """Give the refusal that answers a failure."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, Fault):
        return Refusal(error, known)
    if isinstance(error, StoreUnavailable):
        log.error(events.STORE_UNAVAILABLE, error)
        return Refusal(Unavailable(), known)
    log.error(events.REQUEST_FAILED, known.request.request_id, exc_info=error)
    return Refusal(ServerError(), known)
