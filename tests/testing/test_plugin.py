"""The pytest plugin, in test runs within this one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CALL = """
import json
import urllib.request
import pytest

def get(account, path="/api/catalog-items"):
    request = urllib.request.Request(account.url + path, headers=account.headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
"""
QUIET = ("-p", "no:randomly", "-p", "no:schemathesis", "-p", "no:cacheprovider", "-W", "default")
IMPORTED = """
import sys, pytest
before = set(sys.modules)
import backroom.testing.plugin
print(*sorted(set(sys.modules) - before))
"""


def ran(pytester: pytest.Pytester, tests: str, *flags: str) -> pytest.RunResult:
    """Run tests in this process."""
    pytester.makepyfile(CALL + tests)
    return pytester.runpytest_inprocess(*QUIET, *flags)


@pytest.mark.slow
def test_each_test_has_a_clean_account(pytester: pytest.Pytester) -> None:
    result = ran(
        pytester,
        """
@pytest.mark.parametrize("turn", [1, 2])
def test_shop(backroom, turn):
    assert get(backroom)["data"] == []
    backroom.seed()
    backroom.clock.freeze()
def test_time_is_real_again(backroom, backroom_server):
    assert backroom.clock.mode == "real"
    assert backroom.url == backroom_server.url
""",
    )
    result.assert_outcomes(passed=3)


@pytest.mark.slow
def test_failed_test_shows_its_journal(pytester: pytest.Pytester) -> None:
    result = ran(
        pytester,
        """
def test_path(backroom):
    backroom.faults.add(status=500)
    get(backroom, "/api/catalog-itms")
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- backroom journal -*",
            "404 GET    /api/catalog-itms*",
            "    near: not an operation; nearest is GET /api/catalog-items*",
            "never used: fault * {'status': 500}",
        ]
    )


@pytest.mark.slow
def test_journal_is_shown_where_a_fixture_fails(pytester: pytest.Pytester) -> None:
    result = ran(
        pytester,
        """
@pytest.fixture
def shop(backroom):
    get(backroom, "/api/catalog-itms")
def test_shop(shop):
    pass
""",
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["404 GET    /api/catalog-itms*"])


@pytest.mark.slow
def test_what_was_never_used_is_a_warning(pytester: pytest.Pytester) -> None:
    tests = """
@pytest.mark.backroom(pace={"after_reads": 2})
def test_shop(backroom):
    backroom.faults.add(status=500)
"""
    result = ran(pytester, tests)
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(
        ["*NeverUsed: never used by the test: fault * {'status': 500}, wish * {'times': 'always'*"]
    )
    strict = ran(pytester, tests, "-W", "error::backroom.testing.NeverUsed")
    strict.assert_outcomes(passed=1, errors=1)


def test_marker_is_known_and_checked(pytester: pytest.Pytester) -> None:
    result = ran(
        pytester,
        """
@pytest.mark.backroom(speed=1)
def test_word(backroom): pass
@pytest.mark.backroom(limits="many")
def test_value(backroom): pass
@pytest.mark.backroom(pace={"after_reads": -1})
def test_wish(backroom): pass
@pytest.mark.backroom(revision="2023-02-22", limits="real")
def test_right(backroom):
    assert backroom.revision == "2023-02-22"
""",
        "--strict-markers",
    )
    result.assert_outcomes(passed=1, errors=3)
    result.stdout.fnmatch_lines(["@pytest.mark.backroom: the marker `backroom` takes *"])


@pytest.mark.slow
def test_options_choose_the_server(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        "[pytest]\nbackroom_mode = process\nbackroom_revision = 2023-02-22\nbackroom_limits = real"
    )
    result = ran(
        pytester,
        """
def test_server(backroom, backroom_server):
    assert backroom.revision == "2023-02-22"
    assert backroom_server.call("GET", "/config")["limits"] == "real"
""",
    )
    result.assert_outcomes(passed=1)


def test_unknown_mode_stops_the_run(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nbackroom_mode = thraed")
    result = ran(pytester, "def test_nothing(): pass")
    result.stderr.fnmatch_lines(["*backroom_mode is thread or process, not 'thraed'"])


@pytest.mark.slow
def test_plugin_can_be_switched_off(pytester: pytest.Pytester) -> None:
    result = ran(pytester, "def test_shop(backroom): pass", "-p", "no:backroom")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'backroom' not found*"])


def test_official_client_is_missed_in_a_sentence(pytester: pytest.Pytester) -> None:
    result = ran(pytester, "def test_shop(backroom_klaviyo): pass", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*the official client is not installed: pip install klaviyo-api"])


@pytest.mark.slow
def test_processes_of_xdist_have_their_own(pytester: pytest.Pytester) -> None:
    result = ran(
        pytester,
        """
@pytest.mark.parametrize("turn", range(8))
def test_shop(backroom, turn):
    backroom.seed()
    assert len(get(backroom)["data"]) == 100
""",
        *("-n", "2"),
    )
    result.assert_outcomes(passed=8)


def test_plugin_imports_only_itself(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["backroom", "backroom.testing", "backroom.testing.plugin"]
