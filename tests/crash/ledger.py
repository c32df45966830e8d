"""Clients that keep a ledger: what they posted, what was answered, what must be so in the end.

Each works on names of its own. What was answered is certain. Where the connection broke, or that of
the server to its database may have, the whole job may have been accepted or not, so its names are
set aside and never touched again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from urllib3.exceptions import HTTPError

from support.client import Client
from support.process import until
from support.wire_contract import KIND, PLURALS
from support.wire_requests import catalog_id, shaped_body

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Mapping

    from support.wire_contract import Kind

MOST_IN_A_JOB = 100
USUAL_IN_A_JOB = 12


class Name(NamedTuple):
    """What a client calls one resource."""

    resource: str
    external_id: str


class Job(NamedTuple):
    """A job to post; `changed` names what each operation that succeeds is applied to."""

    kind: Kind
    operations: list[Any]
    changed: list[Name]
    failing: int = 0


class AcceptedJob(NamedTuple):
    """A job that was answered with 202, and what has to become of it."""

    kind: Kind
    job_id: str
    changed: tuple[Name, ...]
    failing: int


class Doubt(NamedTuple):
    """Names of a job whose answer never came: all as before, or all as after."""

    before: Mapping[Name, str | None]
    after: Mapping[Name, str | None]


class Gone(Exception):
    """The server is gone."""


@dataclass
class Ledger:
    """One client. `labels` has the title or name of each resource, None where it must not exist.

    `items` has the items that exist, each with all the variants that it ever had.
    """

    key: str
    who: str
    chance: random.Random
    full: bool = False
    """Whether each job has as many operations as it may."""
    unsure: frozenset[int] = frozenset()
    """Statuses that leave open whether the job was accepted."""
    labels: dict[Name, str | None] = field(default_factory=dict)
    items: dict[Name, list[Name]] = field(default_factory=dict)
    accepted: list[AcceptedJob] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    count: int = 0

    def trade(self, url: str) -> None:
        """Post jobs until the server is gone."""
        client = Client(url, self.key)
        try:
            while True:
                self.act(client)
        except Gone:
            client.pool.clear()

    def act(self, client: Client) -> None:
        """Post some job, where there is anything to do it to."""
        actions = (self.create, self.create, self.add_variants, self.update, self.delete)
        self.chance.choice(actions)(client)

    def create(self, client: Client) -> bool:
        """Create new resources; one of them twice in the job, so that one operation must fail."""
        resource = self.chance.choice(("item", "item", "category"))
        names = self._new_names(resource, spare=1)
        shelves = self._some(self._existing("category"), most=3)
        after = {name: self._label() for name in names}
        made = [_creation(name, label, category=shelves) for name, label in after.items()]
        job = Job(KIND[f"{resource}-create"], [*made, made[0]], names, failing=1)
        if not self._post(client, job, after):
            return False
        self.items |= {name: [] for name in names if resource == "item"}
        return True

    def add_variants(self, client: Client) -> None:
        """Hang new variants on one item."""
        for parent in self._some(self.items, most=1):
            names = self._new_names("variant")
            after = {name: self._label() for name in names}
            made = [_creation(name, label, item=[parent]) for name, label in after.items()]
            self.items[parent] += names
            posted = self._post(client, Job(KIND["variant-create"], made, names), after)
            if not posted and parent in self.items:
                del self.items[parent][-len(names) :]

    def update(self, client: Client) -> None:
        """Give existing resources other labels, one of them several times in the job."""
        resource = self.chance.choice(tuple(PLURALS))
        if names := self._batch(resource, USUAL_IN_A_JOB, spare=2):
            names += [names[0], names[0]]
            changes = [(name, self._label()) for name in names]
            operations = [_change(name, label) for name, label in changes]
            self._post(client, Job(KIND[f"{resource}-update"], operations, names), dict(changes))

    def delete(self, client: Client) -> None:
        """Delete existing resources; an item takes its variants along."""
        resource = self.chance.choice(tuple(PLURALS))
        if names := self._batch(resource, most=5):
            along = [variant for name in names for variant in self.items.get(name, ())]
            operations = [_identifier(name) for name in names]
            after = dict.fromkeys([*names, *along])
            self._post(client, Job(KIND[f"{resource}-delete"], operations, names), after)

    def close(self, client: Client) -> None:
        """Post one more job: when it is complete, so are all that were accepted before it."""
        until(lambda: self.create(client), "room for another job")
        client.completed(self.accepted[-1].kind.path, self.accepted[-1].job_id)

    def _post(self, client: Client, job: Job, after: Mapping[Name, str | None]) -> bool:
        """Post a job and enter what came of it. False where it was refused."""
        body = shaped_body(job.kind, job.operations, wrapped=True)
        try:
            answer = client.post(job.kind.path, body)
        except HTTPError:
            self._doubt(after)
            raise Gone from None
        if answer.status != 202:
            self.refused[answer.status] += 1
            if answer.status in self.unsure:
                self._doubt(after)
                return False
            for name in after:
                self.labels.setdefault(name, None)
            return False
        self.accepted.append(AcceptedJob(job.kind, answer.job_id, tuple(job.changed), job.failing))
        self.labels |= after
        for name in after:
            if self.labels[name] is None:
                self.items.pop(name, None)
        return True

    def _doubt(self, after: Mapping[Name, str | None]) -> None:
        """Set names aside; with a variant its item, since deleting that would change both."""
        parents = {
            item for item, variants in self.items.items() if not after.keys().isdisjoint(variants)
        }
        names = parents | after.keys()
        before = {name: self.labels.get(name) for name in names}
        self.doubts.append(Doubt(before, {**before, **after}))
        for name in names:
            self.labels.pop(name, None)
            self.items.pop(name, None)

    def _existing(self, resource: str) -> list[Name]:
        return [
            name
            for name, label in self.labels.items()
            if name.resource == resource and label is not None
        ]

    def _some(self, names: Iterable[Name], most: int = USUAL_IN_A_JOB) -> list[Name]:
        known = list(names)
        return self.chance.sample(known, min(len(known), self.chance.randint(1, most)))

    def _batch(self, resource: str, most: int, spare: int = 0) -> list[Name]:
        """Choose what a job is applied to, leaving room for `spare` more operations."""
        known = self._existing(resource)
        if not self.full:
            return self._some(known, most)
        wanted = MOST_IN_A_JOB - spare
        return self.chance.sample(known, wanted) if len(known) >= wanted else []

    def _new_names(self, resource: str, spare: int = 0) -> list[Name]:
        count = MOST_IN_A_JOB - spare
        if not self.full:
            most = MOST_IN_A_JOB - 1 if self.chance.random() < 0.1 else USUAL_IN_A_JOB
            count = self.chance.randint(1, most)
        return [Name(resource, f"{self.who}-{self._next()}") for _ in range(count)]

    def _label(self) -> str:
        return f"label {self._next()}"

    def _next(self) -> int:
        self.count += 1
        return self.count


def _identifier(name: Name) -> dict[str, Any]:
    return {"type": f"catalog-{name.resource}", "id": catalog_id(name.external_id)}


def _attributes(name: Name, label: str) -> dict[str, Any]:
    return {"name" if name.resource == "category" else "title": label}


def _change(name: Name, label: str) -> dict[str, Any]:
    return _identifier(name) | {"attributes": _attributes(name, label)}


def _creation(name: Name, label: str, **related: list[Name]) -> dict[str, Any]:
    attributes: dict[str, Any] = {"external_id": name.external_id} | _attributes(name, label)
    if name.resource != "category":
        attributes |= {"description": "Some words", "url": "https://shop.example/"}
    if name.resource == "variant":
        attributes |= {"sku": name.external_id, "inventory_quantity": 1, "price": 9.5}
    made = {"type": f"catalog-{name.resource}", "attributes": attributes}
    if name.resource == "variant":
        made["relationships"] = {"item": {"data": _identifier(related["item"][0])}}
    elif name.resource == "item":
        shelves = [_identifier(each) for each in related["category"]]
        made["relationships"] = {"categories": {"data": shelves}}
    return made
