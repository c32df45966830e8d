"""One POST of a bulk job, followed through the house: it goes down, and seldom climbs back.

A reader who follows the calls is in the module of the function that was called last. The way from
one module to the next is a climb

- where the next module imports the one that is left, directly or through others: the reader comes
  back to a module that stands above; or
- where a function is called from a layer below its own: the reader is called back.

Some modules are only looked into in passing, so that the reader stays where he is: those that hold
values and tables (as the parts of a body, or whether the last write succeeded), those that check
one value, those that count, and the interface by which a statement is run. Reading a property
leads nowhere either. All of this holds with everything on that watches a request.
"""

from __future__ import annotations

import importlib
import re
import threading
import tomllib
from functools import cache
from inspect import isfunction
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from backroom.cli.access_log import AccessLog, LineWriter
from backroom.cli.job_log import JobLog
from backroom.revisions import NEWEST, OLDEST
from backroom.signals.spans import Spans
from backroom.signals.telemetry import Telemetry
from conftest import client_of, running
from front.connection import connected
from support.factories import a_body, a_kind_of_job, a_resource
from support.visitor import HOME, Visitor
from test_architecture import MODULES, SOURCE, imports, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType

    from backroom.server import Server
    from support.client import Client

IN_PASSING = {
    "api/headers.py",
    "api/observer.py",
    "api/request.py",
    "api/request_body.py",
    "api/request_head.py",
    "api/wire.py",
    "catalog/ids.py",
    "catalog/jsonapi.py",
    "catalog/kinds.py",
    "catalog/operations.py",
    "catalog/rules.py",
    "catalog/values.py",
    "clock.py",
    "testing/clock.py",
    "errors.py",
    "events.py",
    "jobs/lifecycle.py",
    "store/database.py",
    "store/job_rows.py",
    "store/readiness.py",
    "signals/durations.py",
    "signals/request_counts.py",
    "store/signals.py",
}
RECEIVED = "HttpProtocol.data_received"
"""The function that is given what a client has sent."""
COMMITTED = "_Work.settle"
"""The function by which the writer says that the rows are on disk."""
TIMER = "Connections._tick"
LOOKS_BY_ITSELF = re.compile("worker|webhooks")
"""The threads that look for work beside all requests."""
WORKER_RESTS = "EmbeddedWorker._seconds_until_more"
"""The function that the worker calls when nothing is left that it could do at once."""
NEWER_ITEMS = a_body(a_kind_of_job("item", "create"), a_resource("item"))
OLDER_ITEMS = {
    "data": {
        "type": "catalog-item-bulk-create-job",
        "attributes": {"items": [a_resource("item")]},
    }
}
PATH = "/api/catalog-item-bulk-create-jobs"
BODIES = {NEWEST: NEWER_ITEMS, OLDEST: OLDER_ITEMS}


class Step(NamedTuple):
    """A call of a function: its module and name, and the module that called it, if one of ours."""

    module: str
    function: str
    caller: str | None


class Walk(NamedTuple):
    """All steps of one request."""

    steps: list[Step]

    def down_to_the_commit(self) -> list[Step]:
        """Give the first step into each module that the walk came to, until the rows are stored.

        Each observer is a step of its own. What it calls in turn is its own.
        """
        functions = [each.function for each in self.steps]
        # The writer may still be at the end of the request before.
        start = functions.index(RECEIVED)
        steps = self.steps[start : functions.index(COMMITTED, start)]
        steps = [each for each in steps if each.caller is None or not watches(each.caller)]
        return steps[:1] + [step for left, step in pairwise(steps) if step.module != left.module]


def watches(module: str) -> bool:
    """Whether a module stands above the API, which calls it only as an observer."""
    return layer_of(module) < layer_of("api/app.py")


class Recorder:
    """Writes down each call of a function of the house, in threads that began since it was set."""

    def __init__(self) -> None:
        self.walk: Walk | None = None
        self.worker_rests = threading.Event()
        self._properties = set(properties())

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if code.co_qualname == WORKER_RESTS:
            self.worker_rests.set()
        if self.walk is None or event != "call" or code in self._properties:
            return
        module = module_of(code)
        if (
            module is None
            or module in IN_PASSING
            or LOOKS_BY_ITSELF.search(threading.current_thread().name)
        ):
            return
        if code.co_qualname == "SqliteConnection.execute":
            return
        if belongs_to_the_timer(frame):
            return
        caller = None if frame.f_back is None else module_of(frame.f_back.f_code)
        self.walk.steps.append(Step(module, code.co_qualname, caller))


def belongs_to_the_timer(frame: FrameType | None) -> bool:
    """Whether the event loop's timer made a call: it looks at the clock beside all requests."""
    while frame is not None and frame.f_code.co_qualname != TIMER:
        frame = frame.f_back
    return frame is not None


@cache
def module_of(code: CodeType) -> str | None:
    """Give the module of the house that has a function."""
    path = Path(code.co_filename)
    return path.relative_to(SOURCE).as_posix() if path.is_relative_to(SOURCE) else None


def properties() -> Iterator[CodeType]:
    """Give the code of every property of the house."""
    for module in MODULES:
        if module.path.stem == "__main__":
            continue
        name = ".".join(("backroom", *module.path.relative_to(SOURCE).with_suffix("").parts))
        held = vars(importlib.import_module(name.removesuffix(".__init__")))
        for each in held.values():
            members = vars(each).values() if isinstance(each, type) else ()
            for member in members:
                # A class of the standard library may have properties that are cached functions.
                if isinstance(member, property) and isfunction(member.fget):
                    yield member.fget.__code__


@cache
def below(module: str) -> frozenset[str]:
    """Give the modules that one imports, directly or through others."""
    (found,) = [each for each in MODULES if each.name == module]
    direct = {path_of(*each) for each in imports(found)} - {None, module}
    return frozenset(map(str, direct)).union(*(below(str(each)) for each in direct))


@cache
def layer_of(module: str) -> int:
    """Give the place of a module's layer, counted from above."""
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())
    contract = project["tool"]["importlinter"]["contracts"][0]
    name = ".".join(("backroom", *module.removesuffix(".py").split("/")))
    (place,) = [
        place
        for place, layer in enumerate(contract["layers"])
        if any(f"{name}.".startswith(f"{package}.") for package in re.split(" [|:] ", layer))
    ]
    return int(place)


def climbs(left: Step, step: Step) -> bool:
    if left.module in below(step.module):
        return True
    return step.caller is not None and layer_of(step.module) < layer_of(step.caller)


def post(client: Client, revision: str) -> None:
    """Post in one piece: what arrives apart enters the house twice."""
    body = msgspec.json.encode(BODIES[revision])
    headers = {
        "Host": "localhost",
        "Authorization": f"Klaviyo-API-Key {client.key}",
        "revision": revision,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with connected(client) as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + body)
        assert connection.recv(20).startswith(b"HTTP/1.1 202 ")


def unwatched(_: Server) -> None:
    """Leave a server as it is: an ephemeral one has a journal and metrics."""


def watched(server: Server) -> None:
    """Have everything watch the requests that can: traces, faults, access log and dashboard."""
    server.tell(
        Telemetry(Spans(SimpleSpanProcessor(InMemorySpanExporter()), "sqlite"), None, lambda: None)
    )
    server.faults.add(operation="get_catalog_item", status=500)
    writer = LineWriter(StringIO())
    server.observe(AccessLog(writer, as_json=True))
    server.next_job.watch.add(JobLog(writer, as_json=True))
    reader = Visitor(server.url)
    reader.sign_in(server.control_token)
    assert "Overview" in reader.read(HOME)


@pytest.fixture(scope="module", params=[unwatched, watched])
def walks(request: pytest.FixtureRequest) -> Iterator[dict[str, Walk]]:
    """Walks through a server that has answered such a POST before, by revision."""
    found = {}
    recorder = Recorder()
    threading.setprofile(recorder)
    try:
        with running(None, limits="real", job_delay=3600) as server:
            request.param(server)
            client = client_of(server)
            # The worker begins with expired jobs, and the writer would remove them in between.
            assert recorder.worker_rests.wait(10)
            for revision in BODIES:
                post(client, revision)
                recorder.walk = found[revision] = Walk([])
                post(client, revision)
                recorder.walk = None
            yield found
    finally:
        threading.setprofile(None)


every_walk = pytest.mark.parametrize("which", [NEWEST, OLDEST])


@pytest.mark.slow
@every_walk
def test_post_climbs_six_times_at_most(walks: dict[str, Walk], which: str) -> None:
    steps = walks[which].down_to_the_commit()
    assert {step.module for step in steps} >= {"api/app.py", "api/bodies.py", "store/jobs.py"}
    upward = [f"{left} -> {step}" for left, step in pairwise(steps) if climbs(left, step)]
    assert len(upward) <= 6, "\n".join(upward)


@every_walk
def test_service_is_entered_three_times(walks: dict[str, Walk], which: str) -> None:
    entered = [
        step.function
        for step in walks[which].steps
        if step.module == "api/service.py" and step.caller != step.module
    ]
    assert entered == ["Service.admit", "Service.read_body", "Service.accepted"]
