"""A way to a server that can be cut, or swallow everything without a word."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from machines.cluster import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


class _Led:
    """One connection. A silent one takes what it is sent, and hands nothing on."""

    def __init__(self, near: socket.socket, port: int, *, silent: bool) -> None:
        self.silent = silent
        self._near, self._far = near, socket.create_connection((HOST, port))
        for end in (self._near, self._far):
            # The small parts of a pipeline would each wait for those before.
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ways = ((self._near, self._far), (self._far, self._near))
        self._threads = [threading.Thread(target=self._hand_on, args=way) for way in ways]
        for each in self._threads:
            each.start()

    def _hand_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self.silent:
                    sink.sendall(data)
        if not self.silent:
            self._wake()

    def _wake(self) -> None:
        """End what waits for either side."""
        for each in (self._near, self._far):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    @property
    def over(self) -> bool:
        return not any(each.is_alive() for each in self._threads)

    def reset(self) -> None:
        """Close both sides without a farewell."""
        for each in (self._near, self._far):
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        self._wake()
        for thread in self._threads:
            thread.join()
        self._near.close()
        self._far.close()


class Way:
    """Leads every connection to its port to another port."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._silent = False
        self._led: list[_Led] = []
        self._lock = threading.Lock()
        self._listening = socket.create_server((HOST, 0), backlog=128)
        self.port = int(self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, name="way")
        self._thread.start()

    def cut(self) -> None:
        """Reset all connections that there are."""
        with self._lock:
            for each in self._led:
                each.reset()
            self._led.clear()

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Swallow everything; what was led here until the end stays silent for ever."""
        self._silent = True
        with self._lock:
            for each in self._led:
                each.silent = True
        try:
            yield
        finally:
            self._silent = False

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            with self._lock:
                for each in [each for each in self._led if each.over]:
                    each.reset()
                    self._led.remove(each)
                self._led.append(_Led(near, self._target, silent=self._silent))
