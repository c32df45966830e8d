"""Reads of a live server, each held against the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agreement.model import PLURAL, Catalog, Refusal, catalog_id
from agreement.requests import Job, Question, path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.client import Answer, Client

NULLS = "2024-02-15"
PAGED_IDS = "2026-01-15"
BARE_LISTS = "2024-10-15"
DATED = {"item": {"created", "updated"}, "variant": {"created", "updated"}, "category": {"updated"}}


@dataclass
class Reader:
    client: Client
    catalog: Catalog

    def looks(self, kind: str, name: str, revision: str) -> None:
        """One resource, or none."""
        answer = self.client.get(path(kind, name), revision=revision)
        if name not in self.catalog.of[kind]:
            assert answer.status == 404, answer.body
        else:
            self.holds(kind, answer.json["data"], name, revision)

    def holds(self, kind: str, resource: Any, name: str, revision: str) -> None:
        """A resource object shows what the model holds, whatever else it has."""
        held = self.catalog.of[kind][name]
        assert (resource["type"], resource["id"]) == (f"catalog-{kind}", catalog_id(name))
        shown = {
            key: value for key, value in resource["attributes"].items() if key not in DATED[kind]
        }
        nulls = revision >= NULLS
        assert shown == {
            key: value for key, value in held.attributes.items() if nulls or value is not None
        }
        dates = {key: resource["attributes"][key] for key in DATED[kind]}
        assert dates.get("created", "") <= dates["updated"]
        self._holds_linkage(kind, resource.get("relationships", {}), name)

    def _holds_linkage(self, kind: str, relationships: dict[str, Any], name: str) -> None:
        """Where a relationship names what it holds, it is that."""
        target = {"item": "variant", "variant": "item", "category": "item"}[kind]
        for relationship in relationships.values():
            if "data" in relationship:
                data = relationship["data"]
                linked = data if isinstance(data, list) else [data]
                assert named(linked) == self.ids(self.catalog.related(kind, name, target))

    def holds_all(self, kind: str, data: list[Any], names: Sequence[str], revision: str) -> None:
        """Resource objects are those of the names, in order."""
        assert named(data) == self.ids(names)
        for resource, name in zip(data, names, strict=True):
            self.holds(kind, resource, name, revision)

    @staticmethod
    def ids(names: Sequence[str]) -> list[str]:
        return [catalog_id(name) for name in names]

    def asks(self, question: Question, revision: str) -> None:
        """A list, from its first page to its last and back."""
        bare = question.bare
        if bare and revision < BARE_LISTS:
            if question.kind == "variant":
                return
            question = question._replace(conditions=[], descending=False)
        names = question.answer(self.catalog)
        first = self.client.get(question.path, query=question.query(revision), revision=revision)
        if names is None:
            assert first.status == 404, first.body
            return
        assert first.status == 200, first.body
        size = question.size
        pages = [names[start : start + size] for start in range(0, len(names), size)] or [[]]
        if bare and revision < PAGED_IDS:
            self._holds_page(question, first, pages[0], revision)
            return
        self._holds_pages(question, first, pages, revision)

    def _holds_pages(
        self, question: Question, first: Answer, pages: list[list[str]], revision: str
    ) -> None:
        there = [first]
        while there[-1].json["links"]["next"]:
            there.append(self._follow(there[-1], "next", revision))
            assert len(there) <= len(pages), "there are too many pages"
        back = [there[-1]]
        while back[-1].json["links"]["prev"]:
            back.append(self._follow(back[-1], "prev", revision))
            assert len(back) <= len(pages), "there are too many pages back"
        assert len(there) == len(back) == len(pages)
        for place, (page, again, names) in enumerate(zip(there, back[::-1], pages, strict=True)):
            for links in (page.json["links"], again.json["links"]):
                ends = (links["prev"] is None, links["next"] is None)
                assert ends == (place == 0, place == len(pages) - 1)
            self._holds_page(question, page, names, revision)
            self._holds_page(question, again, names, revision)

    def _follow(self, page: Answer, way: str, revision: str) -> Answer:
        answer = self.client.get(page.json["links"][way], revision=revision)
        assert answer.status == 200, answer.body
        return answer

    def _holds_page(
        self, question: Question, page: Answer, names: Sequence[str], revision: str
    ) -> None:
        data = page.json["data"]
        if question.bare:
            identifiers = [
                {"type": f"catalog-{question.kind}", "id": catalog_id(name)} for name in names
            ]
            assert data == identifiers
        else:
            self.holds_all(question.kind, data, names, revision)

    def includes_variants(self, revision: str, size: int) -> None:
        """The first page of items with their variants."""
        query = {"include": "variants", "page[size]": str(size)}
        answer = self.client.get(path("item"), query=query, revision=revision)
        items = list(self.catalog.of["item"])[:size]
        self.holds_all("item", answer.json["data"], items, revision)
        variants = [
            each for item in items for each in self.catalog.related("item", item, "variant")
        ]
        self.holds_all("variant", answer.json["included"], variants, revision)

    def holds_job(self, job: Job, data: Any, refusals: Sequence[Refusal | None]) -> None:
        """A complete job counts, names and explains what the model says."""
        attributes = data["attributes"]
        pairs = list(zip(job.drafts, refusals, strict=True))
        done = [draft.name for draft, refusal in pairs if refusal is None]
        counts = [attributes[f"{each}_count"] for each in ("total", "completed", "failed")]
        assert counts == [len(pairs), len(done), len(pairs) - len(done)]
        assert named(linkage(data, PLURAL[job.kind])) == self.ids(list(dict.fromkeys(done)))
        member = "external_id" if job.verb == "create" else "id"
        written = str if job.verb == "create" else catalog_id
        assert [
            (each["meta"], each["detail"], each["source"]["pointer"])
            for each in attributes["errors"]
        ] == [
            (
                {member: written(draft.name)},
                refusal.detail,
                f"/data/attributes/{PLURAL[job.kind]}/data{refusal.pointer}",
            )
            for draft, refusal in pairs
            if refusal is not None
        ]


def linkage(job: Any, member: str) -> list[Any]:
    """What a job names; a job in which nothing succeeded names nothing at all."""
    relationships = job.get("relationships")
    return [] if relationships is None else list(relationships[member]["data"])


def named(data: list[Any]) -> list[str]:
    return [each["id"] for each in data]
