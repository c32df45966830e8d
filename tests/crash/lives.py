"""Servers that live on one file, one after the other, and how each of them ends."""

from __future__ import annotations

import itertools
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backroom.store import keys, open_database
from crash.audit import hold_rows, hold_wire
from crash.ledger import Ledger
from support.process import TESTS, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.process import Programs, ServerProgram

OCCURRENCES = (1, 6)
"""At which occurrences of a step a server dies, one life after the other."""
CHAINS = 4
KILLS_IN_A_CHAIN = 10

_TOO_MANY_JOBS = frozenset({429})
_DURING_START = 0.2
_SECONDS_TO_START = 0.4
_SECONDS_OF_SERVICE = 0.25


def _nothing() -> None:
    pass


@dataclass
class Shop:
    """A file with two accounts, and three clients who keep ledgers."""

    programs: Programs
    path: Path
    ledgers: list[Ledger]

    def server(self, *flags: str) -> ServerProgram:
        """Start a server on the file; without flags, one that lives."""
        return self.programs.server(
            "-m", "crash.dying_server", str(self.path), *flags, PYTHONPATH=str(TESTS)
        )

    def trade(self, *servers: ServerProgram, meanwhile: Callable[[], None] = _nothing) -> None:
        """Let the clients post, each to one of the servers in turn, until these are gone."""
        urls = itertools.cycle([server.url for server in servers])
        with ThreadPoolExecutor(len(self.ledgers)) as clients:
            trading = [clients.submit(each.trade, next(urls)) for each in self.ledgers]
            try:
                meanwhile()
            except BaseException:
                for server in servers:
                    server.kill()
                raise
        for each in trading:
            each.result()

    def die_at(self, step: str, nth: int, *flags: str) -> None:
        """Live until the worker comes to a step for the nth time."""
        server = self.server("--step", step, "--nth", str(nth), *flags)
        if server.announced():
            self.trade(server)
        assert server.wait() == -signal.SIGKILL, server.errors

    def die_at_random(self, chance: random.Random, *flags: str) -> None:
        """Live until a moment that nobody knows, in the start or in the service."""
        server = self.server(*flags)
        during_start = chance.random() < _DURING_START
        if not during_start:
            assert server.announced(), server.errors
        most = _SECONDS_TO_START if during_start else _SECONDS_OF_SERVICE
        killer = threading.Timer(chance.uniform(0, most), server.process.kill)
        killer.start()
        if server.announced():
            self.trade(server)
        killer.join()
        assert server.wait() == -signal.SIGKILL, server.errors

    def audit(self, *flags: str, refusals: frozenset[int] = _TOO_MANY_JOBS) -> None:
        """Start once more and see that all is as clients were answered."""
        assert all(ledger.refused.keys() <= refusals for ledger in self.ledgers)
        server = self.server(*flags)
        hold_wire(server.url, self.ledgers)
        assert server.stop() == 0, server.errors
        hold_rows(str(self.path), self.ledgers)


def wait_for_more(count: Callable[[Ledger], int], ledgers: list[Ledger], least: int = 5) -> None:
    """Wait until a number of each of the ledgers has grown by so much."""
    enough = [(ledger, count(ledger) + least) for ledger in ledgers]
    until(lambda: all(count(ledger) >= most for ledger, most in enough), "the clients to go on")


def open_shop(programs: Programs, path: Path, seed: str) -> Shop:
    """Make the file, and clients whose chances come from the seed."""
    database = open_database(str(path))
    made = [
        database.write(lambda tx, account=account: keys.create(tx, account, "test", [])).result()  # type: ignore[misc]
        for account in ("one", "one", "two")
    ]
    database.close()
    ledgers = [
        Ledger(each.key, f"client{number}", random.Random(f"{seed} {number}"))
        for number, each in enumerate(made)
    ]
    return Shop(programs, path, ledgers)
