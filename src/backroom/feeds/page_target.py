"""The target of a request for one page of a list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNESCAPED = "$:,()"
"""What filters consist of, and a URL may hold as it is."""
_QUOTED = {'"': "%22", "[": "%5B", "]": "%5D"}
_PLAIN_URL = re.compile(r'[A-Za-z0-9_.~$:,()\[\]"-]*')


def page_target(path: str, query: Mapping[str, str], cursor: str = "") -> str:
    """Give the path below `/api/` with its query, and the cursor where there is one."""
    asked = {**query, **({"page[cursor]": cursor} if cursor else {})}
    parameters = (f"{_in_query(name)}={_in_query(value)}" for name, value in asked.items())
    return f"/api/{path}?{'&'.join(parameters)}".rstrip("?")


def _in_query(text: str) -> str:
    """Quote a part of a query. Most filters are long and have few characters to be quoted."""
    if _PLAIN_URL.fullmatch(text):
        for character, escape in _QUOTED.items():
            text = text.replace(character, escape)
        return text
    return quote(text, safe=_UNESCAPED)
