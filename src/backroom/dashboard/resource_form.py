"""The form of a resource: its fields, made from the rules of bodies, and the texts in them.

The form itself checks nothing but that JSON is JSON. The texts of a reader go to the API as they
are: as a number if they are one, else as text. The API finds the faults.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from backroom.catalog.kinds import Verb
from backroom.catalog.rules import rules_of
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backroom.catalog.kinds import Attribute, Kind
    from backroom.catalog.rules import AttributeRule

_LONG_BYTES = 10_000
_LONG_TEXT = 120
_LINE_BREAKS = ("\n", "\r")
_TRUE, _FALSE = "true", "false"
GENERAL = ""
"""The name of what concerns no field."""


class FormField(NamedTuple):
    """One field. `control` is how it is filled in, `text` what stands in it."""

    name: str
    control: str
    text: str
    needed: bool
    choices: tuple[str, ...]
    hint: str
    fault: str


@dataclass
class Filled:
    """The content of a form: attributes and relationships as a body has them, faults by field."""

    attributes: dict[str, Any] = field(default_factory=dict)
    related: dict[str, list[str]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ResourceForm:
    """The form to create or update a resource. `related` has what it is linked to now.

    A relationship that is not in `related` is left alone, as one with more than a form can show.
    """

    verb: Verb
    kind: Kind
    attributes: Mapping[str, Any]
    related: Mapping[str, Sequence[str]]

    @property
    def _rules(self) -> list[AttributeRule]:
        rules = rules_of(self.verb, self.kind, NEWEST).attributes.values()
        return [each for each in rules if each.attribute.form != "constant"]

    def fields(
        self, sent: Mapping[str, str] | None = None, faults: Mapping[str, str] | None = None
    ) -> list[FormField]:
        """Give the fields, with the texts that a reader has `sent`, or else with stored values."""
        faults = faults or {}
        fields = []
        for rule in self._rules:
            attribute = rule.attribute
            stored = field_text(attribute, self.attributes.get(attribute.name, attribute.default))
            text = stored if sent is None else sent.get(attribute.name, "")
            fields.append(
                FormField(
                    attribute.name,
                    _control(attribute, stored),
                    text,
                    rule.needed,
                    _choices(attribute),
                    _HINTS.get(attribute.form, ""),
                    faults.get(attribute.name, ""),
                )
            )
        return fields + self._related_fields(sent, faults)

    def _related_fields(
        self, sent: Mapping[str, str] | None, faults: Mapping[str, str]
    ) -> list[FormField]:
        fields = []
        for name, rule in rules_of(self.verb, self.kind, NEWEST).relationships.items():
            if name in self.related:
                stored = "\n".join(self.related[name])
                text = stored if sent is None else sent.get(name, "")
                control = "lines" if rule.many else "line"
                hint = (
                    f"external ids of {rule.target.plural}, one on each line"
                    if rule.many
                    else f"the external id of the {rule.target.name}"
                )
                fault = faults.get(name, "")
                fields.append(FormField(name, control, text, rule.needed, (), hint, fault))
        return fields

    def filled(self, sent: Mapping[str, str]) -> Filled:
        """Read the texts of a reader. An update has only those that differ from stored values."""
        filled = Filled()
        creates = self.verb is Verb.CREATE
        for rule in self._rules:
            attribute = rule.attribute
            text = sent.get(attribute.name)
            if text is None:
                continue
            text = _plain_text(text)
            stored = field_text(attribute, self.attributes.get(attribute.name, attribute.default))
            if (creates and not text) or (not creates and text == _plain_text(stored)):
                continue
            try:
                filled.attributes[attribute.name] = value_in(rule, text)
            except ValueError as error:
                filled.faults[attribute.name] = str(error)
        for name in rules_of(self.verb, self.kind, NEWEST).relationships:
            if name not in self.related or name not in sent:
                continue
            linked = [each for line in sent[name].splitlines() if (each := line.strip())]
            if linked != list(self.related[name]):
                filled.related[name] = linked
        return filled


def field_text(attribute: Attribute, value: Any) -> str:
    """Give a value as it stands in its field."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if attribute.form == "texts":
        # A text with a line break can't stand on a line.
        plain = not any(mark in each for each in value for mark in _LINE_BREAKS)
        return "\n".join(value) if plain else msgspec.json.encode(value).decode()
    encoded = msgspec.json.encode(value)
    return (
        msgspec.json.format(encoded, indent=2) if attribute.form == "object" else encoded
    ).decode()


def value_in(rule: AttributeRule, text: str) -> Any:
    """Give the value that a text in a field stands for. Raises `ValueError` for wrong JSON."""
    form = rule.attribute.form
    if form == "text":
        return text
    if not text.strip():
        return _empty(rule)
    if form == "texts" and not text.lstrip().startswith("["):
        return [each for line in text.splitlines() if (each := line.strip())]
    if form in {"texts", "object"}:
        return _decoded_json(text)
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        # The API refuses the text, and says which form the value must have.
        return text


def _empty(rule: AttributeRule) -> Any:
    """Give the value of an empty field: null if a body may have it, else the usual value."""
    if rule.attribute.form == "texts":
        return []
    if rule.attribute.form == "object":
        return {}
    return None if rule.nullable else ""


def _decoded_json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"This is not JSON: {error}.") from None


def _plain_text(text: str) -> str:
    """Give a text with plain line breaks, to compare it: forms send other ones."""
    return text.replace("\r\n", "\n")


def _control(attribute: Attribute, stored: str) -> str:
    if attribute.form in {"boolean", "choice"}:
        return "choice"
    if attribute.form == "object":
        return "json"
    if attribute.form == "texts":
        return "lines"
    if attribute.form in {"number", "quantity"}:
        return "number"
    long = (attribute.most_bytes or 0) > _LONG_BYTES or len(stored) > _LONG_TEXT
    return "long" if long or any(each in stored for each in _LINE_BREAKS) else "line"


def _choices(attribute: Attribute) -> tuple[str, ...]:
    if attribute.form == "boolean":
        return (_TRUE, _FALSE)
    return tuple(map(str, attribute.choices))


_HINTS = {
    "texts": "one address on each line",
    "object": "a JSON object",
}
_NAME_PARTS = 4


def field_of(pointer: str | None) -> str:
    """Give the name of the field that a pointer into a body leads to, or `GENERAL`."""
    parts = (pointer or "").split("/")
    if len(parts) >= _NAME_PARTS and parts[2] in {"attributes", "relationships"}:
        return parts[3]
    return GENERAL
