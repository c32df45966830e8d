"""A push that stays: it reads what has changed at its source, and sends on what differs.

A backroom server is asked at intervals for its mark, which is another one after each change. As
long as the mark stays, nothing is read. When it is another one, only what differs is read
(`source_digests.py`). Other sources are read as a whole at each interval. A reading compares each
resource with its digest (`known.py`), and asks the target nothing. Only what differs becomes a
push. A push that was broken off is finished before the source is read again.
"""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

from backroom.feeds.client_errors import UnreachableError
from backroom.feeds.known import KnownCatalog
from backroom.feeds.mirroring import PLANNED
from backroom.feeds.pushing import Push
from backroom.feeds.rows import ORDER, Row
from backroom.feeds.source_digests import SourceDigests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.catalog.kinds import Kind
    from backroom.feeds.comparing import Mode
    from backroom.feeds.ledger import Ledger
    from backroom.feeds.paced_client import PacedClient
    from backroom.feeds.pushing import PushOptions
    from backroom.feeds.rows import Finding
    from backroom.feeds.source_catalog import SourceCatalog
    from backroom.feeds.source_digests import SourceChanges

STAGED = "changes staged"
_LONGEST_WATCH_SECONDS = 40.0
"""Seconds between two readings at most, so that a change is sent on within a minute."""
_REST = 20
"""A reading is followed by a pause at least so many times as long, within the limit."""


class PushWatch:
    """The source and the target of a push that stays."""

    def __init__(
        self,
        source: SourceCatalog,
        target: PacedClient,
        ledger: Ledger,
        mode: Mode,
        options: PushOptions,
    ) -> None:
        self._source = source
        self._target = target
        self._ledger = ledger
        self._mode = mode
        self._options = options
        self._known = KnownCatalog(ledger)
        self._digests = SourceDigests(source.client, ledger)
        self.holding: Callable[[int, int], object] = lambda *_: None
        """Called with the number of removals and their limit, if the limit is smaller."""
        self._read_seconds = 0.0
        self._mark = ""
        """The mark of the source before the last reading, empty if the source must be read."""

    @property
    def knows(self) -> bool:
        """Whether a whole push was done before."""
        return len(self._known) > 0

    def begin_for(self, push: str) -> None:
        """Forget what belongs to another push: to another target, or to other options."""
        if not self._known.begin_for(push):
            self._digests.forget()

    def finish(self) -> None:
        """Take in what became of the rows of the first push."""
        settled = self._known.learn()
        self._digests.keep()
        if not settled:
            self._mark = ""
            self._digests.reopen_unknown()
        self._ledger.note(STAGED, "")

    def stay(
        self,
        interval: float,
        pushed: Callable[[Push], object],
        away: Callable[[str], object],
    ) -> None:
        """Send on changes until the process is interrupted.

        `pushed` is called after each push, `away` with the reason why a server does not answer.
        Raises `RefusedError`, and what `Push.check_addresses` raises.
        """
        while True:
            try:
                push = self.once()
            except UnreachableError as error:
                away(str(error))
            else:
                if push:
                    pushed(push)
            time.sleep(max(interval, min(self._read_seconds * _REST, _LONGEST_WATCH_SECONDS)))

    def once(self) -> Push | None:
        """Finish a push that was broken off, or send changes of the source. None without any."""
        if not self._ledger.fact(STAGED) and not self._staged():
            return None
        push = Push(self._ledger, self._target, self._mode, self._options)
        push.check_addresses(from_file=False)
        push.compare(_silent, self._source)
        push.send(_silent)
        self.finish()
        return push

    def _staged(self) -> bool:
        """Read the source if it has changed, and bring its changes into the ledger."""
        self._read_seconds = 0.0
        mark = self._source.mark()
        if mark and mark == self._mark:
            return False
        self._mark = ""
        found = self._read()
        # The mark was read first, so a change during the read gives another mark next time.
        self._mark = mark
        return found

    def _read(self) -> bool:
        """Read the source, and bring its changes into the ledger."""
        began = time.monotonic()
        self._known.begin()
        differing = self._digests.changes()
        changes = self._changes(differing)
        first = next(changes, None)
        if first is not None:
            self._ledger.clear()
            self._ledger.stage(itertools.chain([first], changes))
        self._read_seconds = time.monotonic() - began
        gone = {kind: ids for kind in ORDER if (ids := self._gone(kind, differing))}
        if not self._mode.mirrors:
            for kind, ids in gone.items():
                self._known.forget(kind, ids)
            gone = {}
        number = sum(map(len, gone.values()))
        allowed = self._options.limit.allowed(len(self._known))
        if number > allowed:
            self.holding(number, allowed)
            gone = {}
            # They are found again with the next change, and may go when more is allowed.
            self._digests.forget()
        if first is None and not gone:
            self._digests.keep()
            return False
        if first is None:
            self._ledger.clear()
            self._ledger.stage(())
        with self._ledger.together():
            for kind, ids in gone.items():
                self._ledger.add_existing(kind.name, ids)
                self._ledger.add_removals(kind.name)
            # The deletions are these, and no others that the target may have.
            self._ledger.note(PLANNED, "yes")
            self._ledger.note(STAGED, "yes")
        return True

    def _gone(self, kind: Kind, differing: SourceChanges | None) -> list[str]:
        """Give the ids that were pushed and that the source does not show any more."""
        if differing is None:
            return self._known.unseen(kind)
        return self._known.among(kind, differing.gone.get(kind.name, ()))

    def _changes(self, differing: SourceChanges | None) -> Iterator[Row | Finding]:
        """Give the rows that are new or differ, of the whole source or of what it said differs."""
        pages = (
            self._source.pages()
            if differing is None
            else itertools.chain.from_iterable(
                self._source.some(kind, differing.changed.get(kind.name, {})) for kind in ORDER
            )
        )
        for page in pages:
            yield from self._known.changed(each for each in page if isinstance(each, Row))


def _silent(_: str, __: int) -> None:
    """Show no progress: changes are few."""
