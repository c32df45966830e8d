"""Plain functions on the event loop that wait without a thread, and without `await`.

Handlers and the store are plain functions, the same for both engines. On PostgreSQL a statement has
to wait for the server, and the event loop must go on meanwhile. A greenlet makes that possible: it
has a stack of its own, and can be left in the middle and returned to later.

What happens, in order:

1. `Greenlets.spawn(work)` switches from the loop's own stack to a greenlet, which calls `work`.
2. Somewhere below, a statement is sent, and `suspend` switches back to the loop's stack. To the
   loop it looks as if `spawn` has returned. The frames of `work` stay where they are.
3. When the answer is there, a callback of the loop calls `Greenlet.resume(answer)`: `suspend`
   returns the answer inside `work`, which goes on to its end or to its next statement.
4. The end of `work` settles the future that `spawn` gave.

Why it is safe: all of this happens in the one thread of the loop, and only `suspend` switches away.
Between two statements nothing else runs, exactly as between two `await`s.

What to keep in mind when writing code that may run here, which is all of `api` and `store`:

- A lock that is held across a statement blocks the whole loop as soon as other work asks for it:
  the thread is the same, so nobody is left to let go of it. Take what is needed out of the lock
  first. A test looks through the code for it.
- A context variable that is set is seen by this work alone: each runs in a copy of the context it
  was begun in. Without the copy it would leak to the next work that uses the same greenlet.
- Work can't `spawn` other work: it would come back to the wrong stack. `spawn` refuses.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

T = TypeVar("T")

MOST_FREE = 64
"""Greenlets that are kept for the next work.

A new one asks the system for memory, and gives it back at its end: 5 µs that a kept one saves.
"""


class Greenlet(greenlet):
    """Does one piece of work after the other. Between two it is among the `free` ones, if any."""

    def __init__(self, loop: asyncio.AbstractEventLoop, free: list[Greenlet] | None) -> None:
        super().__init__(self._work)
        self.loop = loop
        self._free = free

    def _work(self, work: Callable[[], None]) -> None:
        work()
        while self._free is not None and len(self._free) < MOST_FREE:
            self._free.append(self)
            # To the loop this is the end of the work; `spawn` comes back with the next.
            work = self.suspend()
            work()

    def suspend(self) -> Any:
        """Go back to the loop. Returns what `resume` is called with."""
        assert self.parent is not None  # noqa: S101 - the loop's own stack
        return self.parent.switch()

    def resume(self, value: Any = None) -> None:
        """Go on with the work that is suspended. Called by the loop itself, never by other work."""
        self.switch(value)


class Greenlets:
    """The greenlets of one event loop. Another loop at the same time gets new ones each time."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._free: list[Greenlet] = []

    @property
    def free(self) -> int:
        """How many are kept for the next work."""
        return len(self._free)

    def spawn(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Begin work on the running loop, until its end or its first wait. Give its result."""
        if can_suspend():
            # The new greenlet would have this one as its parent, and end in the middle of it.
            raise RuntimeError("work in a greenlet can't spawn other work")
        loop = asyncio.get_running_loop()
        if self._loop is None or (loop is not self._loop and self._loop.is_closed()):
            # A greenlet belongs to the thread of its loop: those that were kept are of no use.
            self._loop, self._free = loop, []
        promise: asyncio.Future[T] = loop.create_future()

        def settle() -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the result
                if not promise.done():
                    promise.set_exception(error)
            else:
                if not promise.done():
                    promise.set_result(result)

        free = self._free if loop is self._loop else None
        chosen = free.pop() if free else Greenlet(loop, free)
        # A greenlet has no context variables but those of the work that it did before.
        chosen.resume(partial(copy_context().run, settle))
        return promise


def can_suspend() -> bool:
    """Whether the code that runs now is in a greenlet, and may suspend."""
    return isinstance(getcurrent(), Greenlet)


def current() -> Greenlet:
    """Give the greenlet of the code that runs now. Only asked where there is one."""
    found = getcurrent()
    assert isinstance(found, Greenlet)  # noqa: S101 - `can_suspend` was asked before
    return found


def wait_for(future: Future[T]) -> T:
    """Suspend the current greenlet until something that a thread does is done; give its result."""
    waiting = current()
    future.add_done_callback(lambda _: call_on(waiting.loop, waiting.resume))
    waiting.suspend()
    return future.result()


def call_on(loop: asyncio.AbstractEventLoop, what: Callable[..., object], *values: object) -> None:
    """Have a function called on a loop, from any thread. A loop that has ended calls nothing."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(what, *values)
