"""The pace of jobs as a test has scripted it: wishes, in order, and the plans made of them.

A wish (`testing/wishes.py`) waits for jobs. Each job that is accepted takes the first wish that is
for it, and gets a plan: its steps, and what each of them waits for. Wishes and plans belong to this
process, as the jobs that it applies. After a restart there are none, and all jobs go on.

A thread waits for the moments that plans name. It starts with the first of them. Seconds are those
of the process's clock, so they pass as a test wants.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backroom import clock
from backroom.catalog.kinds import JOB_KINDS
from backroom.jobs.lifecycle import Status
from backroom.jobs.pacing import Pacing, Step
from backroom.testing.wishes import When, Wish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backroom.catalog.drafts import Draft
    from backroom.errors import OperationFault
    from backroom.store.jobs import NewJob, Waiting

SETTLE_SECONDS = 5.0
"""How long a caller waits at most for what a worker does next; then it goes on."""


@dataclass
class Entry:
    """A wish that was made, with its number and how many jobs it was used for."""

    number: int
    wish: Wish
    used: int = 0

    @property
    def is_spent(self) -> bool:
        """Whether no further job takes it."""
        return self.wish.times is not None and self.used >= self.wish.times


@dataclass
class _Plan:
    """What one job still has before it. `since` and `reads` count from its last step on."""

    entry: Entry
    steps: list[tuple[Step, When]]
    since: float
    reads: int = 0
    released: bool = False
    waiters: list[Callable[[], None]] = field(default_factory=list)

    def next_step(self) -> Step | None:
        step, when = self.steps[0]
        if self.released:
            return step
        held = when.released or when.never or self.reads < when.reads or self.seconds_left() > 0
        return None if held else step

    def seconds_left(self) -> float:
        return self.since + self.steps[0][1].seconds - clock.steady()


class ScriptedPace:
    """The wishes and plans of one process. Any thread may call it.

    `announce` is called with accounts whose jobs can go on. `pacing` asks this pace from the first
    wish on. With `everywhere` it asks from the start, and jobs without a wish of their own take
    that one.
    """

    def __init__(
        self, pacing: Pacing, announce: Callable[[str], None], everywhere: Wish | None = None
    ) -> None:
        self._pacing = pacing
        self._announce = announce
        self._everywhere = None if everywhere is None else Entry(0, everywhere)
        self._random = random.Random(clock.secret_bytes(16))  # noqa: S311 - no secret
        self._changed = threading.Condition()
        self._entries: list[Entry] = []
        self._made = 0
        self._plans: dict[tuple[str, str], _Plan] = {}
        self._pending: Counter[str] = Counter()
        self._timer: threading.Thread | None = None
        self._stopping = False
        if everywhere is not None:
            pacing.pace = self

    def add(self, wish: Wish) -> Entry:
        """Wish something of the jobs that are accepted from now on."""
        with self._changed:
            self._made += 1
            entry = Entry(self._made, wish)
            self._entries.append(entry)
            self._pacing.pace = self
            return entry

    def entries(self) -> list[Entry]:
        """List all wishes in the order in which they were made, with the used ones."""
        with self._changed:
            return list(self._entries)

    def plans(self) -> list[tuple[str, str, int, str]]:
        """List the jobs that a wish still holds: account, job, wish, and the next step."""
        with self._changed:
            return [
                (account, job_id, plan.entry.number, plan.steps[0][0])
                for (account, job_id), plan in self._plans.items()
                if plan.entry.number
            ]

    def forget(self, number: int | None = None, account: str | None = None) -> int:
        """Forget a wish, all those for an account, or all. Give how many were forgotten.

        The jobs that they hold go on as if nothing had been wished.
        """
        with self._changed:
            gone = [
                each
                for each in self._entries
                if number in (None, each.number)
                and account in (None, each.wish.given.get("account"))
            ]
            numbers = {each.number for each in gone}
            self._entries = [each for each in self._entries if each.number not in numbers]
            freed = {key for key, plan in self._plans.items() if plan.entry.number in numbers}
            waiters = [then for key in freed for then in self._plans.pop(key).waiters]
            if not self._entries and not self._plans and not self._pending:
                self._unhang()
        self._go_on({each for each, _ in freed}, waiters)
        return len(gone)

    def release(self, job_id: str | None = None, account: str | None = None) -> list[str]:
        """Let jobs go on to their end, even if they wait for something; give their ids.

        Those that never finish stay, unless one is named.
        """
        with self._changed:
            freed = [
                key
                for key, plan in self._plans.items()
                if job_id in (None, key[1])
                and account in (None, key[0])
                and (job_id is not None or not plan.steps[-1][1].never)
            ]
            for key in freed:
                self._plans[key].released = True
        self._go_on({each for each, _ in freed}, [])
        return [each for _, each in freed]

    def ended(self, account: str, job_id: str) -> None:
        """Note that a job has ended without its worker: nothing that was planned for it is left."""
        with self._changed:
            plan = self._plans.pop((account, job_id), None)
            self._changed.notify_all()
        self._go_on(set(), [] if plan is None else plan.waiters)

    def settle(self, seconds: float = SETTLE_SECONDS) -> bool:
        """Wait until no plan has a step that is due. False where that takes too long."""
        with self._changed:
            due = {key[0] for key, plan in self._plans.items() if plan.next_step() is not None}
        self._go_on(due, [])
        with self._changed:
            return self._changed.wait_for(self._is_settled, seconds)

    def _is_settled(self) -> bool:
        return all(plan.next_step() is None for plan in self._plans.values())

    def stop(self) -> None:
        """Plan no more, and end the thread."""
        with self._changed:
            self._stopping = True
            self._pacing.pace = None
            self._changed.notify_all()
        if self._timer is not None:
            self._timer.join()
            clock.unwatch(self._wake)

    # What a server and its worker ask: `jobs/pacing.py` says what each of these is.

    def planned(self, new: NewJob) -> NewJob:
        """Plan a job that the database is to accept; see `Pace`."""
        with self._changed:
            self._pending[new.account] += 1
            entry = next(
                (
                    each
                    for each in self._entries
                    if not each.is_spent and each.wish.means(new.account, new.job.type)
                ),
                self._everywhere,
            )
            if entry is None:
                return new
            entry.used += 1
            steps = entry.wish.steps(JOB_KINDS[new.job.type], self._random)
            if new.job.status == Status.QUEUED and steps[0][0] is not Step.BEGIN:
                steps = _queued_first(steps, usual=entry is self._everywhere)
            queued = steps[0][0] is Step.BEGIN
            self._plans[new.account, new.job.job_id] = _Plan(entry, steps, clock.steady())
        status = Status.QUEUED if queued else Status.PROCESSING
        return new._replace(job=new.job._replace(status=status))

    def accepted(self, new: NewJob, job_id: str | None) -> None:
        """Note under which id a planned job is stored; see `Pace`."""
        with self._changed:
            self._pending -= Counter([new.account])
            plan = self._plans.pop((new.account, new.job.job_id), None)
            if plan is not None and job_id is None:
                plan.entry.used -= 1
            elif plan is not None and job_id is not None:
                self._plans[new.account, job_id] = plan
                self._start_timer(plan)
            self._changed.notify_all()

    def next_step(self, account: str, job_id: str) -> Step | None:
        """Give the step that a job may take now; see `Pace`."""
        with self._changed:
            # A job may be seen before it is known under which id it is stored.
            if account in self._pending:
                return None
            plan = self._plans.get((account, job_id))
            return Step.USUAL if plan is None else plan.next_step()

    def took(self, waiting: Waiting, step: Step) -> None:
        """Note that a job has taken a step; see `Pace`."""
        waiters: list[Callable[[], None]] = []
        with self._changed:
            plan = self._plans.get((waiting.account, waiting.job_id))
            if plan is None or plan.steps[0][0] is not step:
                return
            plan.steps.pop(0)
            plan.since, plan.reads = clock.steady(), 0
            if not plan.steps:
                del self._plans[waiting.account, waiting.job_id]
            if not plan.steps or plan.next_step() is None:
                waiters, plan.waiters = plan.waiters, []
            self._changed.notify_all()
        self._go_on(set(), waiters)

    def failing(self, waiting: Waiting, drafts: Sequence[Draft]) -> dict[int, OperationFault]:
        """Give which operations of a job fail without being applied; see `Pace`."""
        with self._changed:
            plan = self._plans.get((waiting.account, waiting.job_id))
        if plan is None:
            return {}
        return plan.entry.wish.failing(JOB_KINDS[waiting.type], drafts)

    def note_read(self, account: str, job_id: str) -> None:
        """Note that a client is about to get an answer that shows a job; see `Pace`."""
        with self._changed:
            plan = self._plans.get((account, job_id))
            if plan is None:
                return
            plan.reads += 1
            due = plan.next_step() is not None
        if due:
            self._announce(account)

    def when_waiting(self, account: str, job_id: str, then: Callable[[], None]) -> None:
        """Call `then` when a job has ended or has to wait; see `Pace`."""
        with self._changed:
            plan = self._plans.get((account, job_id))
            if plan is not None and plan.next_step() is not None:
                plan.waiters.append(then)
                return
        then()

    def _go_on(self, accounts: set[str], waiters: list[Callable[[], None]]) -> None:
        """Wake the threads that wait, without the lock."""
        for account in accounts:
            self._announce(account)
        for then in waiters:
            then()

    def _unhang(self) -> None:
        if self._everywhere is None:
            self._pacing.pace = None

    def _start_timer(self, plan: _Plan) -> None:
        if self._timer is None and any(when.seconds for _, when in plan.steps):
            self._timer = threading.Thread(target=self._watch, name="backroom-pace", daemon=True)
            clock.watch(self._wake)
            self._timer.start()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _watch(self) -> None:
        """Announce the accounts whose plans come due with time."""
        announced: dict[int, Step] = {}
        while True:
            with self._changed:
                if self._stopping:
                    return
                timed = [
                    (key[0], plan)
                    for key, plan in self._plans.items()
                    if plan.steps[0][1].seconds and key[0] not in self._pending
                ]
                due = [(account, plan) for account, plan in timed if plan.next_step() is not None]
                fresh = {a for a, plan in due if announced.get(id(plan)) is not plan.steps[0][0]}
                announced = {id(plan): plan.steps[0][0] for _, plan in due}
                left = [plan.seconds_left() for _, plan in timed if plan.next_step() is None]
                if not fresh:
                    pause = clock.real_seconds(min(left)) if left else threading.TIMEOUT_MAX
                    self._changed.wait(min(max(0.0, pause), threading.TIMEOUT_MAX))
            self._go_on(fresh, [])


def _queued_first(steps: list[tuple[Step, When]], *, usual: bool) -> list[tuple[Step, When]]:
    """Give the steps of a job that a server shows as queued without a wish for it.

    The usual delay passes while the job is queued. The waits of a wish begin after that.
    """
    (step, when), *later = steps
    if usual:
        return [(Step.BEGIN, when), (step, When()), *later]
    return [(Step.BEGIN, When()), *steps]
