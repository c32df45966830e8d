from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.conftest import Steer


@pytest.fixture(autouse=True)
def as_before(steer: Steer) -> Iterator[None]:
    yield
    steer("clock", "run", "real")
    steer("pace", "forget")


def test_time_stands_still_and_moves(steer: Steer) -> None:
    assert steer("clock", "run", "2030-01-01T00:00:00Z")[0]["clock"] == "frozen"
    assert (
        steer("clock", "advance", "--days", "7", "--hours", "1")[0]["now"][:13] == "2030-01-08T01"
    )
    assert steer("clock", "set", "2031-01-01")[0]["now"].startswith("2031-01-01")
    assert steer("clock", "show")[0]["clock"] == "frozen"


def test_wish_is_kept_until_forgotten(steer: Steer) -> None:
    wish = steer("pace", "add", "after_seconds=2", "times=always")[0]
    assert (wish["after_seconds"], wish["times"]) == (2, "always")
    assert [each["id"] for each in steer("pace", "list", "--unused")[0]["wishes"]] == [wish["id"]]
    assert steer("pace", "release")[0] == {"released": []}
    steer("pace", "forget", str(wish["id"]))
    assert steer("pace", "list")[0]["wishes"] == []
