from __future__ import annotations

import json
import socket

from click.testing import CliRunner

from backroom.cli import EXIT_UNREACHABLE, main


def test_ready_server_ends_with_0(server_url: str) -> None:
    for end in ("", "/"):
        result = CliRunner().invoke(main, ["status", "--url", server_url + end])
        assert result.exit_code == 0
        assert json.loads(result.output)["status"] == "ok"


def test_no_server_ends_with_4() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    result = CliRunner().invoke(main, ["status"], env={"BACKROOM_URL": url})
    assert (result.exit_code, result.stderr) == (EXIT_UNREACHABLE, f"No server answers at {url}.\n")
    assert EXIT_UNREACHABLE == 4
