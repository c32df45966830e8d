"""What a browser sends of the form of a page as it stands, for the fields of rows."""

from __future__ import annotations

import html
import re

_INPUT = re.compile(r'<input id="[^"]*" name="(r[^"]+)" value="([^"]*)"')
_AREA = re.compile(r'<textarea id="[^"]*" name="(r[^"]+)".*?>\n(.*?)</textarea>', re.DOTALL)
_SELECT = re.compile(r'<select id="[^"]*" name="(r[^"]+)".*?>(.*?)</select>', re.DOTALL)
_CHOSEN = re.compile(r'<option(?: value="([^"]*)")? selected>([^<]*)')


def fields_of(page: str) -> dict[str, str]:
    """Give the fields of a form by their names."""
    found = dict(_INPUT.findall(page)) | dict(_AREA.findall(page))
    for name, held in _SELECT.findall(page):
        chosen = _CHOSEN.search(held)
        if chosen is not None:
            found[name] = chosen[2] if chosen[1] is None else chosen[1]
    return {name: html.unescape(value) for name, value in found.items()}
