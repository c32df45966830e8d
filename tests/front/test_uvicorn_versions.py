"""A real server on the oldest uvicorn that is allowed, one in between, and the newest there is."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from front.connection import answer, connected, names, posted, status, written
from sdk.environments import interpreter, run_uv
from support.process import Programs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.process import ServerProgram

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ITEMS = "/api/catalog-items"
SERVING = ("uvicorn", "httptools", "uvloop")


def oldest() -> list[str]:
    """The oldest versions that the package allows of what serves HTTP."""
    allowed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    found = (re.match(r"([a-z]+)>=([\d.]+)(; .*)?$", each) for each in allowed)
    return [f"{each[1]}=={each[2]}{each[3] or ''}" for each in found if each and each[1] in SERVING]


VERSIONS = {"oldest": oldest(), "between": ["uvicorn==0.46.0"], "newest": []}


@pytest.fixture(scope="module", params=VERSIONS)
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has this package beside such versions."""
    home = tmp_path_factory.mktemp(request.param) / "environment"
    run_uv("venv", "--python", sys.executable, str(home))
    made = interpreter(home)
    newest = [part for each in SERVING for part in ("--upgrade-package", each)]
    run_uv(
        "pip", "install", "--python", str(made), *newest, "-e", str(ROOT), *VERSIONS[request.param]
    )
    return made


@pytest.fixture(params=["auto", "plain"])
def server(request: pytest.FixtureRequest, python: Path, tmp_path: Path) -> Iterator[ServerProgram]:
    programs = Programs(tmp_path, str(python))
    yield programs.serve("--ephemeral", BACKROOM_HTTP=request.param)
    programs.end()


def an_item(name: str) -> bytes:
    attributes: dict[str, Any] = {
        "external_id": name,
        "title": name,
        "description": name,
        "url": "https://shop.test",
    }
    return msgspec.json.encode({"data": {"type": "catalog-item", "attributes": attributes}})


def test_oldest_versions_are_found() -> None:
    assert {each.partition("==")[0] for each in VERSIONS["oldest"]} == set(SERVING)


def test_requests_of_all_kinds_are_answered(server: ServerProgram) -> None:
    with connected(server) as connection:
        connection.sendall(posted(server, ITEMS, an_item("hat")))
        assert status(connection) == b"201"
        connection.sendall(written(server, "GET", ITEMS))
        head, body = answer(connection)
        assert (head.split()[1], b'"title":"hat"' in body) == (b"200", True)
        connection.sendall(written(server, "HEAD", ITEMS))
        assert b"200 OK" in answer(connection, has_body=False)[0]
        connection.sendall(written(server, "GET", "/_backroom/docs"))
        status(connection)
        connection.sendall(written(server, "GET", ITEMS, "Connection: close"))
        assert status(connection) == b"200"
        assert connection.recv(1) == b""
    assert server.stop() == 0


def test_requests_at_once_keep_order(server: ServerProgram) -> None:
    get, missing = written(server, "GET", ITEMS), written(server, "GET", "/elsewhere")
    post = posted(server, ITEMS, b"{}")
    with connected(server) as connection:
        connection.sendall((get + missing + post + get) * 20)
        assert [status(connection) for _ in range(80)] == [b"200", b"404", b"400", b"200"] * 20


def test_names_of_headers_keep_their_case(server: ServerProgram) -> None:
    with connected(server) as connection:
        for request in (written(server, "GET", ITEMS), posted(server, ITEMS, b"{}")):
            connection.sendall(request)
            assert names(answer(connection)[0]) >= {b"X-Klaviyo-Api-Revision", b"CID", b"Allow"}


def test_version_is_served_without_a_word(server: ServerProgram) -> None:
    assert server.announced()
    assert server.errors == ""
