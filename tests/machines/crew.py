"""Two servers and three workers on one database, and clients that keep ledgers of them."""

from __future__ import annotations

import queue
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import psycopg
from urllib3.exceptions import HTTPError

from backroom.store import keys, open_database
from crash.audit import hold_rows, hold_wire
from crash.ledger import Gone, Ledger
from machines.witness import WatchedClient, Witness
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from support.process import Program, Programs, ServerProgram

SERVERS = 2
WORKERS = 3
CLIENTS = ("one", "one", "two", "three")
"""The account of each client."""
_LONGEST_LIFE = 0.8
_HEALED_WITHIN = 60.0
_MOST_DISTURBANCES = 4
"""How many times as often as it has to, a test tries to be noticed."""
_NO_MORE = "no more"


class Order(Protocol):
    """Have the clients post so many more jobs, each its own."""

    def __call__(self, jobs: int) -> None: ...


@dataclass
class Crew:
    """The processes. `url` is the way that they take to the database, `direct` the test's own."""

    programs: Programs
    url: str
    direct: str
    seed: str
    servers: list[ServerProgram] = field(default_factory=list)
    workers: list[Program] = field(default_factory=list)
    ledgers: list[Ledger] = field(default_factory=list)
    witness: Witness = field(default_factory=Witness)
    ordered: int = 0

    def start(self) -> None:
        database = open_database(self.direct)
        for number, account in enumerate(CLIENTS):
            made = database.write(lambda tx, account=account: keys.create(tx, account, "test", []))  # type: ignore[misc]
            chance = random.Random(f"{self.seed} {number}")
            ledger = Ledger(made.result().key, f"client{number}", chance, full=True)
            # A commit may be heard, and the answer to it lost.
            ledger.unsure = frozenset({503})
            self.ledgers.append(ledger)
        database.close()
        self.servers = [self._serve() for _ in range(SERVERS)]
        self.workers = [self._work() for _ in range(WORKERS)]
        for each in self.servers:
            assert each.announced(), each.errors
        # Who starts while the database is away ends, as it says why; who runs must not.
        until(lambda: _all_ready(self.workers), "workers that apply jobs")

    def _serve(self) -> ServerProgram:
        return self.programs.serve(
            *("--database", self.url, "--worker", "off", "--log-level", "warning")
        )

    def _work(self) -> Program:
        return self.programs.start("work", "--database", self.url, "--log-level", "warning")

    def kill_at_random(self, chance: random.Random) -> None:
        """Kill one of them, at a moment that nobody knows, and start another in its place."""
        moment = threading.Timer(chance.uniform(0, _LONGEST_LIFE), lambda: None)
        moment.start()
        moment.join()
        place = chance.randrange(SERVERS + WORKERS)
        if place < SERVERS:
            self.servers[place].kill()
            self.servers[place] = self._serve()
        else:
            self.workers[place - SERVERS].kill()
            self.workers[place - SERVERS] = self._work()

    def disturb(self, times: int, once: Callable[[], None]) -> None:
        """Disturb so many times, and more often if need be, until a client has noticed it.

        A read is healed without a word, and a write may just not have been under way.
        """
        for done in range(_MOST_DISTURBANCES * times):
            if done >= times and self.witness.answered[503]:
                break
            once()

    def server_url(self, chance: random.Random) -> str:
        """Give a server that is ready."""
        ready: list[ServerProgram] = []

        def any_ready() -> bool:
            ready[:] = [each for each in self.servers if "\n" in each.output]
            return bool(ready)

        until(any_ready, "a server to be ready", _HEALED_WITHIN)
        return chance.choice(ready).url

    @contextmanager
    def trading(self) -> Iterator[Order]:
        """Let the clients post what is ordered; in the end all of it was accepted."""
        orders: queue.SimpleQueue[str] = queue.SimpleQueue()

        def order(jobs: int) -> None:
            self.ordered += jobs
            for _ in range(jobs):
                orders.put("a job")

        with ThreadPoolExecutor(len(self.ledgers)) as threads:
            trades = [threads.submit(self._trade, each, orders) for each in self.ledgers]
            try:
                yield order
            finally:
                for _ in self.ledgers:
                    orders.put(_NO_MORE)
        for each in trades:
            each.result()

    def _trade(self, ledger: Ledger, orders: queue.SimpleQueue[str]) -> None:
        while orders.get() != _NO_MORE:
            accepted = len(ledger.accepted)
            while len(ledger.accepted) == accepted:
                url = self.server_url(ledger.chance)
                client = WatchedClient(url, ledger.key, self.witness)
                # The server may be gone, or go.
                with suppress(Gone, HTTPError):
                    ledger.act(client)
                    for last in ledger.accepted[-1:]:
                        client.get(f"{last.kind.path}/{last.job_id}")
                client.pool.clear()

    def count(self, condition: str) -> int:
        """Count the jobs that a condition holds for."""
        with psycopg.connect(self.direct) as connection:
            (count,) = connection.execute(f"select count(*) from jobs where {condition}").fetchone()  # type: ignore[misc]
        return int(count)

    @property
    def complete(self) -> int:
        """How many jobs are complete."""
        return self.count("completed_at is not null")

    @property
    def accepted(self) -> int:
        """How many jobs were accepted so far."""
        return sum(len(each.accepted) for each in self.ledgers)

    def get_going(self) -> None:
        """Wait until some more jobs were accepted, and some of them are complete."""
        accepted, complete = self.accepted + 4, self.complete + 2
        until(lambda: self.accepted >= accepted, "jobs to be accepted", _HEALED_WITHIN)
        until(lambda: self.complete >= complete, "jobs to be complete", _HEALED_WITHIN)

    def settle(self) -> None:
        """Wait until all that was ordered was accepted, and is complete."""
        until(lambda: self.accepted >= self.ordered, "all jobs to be accepted", _HEALED_WITHIN)
        until(lambda: not self.count("completed_at is null"), "all jobs", _HEALED_WITHIN)

    def audit(self) -> None:
        """See that all is as clients were answered, over the wire and in the rows."""
        assert self.witness.wrong == []
        self.settle()
        hold_wire(self.server_url(random.Random(self.seed)), self.ledgers)
        until(self._all_emptied, "the links of categories that are gone")
        everybody = [*self.servers, *self.workers]
        # One that was only just started, in place of one that was killed, knows no signals yet.
        until(lambda: _all_ready(everybody), "all to be ready")
        assert [each.errors for each in everybody if each.ended] == []
        for each in everybody:
            each.process.send_signal(signal.SIGTERM)
        for each in everybody:
            assert each.wait() == 0, each.errors
        hold_rows(self.direct, self.ledgers)

    def _all_emptied(self) -> bool:
        with psycopg.connect(self.direct) as connection:
            return not connection.execute("select 1 from emptied_categories").fetchall()


def _all_ready(programs: Iterable[Program]) -> bool:
    """Whether each has said its first line."""
    return all("\n" in each.output for each in programs)
