from __future__ import annotations

from concurrent.futures import Future

import pytest

from backroom.api import gathering
from backroom.api.gathering import Gathering
from support.process import until


class Written:
    """What a gathering has written, a list each time."""

    def __init__(self) -> None:
        self.lists: list[list[int]] = []

    def __call__(self, notes: list[int]) -> Future[None]:
        self.lists.append(notes)
        done: Future[None] = Future()
        done.set_result(None)
        return done


@pytest.fixture
def written() -> Written:
    return Written()


def noting(written: Written, count: int) -> Gathering[int]:
    made = Gathering(written)
    for number in range(count):
        made.note(number)
    return made


def test_notes_are_written_together(written: Written) -> None:
    noting(written, 3)
    until(lambda: bool(written.lists), "the notes are written")
    assert written.lists == [[0, 1, 2]]


def test_flush_writes_at_once(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "GATHERED_SECONDS", 3600)
    made = noting(written, 3)
    made.flush()
    made.flush()
    assert written.lists == [[0, 1, 2]]


def test_many_notes_do_not_wait(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "GATHERED_SECONDS", 3600)
    monkeypatch.setattr(gathering, "_MANY_NOTES", 10)
    noting(written, 10)
    until(lambda: bool(written.lists), "the notes are written")


def test_oldest_notes_are_lost(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "GATHERED_SECONDS", 3600)
    monkeypatch.setattr(gathering, "_MANY_NOTES", 1000)
    monkeypatch.setattr(gathering, "_MOST_NOTES", 10)
    noting(written, 11).flush()
    assert written.lists == [[5, 6, 7, 8, 9, 10]]
