"""The pytest plugin: a server for the run, a clean account for each test, its journal in reports.

pytest imports this module at each of its starts, so it imports nothing but pytest. The server
starts with the first test that asks for it. `-p no:backroom` switches the plugin off.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from backroom.testing.account import Account
    from backroom.testing.server import Server
    from backroom.testing.servers import Servers

MARKER = (
    "backroom(revision=None, pace=None, limits=None): the `revision` of requests that name none;"
    " one wish of `pace` for all jobs of the test, or a list with one for each; and rate `limits`,"
    " as `backroom serve` takes them."
)
INI_OPTIONS = {
    "backroom_mode": (
        "Where the server runs: in a `thread` of the test process, or in a `process` of its own.",
        "thread",
    ),
    "backroom_revision": (
        "The revision of requests without a `revision` header, which the server refuses otherwise.",
        "",
    ),
    "backroom_limits": (
        "Rate limits, as `backroom serve` takes them: off, real, or a number that scales them.",
        "off",
    ),
}
"""Each option of pytest's configuration file, with its meaning and its default."""
_MODES = ("thread", "process")

_accounts = pytest.StashKey["Account"]()
_failures = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the configuration file."""
    for name, (words, default) in INI_OPTIONS.items():
        parser.addini(name, words, default=default)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker. Raises `pytest.UsageError` for an option that has a wrong value."""
    config.addinivalue_line("markers", MARKER)
    mode = config.getini("backroom_mode")
    if mode not in _MODES:
        raise pytest.UsageError(f"backroom_mode is {' or '.join(_MODES)}, not {mode!r}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show in the report of a failed test what was sent to its account."""
    outcome = yield
    report = outcome.get_result()
    account = item.stash.get(_accounts, None)
    if account is not None and report.failed and report.when != "teardown":
        from backroom.testing.report import journal_section

        item.stash[_failures] = True
        report.sections.append(("backroom journal", journal_section(account)))


@pytest.fixture(scope="session")
def _backroom_servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    from backroom.testing.servers import Servers

    mode, revision, limits = (str(pytestconfig.getini(name)) for name in INI_OPTIONS)
    with Servers(process=mode == "process", revision=revision, limits=limits) as servers:
        yield servers


@pytest.fixture(scope="session")
def backroom_server(_backroom_servers: Servers) -> Server:
    """The server of this test run, on a free port, with an ephemeral database."""
    return _backroom_servers.usual()


@pytest.fixture
def backroom(request: pytest.FixtureRequest, _backroom_servers: Servers) -> Iterator[Account]:
    """A clean account for this test: `url` and `key`, `clock`, `pace`, `faults`, `requests`."""
    from backroom.testing.account_wishes import NeverUsed

    node = request.node
    with _lent(node, _backroom_servers) as account:
        node.stash[_accounts] = account
        yield account
        unused = [*account.faults.unused(), *account.pace.unused()]
    del node.stash[_accounts]
    # The report of a test that has failed says so too.
    if unused and not node.stash.get(_failures, False):
        node.warn(NeverUsed(f"never used by the test: {', '.join(map(repr, unused))}"))


@contextmanager
def _lent(node: pytest.Item, servers: Servers) -> Iterator[Account]:
    """Give a clean account as the markers of a test ask. Fails the test if there is none."""
    from backroom.control.route import ControlError
    from backroom.settings import InvalidSetting
    from backroom.testing.marker import InvalidMarker, asked_by_markers

    wrong = ""
    with ExitStack() as stack:
        try:
            asked = asked_by_markers(node.iter_markers("backroom"))
            account = stack.enter_context(servers.lend(asked))
        except (InvalidMarker, InvalidSetting, ControlError) as error:
            wrong = str(error)
        if wrong:
            pytest.fail(f"@pytest.mark.backroom: {wrong}", pytrace=False)
        yield account


@pytest.fixture
def backroom_klaviyo(
    request: pytest.FixtureRequest, _backroom_servers: Servers, backroom: Account
) -> Any:
    """The official client with the key of this test's account. Needs `klaviyo-api`."""
    from backroom.testing import klaviyo
    from backroom.testing.marker import asked_by_markers

    asked = asked_by_markers(request.node.iter_markers("backroom"))
    try:
        return klaviyo.official_client(backroom, _backroom_servers.revision_of(asked))
    except ImportError:
        pytest.skip(klaviyo.NOT_INSTALLED)
