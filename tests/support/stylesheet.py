"""The colours in which the text of a page is seen, worked out from the page and its style.

This knows as much of CSS as the page of the API uses: rules for elements, classes, attributes and
descendants, variables, and `light-dark()`. Anything else in a rule for colours is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, NamedTuple

EMPTY = frozenset({"meta", "br", "link", "img", "input"})
UNSEEN = frozenset({"style", "title", "head"})
_PART = re.compile(r"(?P<tag>[a-z][a-z0-9]*)?(?P<rest>(?:\.[\w-]+|\[[\w-]+\]|:[\w-]+)*)")


@dataclass(frozen=True)
class Element:
    """An element with those around it."""

    tag: str
    classes: frozenset[str]
    attributes: frozenset[str]
    parent: Element | None


class Pair(NamedTuple):
    """A text in a colour on another, each as `#rrggbb`."""

    text: str
    paper: str

    def contrast(self) -> float:
        """The ratio of WCAG: from 1 for equal colours to 21 for black on white."""
        darker, lighter = sorted(map(_luminance, self))
        return (lighter + 0.05) / (darker + 0.05)


class Rule(NamedTuple):
    """One selector, as the parts of its path, and what it declares of colours."""

    selector: list[str]
    weight: tuple[int, int]
    declared: dict[str, str]


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class Texts(HTMLParser):
    """The elements of a page that hold text of their own."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[Element] = set()
        self._at: Element | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in EMPTY:
            return
        named = dict(attrs)
        classes = frozenset((named.get("class") or "").split())
        self._at = Element(tag, classes, frozenset(named), self._at)

    def handle_endtag(self, tag: str) -> None:
        assert self._at is not None
        assert self._at.tag == tag
        self._at = self._at.parent

    def handle_data(self, data: str) -> None:
        if data.strip() and self._at is not None and self._at.tag not in UNSEEN:
            self.found.add(self._at)


class Style:
    """The rules for colours of one style, in a light or a dark scheme."""

    def __init__(self, css: str, scheme: str) -> None:
        self._scheme = scheme
        self._variables = dict(re.findall(r"(--[\w-]+):\s*([^;]+);", css))
        self._rules = [*self._read(css)]

    def _read(self, css: str) -> list[Rule]:
        flat = re.sub(r"@media[^{]*\{", "", css)
        rules = []
        for selectors, block in re.findall(r"([^{}]+)\{([^{}]*)\}", flat):
            declared = dict(re.findall(r"(?:^|[;\s])(color|background):\s*([^;]+)", block))
            for selector in selectors.split(",") if declared else ():
                parts = selector.replace(">", " ").split()
                names = sum(len(re.findall(r"[.\[:]", part)) for part in parts)
                tags = sum(part[0].isalpha() for part in parts)
                rules.append(Rule(parts, (names, tags), declared))
        return sorted(rules, key=lambda each: each.weight)

    def pairs(self, html: str) -> set[Pair]:
        """Give all pairs of colours that are seen, also under a pointer."""
        elements = Texts(html).found
        return {
            Pair(self._inherited(each, "color", hover), self._inherited(each, "background", hover))
            for each in elements
            for hover in (False, True)
        }

    def _inherited(self, element: Element, name: str, hover: bool) -> str:  # noqa: FBT001
        at: Element | None = element
        while at is not None:
            value = None
            for rule in self._rules:
                if name in rule.declared and _matches(rule.selector, at, hover):
                    value = rule.declared[name]
            if value not in {None, "none", "inherit"}:
                return self._colour(str(value))
            at = at.parent
        raise AssertionError(f"{element.tag} has no {name}")

    def _colour(self, value: str) -> str:
        value = value.strip()
        if match := re.fullmatch(r"var\((--[\w-]+)\)", value):
            return self._colour(self._variables[match[1]])
        if match := re.fullmatch(r"light-dark\(([^,]+),([^)]+)\)", value):
            return self._colour(match[1 if self._scheme == "light" else 2])
        if match := re.fullmatch(r"#(\w)(\w)(\w)", value):
            return "#" + "".join(each * 2 for each in match.groups())
        assert re.fullmatch(r"#\w{6}", value), f"not a colour: {value}"
        return value


def _matches(selector: list[str], element: Element, hover: bool) -> bool:  # noqa: FBT001
    *around, last = selector
    if not _is(last, element, hover):
        return False
    at = element.parent
    while around and at is not None:
        if _is(around[-1], at, hover):
            around.pop()
        at = at.parent
    return not around


def _is(part: str, element: Element, hover: bool) -> bool:  # noqa: FBT001
    match = _PART.fullmatch(part)
    assert match is not None, f"not a selector known here: {part}"
    if match["tag"] not in {None, element.tag}:
        return False
    for kind, name in re.findall(r"([.\[:])([\w-]+)", match["rest"]):
        held = {".": element.classes, "[": element.attributes, ":": {"hover"} if hover else set()}
        if name not in held[kind]:
            return False
    return True
