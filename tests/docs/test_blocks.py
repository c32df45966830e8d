"""Every fenced block of the pages runs as pasted, or says why it does not run here."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from backroom.store import open_database
from docs.blocks import PAGES, ROOT, Block, blocks_of, run

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = [block for page in PAGES for block in blocks_of(page)]
RUNNING = list(dict.fromkeys(each.page for each in BLOCKS if each.runs))

NOT_RUN = {
    "CONTRIBUTING.md": ["runs all of this test run, changes the repository, and takes minutes"],
    "README.md": ["needs a package index that has backroom"],
    "docs/explanation/performance.md": ["takes up to ten minutes"],
    "docs/how-to/add-a-revision.md": [
        "changes the repository; tests/scripts/test_add_revision.py runs it in a copy",
        "needs the published document; tests/scripts/test_make_contract.py runs the script",
    ],
    "docs/how-to/add-an-attribute.md": [
        "a row of a table; tests/acceptance/test_added_attribute.py adds one"
    ],
    "docs/how-to/inject-faults.md": [
        "needs the fixture of a test; tests/testing/test_faults.py adds each fault of this page",
    ],
    "docs/how-to/monitor.md": [
        "needs a PostgreSQL server; tests/signals/test_exposition.py scrapes two workers",
        "needs promtool; tests/docs/test_monitoring.py runs it where it is found",
        "needs a package index that has backroom",
    ],
    "docs/how-to/push-to-another-server.md": ["needs an account of the real service"],
    "docs/how-to/use-the-dashboard.md": ["the token is another one at each start"],
    "docs/how-to/run-behind-a-proxy.md": [
        "a configuration; tests/front/test_proxies.py serves with it",
        "a configuration; tests/front/test_proxies.py serves with it",
    ],
    "docs/how-to/scale.md": [
        "needs a package index that has backroom",
        "needs a PostgreSQL server; tests/docs/test_postgresql.py runs it with one",
        "needs a PostgreSQL server; tests/docs/test_postgresql.py runs it with one",
        "needs Docker",
    ],
    "docs/reference/backup.md": [
        "needs a PostgreSQL server; tests/docs/test_postgresql.py runs it with one"
    ],
    "docs/how-to/use-in-ci.md": [
        "needs Docker and Java",
        "needs Docker and a package of npm",
    ],
    "docs/how-to/test-from-other-languages.md": ["needs Ruby"],
    "docs/tutorial/test-a-sync-script.md": ["needs a package index that has backroom"],
    "tests/README.md": ["would run this test run within itself"],
}
"""The reasons on each page for which a block does not run here, in order."""


@pytest.mark.slow
@pytest.mark.parametrize("page", RUNNING)
def test_blocks_run_as_pasted(page: str, tmp_path: Path) -> None:
    home = tmp_path / "session"
    home.mkdir()
    if page.startswith("docs/reference/"):
        # Its reader has a database.
        open_database(str(home / "backroom.db")).close()
    blocks = [each for each in BLOCKS if each.page == page]
    done = run([each for each in blocks if each.runs], home)
    assert done.returncode == 0, done.stdout
    shown = [after for before, after in pairwise(blocks) if before.runs and after.follows(before)]
    assert [where(each) for each in shown if each.text not in done.stdout] == [], done.stdout


@pytest.mark.slow
def test_failing_block_is_named(tmp_path: Path) -> None:
    home = tmp_path / "session"
    home.mkdir()
    good, bad = (Block("page.md", line, "sh", f"test {line} = 1\n", "") for line in (1, 5))
    done = run([good, bad, good], home)
    assert (done.returncode, done.stdout) == (1, "page.md:5: exit code 1\n")


def test_blocks_left_out_are_known() -> None:
    left_out = [each for each in BLOCKS if each.reason]
    assert {
        page: [each.reason for each in held]
        for page, held in groupby(left_out, lambda each: each.page)
    } == NOT_RUN


def test_every_fence_is_read() -> None:
    fences = {
        page.relative_to(ROOT).as_posix(): len(
            re.findall(r"^ *(?:```|~~~)", page.read_text(encoding="utf-8"), re.MULTILINE)
        )
        for page in PAGES
    }
    found = {page: sum(2 for _ in held) for page, held in groupby(BLOCKS, lambda each: each.page)}
    assert {page: count for page, count in fences.items() if count} == found


def test_every_block_names_its_language() -> None:
    known = CHECKED.keys() | WITHOUT_TOOL
    assert [where(each) for each in BLOCKS if each.language not in known] == []


def test_blocks_without_a_tool_say_so() -> None:
    unsaid = (each for each in BLOCKS if not each.reason and not each.file)
    silent = [each for each in unsaid if each.language in WITHOUT_TOOL]
    assert [where(each) for each in silent] == []


@pytest.mark.parametrize("block", BLOCKS, ids=lambda each: f"{each.page}:{each.line}")
def test_block_is_well_formed(block: Block) -> None:
    if block.language not in WITHOUT_TOOL:
        CHECKED[block.language](block.text)


def python(text: str) -> None:
    ast.parse(text)


def shell(text: str) -> None:
    done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
    assert done.stderr == ""
    assert [line for line in text.splitlines() if re.match(r"[$>#%] |\.\.\.$", line)] == []


def lines_of_json(text: str) -> None:
    for line in text.splitlines():
        json.loads(line)


def toml(text: str) -> None:
    tomllib.loads(text)


SCHEMAS = {
    "runs-on:": "vendor.github-workflows",
    "script:": "vendor.gitlab-ci",
    "depends_on:": "vendor.compose-spec",
}
"""A word by which a block is known as a file of a program, and the schema of such files."""


def yaml(text: str) -> None:
    YAML(typ="safe").load(text)
    for word, schema in SCHEMAS.items():
        if word in text:
            check = [sys.executable, "-m", "check_jsonschema", "--default-filetype", "yaml"]
            check += ["--builtin-schema", schema, "-"]
            done = subprocess.run(check, input=text, text=True, capture_output=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr


def output(text: str) -> None:
    """Check that no command hides in what is shown as output or as a drawing."""
    assert re.findall(r"^(?:\$ .*|(?:pip|backroom|make|curl) [a-z].*)", text, re.MULTILINE) == []


CHECKED = {
    "sh": shell,
    "python": python,
    "json": lines_of_json,
    "toml": toml,
    "yaml": yaml,
    "text": output,
}
WITHOUT_TOOL = frozenset({"caddyfile", "ini", "java", "js", "nginx", "php", "ruby"})
"""Languages that nothing here reads. Their blocks say so, or are files that another block runs."""


def test_no_key_has_an_ellipsis() -> None:
    cut = re.compile(r"pk_\w*(?:\.\.\.|…)")
    assert [where(each) for each in BLOCKS if cut.search(each.text)] == []


def where(block: Block) -> str:
    return f"{block.page}:{block.line}"
