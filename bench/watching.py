"""What an access log and a journal cost: the same requests of servers with and without them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from bench import catalog, reads, servers
from bench.measuring import Found, Goal, Row, alternate

if TYPE_CHECKING:
    from pathlib import Path

    from bench.measuring import Contestants
    from bench.settings import Settings

_OFF = ("--access-log", "off", "--journal", "off")
_LEAST = 0.6
_ROWS = {
    "access log, as text": ("--access-log", "on", "--log-format", "text", "--journal", "off"),
    "access log, as JSON": ("--access-log", "on", "--log-format", "json", "--journal", "off"),
    "journal": ("--access-log", "off", "--journal", "on"),
}


def measured(directory: Path, settings: Settings) -> Found:
    """Measure a small GET on a server that has each of them alone, against one that has neither."""
    contestants: Contestants = {}
    with ExitStack() as stack:
        for name, flags in {"off": _OFF, **_ROWS}.items():
            database = directory / name / "backroom.db"
            database.parent.mkdir(parents=True)
            _, key = reads.account(str(database))
            served = stack.enter_context(servers.backroom(database, *flags))
            question, _ = catalog.reading(served, catalog.JOBS, key)
            contestants[name] = reads.asking(served, question, settings)
        taken = alternate(settings, contestants)
    return Found(
        [
            Row(
                f"GET an empty list, with the {name}",
                Goal(least=_LEAST),
                against="without",
                ours=taken[name],
                floor=taken["off"],
            )
            for name in _ROWS
        ]
    )
