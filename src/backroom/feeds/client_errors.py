"""What goes wrong between a client and a server, and what a server refuses."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

_OPERATIONS_POINTER = "/data/attributes/"


@dataclass(frozen=True)
class OperationRefusal:
    """What is wrong with one operation: its member, empty where it is the whole, and the words."""

    member: str
    detail: str

    def __str__(self) -> str:
        named = not self.member or f"'{self.member}'" in self.detail
        return self.detail if named else f"{self.member}: {self.detail}"


class UnreachableError(Exception):
    """The server can't be reached, or does not answer in time, or with too much."""


class LostAnswerError(UnreachableError):
    """A request may have been carried out, but its answer never came."""


class RefusedError(Exception):
    """The server has refused a request as a whole."""

    def __init__(
        self, detail: str, faulty: dict[int, OperationRefusal], status: int = 0, pointer: str = ""
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.pointer = pointer
        """Where in the body the first fault is, as far as the server says."""
        self.faulty = faulty
        """What is wrong with single operations, by their index. Empty if the fault is elsewhere."""

    @property
    def is_of_some(self) -> bool:
        """Whether some operations are at fault, and the server does not say which ones."""
        of_operations = self.pointer.startswith(_OPERATIONS_POINTER)
        return self.status == HTTPStatus.BAD_REQUEST and not self.faulty and of_operations
