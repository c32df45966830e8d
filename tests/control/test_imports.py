from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.control.import_reports import found_report
from backroom.control.imports import KEY_NAME, MOST_IMPORTS_KEPT, ImportPhase, Imports, imports_of
from backroom.control.route import ControlError
from backroom.store import keys
from backroom.store.imports import imports_of_account
from conftest import running
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.control.imports import Import
    from backroom.server import Server
    from conftest import NewDatabase

ROWS = b'{"type":"item","external_id":"a","title":"A","description":"d","url":"u"}\n'


@pytest.fixture(scope="module")
def server(new_database: NewDatabase) -> Iterator[Server]:
    with running(new_database(), limits="off", job_delay=3600) as server:
        yield server


@pytest.fixture
def account(server: Server) -> str:
    return server.database.write(lambda tx: keys.create(tx, "shop", "first", [])).result().account


@pytest.fixture
def imports(server: Server) -> Iterator[Imports]:
    made = Imports(server.control)
    yield made
    made.close()


def added(imports: Imports, account: str, body: bytes = ROWS) -> Import:
    folder = imports.new_folder()
    (folder / "file" / "f.jsonl").write_bytes(body)
    return imports.add(folder, "f.jsonl", account)


def checked(imports: Imports, account: str) -> Import:
    found = added(imports, account)
    until(lambda: found.phase is ImportPhase.CHECKED, "a dry run")
    return found


def live_keys(server: Server) -> list[str]:
    with server.database.read() as tx:
        return [
            each.name
            for each in keys.all_keys(tx)
            if each.name.startswith(KEY_NAME) and not each.revoked_at
        ]


def test_cancelled_run_ends_and_revokes_its_key(
    server: Server, imports: Imports, account: str
) -> None:
    found = checked(imports, account)
    imports.load(found.import_id)
    until(lambda: bool(live_keys(server)), "a key")
    with pytest.raises(ControlError):
        imports.load(found.import_id)
    imports.cancel(found.import_id)
    until(lambda: found.phase is ImportPhase.LOADED, "the end of the run")
    assert found.loaded is not None
    assert "cancelled" in found.loaded.error
    assert live_keys(server) == []


def kept(server: Server, found: Import) -> list[int | None]:
    """What is kept of an import: how many of its rows failed."""
    with server.database.read() as tx:
        of_account = imports_of_account(tx, found.account)
    return [each.failed for each in of_account if each.import_id == found.import_id]


def test_begun_load_is_kept(server: Server, imports: Imports, account: str) -> None:
    found = checked(imports, account)
    assert kept(server, found) == []
    imports.load(found.import_id)
    until(lambda: bool(live_keys(server)), "a key")
    assert kept(server, found) == [None]
    _, outcome = found_report(server.control, account, found.import_id)
    assert "has not ended" in outcome.error
    imports.cancel(found.import_id)
    until(lambda: found.phase is ImportPhase.LOADED, "the end of the run")
    assert kept(server, found) == [0]
    _, outcome = found_report(server.control, account, found.import_id)
    assert "cancelled" in outcome.error


def test_keys_that_were_left_over_are_revoked(
    server: Server, imports: Imports, account: str
) -> None:
    old = server.database.write(lambda tx: keys.create(tx, "shop", f"{KEY_NAME} old", [])).result()
    own = server.database.write(lambda tx: keys.create(tx, "shop", "own", [])).result()
    checked(imports, account)
    alone = server.database.dialect.exclusive is None
    assert live_keys(server) == ([] if alone else [f"{KEY_NAME} old"])
    with server.database.read() as tx:
        assert keys.access_of(tx, own.key) is not None
    server.database.write(lambda tx: keys.revoke(tx, old.key_id)).result()


def test_oldest_makes_room(imports: Imports, account: str) -> None:
    made = [checked(imports, account) for _ in range(MOST_IMPORTS_KEPT + 1)]
    assert [each.import_id for each in imports.all()] == [each.import_id for each in made[:0:-1]]
    assert not made[0].folder.exists()


def test_close_removes_all_files(server: Server, account: str) -> None:
    imports = Imports(server.control)
    found = checked(imports, account)
    imports.load(found.import_id)
    imports.close()
    assert not found.folder.parent.exists()
    assert live_keys(server) == []
    with pytest.raises(ControlError):
        added(imports, account)


def test_server_has_one_set_of_imports(server: Server) -> None:
    assert imports_of(server.control) is imports_of(server.control)
