"""Answers a request without a body, and makes the answer to any failure."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from backroom import events
from backroom.api.admission import Known, Refusal
from backroom.api.observer import Exchange
from backroom.errors import Fault, ServerError, Unavailable
from backroom.store.database import StoreUnavailable, TookTooLong
from backroom.store.timed import timed

if TYPE_CHECKING:
    from backroom.api.admission import Admitted
    from backroom.api.observer import Tracer
    from backroom.api.request import Answer, Request
    from backroom.api.service import Service
    from backroom.store.database import Database

log = logging.getLogger(__name__)


class Read(Exchange):
    """A request without a body, being answered, and the exchange that observers are shown.

    The database may begin it again in a thread where it takes long on the event loop. Then it is
    not admitted again: it would count twice. `known` is there once it was answered.
    """

    admitted: Admitted | None = None
    tracer: Tracer | None = None

    def __init__(self, service: Service, database: Database, request: Request) -> None:
        # The time begins, and there is something to be known, where somebody watches.
        self._service = service
        self._database = database
        self._request = request

    def __call__(self) -> Answer:
        """Give the answer, whatever happens. Raises only `TookTooLong`."""
        service = self._service
        before = events.ABOUT.set((("request_id", self._request.request_id),))
        try:
            if self._request.method == "OPTIONS":
                self.known = Known(self._request)
                return service.options(self._request)
            if self.admitted is None:
                self.known = self.admitted = service.admit(self._request)
                if self.tracer is not None:
                    self.was_asked = True
                    self.traced = self.tracer.begin(self.admitted, self.began)
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
            refusal = refusal_of(error, known)
            # It would keep this call, and all that was at hand where it was raised.
            refusal.__traceback__ = None
            self.known, self.fault = refusal.known, refusal.fault
            return service.refuse(refusal)
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
