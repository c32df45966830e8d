"""The pages against the code: what is made from it is fresh, and what they link to is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from backroom import errors
from backroom.api.control import ROUTES
from backroom.catalog.operations import OPERATIONS
from backroom.cli import main
from backroom.errors import Fault, FrameworkFault, OperationFault
from backroom.events import EVENTS
from backroom.feeds.formats import SHOPS
from backroom.revisions import LADDER
from backroom.settings import SETTINGS, variable

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "make_reference.py"
REFERENCE = ROOT / "docs" / "reference"
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
MADE = (
    *("settings", "cli", "errors", "revisions", "operations", "server-paths", "logs", "control"),
    *("doctor", "feeds", "metrics", "pytest"),
)
FAMILIES = {Fault, FrameworkFault, OperationFault}


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def made(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.slow
def test_reference_is_fresh() -> None:
    done = made("--check")
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_stale_pages_are_found(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    copy = tmp_path / "scripts" / SCRIPT.name
    copy.write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(copy), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    stale = set(re.findall(r"docs/reference/(\S+) is stale", done.stdout))
    assert stale == {f"{name}.md" for name in MADE}


@pytest.mark.parametrize("name", MADE)
def test_pages_say_where_they_come_from(name: str) -> None:
    assert page(f"{name}.md").startswith("*Made from the code by `.venv/bin/python scripts/make_")


def test_every_setting_has_a_row() -> None:
    rows = [line for line in page("settings.md").splitlines() if line.startswith("| `--")]
    assert len(rows) == len(SETTINGS)
    for each, row in zip(SETTINGS, rows, strict=True):
        assert f"`{variable(each.name)}`" in row


def test_every_command_has_its_help() -> None:
    text = page("cli.md")
    for verb in main.list_commands(click.Context(main)):
        assert f"## `backroom {verb}`" in text
    assert "## `backroom keys revoke`" in text


def test_every_error_has_a_row() -> None:
    rows = re.findall(r"^\| ([A-Z]\w+) \| (\d+) ", page("errors.md"), re.MULTILINE)
    classes = {
        (name, str(each.status))
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, Fault) and each not in FAMILIES
    }
    assert set(rows) == classes
    assert len(rows) == len(classes)


def test_every_revision_has_its_part() -> None:
    dates = re.findall(r"^## (\S+)$", page("revisions.md"), re.MULTILINE)
    assert dates == list(reversed(LADDER))


def test_every_operation_has_a_row() -> None:
    text = page("operations.md")
    rows = [f"| {each.method} | `{each.path}` | `{each.name}`" for each in OPERATIONS]
    assert [row for row in rows if row not in text] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    assert [link for link in links(path) if not (path.parent / link).exists()] == []


def test_anchors_lead_to_headings() -> None:
    lost = []
    for path in PAGES:
        for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", path.read_text("utf-8")):
            text = (path.parent / target if target else path).read_text("utf-8")
            headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}
            if anchor not in slugs:
                lost.append(f"{path.name}: {target}#{anchor}")
    assert lost == []


def test_readme_leads_to_every_page() -> None:
    reached = {ROOT / "README.md"}
    waiting = list(reached)
    while waiting:
        page = waiting.pop()
        found = {(page.parent / link).resolve() for link in links(page)} & set(PAGES)
        waiting += found - reached
        reached |= found
    assert [path.name for path in PAGES if DOCS in path.parents and path not in reached] == []


def links(path: Path) -> list[str]:
    """Give the files that a page links to, as it writes them, in its text or in a list of links."""
    target = r"(?!https?:|#)([^)#\s]+)"
    text = path.read_text(encoding="utf-8")
    listed = re.findall(rf"^\[[^\]]+\]: {target}", text, re.MULTILINE)
    return [*re.findall(rf"\]\({target}", text), *listed]


def test_readme_has_its_links_in_one_list() -> None:
    """Where the page is shown elsewhere, one place has to change."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    prose, _, listed = text.partition("<!-- All links of this page.")
    names = re.findall(r"^\[([^\]]+)\]: ", listed, re.MULTILINE)
    prose = re.sub(r"^```.*?^```$", "", prose, flags=re.MULTILINE | re.DOTALL)
    used = re.findall(r"(?<=\[)(?:[^\[\]]+\]\[)?([^\[\]]+)(?=\])", prose)
    assert "](" not in prose
    assert {" ".join(each.split()) for each in used} == set(names)


def test_every_server_path_has_a_row() -> None:
    text = page("server-paths.md")
    assert [each.path for each in ROUTES if f"| `{each.path}` | {each.words}" not in text] == []


def test_every_event_has_a_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [A-Z]", page("logs.md"), re.MULTILINE)
    assert sorted(rows) == sorted(EVENTS.keys() - {"library"})


def test_architecture_names_modules_that_exist() -> None:
    text = (DOCS / "explanation" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w/])[a-z_0-9/]+\.py\b", text))
    files = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("[st]*/**/*.py")]
    assert len(named) > 30
    assert [
        name for name in named if not any(f"/{each}".endswith(f"/{name}") for each in files)
    ] == []


def test_glossary_is_in_order() -> None:
    everywhere, of_parts = [[word for word, _ in table] for table in glossary()]
    assert 20 < len(everywhere) < 30
    for words in (everywhere, of_parts):
        assert words == sorted(set(words))
    assert not set(everywhere) & set(of_parts)


def test_glossary_entries_are_short() -> None:
    entries = [entry for table in glossary() for entry in table]
    assert [word for word, meaning in entries if len(meaning) > 120] == []


def glossary() -> list[list[tuple[str, str]]]:
    """Give the words of each table of the glossary with their meanings."""
    text = (DOCS / "explanation" / "glossary.md").read_text(encoding="utf-8")
    parts = text.split("\n## ")[1:]
    return [re.findall(r"^\| (.+?) \| (.+) \|$", part, re.MULTILINE)[1:] for part in parts]


def test_every_field_of_a_feed_has_a_row() -> None:
    text = page("feeds.md")
    for form in SHOPS.values():
        section = text.partition(f"## {form.title}: `{form.name}`")[2].partition("\n## ")[0]
        for field in form.fields:
            heading = field.headings[0]
            metadata = field.form in {"metadata", "variant metadata"}
            assert (f"`{heading}`" if metadata else f"| `{field.name}` | `{heading}`") in section
