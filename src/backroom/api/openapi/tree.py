"""Schemas and JSON as HTML."""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backroom.api.openapi.schemas import Schema

_CODE_IN_TEXT = re.compile(r"`([^`]*)`")
_LIMITS = {
    "minLength": "{} or more",
    "maxLength": "{} at most",
    "minItems": "{} or more",
    "maxItems": "{} at most",
    "minimum": "from {}",
    "maximum": "to {}",
    "format": "{}",
}


def schema_html(described: Schema) -> str:
    """Show a schema as a list of its members, with lists of their members inside."""
    inner = _inner(described)
    properties = inner.get("properties")
    if not properties:
        return ""
    required = inner.get("required", ())
    rows = [_member_row(name, held, needed=name in required) for name, held in properties.items()]
    return f'<ul class="tree">{"".join(rows)}</ul>'


def _inner(described: Schema) -> Schema:
    """Give the schema of the values in a list, or in lists of lists."""
    while "items" in described:
        described = described["items"]
    return described


def _member_row(name: str, described: Schema, *, needed: bool) -> str:
    mark = ' <b class="need">required</b>' if needed else ""
    text = described.get("description", "")
    explained = f' <span class="said">{prose(text)}</span>' if text else ""
    return (
        f'<li><code class="name">{escape(name)}</code> {facts(described)}{mark}{explained}'
        f"{schema_html(described)}</li>"
    )


def prose(text: str) -> str:
    """Show a text that has code between backticks."""
    return _CODE_IN_TEXT.sub(r"<code>\1</code>", escape(text))


def facts(described: Schema) -> str:
    """Show a schema's type, its values and its limits in one line."""
    found = [f'<span class="type">{escape(_type(described))}</span>']
    values = [each for each in _inner(described).get("enum", ()) if each is not None]
    if values:
        found.append(" ".join(f"<code>{escape(_as_text(each))}</code>" for each in values))
    limits = [text.format(described[name]) for name, text in _LIMITS.items() if name in described]
    if limits:
        found.append(f'<span class="limit">{escape(", ".join(limits))}</span>')
    if "default" in described:
        shown = json.dumps(described["default"])
        found.append(f'<span class="limit">default <code>{escape(shown)}</code></span>')
    return " ".join(found)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _type(described: Schema) -> str:
    if "oneOf" in described:
        return " or ".join(_type(each) for each in described["oneOf"])
    types = described.get("type", "any value")
    names = types if isinstance(types, list) else [types]
    text = " or ".join(names)
    return f"{text} of {_type(described['items'])}" if "items" in described else text


def example_html(value: Any) -> str:
    """Show an example as indented JSON."""
    return code_html(json.dumps(value, indent=2, ensure_ascii=False))


def code_html(text: str) -> str:
    """Show code. It may scroll, so the keyboard has to reach it."""
    return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'
