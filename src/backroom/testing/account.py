"""One clean account of a server: what a test points its code at, and looks into afterwards."""

from __future__ import annotations

import itertools
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from backroom.control.route import given_members
from backroom.jobs.lifecycle import Status
from backroom.revisions import NEWEST
from backroom.testing.account_requests import AccountRequests
from backroom.testing.account_wishes import AccountFaults, AccountPace
from backroom.testing.plain_rows import completed_rows, is_whole
from backroom.testing.server_clock import ServerClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from backroom.control.route import Call

_LOOK_PAUSE_SECONDS = 0.002
"""Seconds between two looks at jobs that are not finished."""


class SavedCatalog:
    """The catalog and the jobs of an account at a moment."""

    def __init__(self, call: Call, account: str, name: str) -> None:
        self._call = call
        self._account = account
        self.name = name

    def restore(self) -> None:
        """Restore the catalog and the jobs of the account."""
        self._call("POST", f"/snapshots/{self.name}/restore", {"account": self._account})

    def delete(self) -> None:
        """Delete the snapshot. The account does not change."""
        self._call("DELETE", f"/snapshots/{self.name}", None, {"account": self._account})


class Account:
    """One account: its address and key for the code under test, and everything to control it.

    All methods raise `ControlError` for something that can't be done. Its text says what can.
    """

    def __init__(self, call: Call, url: str, account: str, key: str, revision: str = "") -> None:
        self.url = url
        """The URL of the server, in place of the real host."""
        self.account = account
        """The id of the account, as the `CID` header of answers has it."""
        self.key = key
        """A private key that may do everything."""
        self.revision = revision or NEWEST
        """The revision that `headers` ask for."""
        self.clock = ServerClock(call)
        """The time of the server, which all its accounts share."""
        self.faults = AccountFaults(call, account)
        """The faults for requests of the account."""
        self.pace = AccountPace(call, account)
        """The wishes for jobs of the account."""
        self.requests = AccountRequests(call, account)
        """The requests of the account, with their answers."""
        self._call = call
        self._names = (f"snapshot-{number}" for number in itertools.count(1))

    @property
    def headers(self) -> dict[str, str]:
        """The headers with which any HTTP client calls the API."""
        return {"Authorization": f"Klaviyo-API-Key {self.key}", "revision": self.revision}

    def new_key(self, *scopes: str) -> str:
        """Make another key, which may only do what `scopes` say, such as `catalogs:read`."""
        return str(self._call("POST", "/keys", self._own(scopes=list(scopes)))["key"])

    def seed(
        self, resources: Iterable[Mapping[str, Any]] | None = None, *, feed: Path | None = None
    ) -> None:
        """Put resources into the catalog at once, without requests and jobs: all, or none.

        They are the rows of a feed: as `resources()` gives them, or in a file. Without either it is
        the demo shop. Those that exist are updated. A row may be as short as
        `{"type": "item", "external_id": "A-1"}`: what it leaves out is kept, or gets a plain value.
        """
        given: dict[str, Any] = {}
        if resources is not None:
            rows = list(resources)
            existing = [] if all(map(is_whole, rows)) else self.resources()
            given["resources"] = completed_rows(rows, existing)
        if feed is not None:
            from backroom.feeds.formats import open_feed

            found = open_feed(feed)
            content = b64encode(found.source.path.read_bytes()).decode()
            given |= {"feed_base64": content, "format": found.format.name}
        self._call("POST", "/seed", self._own(**given))

    def resources(
        self, kind: str | None = None, external_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Give the catalog as the rows of a feed, the oldest of each kind first.

        `kind` is `item`, `variant` or `category`: only those come. A row has the `type`, all
        attributes, and the external ids of an item's `categories` or of a variant's `item`.
        """
        query = given_members(account=self.account, type=kind, external_id=external_id)
        found: list[dict[str, Any]] = self._call("GET", "/resources", None, query)
        return found

    def jobs(self, status: str | None = None) -> list[dict[str, Any]]:
        """Give the newest bulk jobs, with their counts and errors."""
        query = given_members(account=self.account, status=status)
        found: list[dict[str, Any]] = self._call("GET", "/jobs", None, query)
        return found

    def wait_for_jobs(self, timeout: float = 10.0) -> list[dict[str, Any]]:
        """Wait until all bulk jobs have ended, and give the newest. Raises `TimeoutError`."""
        end = time.monotonic() + timeout
        while any(self.jobs(each) for each in (Status.QUEUED, Status.PROCESSING)):
            if time.monotonic() > end:
                raise TimeoutError(f"the jobs of the account have not ended in {timeout:g} s")
            time.sleep(_LOOK_PAUSE_SECONDS)
        return self.jobs()

    def snapshot(self) -> SavedCatalog:
        """Save the catalog and the jobs, to restore them as often as needed."""
        saved = SavedCatalog(self._call, self.account, next(self._names))
        self._call("POST", "/snapshots", self._own(name=saved.name))
        return saved

    def reset(self) -> None:
        """Remove the catalog and the jobs, faults and wishes, and forget the requests."""
        self._call("POST", "/reset", self._own())
        self.faults.clear()
        self.pace.clear()
        self.requests.clear()

    def _own(self, **members: Any) -> dict[str, Any]:
        return {"account": self.account, **members}
