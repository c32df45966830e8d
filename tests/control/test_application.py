from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from conftest import running
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.server import Server
    from conftest import NewDatabase
    from support.process import Programs

    Ask = Callable[..., urllib3.BaseHTTPResponse]


@pytest.fixture(scope="module")
def pool() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False, timeout=10) as made:
        yield made


@pytest.fixture
def ask(live_server: Server, pool: urllib3.PoolManager) -> Ask:
    def asked(method: str, path: str, *, token: str | None = None, **more: Any) -> Any:
        bearer = live_server.control_token if token is None else token
        headers = {"Authorization": f"Bearer {bearer}", **more.pop("headers", {})}
        return pool.request(method, f"{live_server.url}/_backroom{path}", headers=headers, **more)

    return asked


def test_account_is_made_over_http(ask: Ask) -> None:
    answer = ask("POST", "/accounts", json={})
    assert (answer.status, answer.headers["Cache-Control"]) == (201, "no-store")
    assert answer.json()["key"].startswith("pk_")


def test_wrong_token_is_challenged(ask: Ask) -> None:
    answer = ask("GET", "/info", token="wrong")
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "--control-token" in answer.json()["error"]


def test_page_of_other_origin_is_refused(ask: Ask) -> None:
    answer = ask("OPTIONS", "/accounts", headers={"Origin": "https://evil.example"})
    assert answer.status == 403
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_unknown_path_is_refused_with_token_only(ask: Ask) -> None:
    assert [ask("GET", "/nothing", token=each).status for each in (None, "wrong")] == [404, 401]


def test_wrong_method_names_the_right_ones(ask: Ask) -> None:
    answer = ask("PUT", "/accounts", json={})
    assert answer.status == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b"[" * 5000])
def test_body_that_is_no_object_is_400(ask: Ask, body: bytes) -> None:
    answer = ask("POST", "/accounts", body=body)
    assert answer.status == 400
    assert "one JSON object" in answer.json()["error"]


def test_path_may_end_in_slash(ask: Ask) -> None:
    assert ask("GET", "/info/").json() == ask("GET", "/info").json()


def test_empty_answer_is_204(ask: Ask) -> None:
    key = ask("POST", "/keys", json={}).json()
    answer = ask("DELETE", f"/keys/{key['id']}")
    assert (answer.status, answer.data) == (204, b"")


def test_key_of_an_account_is_no_token(ask: Ask) -> None:
    made = ask("POST", "/accounts", json={}).json()
    assert ask("GET", "/info", token=made["key"]).status == 401


def test_start_imports_no_framework() -> None:
    program = "import backroom.server, sys; print('starlette' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"False"


@pytest.mark.slow
def test_plain_server_has_the_control_api(programs: Programs) -> None:
    server = programs.serve("--ephemeral", "--http", "plain", "--control-token", "a-token")
    headers = {"Authorization": "Bearer a-token"}
    answer = urllib3.request("GET", f"{server.url}/_backroom/info", headers=headers, timeout=10)
    assert (answer.status, server.said["control_token"]) == (200, "a-token")


@pytest.mark.slow
def test_waiting_calls_hold_up_nothing(new_database: NewDatabase) -> None:
    with (
        ThreadPoolExecutor(20) as threads,
        running(new_database(), limits="off", journal="on") as server,
        urllib3.PoolManager(retries=False, timeout=10, maxsize=30) as pool,
    ):
        journal, url = server.journal, f"{server.url}/_backroom"
        assert journal is not None
        headers = {"Authorization": f"Bearer {server.control_token}"}

        def wait() -> int:
            body = {"timeout": 60, "path": "/never"}
            return pool.request("POST", f"{url}/requests/wait", headers=headers, json=body).status

        waits = [threads.submit(wait) for _ in range(20)]
        until(lambda: journal.waiting == len(waits), "all waits")
        assert pool.request("GET", f"{url}/info", headers=headers).status == 200
        server.stop()
        assert {each.result() for each in waits} == {408}
