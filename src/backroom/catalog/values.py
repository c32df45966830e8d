"""Check and convert one attribute value.

Texts of faults are those of Django REST framework's fields, which the recorded answers of the
service equal where there are any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.catalog.kinds import Attribute, Form

LONGEST_EXTERNAL_ID = 255
LARGEST_METADATA = 100_000
"""Bytes of JSON in a `custom_metadata`: the documented 100 kB."""
DEEPEST_METADATA = 32
_EXACT = 2.0**53
_LONGEST_SHOWN = 80


def checked(attribute: Attribute, value: Any, pointer: str) -> Any:
    """Give `value` as it is stored. Raises `Invalid` at `pointer` where it has the wrong form."""
    return _CHECKS[attribute.form](attribute, value, pointer)


def shown(value: Any) -> str:
    """Write a value that a client sent for the text of a fault, cut where it is long."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def dictionary(value: Any, pointer: str) -> dict[str, Any]:
    """Give `value` where it is a JSON object. Raises `Invalid` at `pointer` where it isn't."""
    if not isinstance(value, dict):
        raise Invalid(
            f'Expected a dictionary of items but got type "{type(value).__name__}".', pointer
        )
    return value


def listing(value: Any, pointer: str) -> list[Any]:
    """Give `value` where it is a JSON array. Raises `Invalid` at `pointer` where it isn't."""
    if not isinstance(value, list):
        raise Invalid(f'Expected a list of items but got type "{type(value).__name__}".', pointer)
    return value


def _text(attribute: Attribute, value: Any, pointer: str) -> str:
    if not isinstance(value, str):
        raise Invalid("Not a valid string.", pointer)
    if "\0" in value:
        raise Invalid("Null characters are not allowed.", pointer)
    if attribute.name == "external_id":
        if not value:
            raise Invalid("This field may not be blank.", pointer)
        if len(value) > LONGEST_EXTERNAL_ID:
            raise Invalid(
                f"Ensure this field has no more than {LONGEST_EXTERNAL_ID} characters.", pointer
            )
    return value


def _number(_: Attribute, value: Any, pointer: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid("A valid number is required.", pointer)
    return value


def _quantity(attribute: Attribute, value: Any, pointer: str) -> int | float:
    number = _number(attribute, value, pointer)
    # Observed: a quantity of 10.0 comes back as 10. Past 2**53 a float no longer names one integer.
    whole = isinstance(number, float) and number.is_integer() and abs(number) < _EXACT
    return int(number) if whole else number


def _boolean(_: Attribute, value: Any, pointer: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid("Must be a valid boolean.", pointer)
    return value


def _texts(attribute: Attribute, value: Any, pointer: str) -> list[str]:
    return [
        _text(attribute, each, f"{pointer}/{index}")
        for index, each in enumerate(listing(value, pointer))
    ]


def _object(_: Attribute, value: Any, pointer: str) -> dict[str, Any]:
    members = dictionary(value, pointer)
    if _deeper(value, DEEPEST_METADATA):
        raise Invalid(f"This field may be nested {DEEPEST_METADATA} deep at most.", pointer)
    if len(msgspec.json.encode(value)) > LARGEST_METADATA:
        raise Invalid(f"Ensure this field has no more than {LARGEST_METADATA:,} bytes.", pointer)
    return members


def _deeper(value: Any, depth: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    if depth == 0:
        return True
    held = value.values() if isinstance(value, dict) else value
    return any(_deeper(each, depth - 1) for each in held)


def stored(value: Any) -> Any:
    """Put the keys of a value as the service reads them back: shortest first, then by byte.

    Observed of `custom_metadata`; the answer to a create still has them as they were sent.
    """
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(encoded := key.encode()), encoded))
        return {key: stored(value[key]) for key in keys}
    if isinstance(value, list):
        return [stored(each) for each in value]
    return value


def _choice(attribute: Attribute, value: Any, pointer: str) -> Any:
    # JSON has one sort of number, so 1.0 is the choice 1; true is not.
    if isinstance(value, bool) or value not in attribute.choices:
        raise Invalid(f'"{shown(value)}" is not a valid choice.', pointer)
    return int(value)


_CHECKS: dict[Form, Callable[[Attribute, Any, str], Any]] = {
    "text": _text,
    "number": _number,
    "quantity": _quantity,
    "boolean": _boolean,
    "texts": _texts,
    "object": _object,
    "choice": _choice,
}
