"""Check and convert the value of one attribute.

The texts of faults are those of Django REST framework's fields. Wherever an answer of the real
service has been recorded, its text is the same.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.errors import Invalid, below

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.catalog.kinds import Attribute, Form

DEEPEST_METADATA = 32
"""Objects and lists within each other in a `custom_metadata`."""
LEAST_INTEGER, GREATEST_INTEGER = -(2**63), 2**63 - 1
"""Integers that any client can hold: those of 64 bits."""
GREATEST_NUMBER = sys.float_info.max
"""The greatest number of a double, in which clients hold prices."""
MOST_BYTES_OF_A_CHARACTER = 4
_LARGEST_EXACT = 2.0**53
"""From here on a float no longer stands for exactly one integer."""
_LONGEST_QUOTE = 80


def checked(attribute: Attribute, value: Any, pointer: str) -> Any:
    """Give a value that is not null as it is stored.

    Raises `Invalid` at `pointer` where the value has not the form of its attribute.
    """
    return _FORM_CHECKS[attribute.form](attribute, value, pointer)


def quoted(value: Any) -> str:
    """Write a value of a body for the text of a fault, cut to 80 characters."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"


def whole_number(text: str, greatest: int = GREATEST_INTEGER) -> int | None:
    """Read a number written in decimal digits. None if it is not, or is above `greatest`."""
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(greatest))
    number = int(text) if digits else None
    return number if number is not None and number <= greatest else None


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
        raise too_long(attribute.longest, "characters", pointer)
    most = attribute.most_bytes
    if most is not None and _is_longer(value, most):
        raise too_long(most, "bytes", pointer)
    return value


def too_long(most: int, unit: str, pointer: str) -> Invalid:
    """Make the fault of a value that has more than `most` characters or bytes."""
    return Invalid(f"Ensure this field has no more than {most:,} {unit}.", pointer)


def _is_longer(text: str, most: int) -> bool:
    """Whether a text has more than `most` bytes. Most texts are so short that it need not count."""
    return len(text) * MOST_BYTES_OF_A_CHARACTER > most and len(text.encode()) > most


def _within(value: float, least: float, greatest: float, pointer: str) -> int | float:
    if value > greatest:
        raise Invalid(f"Ensure this value is less than or equal to {greatest}.", pointer)
    if value < least:
        raise Invalid(f"Ensure this value is greater than or equal to {least}.", pointer)
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(_: Attribute, value: Any, pointer: str) -> int | float:
    if not _is_number(value):
        raise Invalid("A valid number is required.", pointer)
    return _within(value, -GREATEST_NUMBER, GREATEST_NUMBER, pointer)


def _quantity(_: Attribute, value: Any, pointer: str) -> int | float:
    if not _is_number(value):
        raise Invalid("A valid number is required.", pointer)
    number = _within(value, LEAST_INTEGER, GREATEST_INTEGER, pointer)
    # Observed: a quantity that is sent as 10.0 comes back as 10.
    whole = isinstance(number, float) and number.is_integer() and abs(number) < _LARGEST_EXACT
    return int(number) if whole else number


def _boolean(_: Attribute, value: Any, pointer: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid("Must be a valid boolean.", pointer)
    return value


def _texts(attribute: Attribute, value: Any, pointer: str) -> list[str]:
    texts = [
        _text(attribute, each, f"{pointer}/{index}")
        for index, each in enumerate(json_array(value, pointer))
    ]
    _check_size(attribute, texts, pointer)
    return texts


def _object(attribute: Attribute, value: Any, pointer: str) -> dict[str, Any]:
    members = json_object(value, pointer)
    if _is_deeper(value, DEEPEST_METADATA):
        raise Invalid(f"This field may be nested {DEEPEST_METADATA} deep at most.", pointer)
    _check_integers(value, pointer)
    _check_size(attribute, value, pointer)
    return members


def _check_size(attribute: Attribute, value: Any, pointer: str) -> None:
    most = attribute.most_json
    if most is not None and len(msgspec.json.encode(value)) > most:
        raise too_long(most, "bytes", pointer)


def _check_integers(value: Any, pointer: str) -> None:
    """Refuse an integer of more than 64 bits anywhere in a value, and point to it."""
    if isinstance(value, dict):
        for name, each in value.items():
            if not isinstance(each, str):
                _check_integers(each, below(pointer, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            _check_integers(each, f"{pointer}/{index}")
    elif isinstance(value, int) and not LEAST_INTEGER <= value <= GREATEST_INTEGER:
        raise Invalid("Ensure this integer has no more than 64 bits.", pointer)


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
        # Characters sort as their bytes in UTF-8 do, and the second sorting keeps that order.
        keys = sorted(value)
        keys.sort(key=len if "".join(keys).isascii() else _utf8_length)
        return {key: stored(value[key]) for key in keys}
    if isinstance(value, list):
        return [stored(each) for each in value]
    return value


def _utf8_length(text: str) -> int:
    return len(text.encode())


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


_FORM_CHECKS: dict[Form, Callable[[Attribute, Any, str], Any]] = {
    "text": _text,
    "number": _number,
    "quantity": _quantity,
    "boolean": _boolean,
    "texts": _texts,
    "object": _object,
    "choice": _choice,
    "constant": _constant,
}
