"""How what a test holds reaches the control API of its server, wherever that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Call(Protocol):
    """Does what a request to the control API does. `path` is below `/_backroom`.

    Raises `ControlError`.
    """

    def __call__(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any: ...


def given_members(**members: Any) -> dict[str, Any]:
    """Give the members that are not None."""
    return {name: value for name, value in members.items() if value is not None}
