"""What tests ask for by `@pytest.mark.backroom(...)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.testing.account_wishes import WishMembers


class InvalidMarker(ValueError):
    """A marker asks for something that does not exist. The text says what exists."""


class AnyMark(Protocol):
    """A marker as pytest gives it."""

    @property
    def args(self) -> tuple[Any, ...]: ...
    @property
    def kwargs(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Asked:
    """What the markers of a test ask for; what is empty is as usual."""

    revision: str = ""
    limits: str = ""
    pace: tuple[WishMembers, ...] = ()


def asked_by_markers(marks: Iterable[AnyMark]) -> Asked:
    """Put markers together, of which the first is the closest. Raises `InvalidMarker`."""
    asked = Asked()
    known = [each.name for each in fields(Asked)]
    for mark in reversed(list(marks)):
        unknown = [repr(each) for each in (*mark.args, *mark.kwargs) if each not in known]
        if unknown or mark.args:
            raise InvalidMarker(
                f"the marker `backroom` takes {', '.join(f'{name}=' for name in known)}"
                f" and not {', '.join(unknown) or mark.args[0]}"
            )
        asked = replace(
            asked, **{name: _asked_value(name, value) for name, value in mark.kwargs.items()}
        )
    return asked


def _asked_value(name: str, value: Any) -> Any:
    if name != "pace":
        return "" if value is None else str(value)
    if value is None:
        return ()
    if isinstance(value, Mapping):
        # One wish is for the whole test.
        return ({"times": "always", **value},)
    return tuple(value)
