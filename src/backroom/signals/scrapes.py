"""Answers scrapes, with the library of Prometheus, which is imported for the first one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.signals.exposition import Exposition
    from backroom.signals.metrics import Metrics


class Scrapes:
    """Shows the metrics of a process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._making = threading.Lock()
        self._made: Exposition | None = None

    def _exposition(self) -> Exposition:
        # A server that nobody asks for metrics starts sooner.
        from backroom.signals.exposition import Exposition

        with self._making:
            if self._made is None:
                self._made = Exposition(self._metrics)
            return self._made

    def text(self) -> tuple[str, bytes]:
        """Give all metrics in the text format of Prometheus, after the type of that format."""
        return self._exposition().text()

    def serve(self, host: str, port: int) -> Callable[[], None]:
        """Serve them at a port of their own, and give what ends that. Raises `InvalidSetting`."""
        return self._exposition().serve(host, port)
