from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner

from backroom.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def doctor(database: str, *arguments: str, **environment: str) -> Result:
    named = ["doctor", "--database", database, "--port", "0", *arguments]
    return CliRunner().invoke(main, named, env=environment)


def test_sound_place_ends_with_0(shop: str) -> None:
    result = doctor(shop)
    assert result.exit_code == 0
    assert "wrong" not in result.output


def test_wrong_things_end_with_3(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database" * 100)
    result = doctor(str(tmp_path / "notes.txt"))
    assert (result.exit_code, "is not a database" in result.output) == (3, True)
    assert "→ Try `backroom verify`." in result.output


def test_json_has_the_same(shop: str) -> None:
    found = json.loads(doctor(shop, "--format", "json", BACKROOM_PROT="1").output)
    assert {
        "check": "variables",
        "level": "warning",
        "words": "BACKROOM_PROT is not a setting of backroom",
        "todo": "Did you mean BACKROOM_PORT?",
    } in found


def test_public_url_is_asked_only_if_wished(shop: str) -> None:
    url = "http://127.0.0.1:1"
    assert doctor(shop, "--public-url", url).exit_code == 0
    result = doctor(shop, "--public-url", url, "--public")
    assert (result.exit_code, f"{url} does not answer" in result.output) == (3, True)


def test_contradicting_settings_are_said(tmp_path: Path) -> None:
    result = doctor(str(tmp_path / "a"), "--ephemeral", "--format", "json")
    assert result.exit_code == 3
    ((check, level),) = [(each["check"], each["level"]) for each in json.loads(result.stdout)]
    assert (check, level) == ("settings", "wrong")
