"""A user's own mapping from columns to fields, as a TOML file.

```toml
format = "shopify"

[columns]
"Artikelname" = "title"
"Interne Notiz" = "metadata"
"Seite" = "nothing"
```
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from backroom.feeds.fields import NOTHING
from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from backroom.feeds.fields import Field, Headings

_LARGEST_MAPPING_BYTES = 1_000_000


@dataclass(frozen=True)
class Mapping:
    """The format of a file, and the fields of its columns by their headings."""

    format: str = ""
    columns: dict[str, str] = field(default_factory=dict)


def read_mapping(path: Path) -> Mapping:
    """Read a mapping. Raises `FeedError`."""
    try:
        if path.stat().st_size > _LARGEST_MAPPING_BYTES:
            raise FeedError(f"{path.name} is larger than a mapping can be")
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise FeedError(f"{path.name} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FeedError(f"{path.name} is not UTF-8 text") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FeedError(f"{path.name} is not TOML: {error}") from None
    if unknown := found.keys() - {"format", "columns"}:
        raise FeedError(f"{path.name} has {min(unknown)!r}, and knows format and columns alone")
    columns = found.get("columns", {})
    if not isinstance(columns, dict) or not all(isinstance(each, str) for each in columns.values()):
        raise FeedError(f"{path.name}: columns must be a table of headings and names of fields")
    name = found.get("format", "")
    if not isinstance(name, str):
        raise FeedError(f"{path.name}: format must be the name of a format")
    return Mapping(name, columns)


def shown_mapping(
    format_name: str, columns: Iterable[str], headings: Headings, fields: Iterable[Field]
) -> str:
    """Write the mapping of a file as TOML, with all fields of its format in comments."""
    lines = [f"format = {_toml_text(format_name)}", "", "[columns]"]
    for column in dict.fromkeys(columns):
        found = headings.find(column)
        if found is None or found[1].form in {"metadata", "variant metadata"}:
            name = "metadata"
        else:
            name = found[0]
        lines.append(f"{_toml_text(column)} = {_toml_text(name)}")
    lines += ["", "# The fields of this format, and how the import reads each:"]
    lines += [
        f"#   {each.name}: {each.becomes}"
        for each in fields
        if each.form not in {"metadata", "variant metadata"}
    ]
    lines.append("#   metadata: the custom_metadata, as written")
    lines.append(f"#   {NOTHING}: left out")
    return "\n".join(lines) + "\n"


def _toml_text(text: str) -> str:
    # JSON's strings are TOML's, but for this character.
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")
