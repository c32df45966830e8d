"""Read settings from flags, from variables, and from files that either names.

This module is the only reader of the environment.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from backroom.settings import SECRETS, SETTINGS, InvalidSetting, Settings, flag, variable

if TYPE_CHECKING:
    from collections.abc import Mapping


def load(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Make settings from flags, then from the environment, then from defaults.

    Raises `InvalidSetting`, which names the flag or the variable that the value came from.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for each in SETTINGS:
        # A flag that may be given several times has an empty tuple if it was not given at all.
        if flags.get(each.name) not in (None, ()):
            if flags.get(f"{each.name}_file") is not None:
                raise InvalidSetting(
                    f"{flag(each.name)} and {flag(each.name)}-file exclude each other"
                )
            values[each.name] = flags[each.name]
            origins[each.name] = flag(each.name)
        elif each.name in SECRETS and flags.get(f"{each.name}_file") is not None:
            origins[each.name] = flag(f"{each.name}_file")
            values[each.name] = _read_secret(origins[each.name], flags[f"{each.name}_file"])
        elif each.name in SECRETS and f"{variable(each.name)}_FILE" in environment:
            if variable(each.name) in environment:
                raise InvalidSetting(
                    f"{variable(each.name)} and {variable(each.name)}_FILE exclude each other"
                )
            origins[each.name] = f"{variable(each.name)}_FILE"
            values[each.name] = _read_secret(origins[each.name], environment[origins[each.name]])
        elif variable(each.name) in environment:
            values[each.name] = _read(each.name, each.type, environment[variable(each.name)])
            origins[each.name] = variable(each.name)
    if "ephemeral" in flags and values.get("ephemeral") and flags.get("database") is not None:
        raise InvalidSetting(
            f"--database and {origins.get('ephemeral', '--ephemeral')} exclude each other: an"
            " ephemeral server keeps nothing, so leave out one of the two"
        )
    try:
        return Settings(**values, origins=origins)
    except InvalidSetting as error:
        name, _, words = str(error).partition(" ")
        raise InvalidSetting(f"{origins.get(name, flag(name))} {words}") from None


def _read_secret(name: str, path: str) -> str:
    """Read the file that a flag or a variable names, without the end of its last line."""
    try:
        secret = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InvalidSetting(f"{name} must name a file that can be read: {reason}") from None
    if not secret:
        raise InvalidSetting(f"{name} must name a file that is not empty")
    return secret


_TRUTH_VALUES = {"1": True, "true": True, "yes": True, "on": True}
_FALSEHOODS = {"0": False, "false": False, "no": False, "off": False, "": False}
_VALUE_WORDS = {
    "bool": "1, true, yes or on, or else 0, false, no or off",
    "int": "a whole number",
    "float": "a number",
}


def _read(name: str, kind: Any, text: str) -> Any:
    try:
        if kind == "bool":
            return (_TRUTH_VALUES | _FALSEHOODS)[text.strip().lower()]
        if kind == "tuple[str, ...]":
            return tuple(each.strip() for each in text.split(",") if each.strip())
        return {"int": int, "float": float, "str": str}[kind](text)
    except (KeyError, ValueError):
        raise InvalidSetting(
            f"{variable(name)} must be {_VALUE_WORDS[kind]}, not {text!r}"
        ) from None
