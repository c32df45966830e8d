"""Items, variants and categories, called at one revision; and a shelf that is known whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from support.client import NEWEST
from support.wire_contract import OPERATIONS, PLURALS, WRAPPED_BODIES, needs_parent, request_schema
from support.wire_requests import Style, catalog_id, example

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from support.client import Answer, Client
    from support.wire_contract import Operation

RESOURCES = tuple(PLURALS)


def type_of(resource: str) -> str:
    return f"catalog-{resource}"


def collection(resource: str) -> str:
    return f"/api/catalog-{PLURALS[resource]}"


def address(resource: str, name: str, tail: str = "") -> str:
    """The path of one resource as its own links write it, or of what hangs on it."""
    return f"{collection(resource)}/{quote(catalog_id(name), safe='$:')}{tail}"


def identifier(resource: str, name: str) -> dict[str, str]:
    return {"type": type_of(resource), "id": catalog_id(name)}


def parent(revision: str, name: str) -> Any:
    """The relationships of a variant that belongs to an item, in this revision's shape."""
    if revision >= WRAPPED_BODIES:
        return {"item": {"data": identifier("item", name)}}
    return {"items": {"data": [identifier("item", name)]}}


@dataclass(frozen=True)
class Listing:
    """A list of resources: all of a kind, or those that hang on another; or their ids alone."""

    resource: str
    owner: str = ""
    bare: bool = False

    def __str__(self) -> str:
        return self.template.removeprefix("/api/catalog-").replace("/{id}/", "-")

    @property
    def tail(self) -> str:
        """What stands after the owner's id."""
        return f"{'/relationships' if self.bare else ''}/{PLURALS[self.resource]}"

    @property
    def template(self) -> str:
        if not self.owner:
            return collection(self.resource)
        return f"{collection(self.owner)}/{{id}}{self.tail}"

    def path(self, owner: str = "") -> str:
        return address(self.owner, owner, self.tail) if self.owner else self.template

    def at(self, revision: str) -> Operation:
        return OPERATIONS[revision]["GET", self.template]

    def known(self, revision: str) -> bool:
        return ("GET", self.template) in OPERATIONS[revision]


_RELATED = (("variant", "item"), ("category", "item"), ("item", "category"))
LISTS = (
    *(Listing(resource) for resource in RESOURCES),
    *(Listing(resource, owner) for resource, owner in _RELATED),
)
ID_LISTS = tuple(Listing(resource, owner, bare=True) for resource, owner in _RELATED)


def listings(revision: str) -> list[Listing]:
    """The lists that this revision has, eight or nine."""
    return [each for each in (*LISTS, *ID_LISTS) if each.known(revision)]


def operations(revision: str) -> list[Operation]:
    """The operations that are not about jobs, 26 or 27."""
    return [each for each in OPERATIONS[revision].values() if "bulk" not in each.path]


def body_schema(revision: str, verb: str, resource: str) -> Any:
    """The closed schema of a single create or update."""
    method, end = {"create": ("POST", ""), "update": ("PATCH", "/{id}")}[verb]
    name = OPERATIONS[revision][method, collection(resource) + end].request_schema
    assert name
    return request_schema(name)


def a_resource_body(
    revision: str,
    verb: str,
    resource: str,
    name: str,
    style: Style = Style.REQUIRED,
) -> Any:
    """A body that says what the style says of the resource called `name`."""
    known = {
        "catalog-item": catalog_id("parent"),
        "catalog-category": catalog_id("shared"),
        "external_id": name,
    }
    if verb == "update":
        known[type_of(resource)] = catalog_id(name)
    return example(body_schema(revision, verb, resource), style, known)


@dataclass(frozen=True)
class Catalog:
    """What one account has, at one revision."""

    client: Client
    revision: str = NEWEST

    def call(
        self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None
    ) -> Answer:
        return self.client.request(method, path, json=body, query=query, revision=self.revision)

    def get(self, resource: str, name: str, query: Mapping[str, str] | None = None) -> Answer:
        return self.call("GET", address(resource, name), query=query)

    def page(
        self, listing: Listing, owner: str = "", query: Mapping[str, str] | None = None
    ) -> Answer:
        return self.call("GET", listing.path(owner), query=query)

    def names(
        self, listing: Listing, owner: str = "", query: Mapping[str, str] | None = None
    ) -> list[str]:
        """The external ids on a page."""
        page = self.page(listing, owner, query)
        assert page.status == 200, page.body
        return external_ids(page)

    def create(
        self,
        resource: str,
        name: str,
        /,
        style: Style = Style.REQUIRED,
        query: Mapping[str, str] | None = None,
        **members: Any,
    ) -> Answer:
        """Create it with other attributes or `relationships` than the example's where given."""
        body = a_resource_body(self.revision, "create", resource, name, style)
        return self.call("POST", collection(resource), _with(body, members), query)

    def update(
        self,
        resource: str,
        name: str,
        /,
        style: Style = Style.REQUIRED,
        query: Mapping[str, str] | None = None,
        **members: Any,
    ) -> Answer:
        body = a_resource_body(self.revision, "update", resource, name, style)
        return self.call("PATCH", address(resource, name), _with(body, members), query)

    def delete(self, resource: str, name: str) -> Answer:
        return self.call("DELETE", address(resource, name))

    def made(self, resource: str, *names: str, **members: Any) -> Catalog:
        """Create these; a variant that needs an item gets `parent`'s."""
        for name in names:
            if resource == "variant" and needs_parent(self.revision):
                members = {"relationships": parent(self.revision, "parent")} | members
            answer = self.create(resource, name, **members)
            assert answer.status == 201, answer.body
        return self

    def link(self, method: str, resource: str, name: str, *others: str) -> Answer:
        """Write the relationship of an item or a category."""
        other = "category" if resource == "item" else "item"
        path = address(resource, name, f"/relationships/{PLURALS[other]}")
        return self.call(method, path, {"data": [identifier(other, each) for each in others]})

    def linked(self, resource: str, name: str) -> list[str]:
        """The external ids that the relationship of an item or a category holds."""
        other = "category" if resource == "item" else "item"
        return self.names(Listing(other, resource, bare=True), name)

    def at(self, revision: str) -> Catalog:
        return replace(self, revision=revision)


def _with(body: Any, members: dict[str, Any]) -> Any:
    """The body with these attributes, or these `relationships`."""
    relationships = members.pop("relationships", None)
    body["data"]["attributes"] |= members
    if relationships is not None:
        body["data"]["relationships"] = relationships
    return body


def external_id(resource_id: str) -> str:
    return resource_id.removeprefix(catalog_id(""))


def external_ids(page: Answer) -> list[str]:
    return [external_id(each["id"]) for each in page.json["data"]]


@dataclass(frozen=True)
class Thing:
    """A resource on the shelf: what was said of it, and what it hangs on."""

    resource: str
    name: str
    attributes: Mapping[str, Any]
    hangs_on: tuple[str, ...] = ()


LONG_SKU = 'it\'s "B" \\'
SHELF = (
    Thing("category", "kitchen", {"name": "Kitchen"}),
    Thing("category", "all", {"name": 'Every "thing", (1/2)'}),
    Thing("category", "empty", {"name": "Nothing in here"}),
    Thing("item", "mug", {"title": "Red mug", "published": True}, ("kitchen", "all")),
    Thing("item", "cup 1/2", {"title": "50%_cup, 'red'", "published": False}, ("all",)),
    Thing("item", "plate", {"title": "Plate", "published": True}),
    Thing("variant", "mug-s", {"title": "Small", "sku": "A-1", "published": True}, ("mug",)),
    Thing("variant", "mug-l", {"title": "Large", "sku": LONG_SKU, "published": False}, ("mug",)),
    Thing("variant", "cup-s", {"title": "Third", "sku": "A-1", "published": True}, ("cup 1/2",)),
)
OWNERS = {"item": "mug", "category": "all"}
_HANGS_ON = {"item": "category", "variant": "item"}


def fill_shelf(client: Client, revision: str) -> Catalog:
    """Create what is on the shelf by the single operations of one revision."""
    catalog = Catalog(client, revision)
    for thing in SHELF:
        members = dict(thing.attributes)
        if thing.resource == "item":
            data = [identifier("category", each) for each in thing.hangs_on]
            members["relationships"] = {"categories": {"data": data}}
        if thing.resource == "variant":
            members["relationships"] = parent(revision, thing.hangs_on[0])
        if thing.resource == "category":
            members["relationships"] = {"items": {"data": []}}
        answer = catalog.create(thing.resource, thing.name, Style.ALL, **members)
        assert answer.status == 201, answer.body
    return catalog


def on_shelf(listing: Listing, owner: str = "") -> list[Thing]:
    """What a list of the shelf holds, in the order of creation."""
    things = [each for each in SHELF if each.resource == listing.resource]
    if not listing.owner:
        return things
    return [each for each in things if related(each, listing.owner, owner)]


def related(thing: Thing, resource: str, name: str) -> bool:
    """Whether a thing on the shelf and another hang together."""
    if _HANGS_ON.get(thing.resource) == resource:
        return name in thing.hangs_on
    (other,) = (each for each in SHELF if (each.resource, each.name) == (resource, name))
    return _HANGS_ON.get(resource) == thing.resource and thing.name in other.hangs_on


def names_of(things: Iterable[Thing]) -> list[str]:
    return [each.name for each in things]


@dataclass(frozen=True)
class Warehouse:
    """An account with more of everything than two pages hold, all hanging on the first."""

    client: Client
    names: tuple[str, ...]

    def catalog(self, revision: str) -> Catalog:
        return Catalog(self.client, revision)

    @property
    def first(self) -> str:
        return self.names[0]
