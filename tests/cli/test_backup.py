from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

from click.testing import CliRunner

from backroom.cli import main
from backroom.store import open_database
from support.factories import written

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def test_backup_is_restored(shop: str, tmp_path: Path) -> None:
    made = run("backup", tmp_path / "b.db", "--database", shop)
    assert (made.exit_code, made.stderr) == (0, "")
    assert made.stdout.startswith(f"{tmp_path / 'b.db'}: ")
    restored = run("restore", tmp_path / "b.db", "--database", tmp_path / "new.db")
    assert restored.exit_code == 0
    assert restored.stdout.startswith("Restored 2 rows, as of 20")


def test_json_says_the_same(shop: str, tmp_path: Path) -> None:
    copy, new = tmp_path / "b.db", tmp_path / "new.db"
    made = json.loads(run("backup", copy, "--database", shop, "--format", "json").stdout)
    assert (made["file"], made["size"]) == (str(copy), copy.stat().st_size)
    restored = json.loads(run("restore", copy, "--database", new, "--format", "json").stdout)
    assert restored["rows"]["keys"] == 1
    assert restored["note"]["made_at"] == made["made_at"]
    checked = json.loads(run("verify", "--database", new, "--format", "json").stdout)
    assert (checked["findings"], checked["rows"]["keys"]) == ([], 1)


def test_existing_file_is_wrong_usage(shop: str, tmp_path: Path) -> None:
    (tmp_path / "b.db").touch()
    result = run("backup", tmp_path / "b.db", "--database", shop)
    assert (result.exit_code, "exists already" in result.stderr) == (2, True)


def test_missing_database_is_not_made(tmp_path: Path) -> None:
    for command in (["verify"], ["backup", "b.db"]):
        result = run(*command, "--database", tmp_path / "none.db")
        assert (result.exit_code, "There is no database" in result.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_damaged_backup_ends_with_3(shop: str, tmp_path: Path) -> None:
    run("backup", tmp_path / "b.db", "--database", shop)
    content = (tmp_path / "b.db").read_bytes()
    (tmp_path / "b.db").write_bytes(content[:5000])
    result = run("restore", tmp_path / "b.db", "--database", tmp_path / "new.db")
    assert (result.exit_code, "is cut off" in result.stderr) == (3, True)
    assert not (tmp_path / "new.db").exists()


def test_full_target_is_an_error(shop: str, tmp_path: Path) -> None:
    run("backup", tmp_path / "b.db", "--database", shop)
    result = run("restore", tmp_path / "b.db", "--database", shop)
    assert (result.exit_code, "--replace" in result.stderr) == (1, True)
    assert run("restore", tmp_path / "b.db", "--database", shop, "--replace").exit_code == 0


def test_plain_copy_says_so(shop: str, tmp_path: Path) -> None:
    result = run("restore", shop, "--database", tmp_path / "new.db")
    assert result.exit_code == 0
    assert "has no seal" in result.stdout


def test_findings_end_with_3(shop: str) -> None:
    assert run("verify", "--database", shop).stdout.startswith("All ")
    with closing(open_database(shop)) as database:
        written(database, lambda tx: tx.run("update keys set account = 'a\x1b[2J'"))
    result = run("verify", "--database", shop)
    assert result.exit_code == 3
    assert "account of keys: 1 rows of keys belong to no account" in result.stdout
    assert "\x1b" not in result.stdout


def test_verify_checks_the_seal(shop: str, tmp_path: Path) -> None:
    backup = tmp_path / "b.db"
    run("backup", backup, "--database", shop)
    assert run("verify", "--database", backup).exit_code == 0
    content = bytearray(backup.read_bytes())
    # A counter in the header of a database, of which no other check knows.
    content[43] ^= 1
    backup.write_bytes(content)
    result = run("verify", "--database", backup)
    assert (result.exit_code, "seal: the content of this backup has changed" in result.stdout) == (
        3,
        True,
    )
