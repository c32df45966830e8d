"""Which revision answers a request: the one it asks for, unless that is retired or yet to come.

The real service retires a revision two years after its date. From then on it answers as the oldest
revision that is not retired, or with 410 where the request opts out of that (both documented).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from backroom import clock, events
from backroom.errors import RevisionRetired
from backroom.revisions import NEWEST, REVISIONS, day_in, requested

if TYPE_CHECKING:
    import datetime as dt

    from backroom.api.request import Request
    from backroom.revisions import Revision
    from backroom.settings import Settings

OPT_OUT = b"x-klaviyo-revision-fall-forward-opt-out"
"""The header by which a request would rather have an error than another revision."""

log = logging.getLogger(__name__)


class AskedRevision:
    """Finds the revision of requests, as the settings say."""

    def __init__(self, settings: Settings) -> None:
        self._default = settings.default_revision
        self._retired = settings.retired_revisions
        self._serves_retired = self._retired == "serve"
        self._takes_nearest = settings.newer_revisions == "nearest"
        self._warned: set[str] = set()

    def of(self, request: Request) -> Revision:
        """Give the revision that answers a request.

        Raises `InvalidRevision`, `NotFound` or `RevisionRetired`.
        """
        header = request.header(b"revision")
        if self._takes_nearest and _is_newer(header or self._default):
            return REVISIONS[NEWEST]
        found = requested(header, self._default)
        return found if self._serves_retired else self._after_retirement(found, request)

    def _after_retirement(self, found: Revision, request: Request) -> Revision:
        today = clock.now().date()
        if found.retired_on > today:
            return found
        if self._retired == "warn":
            self._warn(found)
            return found
        oldest = _oldest_served(today)
        if self._retired == "gone" or request.header(OPT_OUT) == "1":
            raise RevisionRetired(found.date, found.retired_on.isoformat(), oldest.date)
        return oldest

    def _warn(self, found: Revision) -> None:
        """Say once for each revision that it is used after its end."""
        if found.date not in self._warned:
            self._warned.add(found.date)
            log.warning(events.REVISION_RETIRED, found.date, found.retired_on)


def _oldest_served(today: dt.date) -> Revision:
    """Give the oldest revision that is not retired, or the newest of all where each one is."""
    return next((each for each in REVISIONS.values() if each.retired_on > today), REVISIONS[NEWEST])


def _is_newer(text: str) -> bool:
    day = day_in(text)
    return day is not None and day.isoformat() > NEWEST
