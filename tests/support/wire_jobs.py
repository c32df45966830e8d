"""Jobs of one kind, called at one revision; and accounts that already have some."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from support.client import NEWEST
from support.wire_contract import KIND, KINDS
from support.wire_requests import Style, an_operation, catalog_id, job_body, parented

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.client import Answer, Client
    from support.wire_contract import Kind

RESOURCES = ("item", "variant", "category")


class MakeClient(Protocol):
    """The fixture `make_client`: a client with these scopes, of this account or a fresh one."""

    def __call__(self, scopes: str | None = None, account: str | None = None) -> Client: ...


@dataclass(frozen=True)
class Jobs:
    """The jobs of one kind, as one account sees them at one revision."""

    client: Client
    revision: str
    kind: Kind

    @property
    def url(self) -> str:
        return self.client.url + self.kind.path

    def post(self, *operations: Any, query: Mapping[str, str] | None = None) -> Answer:
        return self.send(job_body(self.revision, self.kind, list(operations)), query=query)

    def send(self, body: Any, query: Mapping[str, str] | None = None) -> Answer:
        return self.client.post(self.kind.path, body, revision=self.revision, query=query)

    def list(self, query: Mapping[str, str] | None = None) -> Answer:
        return self.client.get(self.kind.path, revision=self.revision, query=query)

    def get(self, job_id: str, query: Mapping[str, str] | None = None) -> Answer:
        return self.client.get(f"{self.kind.path}/{job_id}", revision=self.revision, query=query)

    def completed(self, job_id: str) -> Answer:
        return self.client.completed(self.kind.path, job_id, revision=self.revision)

    def applied(self, *operations: Any) -> Answer:
        """Post the operations and wait until they have been applied."""
        accepted = self.post(*operations)
        assert accepted.status == 202, accepted.body
        return self.completed(accepted.job_id)

    def named(self, name: str, style: Style = Style.REQUIRED) -> Any:
        """An operation of this kind on the resource called `name`."""
        return an_operation(self.revision, self.kind, name, style)

    def at(self, revision: str) -> Jobs:
        return replace(self, revision=revision)


@dataclass(frozen=True)
class Shop:
    """An account in which a job of every kind partly failed, and one wholly."""

    client: Client
    mixed: Mapping[Kind, str]
    failed: Mapping[Kind, str]


@dataclass(frozen=True)
class Archive:
    """An account with many jobs of one kind, the newest first."""

    jobs: Jobs
    newest_first: tuple[str, ...]


def stock(client: Client, names: list[str]) -> Client:
    """Give an account one item, variant and category of each name, and what they hang on."""
    for resource, more in (("item", ["parent"]), ("variant", []), ("category", ["shared"])):
        jobs = Jobs(client, NEWEST, KIND[f"{resource}-create"])
        answer = jobs.applied(*[creation(jobs, name) for name in [*names, *more]])
        assert answer.json["data"]["attributes"]["errors"] == []
    return client


def creation(jobs: Jobs, name: str) -> Any:
    """The creation of a resource; a variant's names its item."""
    if jobs.kind.resource == "variant":
        return parented(jobs.revision, name, "parent")
    return jobs.named(name)


def open_shop(client: Client, revision: str) -> Shop:
    """Fill an account through the jobs of one revision, each kind twice."""
    mixed, failed = {}, {}
    for kind in KINDS:
        jobs = Jobs(client, revision, kind)
        good, bad = _halves(jobs)
        mixed[kind] = jobs.post(*good, bad).job_id
        failed[kind] = jobs.post(bad).job_id
    for kind in KINDS:
        Jobs(client, revision, kind).completed(failed[kind])
    return Shop(client, mixed, failed)


def _halves(jobs: Jobs) -> tuple[list[Any], Any]:
    """Two operations that succeed, and one that does not."""
    if jobs.kind.verb == "create":
        first = "parent" if jobs.kind.resource == "item" else "a"
        others = [first, "b", "old-a", "old-b"]
        return [creation(jobs, name) for name in others], creation(jobs, first)
    names = ["old-a", "old-b"]
    if jobs.kind.verb == "update":
        names = ["b", "old-a"]
    return [jobs.named(name) for name in names], jobs.named("missing")


def linked_ids(data: Any, kind: Kind) -> list[str]:
    """The ids of the resources that a job names."""
    return [each["id"] for each in data["relationships"][kind.plural]["data"]]


def ids(*names: str) -> list[str]:
    return [catalog_id(name) for name in names]


def all_jobs(client: Client, revision: str) -> list[Jobs]:
    """The jobs of each kind."""
    return [Jobs(client, revision, kind) for kind in KINDS]
