"""Sends deliveries: a thread of a server that looks for those that are due, and others that send.

What happens, in order:

1. The thread looks which webhooks have a due delivery: every quarter of a second where there are
   webhooks, and every five seconds where there are none. So a server gets to know of webhooks that
   were made through another one. A call that makes a webhook on this server wakes the thread.
2. It claims some deliveries of each, at most `_DELIVERIES_AT_ONCE` of one webhook and
   `_MOST_DELIVERIES` in all. So a slow receiver delays its own deliveries only. Other servers leave
   alone what is claimed.
3. A thread of its own sends each (`attempt.py`), and writes the outcome: delivered, due again
   after the pause of `SCHEDULE`, or given up after the last one.

A claim ends after `CLAIM_SECONDS`. So if a process is killed, another one sends the deliveries that
it had claimed, with the same ids. On SQLite that happens as soon as the server has started again,
if it was the first try.

Jobs and requests never wait for any of this.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from backroom import events
from backroom.store import webhooks
from backroom.store.database import StoreUnavailable
from backroom.store.signals import Signal, Tally
from backroom.webhooks.attempt import ATTEMPT_SECONDS, Attempt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backroom.store.database import Database, Transaction
    from backroom.store.webhooks import Delivery, Webhook
    from backroom.webhooks.attempt import TryOutcome

log = logging.getLogger(__name__)

SCHEDULE = (5.0, 30.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0)
"""The pauses after each try that failed, in seconds. After the try that follows the last pause, a
delivery is given up: some 18 hours after the event."""
CLAIM_SECONDS = 60.0
DELIVERIES_KEPT_SECONDS = 7 * 24 * 3600.0
"""How long a delivery is kept after it was delivered or given up."""
_DELIVERIES_AT_ONCE = 4
_MOST_DELIVERIES = 32
_DELIVERY_LOOK_SECONDS = 0.25
_IDLE_SECONDS = 5.0
_STOP_SECONDS = 2.0
_FORGET_SECONDS = 3600.0
_FORGOTTEN_AT_ONCE = 500
_FAILED_DELIVERY = "failed"
"""What came of a try, where it is not `webhooks.DELIVERED`."""
_SPREAD = 0.1
"""By how much a pause may be longer, so that deliveries that failed together don't return so."""


class Sender:
    """Sends the deliveries of a database. `private` allows receivers at private addresses."""

    def __init__(
        self, database: Database, *, private: bool = False, schedule: Sequence[float] = SCHEDULE
    ) -> None:
        self._database = database
        self._private = private
        self._schedule = schedule
        self._thread = threading.Thread(target=self._run, name="backroom-webhooks")
        self._woken = threading.Event()
        self._stopping = False
        self._under_way: dict[str, Attempt] = {}
        """What is being sent, by the id of the delivery."""
        self._lock = threading.Lock()
        self._next_forget = 0.0
        self._has_released = database.dialect.exclusive is not None
        """Whether claims of an earlier process are given back; only one process has SQLite."""
        self._failing = False
        self._tally = Tally(webhooks.DELIVERED, _FAILED_DELIVERY, webhooks.GIVEN_UP)

    def signals(self) -> list[Signal]:
        """Give the number of tries by their results, in this process."""
        counts = {each.name: each.value for each in self._tally.signals()}
        tries = [
            Signal("webhook_tries_total", counts[result], (("result", result),))
            for result in (webhooks.DELIVERED, _FAILED_DELIVERY)
        ]
        return [*tries, Signal("webhook_deliveries_given_up_total", counts[webhooks.GIVEN_UP])]

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def wake(self) -> None:
        """Look for deliveries at once. Any thread may call it, after the commit."""
        self._woken.set()

    def stop(self) -> None:
        """Send no more. A running try has two seconds to end, or is made again later."""
        self._stopping = True
        self.wake()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        with ThreadPoolExecutor(_MOST_DELIVERIES, thread_name_prefix="backroom-webhook") as pool:
            while not self._stopping:
                self._woken.clear()
                pause = self._looked(pool)
                self._break_off(time.monotonic())
                self._woken.wait(pause)
            end = time.monotonic() + _STOP_SECONDS
            while self._under_way and time.monotonic() < end:
                self._woken.wait(0.02)
                self._woken.clear()
            self._break_off(float("inf"))

    def _looked(self, pool: ThreadPoolExecutor) -> float:
        """Begin to send what is due. Gives the seconds until the next look."""
        try:
            pause = self._look(pool)
        except StoreUnavailable as error:
            if not self._failing:
                log.warning(events.WEBHOOKS_WAIT, error)
            self._failing = True
            return _IDLE_SECONDS
        except Exception:
            log.exception(events.DELIVERIES_FAILED)
            return _IDLE_SECONDS
        self._failing = False
        return pause

    def _look(self, pool: ThreadPoolExecutor) -> float:
        now = webhooks.milliseconds()
        with self._database.read() as tx:
            if not webhooks.any_webhook(tx):
                return _IDLE_SECONDS
            due = webhooks.webhooks_due(tx, now)
        if not self._has_released:
            self._database.write(partial(webhooks.release, now=now)).result()
            self._has_released = True
            return 0.0
        self._forget_old(now)
        with self._lock:
            busy = Counter(each.delivery.webhook_id for each in self._under_way.values())
        for webhook_id in due:
            free = min(_DELIVERIES_AT_ONCE - busy[webhook_id], _MOST_DELIVERIES - busy.total())
            if free > 0:
                busy[webhook_id] += self._begin(pool, webhook_id, now, free)
        return _DELIVERY_LOOK_SECONDS

    def _begin(self, pool: ThreadPoolExecutor, webhook_id: str, now: int, most: int) -> int:
        """Claim up to `most` deliveries of a webhook, and send them. Gives how many."""
        until = now + int(CLAIM_SECONDS * 1000)

        def work(tx: Transaction) -> tuple[Webhook | None, list[Delivery]]:
            return webhooks.webhook(tx, webhook_id), webhooks.claim(
                tx, webhook_id, now, until, most
            )

        webhook, claimed = self._database.write(work).result()
        if webhook is None:
            return 0
        for each in claimed:
            attempt = Attempt(webhook, each, private=self._private)
            with self._lock:
                self._under_way[each.delivery_id] = attempt
            pool.submit(self._send, attempt)
        return len(claimed)

    def _send(self, attempt: Attempt) -> None:
        with events.about(*attempt.about()):
            self._send_and_note(attempt)

    def _send_and_note(self, attempt: Attempt) -> None:
        try:
            outcome = attempt.make()
            note = partial(self._note, attempt=attempt, outcome=outcome)
            state = self._database.write(note).result()
            if state is not None:
                # After the commit, because a transaction may run twice.
                self._count(outcome, state)
                self._log_end(attempt, outcome, state)
        except Exception:
            # The claim ends by itself, and the delivery is sent again.
            log.exception(events.DELIVERY_NOT_NOTED)
        finally:
            with self._lock:
                del self._under_way[attempt.delivery.delivery_id]
            self.wake()

    def _count(self, outcome: TryOutcome, state: str) -> None:
        self._tally.add(webhooks.DELIVERED if outcome.delivered else _FAILED_DELIVERY)
        if state == webhooks.GIVEN_UP:
            self._tally.add(state)

    def _log_end(self, attempt: Attempt, outcome: TryOutcome, state: str) -> None:
        if state == webhooks.GIVEN_UP:
            tried = attempt.delivery
            log.warning(events.DELIVERY_GIVEN_UP, tried.delivery_id, tried.tries + 1, outcome.error)

    def _note(self, tx: Transaction, attempt: Attempt, outcome: TryOutcome) -> str | None:
        """Write the outcome of a try. Gives the state, or None if the try was given back."""
        tried, now = attempt.delivery, webhooks.milliseconds()
        if self._stopping and attempt.broken_off:
            webhooks.make_due(tx, tried.delivery_id, now)
            return None
        last = tried.tries >= len(self._schedule)
        state, due_at = webhooks.WAITING, now
        if outcome.delivered:
            state = webhooks.DELIVERED
        elif last or outcome.gone:
            state = webhooks.GIVEN_UP
        else:
            usual = self._schedule[tried.tries] * (1 + random.random() * _SPREAD)  # noqa: S311 - no secret
            due_at += int(max(usual, outcome.pause) * 1000)
        shown = {
            "at": outcome.at,
            "seconds": outcome.seconds,
            "status": outcome.status,
            "error": outcome.error,
            "answer": outcome.answer,
        }
        webhooks.note_attempt(tx, tried, state, due_at, shown)
        return state

    def _break_off(self, now: float) -> None:
        """End the tries that have taken too long by a moment of the monotonic clock."""
        with self._lock:
            late = [each for each in self._under_way.values() if each.ends_at <= now]
        for each in late:
            each.break_off()

    def _forget_old(self, now: int) -> None:
        """Remove old deliveries, some in each transaction, once an hour."""
        if time.monotonic() < self._next_forget:
            return
        before = now - int(DELIVERIES_KEPT_SECONDS * 1000)
        forget = partial(webhooks.remove_old, due_before=before, most=_FORGOTTEN_AT_ONCE)
        while not self._stopping and self._database.write(forget).result() >= _FORGOTTEN_AT_ONCE:
            pass
        self._next_forget = time.monotonic() + _FORGET_SECONDS


assert ATTEMPT_SECONDS < CLAIM_SECONDS  # noqa: S101 - else a try could outlive its claim
