"""Every operation of a revision done once on a live server, its answer held member by member."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from support import wire_answers, wire_shown
from support.wire_catalog import (
    OWNERS,
    RESOURCES,
    Catalog,
    Listing,
    address,
    collection,
    fill_shelf,
    identifier,
    listings,
    parent,
)
from support.wire_contract import KINDS, PLURALS, request_validator
from support.wire_contract import OPERATIONS as CONTRACT
from support.wire_jobs import Jobs, open_shop
from support.wire_requests import Style

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.client import Answer, Client
    from support.wire_contract import Kind
    from support.wire_jobs import Shop

Place = tuple[str, str]

LINKED = {"item": "category", "category": "item"}


class Tour:
    """One account on its way through a revision. Each stop gives the answers that it held."""

    def __init__(self, client: Client, revision: str) -> None:
        self.revision = revision
        self.catalog: Catalog = fill_shelf(client, revision)
        self.shop: Shop = open_shop(client, revision)

    def stops(self) -> dict[Place, Callable[[], list[Answer]]]:
        """What there is to see, by method and path."""
        found: dict[Place, Callable[[], list[Answer]]] = {}
        for resource in RESOURCES:
            many, one = collection(resource), f"{collection(resource)}/{{id}}"
            found["POST", many] = partial(self.create, resource)
            found["GET", one] = partial(self.show, resource)
            found["PATCH", one] = partial(self.update, resource)
            found["DELETE", one] = partial(self.delete, resource)
        for listing in listings(self.revision):
            found["GET", listing.template] = partial(self.page, listing)
        for resource, other in LINKED.items():
            path = f"{collection(resource)}/{{id}}/relationships/{PLURALS[other]}"
            for method in ("POST", "PATCH", "DELETE"):
                found[method, path] = partial(self.link, method, resource)
        for kind in KINDS:
            found["POST", kind.path] = partial(self.post, kind)
            found["GET", kind.path] = partial(self.jobs, kind)
            found["GET", kind.path + "/{job_id}"] = partial(self.job, kind)
        return found

    def create(self, resource: str) -> list[Answer]:
        """Once with all members, once with those that must be."""
        answers = []
        for style in (Style.ALL, Style.REQUIRED):
            more: dict[str, Any] = {"relationships": _relationships(self.revision, resource)}
            answer = self.catalog.create(resource, f"toured {style.value}", style, **more)
            wire_shown.hold_created(self.catalog, resource, answer)
            answers.append(answer)
        return answers

    def show(self, resource: str) -> list[Answer]:
        queries = [None, {"include": "variants"}] if resource == "item" else [None]
        name = {"item": "mug", "variant": "mug-s", "category": "kitchen"}[resource]
        answers = []
        for query in queries:
            answer = self.catalog.get(resource, name, query)
            wire_shown.hold_one(self.catalog, resource, answer, query)
            answers.append(answer)
        return answers

    def update(self, resource: str) -> list[Answer]:
        self._fresh(resource, "changing")
        answer = self.catalog.update(resource, "changing")
        wire_shown.hold_updated(self.catalog, resource, answer)
        return [answer]

    def delete(self, resource: str) -> list[Answer]:
        self._fresh(resource, "leaving")
        answer = self.catalog.delete(resource, "leaving")
        wire_shown.hold_nothing(answer)
        assert self.catalog.get(resource, "leaving").status == 404
        return [answer]

    def page(self, listing: Listing) -> list[Answer]:
        including = listing.resource == "item" and not listing.bare
        owner = OWNERS.get(listing.owner, "")
        answers = []
        for query in [None, {"include": "variants"}] if including else [None]:
            answer = self.catalog.call("GET", listing.path(owner), query=query)
            wire_shown.hold_page(self.catalog, listing, answer, owner, query)
            assert answer.json["data"]
            answers.append(answer)
        return answers

    def link(self, method: str, resource: str) -> list[Answer]:
        other = LINKED[resource]
        name, held, new = f"linking by {method}", f"held by {method}", f"new to {method}"
        self._fresh(resource, name)
        for each in (held, new):
            self._fresh(other, f"{resource} {each}")
        held, new = f"{resource} {held}", f"{resource} {new}"
        wire_shown.hold_nothing(self.catalog.link("POST", resource, name, held))
        self._hold_body(method, resource, other, new)
        answer = self.catalog.link(method, resource, name, held if method == "DELETE" else new)
        # The specification has 204 for both; the service has been seen to answer an item's so.
        seen = 200 if (method, resource) == ("PATCH", "item") else 204
        wire_shown.hold_nothing(answer, seen)
        left = {"POST": [held, new], "PATCH": [new], "DELETE": []}[method]
        assert self.catalog.linked(resource, name) == left
        return [answer]

    def post(self, kind: Kind) -> list[Answer]:
        jobs = self._jobs(kind)
        answers = []
        for style in (Style.ALL, Style.REQUIRED):
            answer = jobs.post(jobs.named("a", style))
            wire_answers.hold_post(jobs, answer)
            answers.append(answer)
        return answers

    def jobs(self, kind: Kind) -> list[Answer]:
        jobs = self._jobs(kind)
        answer = jobs.list()
        wire_answers.hold_list(jobs, answer)
        assert answer.json["data"]
        return [answer]

    def job(self, kind: Kind) -> list[Answer]:
        jobs = self._jobs(kind)
        answers = []
        for query in [None, {"include": kind.plural}] if kind.reads_can_include else [None]:
            answer = jobs.get(self.shop.mixed[kind], query)
            wire_answers.hold_one(jobs, answer, query)
            answers.append(answer)
        return answers

    def _jobs(self, kind: Kind) -> Jobs:
        return Jobs(self.shop.client, self.revision, kind)

    def _fresh(self, resource: str, name: str) -> None:
        more = {"relationships": parent(self.revision, "mug")} if resource == "variant" else {}
        answer = self.catalog.create(resource, name, **more)
        assert answer.status == 201, answer.body

    def _hold_body(self, method: str, resource: str, other: str, name: str) -> None:
        path = address(resource, "x", f"/relationships/{PLURALS[other]}")
        template = path.replace(path.split("/")[3], "{id}")
        schema = CONTRACT[self.revision][method, template].request_schema
        assert schema
        request_validator(schema).validate({"data": [identifier(other, name)]})


def _relationships(revision: str, resource: str) -> Any:
    if resource == "variant":
        return parent(revision, "mug")
    name, other = {"item": ("categories", "category"), "category": ("items", "item")}[resource]
    existing = {"category": "kitchen", "item": "mug"}[other]
    return {name: {"data": [identifier(other, existing)]}}
