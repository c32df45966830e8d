"""Check and convert the value of one attribute.

The texts of faults are those of Django REST framework's fields. Wherever an answer of the real
service has been recorded, its text is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.catalog.kinds import Attribute, Form

LARGEST_METADATA = 100_000
"""Bytes of JSON in a `custom_metadata`: the documented 100 kB."""
DEEPEST_METADATA = 32
"""Objects and lists within each other in a `custom_metadata`."""
_LARGEST_EXACT = 2.0**53
"""From here on a float no longer stands for exactly one integer."""
_LONGEST_QUOTE = 80


def checked(attribute: Attribute, value: Any, pointer: str) -> Any:
    """Give a value that is not null as it is stored.

    Raises `Invalid` at `pointer` where the value has not the form of its attribute.
    """
    return _CHECKS[attribute.form](attribute, value, pointer)


def quoted(value: Any) -> str:
    """Write a value of a body for the text of a fault, cut to 80 characters."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"


def json_object(value: Any, pointer: str) -> dict[str, Any]:
    """Give `value` where it is a JSON object. Raises `Invalid` at `pointer` where it is not."""
    if not isinstance(value, dict):
        raise Invalid(
            f'Expected a dictionary of items but got type "{type(value).__name__}".', pointer
        )
    return value


def json_array(value: Any, pointer: str) -> list[Any]:
    """Give `value` where it is a JSON array. Raises `Invalid` at `pointer` where it is not."""
    if not isinstance(value, list):
        raise Invalid(f'Expected a list of items but got type "{type(value).__name__}".', pointer)
    return value


def _text(attribute: Attribute, value: Any, pointer: str) -> str:
    if not isinstance(value, str):
        raise Invalid("Not a valid string.", pointer)
    if "\0" in value:
        raise Invalid("Null characters are not allowed.", pointer)
    if len(value) < attribute.shortest:
        raise Invalid("This field may not be blank.", pointer)
    if attribute.longest is not None and len(value) > attribute.longest:
        raise Invalid(
            f"Ensure this field has no more than {attribute.longest} characters.", pointer
        )
    return value


def _number(_: Attribute, value: Any, pointer: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid("A valid number is required.", pointer)
    return value


def _quantity(attribute: Attribute, value: Any, pointer: str) -> int | float:
    number = _number(attribute, value, pointer)
    # Observed: a quantity that is sent as 10.0 comes back as 10.
    whole = isinstance(number, float) and number.is_integer() and abs(number) < _LARGEST_EXACT
    return int(number) if whole else number


def _boolean(_: Attribute, value: Any, pointer: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid("Must be a valid boolean.", pointer)
    return value


def _texts(attribute: Attribute, value: Any, pointer: str) -> list[str]:
    return [
        _text(attribute, each, f"{pointer}/{index}")
        for index, each in enumerate(json_array(value, pointer))
    ]


def _object(_: Attribute, value: Any, pointer: str) -> dict[str, Any]:
    members = json_object(value, pointer)
    if _is_deeper(value, DEEPEST_METADATA):
        raise Invalid(f"This field may be nested {DEEPEST_METADATA} deep at most.", pointer)
    if len(msgspec.json.encode(value)) > LARGEST_METADATA:
        raise Invalid(f"Ensure this field has no more than {LARGEST_METADATA:,} bytes.", pointer)
    return members


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether a value has more than `depth` objects and lists within each other."""
    if not isinstance(value, (dict, list)):
        return False
    if depth == 0:
        return True
    held = value.values() if isinstance(value, dict) else value
    return any(_is_deeper(each, depth - 1) for each in held)


def stored(value: Any) -> Any:
    """Sort the keys of all objects in a value as the service does: shortest first, then by byte.

    Observed in reads of `custom_metadata`. The answer to a create has the keys as they were sent.
    """
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(encoded := key.encode()), encoded))
        return {key: stored(value[key]) for key in keys}
    if isinstance(value, list):
        return [stored(each) for each in value]
    return value


def _choice(attribute: Attribute, value: Any, pointer: str) -> Any:
    # JSON has one sort of number, so that 1.0 is the choice 1. To Python, true would be 1 as well.
    if isinstance(value, bool) or value not in attribute.choices:
        raise _no_choice(value, pointer)
    return int(value)


def _constant(attribute: Attribute, value: Any, pointer: str) -> Any:
    if value not in attribute.choices:
        raise _no_choice(value, pointer)
    return value


def _no_choice(value: Any, pointer: str) -> Invalid:
    return Invalid(f'"{quoted(value)}" is not a valid choice.', pointer)


_CHECKS: dict[Form, Callable[[Attribute, Any, str], Any]] = {
    "text": _text,
    "number": _number,
    "quantity": _quantity,
    "boolean": _boolean,
    "texts": _texts,
    "object": _object,
    "choice": _choice,
    "constant": _constant,
}
