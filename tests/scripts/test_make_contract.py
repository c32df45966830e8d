"""`scripts/make_contract.py`: the contract comes out of documents in the published form."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.published import document
from support.wire_contract import CONTRACT

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_contract.py"
KEPT = Path(__file__).parents[1] / "wire" / "contract.json"
PUBLISHED = Path(__file__).parent / "published.json"
NEWEST_PUBLISHED = "2026-07-15"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A copy of the script, in a tree whose contract has no facts yet."""
    for folder in ("scripts", "tests/wire", "published"):
        (tmp_path / folder).mkdir(parents=True)
    copy = tmp_path / "scripts" / SCRIPT.name
    copy.write_bytes(SCRIPT.read_bytes())
    written(tmp_path).write_text(json.dumps(CONTRACT | {"revisions": {}, "schemas": {}}))
    return copy


def written(tree: Path) -> Path:
    return tree / "tests" / "wire" / "contract.json"


def run(script: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(script), *flags, str(script.parents[1] / "published")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def publish(script: Path, date: str, published: Any) -> None:
    (script.parents[1] / "published" / f"{date}.json").write_text(json.dumps(published))


def without_sources(contract: Any) -> Any:
    for facts in contract["revisions"].values():
        facts.pop("source")
    return contract


def test_contract_is_made_of_documents(script: Path) -> None:
    for date, facts in CONTRACT["revisions"].items():
        publish(script, date, document(date, facts, CONTRACT["schemas"]))
    done = run(script)
    assert done.returncode == 0, done.stderr
    made = json.loads(written(script.parents[1]).read_bytes())
    assert without_sources(made) == without_sources(json.loads(KEPT.read_bytes()))


def test_revisions_without_documents_stay(script: Path) -> None:
    written(script.parents[1]).write_bytes(KEPT.read_bytes())
    for date in ("2022-10-17", "2024-02-15", NEWEST_PUBLISHED):
        publish(script, date, document(date, CONTRACT["revisions"][date], CONTRACT["schemas"]))
    assert run(script, "--check").stdout == ""
    assert run(script).returncode == 0
    assert written(script.parents[1]).read_bytes() == KEPT.read_bytes()


def test_published_document_gives_the_facts(script: Path) -> None:
    # Copied from klaviyo/openapi, two operations of the many.
    publish(script, NEWEST_PUBLISHED, json.loads(PUBLISHED.read_bytes()))
    done = run(script)
    assert done.returncode == 0, done.stderr
    made = json.loads(written(script.parents[1]).read_bytes())
    rows = made["revisions"][NEWEST_PUBLISHED]["operations"]
    assert [row["operation_id"] for row in rows] == [
        "get_catalog_categories",
        "delete_catalog_item",
    ]
    known = CONTRACT["revisions"][NEWEST_PUBLISHED]["operations"]
    assert [row for row in rows if row not in known] == []
    assert all(CONTRACT["schemas"][name] == schema for name, schema in made["schemas"].items())


def test_changed_facts_are_named(script: Path) -> None:
    written(script.parents[1]).write_bytes(KEPT.read_bytes())
    facts = CONTRACT["revisions"][NEWEST_PUBLISHED]
    changed = facts | {"operations": facts["operations"][1:]}
    publish(script, NEWEST_PUBLISHED, document(NEWEST_PUBLISHED, changed, CONTRACT["schemas"]))
    done = run(script, "--check")
    assert (done.returncode, done.stdout) == (1, f"{NEWEST_PUBLISHED}: differs\n")
    assert written(script.parents[1]).read_bytes() == KEPT.read_bytes()


def test_other_names_are_refused(script: Path) -> None:
    publish(script, "stable", {})
    done = run(script)
    assert done.returncode == 2
    assert "stable.json is not named by a revision" in done.stderr
