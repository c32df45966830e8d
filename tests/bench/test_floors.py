"""Floors are what they claim to be: our parser and loop, the same answers, the same columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import uvloop

from backroom.api import http_server, plain_server
from backroom.api.deadlines import TimeLimits
from backroom.store import jobs
from bench import floors, load, postgres, reads
from bench.load import Plan, Question, WrongAnswer
from bench.servers import Answer

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = Answer(200, [("content-type", "text/plain"), ("content-length", "5")], b"hello")
ASKED = b"GET /greeting?to=all HTTP/1.1\r\nHost: here\r\n\r\n"


def test_http_server_has_our_parser_and_loop() -> None:
    app: Any = object()
    plain, floor = plain_server.configured(app, TimeLimits(), 10), floors.configured(app)
    assert floor.http == "httptools"
    assert isinstance(http_server.new_event_loop(), uvloop.Loop)
    # None of these matters once it runs: what HTTP is, and what is said beside an answer.
    spoken = ("http", "headers", "timeout_keep_alive", "h11_max_incomplete_event_size")
    own = ("app", "interface", "lifespan", *spoken)
    assert vars(plain) | {each: getattr(floor, each) for each in own} == vars(floor)


def test_bare_function_gives_the_same_bytes(tmp_path: Path) -> None:
    setup = floors.Setup([floors.fixed("/greeting?to=all", ANSWER)])
    with floors.serving(tmp_path / "floor", setup) as served:
        assert served.get("/greeting?to=all", {}) == ANSWER
        right = Plan(served.port, [[Question(ASKED, body=b"hello")]] * 2, served.process, most=3)
        taken = load.taken(right)
        assert taken.answers == 6
        assert taken.server_computing > 0
        wrong = Plan(served.port, [[Question(ASKED, body=b"other")]], most=1)
        with pytest.raises(WrongAnswer, match="another body"):
            load.taken(wrong)
        refused = Plan(served.port, [[Question(ASKED, status=202)]], most=1)
        with pytest.raises(WrongAnswer, match="status"):
            load.taken(refused)


@pytest.mark.parametrize("sql", [reads.PAGE_OF_JOBS, postgres.PAGE_OF_JOBS, postgres.ONE_JOB])
def test_raw_queries_read_what_the_store_reads(sql: str) -> None:
    assert sql.startswith(f"select {jobs._JOB_COLUMNS} from jobs where account = ")  # noqa: SLF001


def test_values_are_found_by_path() -> None:
    document = {"data": [{"id": "a"}, {"id": "b"}]}
    assert load.found(document, "data.#") == 2
    assert load.found(document, "data.1.id") == "b"
