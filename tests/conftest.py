"""Live servers on free ports, and clients of clean accounts."""

from __future__ import annotations

import gc
import itertools
import random
import sys
import tempfile
import threading
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import hypothesis
import pytest

from backroom.revisions import NEWEST, OLDEST
from backroom.server import Server
from backroom.settings import Settings
from backroom.store import keys, open_database
from support.client import Client
from support.engines import ENGINES, SERVED, Cluster, FreshFile
from support.process import Programs

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from backroom.store.database import Database

# The jsonschema package imports this one to check IRIs, which nothing here does; it compiles 38
# grammars meanwhile, some three seconds in each test process. Without it those checks are left out.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

# An assertion of a helper says what it saw if this comes before the first import of the helper.
pytest.register_assert_rewrite(
    "support.wire_answers",
    "support.wire_shown",
    "openapi.tour",
    "openapi.neighbour_tour",
    "machines.crew",
)

# A shared machine may take its time over one example; a property is no less true for that.
hypothesis.settings.register_profile("backroom", deadline=None)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=10)

_accounts = itertools.count()


MarkedRow = type(pytest.param())
QUICK_REVISIONS = frozenset({OLDEST, NEWEST})
"""The revisions that stand for all in the tests of daily work."""
WHOLE = frozenset(
    {
        "acceptance",
        "agreement",
        "bench",
        "browser",
        "containers",
        "crash",
        "docs",
        "machines",
        "openapi",
        "postgresql",
        "procrastinate",
        "scale",
        "scripts",
        "sdk",
        "shared_limits",
    }
)
"""The folders of tests that start processes, need PostgreSQL, or take their time."""
POSTGRES = frozenset({"cluster", "postgres_url"})
"""The fixtures by which a test asks for PostgreSQL, beside the engine `postgres`."""


def _leaves_out_slow(config: pytest.Config) -> bool:
    """Whether this run has no slow tests: then nothing needs to be made of them."""
    return bool(config.option.markexpr == "not slow")


def pytest_configure(config: pytest.Config) -> None:
    """Have properties tried with fewer examples where slow tests are left out."""
    # Not at import: tests import this module a second time, which would load the profile again.
    hypothesis.settings.load_profile("quick" if _leaves_out_slow(config) else "backroom")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect the tests without the garbage collector, and keep it from what they are made of.

    The modules and the items stay until the process ends. Each pass over them frees nothing, and
    all passes together take as long as collecting itself. What the tests make later is not frozen.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Keep from importing the folders all of whose tests are slow."""
    whole = collection_path.is_dir() and collection_path.name in WHOLE
    return True if whole and _leaves_out_slow(config) else None


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make no test of a revision that is left out: making them all takes longer than the run."""
    if _leaves_out_slow(metafunc.config):
        marks = metafunc.definition.own_markers
        marks[:] = [_of_quick_revisions(each) for each in marks]


def _of_quick_revisions(mark: pytest.Mark) -> pytest.Mark:
    """The same mark with the rows of quick revisions only, where it goes through revisions."""
    if mark.name != "parametrize" or isinstance(mark.kwargs.get("ids"), list):
        return mark
    named, rows = mark.args
    names = [named] if isinstance(named, str) else list(named)
    if "revision" not in names:
        return mark
    place = names.index("revision")
    kept = [row for row in rows if _values(row)[place] in QUICK_REVISIONS]
    # A test that has no such row keeps one, which is slow, and left out later.
    return pytest.Mark("parametrize", (named, kept or list(rows)[:1]), mark.kwargs, _ispytest=True)


def _values(row: Any) -> Sequence[Any]:
    """The values of one row: they may be marked, and one alone needs no tuple."""
    if isinstance(row, MarkedRow):
        return row.values
    return row if isinstance(row, tuple) else (row,)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the other revisions, PostgreSQL, and what starts processes to the whole run."""
    for item in items:
        called = getattr(item, "callspec", None)
        if item.path.parent.name in WHOLE or _needs_postgres(item, called) or _is_between(called):
            item.add_marker(pytest.mark.slow)


def _is_between(called: Any) -> bool:
    """Whether a test is of a revision that is neither the oldest nor the newest."""
    revision = called.params.get("revision") if called is not None else None
    return isinstance(revision, str) and revision not in QUICK_REVISIONS


def _needs_postgres(item: pytest.Item, called: Any) -> bool:
    chosen = called is not None and "postgres" in called.params.values()
    return chosen or not POSTGRES.isdisjoint(getattr(item, "fixturenames", ()))


class MakeClient(Protocol):
    """Makes a client of a fresh account, or of the one named, with all scopes or some."""

    def __call__(self, scopes: str | None = None, account: str | None = None) -> Client: ...


class NewDatabase(Protocol):
    """Gives the URL of an empty database of the engine under test, None for an ephemeral one."""

    def __call__(self) -> str | None: ...


@pytest.fixture(scope="session", autouse=True)
def _fresh_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let each ephemeral database begin as a copy of one whose schema is there."""
    with (
        closing(FreshFile(tmp_path_factory.mktemp("fresh"))) as fresh,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("backroom.store.migrate", fresh.migrate)
        yield


@pytest.fixture(scope="session")
def cluster(testrun_uid: str) -> Iterator[Cluster]:
    """The PostgreSQL server of this test run."""
    shared = Cluster(Path(tempfile.gettempdir()) / f"backroom-tests-{testrun_uid}" / "postgres")
    yield shared
    shared.stop()


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The engine of tests that speak to the store itself: each in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def new_database(request: pytest.FixtureRequest) -> Iterator[NewDatabase]:
    """Make databases for servers, of the engine that the run is for."""
    with _databases(SERVED, request) as create:
        yield create


@pytest.fixture(scope="module")
def new_store(engine: str, request: pytest.FixtureRequest) -> Iterator[NewDatabase]:
    """Make databases for the store's own tests."""
    with _databases(engine, request) as create:
        yield create


@pytest.fixture
def postgres_url(cluster: Cluster) -> Iterator[str]:
    """An empty database of PostgreSQL, for what is that engine's alone."""
    with cluster.databases() as create:
        yield create()


@contextmanager
def _databases(engine: str, request: pytest.FixtureRequest) -> Iterator[NewDatabase]:
    if engine == "sqlite":
        yield lambda: None
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        with cluster.databases() as create:
            yield create


@contextmanager
def running(url: str | None, **settings: Any) -> Iterator[Server]:
    """Run a server of this process on a free port, which applies its jobs itself."""
    kept: dict[str, Any] = {"ephemeral": True} if url is None else {"database": url}
    with ExitStack() as stack:
        server = Server(Settings(port=0, **kept, **settings))
        ready = threading.Event()
        thread = threading.Thread(target=server.run, args=(lambda _: ready.set(),), name="server")
        thread.start()
        stack.callback(_stop, server, thread)
        assert ready.wait(10), "the server did not start"
        yield server


def _stop(server: Server, thread: threading.Thread) -> None:
    server.stop()
    thread.join(20)
    assert not thread.is_alive(), "the server did not stop"


def client_of(server: Server, scopes: str | None = None, account: str | None = None) -> Client:
    name = account or f"account {next(_accounts)}"
    granted = scopes.split(",") if scopes else []
    made = server.database.write(lambda tx: keys.create(tx, name, "test", granted)).result()
    return Client(server.url, made.key)


@pytest.fixture(scope="session")
def live_server(new_database: NewDatabase) -> Iterator[Server]:
    """A server without rate limits that applies jobs at once."""
    with running(new_database(), limits="off") as server:
        yield server


@pytest.fixture(scope="session")
def server_url(live_server: Server) -> str:
    return live_server.url


@pytest.fixture(scope="session")
def make_client(live_server: Server) -> MakeClient:
    def make(scopes: str | None = None, account: str | None = None) -> Client:
        return client_of(live_server, scopes, account)

    return make


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    return make_client()


@pytest.fixture(scope="session")
def limited_server(new_database: NewDatabase) -> Iterator[Server]:
    """A server with the real rate limits."""
    with running(new_database(), limits="real") as server:
        yield server


@pytest.fixture
def limited_client(limited_server: Server) -> Client:
    return client_of(limited_server)


@pytest.fixture(scope="module", params=["auto", "plain"])
def either(request: pytest.FixtureRequest, new_database: NewDatabase) -> Iterator[Client]:
    """A client of a server with its own HTTP, and of one with uvicorn's."""
    with running(new_database(), limits="off", http=request.param) as server:
        yield client_of(server)


@pytest.fixture(scope="session")
def paused_server(new_database: NewDatabase) -> Iterator[Server]:
    """A server on which every job waits for an hour."""
    with running(new_database(), limits="off", job_delay=3600) as server:
        yield server


@pytest.fixture
def paused_client(paused_server: Server) -> Client:
    return client_of(paused_server)


@pytest.fixture
def database(engine: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database with today's schema."""
    with ExitStack() as stack:
        url = None
        if engine == "postgres":
            url = stack.enter_context(request.getfixturevalue("cluster").kept_database())
        yield stack.enter_context(closing(open_database(url)))


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    """Starts programs in an empty directory, and kills what a test left running."""
    started = Programs(tmp_path)
    yield started
    started.end()


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> str:
    """Another one for each test and run; shown where the test fails."""
    seed = f"{request.node.name} {random.getrandbits(32)}"
    print(f"seed: {seed}")  # noqa: T201 - for who has to find out
    return seed
