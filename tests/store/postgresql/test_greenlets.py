"""Work on the event loop that waits without a thread."""

from __future__ import annotations

import ast
import asyncio
from concurrent.futures import Future
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import backroom
from backroom.store.postgresql import greenlets
from backroom.store.postgresql.greenlets import MOST_FREE, Greenlets

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.postgresql.greenlets import Greenlet

SOURCE = Path(backroom.__file__).parent
ASKS = {"read", "write", "written", "on_loop", "accept", "all", "one", "run", "execute", "insert"}
"""Methods of the store that have a statement run."""
colour: ContextVar[str] = ContextVar("colour", default="none")


async def turn() -> None:
    """Let the loop do what is due."""
    await asyncio.sleep(0)


def test_loop_goes_on_meanwhile() -> None:
    seen: list[str] = []
    suspended: list[Greenlet] = []

    def work() -> str:
        seen.append("begun")
        suspended.append(greenlets.current())
        return str(greenlets.current().suspend())

    async def scenario() -> str:
        promise = Greenlets().spawn(work)
        seen.append("meanwhile")
        suspended[0].resume("answer")
        return await promise

    assert asyncio.run(scenario()) == "answer"
    assert seen == ["begun", "meanwhile"]


def test_errors_belong_to_who_waits() -> None:
    def fail() -> None:
        raise InterruptedError

    async def scenario() -> None:
        promise = Greenlets().spawn(fail)
        with pytest.raises(InterruptedError):
            await promise

    asyncio.run(scenario())


def test_threads_are_waited_for() -> None:
    given: Future[int] = Future()

    async def scenario() -> int:
        promise = Greenlets().spawn(lambda: greenlets.wait_for(given))
        assert not promise.done()
        await asyncio.to_thread(given.set_result, 7)
        return await promise

    assert asyncio.run(scenario()) == 7


def test_greenlets_are_used_again() -> None:
    async def scenario() -> int:
        made = Greenlets()
        for _ in range(3):
            suspended: list[Greenlet] = []
            promises = [made.spawn(suspending(suspended)) for _ in range(MOST_FREE + 10)]
            for each in suspended:
                each.resume()
            await asyncio.gather(*promises)
        return made.free

    assert asyncio.run(scenario()) == MOST_FREE


def suspending(suspended: list[Greenlet]) -> Callable[[], None]:
    def work() -> None:
        suspended.append(greenlets.current())
        greenlets.current().suspend()

    return work


def test_another_loop_gets_its_own() -> None:
    made = Greenlets()

    async def scenario() -> object:
        return await made.spawn(greenlets.current)

    first = asyncio.run(scenario())
    assert asyncio.run(scenario()) is not first


def test_work_begins_no_other_work() -> None:
    async def scenario() -> None:
        made = Greenlets()
        with pytest.raises(RuntimeError, match="can't spawn"):
            await made.spawn(lambda: made.spawn(greenlets.current))

    asyncio.run(scenario())


def test_context_does_not_leak() -> None:
    def paint() -> str:
        before = colour.get()
        colour.set("red")
        return before

    async def scenario() -> list[str]:
        made = Greenlets()
        colour.set("blue")
        return [await made.spawn(paint), await made.spawn(paint), colour.get()]

    assert asyncio.run(scenario()) == ["blue", "blue", "blue"]


def test_context_survives_a_wait() -> None:
    suspended: list[Greenlet] = []

    def paint() -> str:
        colour.set("red")
        suspended.append(greenlets.current())
        greenlets.current().suspend()
        return colour.get()

    async def scenario() -> tuple[str, str]:
        promise = Greenlets().spawn(paint)
        await turn()
        meanwhile = colour.get()
        suspended[0].resume()
        return meanwhile, await promise

    assert asyncio.run(scenario()) == ("none", "red")


def test_ended_loops_are_not_called() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    greenlets.call_on(loop, pytest.fail, "it was called")


ON_THREADS = {"store/kept_digests.py"}
"""Is asked on threads alone, and of a database without greenlets."""


def test_no_lock_is_held_across_a_statement() -> None:
    """Other work that wants it would block the loop, and with it whoever has to let go."""
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in SOURCE.rglob("*.py")
        if path.relative_to(SOURCE).as_posix() not in ON_THREADS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.With) and any(is_lock(item) for item in node.items)
        if any(asks(each) for statement in node.body for each in ast.walk(statement))
    ]
    assert found == []


def is_lock(item: ast.withitem) -> bool:
    return "lock" in ast.unparse(item.context_expr).lower()


def asks(node: Any) -> bool:
    is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return is_method and node.func.attr in ASKS
