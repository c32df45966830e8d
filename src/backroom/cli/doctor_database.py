"""The checks of `backroom doctor` on the database."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from backroom import clock
from backroom.cli.doctor_checks import Advice, Check
from backroom.store import condition as conditions
from backroom.store import file_of, is_postgres, open_to_read, task_queue, webhooks
from backroom.store.database import StoreUnavailable
from backroom.store.migrate import NewerDatabase, OlderDatabase, WrongDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from backroom.settings import Settings
    from backroom.store.condition import RowCondition
    from backroom.store.database import Transaction

_LEAST_ROOM = 100 * 2**20
_LARGE_LOG = 256 * 2**20
_LONG_WAIT = timedelta(minutes=5)
_LONG_OVERDUE = 60.0
"""Seconds. A server that runs sends within five."""
_MOST_SKEW = 2.0
_LEAST_POSTGRES = 14
MOUNTS = "/proc/mounts"
_LONGEST_SILENCE = 60
"""Seconds."""
_NETWORK_FILES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "lustre"}
    | {f"fuse.{name}" for name in ("sshfs", "glusterfs", "s3fs", "rclone", "ceph", "gcsfuse")}
)


def _file(settings: Settings, _: Mapping[str, str]) -> Iterator[Advice]:
    if settings.ephemeral or is_postgres(settings.database):
        return
    path = file_of(settings.database).resolve()
    if not path.exists():
        yield Advice("ok", f"there is no {path} yet; the first start makes it")
        return
    mode = path.stat().st_mode & 0o777
    if sys.platform != "win32" and mode & 0o077:
        yield Advice(
            "warning", f"others can open {path}: its mode is {mode:o}", f"chmod 600 {path}"
        )
    free = shutil.disk_usage(path.parent).free
    if free < _LEAST_ROOM:
        yield Advice("wrong", f"the disk of {path} has {free} bytes left", "Make room on it.")
    wal = path.with_name(f"{path.name}-wal")
    if wal.exists() and wal.stat().st_size > _LARGE_LOG:
        yield Advice(
            "warning",
            f"the write-ahead log has {wal.stat().st_size} bytes",
            "Something reads for long, as a backup does. If nothing does, restart the server.",
        )
    system = file_system(path)
    if system in _NETWORK_FILES:
        yield Advice(
            "wrong",
            f"{path} is on a network file system, {system}, where locks of SQLite do not hold",
            "Move it to a disk of this machine, or use PostgreSQL.",
        )


def file_system(path: Path) -> str:
    """Give the type of the file system of a path, as Linux names it; empty elsewhere."""
    try:
        with open(MOUNTS, encoding="utf-8") as mounts:  # noqa: PTH123 - no path of ours
            found = [line.split()[1:3] for line in mounts]
    except OSError:
        return ""
    # A blank in a name is escaped there. If two are mounted on one place, the later one is on top.
    mounted = [(place.replace("\\040", " "), kind) for place, kind in found]
    holding = [each for each in mounted if path.is_relative_to(each[0])]
    return max(reversed(holding), key=lambda each: len(each[0]))[1] if holding else ""


def _of_database(settings: Settings, _: Mapping[str, str]) -> Iterator[Advice]:
    url = settings.database
    if settings.ephemeral or (not is_postgres(url) and not file_of(url).exists()):
        return
    try:
        with closing(open_to_read(url)) as database, database.read() as tx:
            yield Advice("ok", "the database can be read, and has this version's schema")
            found = conditions.condition(tx)
            yield from _rows(found)
            yield from _webhooks(tx)
            if tx.dialect.name == "postgres":
                yield from _server(tx)
                yield from _workers(tx, jobs_wait=found.oldest is not None)
            else:
                yield from _checked_pages(tx)
    except OlderDatabase as error:
        yield Advice("warning", str(error), "The server migrates it when it starts.")
    except NewerDatabase as error:
        yield Advice("wrong", str(error), "Install the later version.")
    except WrongDatabase as error:
        yield Advice("wrong", str(error), "Name another database with --database.")
    except StoreUnavailable as error:
        yield Advice("wrong", f"the database can't be read: {error}", _todo_to_read(url))


def _todo_to_read(url: str) -> str:
    if is_postgres(url):
        return "Start PostgreSQL, or correct --database: try the same URL with `psql`."
    return "Try `backroom verify`."


def _checked_pages(tx: Transaction) -> Iterator[Advice]:
    found = conditions.broken_page(tx)
    if found:
        yield Advice("wrong", f"the file is damaged: {found}", "Restore a backup.")


def _rows(found: RowCondition) -> Iterator[Advice]:
    if not found.keys:
        why = "all keys are revoked" if found.all_keys else "there are no keys"
        yield Advice("warning", f"{why}, so nobody can call the API", "backroom keys create")
    else:
        yield Advice("ok", f"{found.keys} keys open the database")
    if found.oldest is None:
        yield Advice("ok", "no job waits")
        return
    waits = clock.now() - datetime.fromisoformat(found.oldest)
    words = f"{found.in_progress} jobs wait, the oldest for {int(waits.total_seconds())} seconds"
    if waits > _LONG_WAIT:
        yield Advice("warning", words, "Does a worker run? Its log says which jobs it sets aside.")
    else:
        yield Advice("ok", words)


def _webhooks(tx: Transaction) -> Iterator[Advice]:
    found = webhooks.count_deliveries(tx)
    if found.oldest_due is not None:
        overdue = (webhooks.milliseconds() - found.oldest_due) / 1000
        words = f"{found.waiting} deliveries of webhooks wait for a try"
        if overdue > _LONG_OVERDUE:
            yield Advice(
                "warning",
                f"{words}, and the oldest is overdue by {overdue:.0f} seconds",
                "Does a server run? Its log says why it sends none: look for webhooks_wait.",
            )
        else:
            yield Advice("ok", words)
    if found.given_up:
        yield Advice(
            "warning",
            f"{found.given_up} deliveries of webhooks were given up",
            "`backroom webhooks list` has their ids, `deliveries ID` says why, and"
            " `send-again ID DELIVERY` sends one again.",
        )


def _workers(tx: Transaction, *, jobs_wait: bool) -> Iterator[Advice]:
    workers = task_queue.all_workers(tx)
    alive = [each for each in workers if each.seconds < _LONGEST_SILENCE]
    for each in alive:
        at = f", at jobs of {', '.join(each.accounts)}" if each.accounts else ""
        yield Advice("ok", f"worker {each.number} was alive {each.seconds:.0f} seconds ago{at}")
    if not alive and (workers or jobs_wait):
        words = "no worker is alive"
        if workers:
            least = min(each.seconds for each in workers)
            words = f"no worker has been alive for {least:.0f} seconds"
        yield Advice(
            "wrong" if jobs_wait else "warning",
            words,
            "Run `backroom work`, or a server with --worker on: jobs wait until then.",
        )


def _server(tx: Transaction) -> Iterator[Advice]:
    found = conditions.server_condition(tx)
    version = found.version // 10_000
    if version < _LEAST_POSTGRES:
        yield Advice("wrong", f"PostgreSQL is version {version}", "Use version 14 or later.")
    else:
        yield Advice("ok", f"PostgreSQL is version {version}")
    if not found.takes_writes:
        yield Advice(
            "wrong",
            "PostgreSQL takes no writes: it is a standby, or its transactions are read-only",
            "Name the primary, and look at default_transaction_read_only.",
        )
    if found.timeouts:
        yield Advice(
            "warning",
            f"the role or the database sets {', '.join(found.timeouts)}",
            "Reset it for backroom's role, or long jobs and migrations may be cancelled:"
            " ALTER ROLE … RESET …",
        )
    if found.connections > 0.8 * found.most_connections:
        yield Advice(
            "warning",
            f"{found.connections} of {found.most_connections} connections are in use",
            "Raise max_connections, or run fewer servers and workers.",
        )
    if abs(found.skew) > _MOST_SKEW:
        yield Advice(
            "warning",
            f"the clock of PostgreSQL is {found.skew:+.0f} seconds from this machine's",
            "Have both machines set their clocks by NTP.",
        )


CHECKS_OF_DATABASE = (
    Check("file", "The file's mode, room on its disk, its log, and its file system.", _file),
    Check(
        "database",
        "Whether the database can be read, its schema and pages, keys, the oldest waiting job;"
        " PostgreSQL's version, connections and clock.",
        _of_database,
    ),
)
"""The checks of the database."""
