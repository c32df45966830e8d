"""One thread beside the loader: requests are under way while the next rows are compared."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")
_Work = tuple["Future[Any]", "Callable[..., Any]", tuple[Any, ...]]


class RequestThread:
    """Calls functions one after the other, in the order in which they were given."""

    def __init__(self) -> None:
        self._works: SimpleQueue[_Work | None] = SimpleQueue()
        # A daemon: an import that is interrupted does not wait for an answer.
        threading.Thread(target=self._run, name="sender", daemon=True).start()

    def call(self, function: Callable[..., _Result], *values: Any) -> Future[_Result]:
        """Call a function with values, and give what will have its result."""
        future: Future[_Result] = Future()
        self._works.put((future, function, values))
        return future

    def close(self) -> None:
        """End the thread when it has done what was given to it."""
        self._works.put(None)

    def _run(self) -> None:
        while work := self._works.get():
            future, function, values = work
            try:
                future.set_result(function(*values))
            except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
                future.set_exception(error)
