"""One row of the control API: what a path does, as a function that all callers share.

The functions know nothing of HTTP. The control application, the command line and Python call the
same ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backroom.settings import Settings
    from backroom.store.database import Database
EVENT_STREAM = "text/event-stream"
"""The media type of server-sent events."""


@dataclass
class Control:
    """What the functions of the control API work on: the parts of one running server."""

    database: Database
    settings: Settings
    parts: dict[str, Any] = field(default_factory=dict)
    """What else the server has: `clock`, `pace`, `faults`, `journal`, by name."""


@dataclass(frozen=True)
class Given:
    """What a caller gives: the parts of the path, the query, and the members of the body.

    `key` is the header with a key of the API, empty where the caller has the token.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""


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
    """Give the members of a body or a query that are not None."""
    return {name: value for name, value in members.items() if value is not None}


class ControlError(Exception):
    """A call of the control API that can't be done. The text says what to do instead."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass(frozen=True)
class Member:
    """A member of a body or of a query: its name, what it means, and its type in JSON Schema.

    `any_text` says that its text may have null characters.
    """

    name: str
    words: str
    form: str = "string"
    required: bool = False
    any_text: bool = False


_PARAMETER_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


@dataclass(frozen=True)
class ControlRoute:
    """One path of the control API, below `/_backroom`. `{name}` stands for a part of it.

    `act` gives the value of the answer, sent as JSON, or None for an answer without a body. An
    iterator is answered bit by bit, as server-sent events.

    `body` and `query` describe what a caller may give. Where they are None, `act` takes anything.
    `waits` says that `act` may wait for what a caller does next. `by_key` says that a key of the
    API does in place of the token; `act` checks it.
    """

    method: str
    path: str
    summary: str
    act: Callable[[Control, Given], Any]
    status: int = 200
    body: tuple[Member, ...] | None = None
    query: tuple[Member, ...] | None = None
    waits: bool = False
    by_key: bool = False

    def call(self, control: Control, given: Given) -> Any:
        """Check what is given, and act. Raises `ControlError`."""
        if self.body is not None:
            _check_given("body", self.body, given.body)
            for each in self.body:
                _check_form(each, given.body.get(each.name))
        if self.query is not None:
            _check_given("query", self.query, given.query)
        self._check_texts(given)
        return self.act(control, given)

    def _check_texts(self, given: Given) -> None:
        """Refuse null characters: no name and no id has one, and PostgreSQL takes none."""
        for name, text in given.path.items():
            if "\0" in text:
                raise ControlError(404, f"There is no {name} {text!r}.")
        allowed = {each.name for each in self.body or () if each.any_text}
        for name, value in (*given.query.items(), *given.body.items()):
            if isinstance(value, str) and "\0" in value and name not in allowed:
                raise ControlError(400, f"{name!r} must not have a null character.")


def _check_given(place: str, known: tuple[Member, ...], given: Mapping[str, Any]) -> None:
    """Refuse unknown members, and bodies that lack a required one."""
    names = [each.name for each in known]
    for name in given:
        if name not in names:
            hint = f"It may have {', '.join(names)}." if names else "It has none."
            raise ControlError(400, f"The {place} has no member {name!r}. {hint}")
    for each in known:
        if each.required and given.get(each.name) is None:
            raise ControlError(400, f"The {place} needs {each.name!r}: {each.words}")


def _check_form(member: Member, value: Any) -> None:
    right = isinstance(value, _PARAMETER_TYPES[member.form])
    if isinstance(value, bool) and member.form != "boolean":
        right = False
    if value is not None and not right:
        raise ControlError(400, f"{member.name!r} must be of the type {member.form}.")
