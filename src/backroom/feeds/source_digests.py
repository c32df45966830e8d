"""The digests of what a backroom server had when it was read last, in blocks.

The source answers with the digest of each block. A push that stays asks for the resources of those
blocks that differ, and reads only the resources that differ. The digests are in the file of a
ledger and outlive its rows. New digests are written when the rows of their push are settled. If a
push is killed before, it finds the same differences again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from backroom.catalog.kinds import KINDS
from backroom.feeds.client_errors import RefusedError
from backroom.feeds.rows import ORDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.feeds.ledger import Ledger
    from backroom.feeds.paced_client import PacedClient

MOST_CHANGED = 500
"""Up to so many changed resources are read by their ids. If more have changed, the whole source is
read."""
_DIGESTS_SCHEMA = """
create table if not exists source_blocks (kind text, block integer, digest integer,
  primary key (kind, block)) without rowid;
create table if not exists source_rows (kind text, external_id text, digest integer, block integer,
  primary key (kind, external_id)) without rowid;
create index if not exists source_rows_by_block on source_rows (kind, block);
"""
_Resource = tuple[str, int, str | None]


@dataclass
class SourceChanges:
    """What differs from the last reading.

    `changed` has the item of a variant for each id. `gone` may have ids that exist again.
    """

    changed: dict[str, dict[str, str | None]] = field(default_factory=dict)
    gone: dict[str, set[str]] = field(default_factory=dict)


class SourceDigests:
    """The digests of one source in the file of a ledger."""

    def __init__(self, client: PacedClient, ledger: Ledger) -> None:
        self._client = client
        self._ledger = ledger
        self._found: dict[tuple[str, int], tuple[int, list[_Resource]]] = {}
        """The blocks that differ: their digest and their resources."""
        self._vanished: list[tuple[str, int]] = []
        self._whole: dict[str, dict[int, int]] | None = None
        """All blocks, if the whole source is read."""
        self._served = True
        """Whether the source may have digests. One that has none is asked once."""
        ledger.run(_DIGESTS_SCHEMA)

    def forget(self) -> None:
        """Forget all digests, so that the whole source is read next."""
        self._drop_found()
        with self._ledger.together():
            self._ledger.run("delete from source_blocks")
            self._ledger.run("delete from source_rows")

    def changes(self) -> SourceChanges | None:
        """Ask the source for its changes. None if it has to be read as a whole.

        Raises `UnreachableError`.
        """
        self._drop_found()
        if not self._served:
            return None
        try:
            blocks = {kind.name: self._client.blocks(kind) for kind in ORDER}
            return self._compared(blocks)
        except RefusedError as error:
            # It is not a backroom server, or an older one.
            self._served = error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            self.forget()
            return None

    def keep(self) -> None:
        """Write down the new digests, once the differences are pushed."""
        with self._ledger.together():
            if self._whole is not None:
                self._ledger.run("delete from source_blocks")
            for kind, blocks in (self._whole or {}).items():
                self._ledger.connection.executemany(
                    "insert into source_blocks values (?, ?, ?)",
                    ((kind, block, digest) for block, digest in blocks.items()),
                )
            for kind, block in self._vanished:
                self._ledger.run(
                    "delete from source_rows where kind = ? and block = ?", kind, block
                )
                self._ledger.run(
                    "delete from source_blocks where kind = ? and block = ?", kind, block
                )
            for kind, block in self._found:
                self._ledger.run(
                    "delete from source_rows where kind = ? and block = ?", kind, block
                )
            for (kind, block), (digest, resources) in self._found.items():
                self._write(kind, block, resources)
                self._ledger.run(
                    "insert or replace into source_blocks values (?, ?, ?)", kind, block, digest
                )
        self._drop_found()

    def reopen_unknown(self) -> None:
        """Let resources with unknown values count as changed, so that they are sent again."""
        with self._ledger.together():
            self._ledger.run(
                "update source_rows as r set digest = null where not exists (select 1 from known"
                " as k where k.kind = r.kind and k.external_id = r.external_id)"
            )
            self._ledger.run(
                "update source_blocks set digest = null where (kind, block) in"
                " (select kind, block from source_rows where digest is null)"
            )

    def _drop_found(self) -> None:
        self._found, self._vanished, self._whole = {}, [], None

    def _compared(self, blocks: dict[str, dict[int, int]]) -> SourceChanges | None:
        """Compare blocks with those that are known, and read those that differ."""
        known = {
            (kind, block): digest
            for kind, block, digest in self._ledger.run("select * from source_blocks")
        }
        if not known:
            self._read_all(blocks)
            return None
        now = {(kind, block): digest for kind in blocks for block, digest in blocks[kind].items()}
        differing = [each for each, digest in now.items() if known.get(each) != digest]
        self._vanished = [each for each in known if each not in now]
        found = SourceChanges()
        for kind, block in differing:
            resources = self._client.block(KINDS[kind], block)
            self._found[kind, block] = sum(each[1] for each in resources), resources
            changed = found.changed.setdefault(kind, {})
            changed |= self._differing(kind, resources)
            if sum(map(len, found.changed.values())) > MOST_CHANGED:
                self.forget()
                self._read_all(blocks)
                return None
        self._find_gone(found, {*differing, *self._vanished})
        return found

    def _differing(self, kind: str, resources: list[_Resource]) -> Iterator[tuple[str, str | None]]:
        statement = "select digest from source_rows where kind = ? and external_id = ?"
        for external_id, digest, item in resources:
            if self._ledger.one(statement, kind, external_id) != digest:
                yield external_id, item

    def _find_gone(self, found: SourceChanges, blocks: set[tuple[str, int]]) -> None:
        shown: dict[str, set[str]] = {}
        for (kind, _), (_, resources) in self._found.items():
            shown.setdefault(kind, set()).update(each[0] for each in resources)
        for kind, block in blocks:
            had = self._ledger.run(
                "select external_id from source_rows where kind = ? and block = ?", kind, block
            )
            gone = {external_id for (external_id,) in had} - shown.get(kind, set())
            if gone:
                found.gone.setdefault(kind, set()).update(gone)

    def _read_all(self, blocks: dict[str, dict[int, int]]) -> None:
        """Write down the resources of all blocks. They count when the blocks are written, too."""
        self._drop_found()
        whole: dict[str, dict[int, int]] = {}
        with self._ledger.together():
            self._ledger.run("delete from source_rows")
            for kind, numbers in blocks.items():
                own = whole[kind] = {}
                for block in numbers:
                    resources = self._client.block(KINDS[kind], block)
                    own[block] = sum(each[1] for each in resources)
                    self._write(kind, block, resources)
        self._whole = whole

    def _write(self, kind: str, block: int, resources: list[_Resource]) -> None:
        self._ledger.connection.executemany(
            "insert or replace into source_rows values (?, ?, ?, ?)",
            ((kind, name, digest, block) for name, digest, _ in resources),
        )
