"""The refusals of a server, kept so that an import does not send the same rows again.

Only a server can judge the values of a row. What it has refused once, it would refuse again. So the
refusals outlive their import, in the file of its ledger: a digest of each operation, with the words
of the server. They are those of the last import alone, and never more than the rows that it had.

What may pass by itself is not kept: that a server is busy, that another resource is in the way. A
refusal because of a resource that does not exist counts as long as that resource does not exist.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, NamedTuple

import apsw

from backroom.feeds.advice import hangs_on_related, is_taken

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from backroom.feeds.comparing import RowOperation
    from backroom.feeds.ledger_file import LedgerFile

_TARGET_DIGEST_BYTES = 16
_IMPORT = "import"
"""The fact of a ledger that identifies its import."""
_LONGEST_DETAIL = 1_000
_REFUSED_SCHEMA = """
create table if not exists {}refused (digest blob primary key, import text not null,
  account text not null, moment text not null, related integer not null, member text not null,
  detail text not null) without rowid
"""


class RefusingTarget(NamedTuple):
    """The server that refuses, with the key of one account, and one revision."""

    url: str
    key: str
    revision: str
    sends_again: str = "--retry-refused sends it"
    """How the user can send a refused row again."""


class EarlierRefusal(NamedTuple):
    """What a server said of an operation when it was sent before."""

    moment: str
    related: bool
    """Whether it was refused because of a resource that it leads to."""
    member: str
    detail: str
    sends_again: str

    def __str__(self) -> str:
        return (
            f"{self.detail} (The server refused this at {self.moment}. It was not sent again;"
            f" {self.sends_again}.)"
        )


class RefusedRows:
    """The refusals in the file of a ledger, of one account of one server in one revision."""

    def __init__(
        self, ledger: LedgerFile, target: RefusingTarget, moment: datetime, *, retry: bool = False
    ) -> None:
        """Take up the kept refusals, or none of them with `retry`. `moment` is now, in UTC."""
        self._ledger = ledger
        self._moment = _shown_moment(moment)
        self._sends_again = target.sends_again
        self._target = f"{target.url.rstrip('/')} {target.revision}".encode()
        # The ledger keeps a digest of the key, so that nobody finds a key beside a feed.
        digest = hashlib.blake2b(target.key.encode(), digest_size=_TARGET_DIGEST_BYTES)
        self._key = f"key {digest.hexdigest()}"
        self._account = ""
        ledger.run(_REFUSED_SCHEMA.format(""))
        if not ledger.fact(_IMPORT):
            ledger.note(_IMPORT, secrets.token_hex(8))
        self._import = ledger.fact(_IMPORT)
        # The refusals of an import that goes on belong to this account, even if its key is new.
        self._set_account(self._key)
        if retry:
            ledger.run("delete from refused where import <> ?", self._import)
        self._any = self._has_any()

    def __bool__(self) -> bool:
        """Whether anything was refused before this import."""
        return self._any

    @property
    def lacks_account(self) -> bool:
        """Whether this import has refusals, and their account is not known."""
        return not self._account and bool(
            self._ledger.one("select 1 from refused where import = ?", self._import)
        )

    def name_account(self, account: str) -> None:
        """Say which account the key opens. Its refusals are then those of its other keys, too."""
        if account:
            self._account = f"account {account}"
            self._set_account(self._account)

    def _set_account(self, account: str) -> None:
        self._ledger.run("update refused set account = ? where import = ?", account, self._import)

    def _has_any(self) -> bool:
        return bool(self._ledger.one("select 1 from refused where import <> ?", self._import))

    def take_from(self, place: Path) -> None:
        """Take what another ledger keeps, if it has a file that nobody else uses."""
        if not place.is_file():
            return
        try:
            self._ledger.run("attach ? as kept", str(place))
        except apsw.Error:
            return
        try:
            self._ledger.run("insert or ignore into main.refused select * from kept.refused")
        except apsw.Error:
            # The file is in use, or has no refusals.
            return
        finally:
            self._ledger.run("detach kept")
            self._any = self._has_any()

    def leave_in(self, place: Path, most: int, since: datetime) -> None:
        """Add what this import was refused to another ledger, if nobody else uses its file.

        That keeps `most` refusals, the newest ones, and none from before `since`.
        """
        ours = "insert or replace into kept.refused select * from main.refused where import = ?"
        old = "delete from kept.refused where moment < ?"
        many = (
            "delete from kept.refused where digest in (select digest from kept.refused"
            " order by moment desc limit -1 offset ?)"
        )
        try:
            self._ledger.run("attach ? as kept", str(place))
        except apsw.Error:
            return
        try:
            with self._ledger.together():
                self._ledger.run(_REFUSED_SCHEMA.format("kept."))
                self._ledger.run(ours, self._import)
                self._ledger.run(old, _shown_moment(since))
                self._ledger.run(many, most)
        except apsw.Error:
            # Those rows are sent again.
            return
        finally:
            self._ledger.run("detach kept")

    def find(self, operation: RowOperation) -> EarlierRefusal | None:
        """Give what the server said of an operation in an import before this one."""
        found = self._ledger.run(
            "select moment, related, member, detail from refused"
            " where digest = ? and account in (?, ?) and import <> ?",
            self._digest(operation),
            self._key,
            self._account,
            self._import,
        )
        return next(
            (
                EarlierRefusal(at, bool(related), member, detail, self._sends_again)
                for at, related, member, detail in found
            ),
            None,
        )

    def keep(self, operation: RowOperation) -> None:
        """Keep a refusal that was found for one more import."""
        statement = "update refused set import = ? where digest = ?"
        self._ledger.run(statement, self._import, self._digest(operation))

    def note(
        self, operation: RowOperation, detail: str, member: str, *, whole: bool = False
    ) -> None:
        """Note a refusal, if the server would refuse the same again.

        `member` is the part of the operation that is wrong. `whole` says that it is all of it, as
        it is too large.
        """
        row = operation.encoded.row
        name = member.partition("/")[0]
        own = name in row.attributes or (name == "external_id" and not is_taken(detail))
        related = not own and hangs_on_related(row, member, detail)
        # The operation of a job that an earlier run has sent is not always known.
        if operation.encoded.encoded and (whole or own or related):
            self._ledger.run(
                "insert or replace into refused values (?, ?, ?, ?, ?, ?, ?)",
                self._digest(operation),
                self._import,
                self._account or self._key,
                self._moment,
                related,
                member,
                detail[:_LONGEST_DETAIL],
            )

    def _digest(self, operation: RowOperation) -> bytes:
        digest = hashlib.blake2b(self._target, digest_size=_TARGET_DIGEST_BYTES)
        digest.update(f" {operation.job_kind.collection} ".encode())
        digest.update(operation.encoded.encoded)
        return digest.digest()


def _shown_moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def forget_all_but_refused(ledger: LedgerFile, *, complete: bool) -> bool:
    """Forget everything in a ledger but refusals; give whether there are any.

    After an import that is `complete`, those of earlier ones are forgotten too.
    """
    if not ledger.one("select 1 from sqlite_schema where name = 'refused'"):
        return False
    if complete:
        ledger.run("delete from refused where import <> ?", ledger.fact(_IMPORT))
    if not ledger.one("select 1 from refused"):
        return False
    ledger.clear()
    ledger.run("vacuum")
    return True
