"""The server and a model in memory get the same requests, and must give the same answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from agreement import requests
from agreement.model import KINDS, OTHER, PLURAL, RELATED, Catalog, Draft, catalog_id
from agreement.reading import Reader
from agreement.requests import Job, Question
from support.client import NEWEST

if TYPE_CHECKING:
    from conftest import MakeClient
    from support.client import Client

ENOUGH = settings(
    max_examples=150,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


class Agreement(RuleBasedStateMachine):
    """One account of a live server, and the model of what it holds."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client = client
        self.catalog = Catalog()
        self.reader = Reader(client, self.catalog)
        self.jobs: list[tuple[Job, str, list[str]]] = []

    @initialize(jobs=requests.shops())
    def open_shop(self, jobs: list[Job]) -> None:
        for job in jobs:
            self.apply(job)

    def write(self, verb: str, draft: Draft, done: int) -> None:
        """One call, and what the model says of it."""
        refusal = self.catalog.write(verb, draft)
        method = {"create": "POST", "update": "PATCH", "delete": "DELETE"}[verb]
        name = None if verb == "create" else draft.name
        body = None if verb == "delete" else {"data": requests.resource(verb, draft)}
        answer = self.client.request(method, requests.path(draft.kind, name), json=body)
        assert answer.status == (refusal.status if refusal else done), answer.body
        if refusal is None and verb != "delete":
            self.reader.holds(draft.kind, answer.json["data"], draft.name, NEWEST)
        self.lists_agree()

    @rule(draft=requests.any_draft("create"))
    def create(self, draft: Draft) -> None:
        self.write("create", draft, 201)

    @rule(draft=requests.any_draft("update"))
    def update(self, draft: Draft) -> None:
        self.write("update", draft, 200)

    @rule(draft=requests.any_draft("delete"))
    def delete(self, draft: Draft) -> None:
        self.write("delete", draft, 204)

    @rule(
        verb=st.sampled_from(("add", "replace", "remove")),
        owner=requests.linked_kinds,
        name=requests.references,
        others=st.lists(requests.references, max_size=3),
    )
    def relate(self, verb: str, owner: str, name: str, others: list[str]) -> None:
        self.change_links(verb, owner, name, others)

    @rule(
        verb=st.sampled_from(("add", "remove")),
        owner=requests.linked_kinds,
        place=st.integers(0, 9),
    )
    def relate_again(self, verb: str, owner: str, place: int) -> None:
        """Add or remove a link that is there."""
        if place < len(self.catalog.links):
            item, category = sorted(self.catalog.links)[place]
            name, other = (item, category) if owner == "item" else (category, item)
            self.change_links(verb, owner, name, [other])

    def change_links(self, verb: str, owner: str, name: str, others: list[str]) -> None:
        other = OTHER[owner]
        method = {"add": "POST", "replace": "PATCH", "remove": "DELETE"}[verb]
        path = requests.path(owner, name, f"relationships/{PLURAL[other]}")
        body = {"data": requests.identifiers(other, others)}
        expected = self.catalog.change_links(verb, owner, name, others)
        answer = self.client.request(method, path, json=body)
        assert answer.status == expected, answer.body

    @rule(job=requests.any_job())
    def run(self, job: Job) -> None:
        self.apply(job)

    def apply(self, job: Job) -> None:
        """A bulk job, and each of its operations in turn."""
        refusals = [self.catalog.write(job.verb, draft) for draft in job.drafts]
        path = f"/api/{job.type}s"
        accepted = self.client.post(path, requests.job_body(job))
        assert accepted.status == 202, accepted.body
        done = self.client.completed(path, accepted.job_id)
        self.reader.holds_job(job, done.json["data"], refusals)
        pairs = zip(job.drafts, refusals, strict=True)
        succeeded = list(dict.fromkeys(draft.name for draft, refusal in pairs if refusal is None))
        self.jobs.append((job, accepted.job_id, succeeded))
        self.lists_agree()

    @rule(
        questions=st.lists(requests.questions(), min_size=1, max_size=6),
        revision=requests.revisions,
    )
    def ask(self, questions: list[Question], revision: str) -> None:
        for question in questions:
            self.reader.asks(question, revision)

    @rule(kind=requests.kinds, name=requests.references, revision=requests.revisions)
    def look(self, kind: str, name: str, revision: str) -> None:
        self.reader.looks(kind, name, revision)

    @rule(revision=requests.revisions, size=st.sampled_from((100, 1, 2, 3)))
    def include_variants(self, revision: str, size: int) -> None:
        self.reader.includes_variants(revision, size)

    @rule(kind=requests.kinds, verb=st.sampled_from(("create", "update", "delete")))
    def list_jobs(self, kind: str, verb: str) -> None:
        """Jobs are listed by type, newest first, and name what succeeded."""
        type_ = f"catalog-{kind}-bulk-{verb}-job"
        kept = [(job_id, names) for job, job_id, names in self.jobs if job.type == type_]
        answer = self.client.get(f"/api/{type_}s")
        shown = [(each["id"], named(each, kind)) for each in answer.json["data"]]
        assert shown == [(job_id, ids(names)) for job_id, names in reversed(kept)]

    @rule(place=st.integers(0, 9))
    def include_results(self, place: int) -> None:
        """A job includes what it made or changed, as it is now, where it still is."""
        kept = [each for each in self.jobs if each[0].verb != "delete"]
        if place < len(kept):
            job, job_id, names = kept[place]
            query = {"include": PLURAL[job.kind]}
            answer = self.client.get(f"/api/{job.type}s/{job_id}", query=query)
            there = [name for name in dict.fromkeys(names) if name in self.catalog.of[job.kind]]
            self.reader.holds_all(job.kind, answer.json["included"], there, NEWEST)

    def lists_agree(self) -> None:
        """After every write, so that a fault shows where it was made."""
        for kind in KINDS:
            self.reader.asks(Question(kind, []), NEWEST)

    def teardown(self) -> None:
        """In the end everything is compared."""
        for kind in KINDS:
            for name in requests.NAMES:
                self.reader.looks(kind, name, NEWEST)
                for other in RELATED[kind]:
                    for bare in (False, True):
                        self.reader.asks(Question(other, [], kind, name, bare), NEWEST)
        self.client.pool.clear()


def ids(names: list[str]) -> list[str]:
    return [catalog_id(name) for name in names]


def named(job: Any, kind: str) -> list[str]:
    """The ids of what a job did."""
    linkage = job.get("relationships", {}).get(PLURAL[kind], {}).get("data", [])
    return [each["id"] for each in linkage]


@pytest.mark.slow
def test_server_agrees_with_model(make_client: MakeClient) -> None:
    class Fresh(Agreement):
        def __init__(self) -> None:
            super().__init__(make_client())

    run_state_machine_as_test(Fresh, settings=ENOUGH)
