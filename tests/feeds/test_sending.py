from __future__ import annotations

import threading
from typing import NoReturn

import pytest

from backroom.feeds.sending import RequestThread


def test_calls_follow_each_other() -> None:
    sender = RequestThread()
    called: list[int] = []
    futures = [sender.call(called.append, number) for number in range(9)]
    futures[-1].result(timeout=5)
    assert called == list(range(9))
    sender.close()


def test_caller_goes_on_meanwhile() -> None:
    sender, reached = RequestThread(), threading.Event()
    future = sender.call(reached.wait, 5)
    reached.set()
    assert future.result(timeout=5)
    sender.close()


def test_error_comes_to_who_asks() -> None:
    def fails() -> NoReturn:
        raise OSError("away")

    sender = RequestThread()
    future = sender.call(fails)
    with pytest.raises(OSError, match="away"):
        future.result(timeout=5)
    assert sender.call(len, "ab").result(timeout=5) == 2
    sender.close()
