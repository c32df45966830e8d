"""What the access log says of requests, on a real server."""

from __future__ import annotations

import io
import json
import re
import threading
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from backroom import events
from backroom.cli import access_log
from backroom.cli.access_log import ACCESS_LOG_FIELDS, AccessLog, LineWriter
from backroom.cli.logs import LOG_FIELDS
from backroom.revisions import NEWEST
from conftest import client_of, running
from support.factories import a_body, a_kind_of_job, a_resource
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import NewDatabase
    from support.client import Client
    from support.process import Programs

JOBS = f"/api/{a_kind_of_job('item', 'create').collection}"
JOB = a_body(a_kind_of_job("item", "create"), a_resource("item"))


class Logged:
    """A client of a server, and what the server has logged, as text and as JSON."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.text, self.json = io.StringIO(), io.StringIO()

    def last(self, stream: io.StringIO, ask: Callable[[], object]) -> str:
        # Another test may have read one of the two, while the other was still to come.
        until(lambda: self.text.getvalue().count("\n") == self.json.getvalue().count("\n"), "both")
        before = stream.getvalue()
        ask()
        until(lambda: stream.getvalue() != before, "a line")
        return stream.getvalue().splitlines()[-1]

    def line(self, ask: Callable[[], object]) -> str:
        return self.last(self.text, ask)

    def members(self, ask: Callable[[], object]) -> Any:
        return json.loads(self.last(self.json, ask))


@pytest.fixture(scope="module", params=["auto", "plain"])
def logged(request: pytest.FixtureRequest, new_database: NewDatabase) -> Iterator[Logged]:
    with running(new_database(), limits="off", http=request.param) as server:
        found = Logged(client_of(server))
        writers = LineWriter(found.text), LineWriter(found.json)
        server.observe(AccessLog(writers[0], as_json=False))
        server.observe(AccessLog(writers[1], as_json=True))
        yield found
    for writer in writers:
        writer.close()


def test_lines_are_aligned(logged: Logged) -> None:
    client = logged.client
    read = logged.line(lambda: client.get("/api/catalog-items"))
    written = logged.line(lambda: client.post(JOBS, JOB))
    assert re.fullmatch(
        rf"\d\d:\d\d:\d\d 200 GET     get_catalog_items +{NEWEST} +\d+\.\d\d ms", read
    )
    assert (written[9:12], written.index(NEWEST)) == ("202", read.index(NEWEST))


def test_refusals_say_why(logged: Logged) -> None:
    client = logged.client
    assert "ms  not_found: The requested path" in logged.line(lambda: client.get("/api/nothing"))
    assert "ms  invalid: " in logged.line(lambda: client.post("/api/catalog-items", {}))
    unserved = logged.line(lambda: client.get("/api/templates"))
    assert "is an operation of the real service that backroom doesn't serve" in unserved
    assert " /elsewhere " in logged.line(lambda: client.get("/elsewhere"))


def test_json_has_documented_members(logged: Logged) -> None:
    client = logged.client
    line = logged.members(lambda: client.post(JOBS, JOB))
    job_id = client.get(JOBS).json["data"][0]["id"]
    assert line.keys() <= ACCESS_LOG_FIELDS.keys() | LOG_FIELDS.keys()
    assert (line["event"], line["status"], line["job_id"]) == ("request", 202, job_id)
    assert (line["operation"], line["path"]) == ("bulk_create_catalog_items", JOBS)


def test_json_names_the_job_asked_for(logged: Logged) -> None:
    client = logged.client
    logged.members(lambda: client.post(JOBS, JOB))
    job_id = client.get(JOBS).json["data"][0]["id"]
    found = logged.members(lambda: client.get(f"{JOBS}/{job_id}"))
    assert (found["status"], found["job_id"]) == (200, job_id)
    unknown = logged.members(lambda: client.get(f"{JOBS}/unknown"))
    assert unknown["status"] == 404
    assert unknown["reason"]
    assert "job_id" not in unknown


def test_keys_are_not_logged(logged: Logged) -> None:
    logged.line(lambda: logged.client.get("/api/catalog-items"))
    assert logged.client.key not in logged.text.getvalue() + logged.json.getvalue()


def test_refused_heads_are_logged(logged: Logged) -> None:
    asked = "/api/catalog-items?filter=" + "x" * 100_000
    if logged.client.get(asked).status == 414:
        until(lambda: '"status":414' in logged.json.getvalue(), "a line")


def test_text_moves_no_cursor(logged: Logged) -> None:
    line = logged.line(lambda: logged.client.get("/api/catalog-items?sort=%1b[2J"))
    assert line.isprintable()
    assert "invalid: " in line


class Stuck(io.StringIO):
    """An output that takes nothing."""

    def write(self, _: str) -> int:
        raise OSError("full")


def test_output_that_fails_is_survived() -> None:
    writer = LineWriter(Stuck())
    writer.write(str, "lost")
    writer.close()


def test_lines_at_the_end_are_written(caplog: pytest.LogCaptureFixture) -> None:
    stream = io.StringIO()
    writer = LineWriter(stream)
    for number in range(12_000):
        writer.write(str, number)
    writer.close()
    lines = stream.getvalue().splitlines()
    dropped = sum(int(each.getMessage().split()[0]) for each in caplog.records)
    assert len(lines) + dropped == 12_000


class Blocked(io.StringIO):
    """An output that takes nothing until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.released = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        self.released.wait()
        return super().write(text)


def test_lines_left_out_are_an_event(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_log, "_MADE_TOGETHER", 2)
    monkeypatch.setattr(access_log, "_MOST_UNWRITTEN", 1)
    stream = Blocked()
    writer = LineWriter(stream)
    writer.write(str, "kept")
    stream.reached.wait()
    for each in ("kept too", "and this", "lost", "lost"):
        writer.write(str, each)
    stream.released.set()
    writer.close()
    assert stream.getvalue() == "kept\nkept too\nand this\n"
    assert [(each.msg, each.args) for each in caplog.records] == [
        (events.REQUESTS_NOT_LOGGED, (2,))
    ]


@pytest.mark.parametrize("together", [1, 3, 1000])
def test_lines_keep_their_order(monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    monkeypatch.setattr(access_log, "_MADE_TOGETHER", together)
    stream = io.StringIO()
    writer = LineWriter(stream)
    for number in range(1000):
        writer.write(str, number)
    writer.close()
    assert stream.getvalue().splitlines() == list(map(str, range(1000)))


@pytest.mark.slow
def test_served_requests_are_logged(programs: Programs) -> None:
    server = programs.serve("--access-log", "on")
    quiet = programs.serve("--ephemeral")
    for each in (server, quiet):
        assert each.announced()
    for each in (server, quiet):
        urllib.request.urlopen(f"{each.url}/health").close()
        each.stop()
    assert json.loads(server.errors.splitlines()[-1])["path"] == "/health"
    assert "/health" not in quiet.errors


def test_line_that_fails_costs_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "_MADE_TOGETHER", 1)
    stream = io.StringIO()
    writer = LineWriter(stream)
    writer.write(lambda value: str(int(value)), "no number")
    writer.write(str, "kept")
    writer.close()
    assert stream.getvalue() == "kept\n"
