"""Files that this server imports itself. It keeps a file for a while, tries it dry, then loads it.

A file waits in a temporary folder. A run is a client of this server: it has a thread, and a key
that is made for it and revoked at its end. Keys whose run has ended in another way, as by a crash,
are revoked when the next import begins: nobody knows them any more.
"""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from backroom import clock, events
from backroom.control.import_outcome import ImportOutcome, failed_import
from backroom.control.import_refusals import ImportRefusals
from backroom.control.import_reports import keep_beginning, keep_report
from backroom.control.import_run import ImportOptions, ImportRun
from backroom.control.route import ControlError
from backroom.store import keys
from backroom.store.database import StoreUnavailable
from backroom.store.imports import new_import_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from backroom.control.route import Control

MOST_FILE_BYTES = 256 * 2**20
"""Bytes of one file."""
MOST_IMPORTS_KEPT = 10
"""How many files are kept. The oldest one that is not at work makes room."""
MOST_RUNNING = 2
"""How many runs are at work at the same time. Others wait."""
KEY_NAME = "dashboard import"
_KEY_DAYS = 1
"""After so many days no run of another server needs its key any more."""
_SCOPES = ["catalogs:read", "catalogs:write"]
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")
_LONGEST_UPLOAD_NAME = 120

log = logging.getLogger(__name__)


class ImportPhase(StrEnum):
    """Where an import is."""

    CHECKING = "checking"
    CHECKED = "checked"
    LOADING = "loading"
    LOADED = "loaded"


@dataclass
class Import:
    """One file for one account. `tried` is the outcome of its dry run, `loaded` of its load."""

    import_id: str
    account: str
    account_name: str
    name: str
    size: int
    folder: Path
    began: datetime
    options: ImportOptions = field(default_factory=ImportOptions)
    phase: ImportPhase = ImportPhase.CHECKING
    run: ImportRun | None = None
    tried: ImportOutcome | None = None
    loaded: ImportOutcome | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def path(self) -> Path:
        """Where the file is, by its own name."""
        return self.folder / "file" / self.name

    @property
    def at_work(self) -> bool:
        """Whether a run goes on, or waits for its turn."""
        return self.phase in {ImportPhase.CHECKING, ImportPhase.LOADING}


class Imports:
    """All imports of one server."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._kept: dict[str, Import] = {}
        self._keys: set[str] = set()
        self._lock = threading.RLock()
        self._threads = ThreadPoolExecutor(MOST_RUNNING, "backroom-import")
        self._home: Path | None = None
        self._refusals: ImportRefusals | None = None
        self._closed = False

    def all(self) -> list[Import]:
        """Give all imports, newest first."""
        with self._lock:
            return list(self._kept.values())[::-1]

    def find(self, import_id: str) -> Import:
        """Give an import. Raises `ControlError`."""
        with self._lock:
            found = self._kept.get(import_id)
        if found is None:
            raise ControlError(
                404,
                f"The server no longer has the file of import {import_id!r}. It keeps the last"
                f" {MOST_IMPORTS_KEPT} files until it stops. What it has loaded is among the"
                " imports of the account.",
            )
        return found

    def new_folder(self) -> Path:
        """Make the folder for a file that will be sent."""
        with self._lock:
            if self._home is None:
                self._home = Path(tempfile.mkdtemp(prefix="backroom-import-"))
                self._refusals = ImportRefusals(self._home / "refused")
            folder = self._home / new_import_id()
        (folder / "file").mkdir(parents=True)
        return folder

    def add(
        self, folder: Path, name: str, account: str, options: ImportOptions | None = None
    ) -> Import:
        """Take a file that is in a folder, by its `name` there, and try it dry.

        Raises `ControlError` where there is no room.
        """
        with self._control.database.read() as tx:
            account_name = keys.account_name(tx, account) or account
        made = Import(
            folder.name,
            account,
            account_name,
            name,
            (folder / "file" / name).stat().st_size,
            folder,
            clock.now(),
            options or ImportOptions(),
        )
        with self._lock:
            self._make_room()
            self._kept[made.import_id] = made
            self._start(made, ImportPhase.CHECKING)
        return made

    def check(self, import_id: str, options: ImportOptions) -> Import:
        """Try a file again, with other options. Raises `ControlError`."""
        with self._lock:
            found = self._resting(import_id)
            found.options = options
            found.loaded = None
            self._start(found, ImportPhase.CHECKING)
        return found

    def load(self, import_id: str) -> Import:
        """Load a file with the options that it was tried with. Raises `ControlError`."""
        with self._lock:
            found = self._resting(import_id)
            if found.phase is not ImportPhase.CHECKED or found.tried is None or found.tried.error:
                raise ControlError(
                    409, "Only an import that was checked without an error can be loaded."
                )
            self._start(found, ImportPhase.LOADING)
        return found

    def cancel(self, import_id: str) -> Import:
        """Have a run end soon. Jobs that it has sent go on. Raises `ControlError`."""
        found = self.find(import_id)
        found.cancelled.set()
        return found

    def remove(self, import_id: str) -> None:
        """Forget an import, with its file. Raises `ControlError` while it is at work."""
        with self._lock:
            found = self._resting(import_id)
            del self._kept[found.import_id]
        shutil.rmtree(found.folder, ignore_errors=True)

    def close(self) -> None:
        """End all runs, revoke their keys, and remove all files."""
        with self._lock:
            self._closed = True
            for each in self._kept.values():
                each.cancelled.set()
        self._threads.shutdown(cancel_futures=True)
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)

    def _resting(self, import_id: str) -> Import:
        found = self.find(import_id)
        if found.at_work:
            raise ControlError(409, "The import is at work. Wait for its end, or cancel it.")
        return found

    def _make_room(self) -> None:
        while len(self._kept) >= MOST_IMPORTS_KEPT:
            resting = [each for each in self._kept.values() if not each.at_work]
            if not resting:
                raise ControlError(
                    429,
                    f"{MOST_IMPORTS_KEPT} imports are running. Wait until one has ended, or cancel"
                    " one.",
                )
            self.remove(resting[0].import_id)

    def _start(self, found: Import, phase: ImportPhase) -> None:
        if self._closed:
            raise ControlError(503, "The server stops.")
        found.phase = phase
        found.cancelled = threading.Event()
        url = self._control.parts["url"]
        refusals = None if self._refusals is None else self._refusals.of(found.account)
        run = found.run = ImportRun(found.path, found.options, url, found.cancelled, refusals)
        self._threads.submit(self._run, found, run, phase)

    def _run(self, found: Import, run: ImportRun, phase: ImportPhase) -> None:
        dry = phase is ImportPhase.CHECKING
        try:
            if not dry:
                keep_beginning(self._control.database, found.account, found.import_id, found.name)
            with self._key(found) as key:
                outcome = run.run(key, dry=dry)
        except Exception as error:
            log.exception(events.IMPORT_FAILED, found.name)
            said = str(error) if isinstance(error, (OSError, StoreUnavailable)) else ""
            outcome = failed_import(said or "The server failed. Its log says why.")
        if not dry:
            self._keep(found, outcome)
        with self._lock:
            if dry:
                found.tried = outcome
            else:
                found.loaded = outcome
            found.phase = ImportPhase.CHECKED if dry else ImportPhase.LOADED

    def _keep(self, found: Import, outcome: ImportOutcome) -> None:
        """Keep the outcome of a file when it was loaded. The file itself goes with the server."""
        try:
            keep_report(self._control.database, found.account, found.import_id, found.name, outcome)
        except (ControlError, StoreUnavailable):
            log.exception(events.IMPORT_FAILED, found.name)

    @contextmanager
    def _key(self, found: Import) -> Iterator[str]:
        """Give a key for one run, and revoke it afterwards."""
        database = self._control.database
        self.revoke_left_over()
        name = f"{KEY_NAME} {found.import_id}"
        # The name is noted before the key exists, so no other run takes the key for a left-over
        # one.
        with self._lock:
            self._keys.add(name)
        try:
            made = database.write(
                lambda tx: keys.create(tx, found.account_name, name, _SCOPES)
            ).result()
            try:
                yield made.key
            finally:
                database.write(lambda tx: keys.revoke(tx, made.key_id)).result()
        finally:
            with self._lock:
                self._keys.discard(name)

    def revoke_left_over(self) -> None:
        """Revoke the keys of runs that have ended without revoking them."""
        database = self._control.database
        # On SQLite there is no other server. On PostgreSQL one may have a run at work.
        alone = database.dialect.exclusive is None
        until = clock.now() + timedelta(days=1 if alone else -_KEY_DAYS)
        moment = clock.timestamp(until)
        with self._lock:
            used = frozenset(self._keys)
        database.write(lambda tx: keys.revoke_left_over(tx, f"{KEY_NAME} ", moment, used)).result()


def safe_name(name: str) -> str:
    """Give a safe name for a file: the last part of the path, without unusual characters."""
    kept = _NOT_IN_NAMES.sub("-", name.replace("\\", "/").rpartition("/")[2]).strip(". -")
    kept = kept.encode(errors="ignore").decode()
    # The end of the name says which format the file has.
    while len(kept.encode()) > _LONGEST_UPLOAD_NAME:
        kept = kept[1:]
    return kept or "file"


_making = threading.Lock()


def imports_of(control: Control) -> Imports:
    """Give the imports of a server. They are made when somebody first asks for them."""
    with _making:
        found = control.parts.get("imports")
        if found is None:
            made = Imports(control)
            made.revoke_left_over()
            control.parts["imports"] = found = made
    kept: Imports = found
    return kept
