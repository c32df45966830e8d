"""What a catalog holds, in plain dicts, by the rules of the API alone: nothing of the server's.

Resources are known by their external ids. A dict keeps the order of creation, and what is deleted
and made again stands at its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KINDS = ("item", "variant", "category")
PLURAL = {"item": "items", "variant": "variants", "category": "categories"}
SEARCHED = {"item": "title", "variant": "title", "category": "name"}
RELATED = {"item": ("variant", "category"), "variant": (), "category": ("item",)}
"""The kinds that each kind has related lists of."""
OTHER = {"item": "category", "category": "item"}
"""The kinds that are linked freely."""
PREFIX = "$custom:::$default:::"
NO_ID = "no id at all"
"""Stands where an id stands, and is none."""

_SHOWN: dict[str, Any] = {
    "title": "",
    "description": "",
    "price": None,
    "url": "",
    "image_full_url": "",
    "image_thumbnail_url": "",
    "images": [],
    "custom_metadata": {},
    "published": True,
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "item": _SHOWN,
    "variant": {**_SHOWN, "sku": "", "inventory_policy": 0, "inventory_quantity": None},
    "category": {"name": ""},
}


def catalog_id(name: str) -> str:
    """The id of a resource by its external id."""
    return name if name == NO_ID else PREFIX + name


class Draft(NamedTuple):
    """What one create, update or delete asks for; `related` of None says nothing of it."""

    kind: str
    name: str
    attributes: dict[str, Any]
    related: Sequence[str] | None = None


class Refusal(NamedTuple):
    """Why it can't be: the status of a single call, the detail and pointer in a job."""

    status: int
    detail: str
    pointer: str


@dataclass
class Resource:
    attributes: dict[str, Any]
    parent: str | None = None


@dataclass
class Catalog:
    """Three kinds of resource, and which items are in which categories."""

    of: dict[str, dict[str, Resource]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    links: set[tuple[str, str]] = field(default_factory=set)
    """Pairs of an item and a category."""

    def create(self, draft: Draft) -> Refusal | None:
        held = self.of[draft.kind]
        if draft.name in held:
            detail = f"{_an(draft.kind)} with the external id `{draft.name}` already exists."
            return Refusal(409, detail, "/attributes/external_id")
        refusal = self._missing(draft)
        if refusal is None:
            attributes = DEFAULTS[draft.kind] | _without_nulls(draft)
            parent = next(iter(draft.related or ()), None) if draft.kind == "variant" else None
            held[draft.name] = Resource({"external_id": draft.name, **attributes}, parent)
            self._relate(draft)
        return refusal

    def update(self, draft: Draft) -> Refusal | None:
        resource = self.of[draft.kind].get(draft.name)
        if resource is None:
            return _absent(draft)
        refusal = self._missing(draft)
        if refusal is None:
            resource.attributes |= _without_nulls(draft)
            self._relate(draft)
        return refusal

    def delete(self, draft: Draft) -> Refusal | None:
        if self.of[draft.kind].pop(draft.name, None) is None:
            return _absent(draft)
        if draft.kind == "item":
            variants = self.of["variant"]
            for name in [each for each in variants if variants[each].parent == draft.name]:
                del variants[name]
        if draft.kind != "variant":
            self.unlink(draft.kind, draft.name)
        return None

    def write(self, verb: str, draft: Draft) -> Refusal | None:
        return {"create": self.create, "update": self.update, "delete": self.delete}[verb](draft)

    def link(self, kind: str, name: str, others: Sequence[str]) -> None:
        self.links |= {_pair(kind, name, other) for other in others}

    def unlink(self, kind: str, name: str, others: Sequence[str] | None = None) -> None:
        taken = self.related(kind, name, OTHER[kind]) if others is None else others
        # What was deleted is related to nothing any more, so it is looked for among all pairs.
        place = 0 if kind == "item" else 1
        self.links = {
            pair
            for pair in self.links
            if pair[place] != name or (others is not None and pair[1 - place] not in taken)
        }

    def change_links(self, verb: str, owner: str, name: str, others: Sequence[str]) -> int:
        """Write a relationship, and give the status of the answer."""
        if name not in self.of[owner]:
            return 404
        known = self.of[OTHER[owner]]
        linked = self.related(owner, name, OTHER[owner])
        if verb == "remove":
            if any(other not in linked for other in others):
                return 404
            self.unlink(owner, name, others)
            return 204
        if any(other not in known for other in others):
            return 400 if owner == "item" else 404
        if verb == "add" and any(other in linked for other in others):
            return 409
        if verb == "replace":
            self.unlink(owner, name)
        self.link(owner, name, others)
        return 200 if verb == "replace" and owner == "item" else 204

    def related(self, owner: str, name: str, kind: str) -> list[str]:
        """The names of what a related list holds, in order."""
        return [each for each in self.of[kind] if self.is_related(owner, name, kind, each)]

    def is_related(self, owner: str, name: str, kind: str, other: str) -> bool:
        if kind == "variant":
            return self.of["variant"][other].parent == name
        if owner == "variant":
            return self.of["variant"][name].parent == other
        return _pair(owner, name, other) in self.links

    def chosen(self, kind: str, *tests: Callable[[str], bool]) -> list[str]:
        """The names of those that pass all tests, in order."""
        return [name for name in self.of[kind] if all(test(name) for test in tests)]

    def _missing(self, draft: Draft) -> Refusal | None:
        """The refusal of a related resource that isn't there."""
        target = "item" if draft.kind == "variant" else OTHER[draft.kind]
        member = "item" if draft.kind == "variant" else PLURAL[target]
        for name in draft.related or ():
            if name not in self.of[target]:
                pointer = f"/relationships/{member}/data/id"
                if target == "category":
                    return Refusal(400, "Invalid category information.", pointer)
                detail = f"An item with the id `{catalog_id(name)}` does not exist."
                return Refusal(404, detail, pointer)
        return None

    def _relate(self, draft: Draft) -> None:
        if draft.related is not None and draft.kind != "variant":
            self.unlink(draft.kind, draft.name)
            self.link(draft.kind, draft.name, draft.related)


def _pair(kind: str, name: str, other: str) -> tuple[str, str]:
    return (name, other) if kind == "item" else (other, name)


def _an(kind: str) -> str:
    return "An item" if kind == "item" else f"A {kind}"


def _absent(draft: Draft) -> Refusal:
    detail = f"{_an(draft.kind)} with the id `{catalog_id(draft.name)}` does not exist."
    return Refusal(404, detail, "/id")


def _without_nulls(draft: Draft) -> dict[str, Any]:
    """The attributes given, each null as what it stands for."""
    defaults = DEFAULTS[draft.kind]
    return {
        name: defaults[name] if value is None else value for name, value in draft.attributes.items()
    }
