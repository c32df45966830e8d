"""Every setting by its variable and by its flag, and what each does to a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.revisions import REVISIONS
from backroom.settings import SETTINGS, variable
from support.client import NEWEST, Client
from support.process import connects
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation

if TYPE_CHECKING:
    from support.process import Programs, ServerProgram

ITEMS = KIND["item-create"]
COMMANDS = (
    "",
    "serve",
    "migrate",
    "keys",
    "keys create",
    "keys list",
    "keys revoke",
    "import",
    "revisions",
)
WRONG = {
    "port": "abc",
    "limits": "some",
    "job_delay": "soon",
    "show_queued": "perhaps",
    "ephemeral": "perhaps",
    "log_level": "loud",
}


def client_of(server: ServerProgram) -> Client:
    return Client(server.url, server.key)


def rate(server: ServerProgram) -> str | None:
    return client_of(server).get(ITEMS.path).headers.get("RateLimit-Limit")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command or "backroom")
def test_help_tells_what_it_does(programs: Programs, command: str) -> None:
    program = programs.run(*command.split(), "--help")
    assert program.wait() == 0
    assert program.output.startswith("Usage: ")
    assert program.errors == ""


def test_help_names_every_setting(programs: Programs) -> None:
    words = "".join(programs.run("serve", "--help").output.split())
    for setting in SETTINGS:
        assert f"--{setting.name.replace('_', '-')}" in words
        assert f"[{variable(setting.name)}]" in words


@pytest.mark.parametrize(("name", "value"), WRONG.items())
def test_wrong_variables_are_wrong_usage(programs: Programs, name: str, value: str) -> None:
    program = programs.run("serve", **{variable(name): value})
    assert program.wait() == 2
    sentence = program.errors.splitlines()[-1]
    assert sentence.startswith("Error: ")
    assert name in sentence.lower()


@pytest.mark.parametrize("name", ["port", "limits", "job_delay", "log_level"])
def test_wrong_flags_are_wrong_usage(programs: Programs, name: str) -> None:
    flag = f"--{name.replace('_', '-')}"
    program = programs.run("serve", flag, WRONG[name])
    assert program.wait() == 2
    assert "Traceback" not in program.errors
    assert name in program.errors.lower().replace("-", "_")


@pytest.mark.slow
def test_endless_delay_is_wrong_usage(programs: Programs) -> None:
    assert programs.run("serve", "--port", "0", "--job-delay", "inf").wait() == 2


def test_unknown_default_revision_is_wrong(programs: Programs) -> None:
    server = programs.serve("--default-revision", "yesterday")
    assert not server.announced()
    assert server.wait() == 2


def test_unknown_flags_are_wrong_usage(programs: Programs) -> None:
    assert programs.run("serve", "--colour", "red").wait() == 2


def test_flag_wins_over_variable(programs: Programs) -> None:
    by_variable = programs.serve(BACKROOM_LIMITS="off", BACKROOM_DATABASE="a.db")
    assert rate(by_variable) is None
    both = programs.serve("--limits", "real", BACKROOM_LIMITS="off", BACKROOM_DATABASE="b.db")
    assert rate(both) == "75, 75;w=1, 750;w=60"
    assert sorted(file.name for file in programs.home.glob("?.db")) == ["a.db", "b.db"]


def test_flag_can_say_no(programs: Programs) -> None:
    server = programs.serve("--no-ephemeral", BACKROOM_EPHEMERAL="1")
    assert server.announced()
    assert (programs.home / "backroom.db").exists()


@pytest.mark.parametrize(
    ("limits", "shown"),
    [("off", None), ("real", "75, 75;w=1, 750;w=60"), ("0.01", "1, 1;w=1, 8;w=60")],
)
def test_limits_are_as_set(programs: Programs, limits: str, shown: str | None) -> None:
    assert rate(programs.serve(BACKROOM_LIMITS=limits)) == shown


def test_small_limits_throttle_soon(programs: Programs) -> None:
    client = client_of(programs.serve(BACKROOM_LIMITS="0.01"))
    refused = next(a for a in (client.get(ITEMS.path) for _ in range(10)) if a.status != 200)
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 0


def test_port_and_host_variables_count(programs: Programs) -> None:
    server = programs.server(
        "-m", "backroom", "serve", "--format", "json", BACKROOM_PORT="0", BACKROOM_HOST="127.0.0.2"
    )
    assert server.url.startswith("http://127.0.0.2:")
    assert connects("127.0.0.2", server.port)


@pytest.mark.parametrize(("default", "status"), [("", 400), ("2024-10-15", 200)])
def test_default_revision_stands_in(programs: Programs, default: str, status: int) -> None:
    client = client_of(programs.serve(BACKROOM_DEFAULT_REVISION=default))
    answer = client.get(ITEMS.path, headers={"revision": None})
    assert answer.status == status
    if default:
        assert answer.headers["X-Klaviyo-API-Revision"] == default


def test_public_url_begins_links(programs: Programs) -> None:
    client = client_of(programs.serve(BACKROOM_PUBLIC_URL="https://shop.example/klaviyo/"))
    jobs = Jobs(client, NEWEST, ITEMS)
    job = jobs.post(creation(jobs, "a")).json
    own = f"https://shop.example/klaviyo{ITEMS.path}"
    assert job["data"]["links"]["self"] == f"{own}/{job['data']['id']}/"
    assert jobs.list().json["links"]["self"] == own


@pytest.mark.parametrize("path", ["/health", "/_backroom/health/live", "/_backroom/health/ready"])
def test_health_needs_no_key(programs: Programs, path: str) -> None:
    answer = Client(programs.serve().url, "").get(path)
    assert (answer.status, answer.json["status"]) == (200, "ok")


def test_revisions_are_all_listed(programs: Programs) -> None:
    dates = [line for line in programs.run("revisions").output.splitlines() if line[0] != " "]
    assert dates == list(reversed(REVISIONS))


def test_log_level_hushes_the_server(programs: Programs) -> None:
    server = programs.serve("--log-level", "error")
    assert server.announced()
    server.stop()
    assert server.errors == ""
