"""Made-up drafts, jobs and questions; and their bodies and queries at the newest revision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from hypothesis import strategies as st

from agreement.model import KINDS, NO_ID, OTHER, PLURAL, SEARCHED, Draft, catalog_id
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agreement.model import Catalog

NAMES = ("a", "A", "b c/", "d%2Fe", "f\"'\\", "ü:::✓", "g?#&+=")
"""Few, so that they meet; and awkward, so that they are met in paths, queries and bodies."""
TITLES = ("Shirt", "STRASSE", "Straße", '50%_\\ "été"', "e\u0301te\u0301", "")
PARTS = ("s", "sh", "ss", "SHIRT", "é", "e\u0301", "%", "_", "\\", '"')
SKUS = ("S-1", "s-1", "S 1", "")
REVISIONS = (
    "2022-10-17",
    "2023-02-22",
    "2023-07-15",
    "2023-12-15",
    "2024-02-15",
    "2024-05-15",
    "2024-10-15",
    "2025-01-15",
    "2026-01-15",
    "2026-04-15",
    NEWEST,
)
"""The newest, and the last or first of those between two changes."""

names = st.sampled_from(NAMES)
references = st.sampled_from((*NAMES, NO_ID))
kinds = st.sampled_from(KINDS)
linked_kinds = st.sampled_from(tuple(OTHER))
revisions = st.sampled_from(tuple(reversed(REVISIONS)))

_REQUIRED: dict[str, dict[str, Any]] = {
    "item": {"title": "Shirt", "description": "long", "url": "u"},
    "variant": {
        "title": "Shirt",
        "description": "long",
        "sku": "S-1",
        "inventory_quantity": 1,
        "price": 1.5,
        "url": "u",
    },
    "category": {"name": "Shirts"},
}
"""What a create must give; not drawn, so that a failing program is short."""

_prices = st.sampled_from((0, 12.5, 1e20))
_nullable: dict[str, st.SearchStrategy[Any]] = {
    "published": st.sampled_from((True, False, None)),
    "custom_metadata": st.sampled_from(({}, {"b": 1, "a": None, "ccc": {"ü": []}}, None)),
    "images": st.sampled_from(([], ["v", "w"], None)),
    "image_full_url": st.sampled_from(("", "w", None)),
}


def attributes(kind: str, verb: str) -> st.SearchStrategy[dict[str, Any]]:
    """Some attributes; an update may give a null for what a create must have."""
    texts = TITLES if verb == "create" else (*TITLES, None)
    drawn: dict[str, st.SearchStrategy[Any]] = {SEARCHED[kind]: st.sampled_from(texts)}
    if kind != "category":
        drawn |= _nullable
        nulled = kind == "item" or verb == "update"
        drawn["price"] = _prices | st.none() if nulled else _prices
    if kind == "variant":
        drawn["sku"] = st.sampled_from(SKUS)
        drawn["inventory_policy"] = st.sampled_from((0, 1, 2, None))
        drawn["inventory_quantity"] = st.sampled_from((0, 10.0, -1.5))
    return st.fixed_dictionaries({}, optional=drawn)


def drafts(kind: str, verb: str) -> st.SearchStrategy[Draft]:
    if verb == "delete":
        return st.builds(Draft, st.just(kind), references, st.just({}))
    named = names if verb == "create" else references
    several = st.none() | st.lists(references, max_size=3)
    related = several if kind != "variant" else st.lists(references, min_size=1, max_size=1)
    if kind == "variant" and verb == "update":
        related = st.none()
    given = attributes(kind, verb)
    if verb == "create":
        given = given.map(lambda some: _REQUIRED[kind] | some)
    return st.builds(Draft, st.just(kind), named, given, related)


def any_draft(verb: str) -> st.SearchStrategy[Draft]:
    return st.one_of(*(drafts(kind, verb) for kind in KINDS))


class Job(NamedTuple):
    """A bulk job."""

    kind: str
    verb: str
    drafts: list[Draft]

    @property
    def type(self) -> str:
        return f"catalog-{self.kind}-bulk-{self.verb}-job"


def any_job() -> st.SearchStrategy[Job]:
    return st.one_of(
        *(
            st.builds(
                Job,
                st.just(kind),
                st.just(verb),
                st.lists(drafts(kind, verb), min_size=1, max_size=5),
            )
            for verb in ("create", "update", "delete")
            for kind in KINDS
        )
    )


@st.composite
def shops(draw: st.DrawFn) -> list[Job]:
    """Jobs that make some of everything, linked, so that what follows has something to meet."""
    made: dict[str, list[str]] = {}
    jobs = []
    for kind, target in (("category", ""), ("item", "category"), ("variant", "item")):
        others = made.get(target, [])
        single = kind == "variant"
        most = len(NAMES) if others or not single else 0
        made[kind] = draw(st.lists(names, unique=True, max_size=most))
        few = st.lists(st.sampled_from(others), min_size=single, max_size=1 if single else 3)
        linked = few if others else st.none()
        stocked = [
            Draft(kind, name, _REQUIRED[kind] | draw(attributes(kind, "create")), draw(linked))
            for name in made[kind]
        ]
        jobs.append(Job(kind, "create", stocked))
    return [job for job in jobs if job.drafts]


def resource(verb: str, draft: Draft) -> dict[str, Any]:
    """The resource object of a request."""
    made: dict[str, Any] = {"type": f"catalog-{draft.kind}"}
    given = dict(draft.attributes)
    if verb == "create":
        given["external_id"] = draft.name
    else:
        made["id"] = catalog_id(draft.name)
    if verb != "delete":
        made["attributes"] = given
    if draft.related is not None:
        made["relationships"] = _relationships(draft.kind, draft.related)
    return made


def _relationships(kind: str, related: Sequence[str]) -> dict[str, Any]:
    if kind == "variant":
        (parent,) = identifiers("item", related)
        return {"item": {"data": parent}}
    other = OTHER[kind]
    return {PLURAL[other]: {"data": identifiers(other, related)}}


def identifiers(kind: str, some: Sequence[str]) -> list[dict[str, str]]:
    return [{"type": f"catalog-{kind}", "id": catalog_id(name)} for name in some]


def job_body(job: Job) -> dict[str, Any]:
    resources = [resource(job.verb, draft) for draft in job.drafts]
    return {"data": {"type": job.type, "attributes": {PLURAL[job.kind]: {"data": resources}}}}


def path(kind: str, name: str | None = None, rest: str = "") -> str:
    """The path of a collection, of a resource or of what it is related to."""
    collection = f"/api/catalog-{PLURAL[kind]}"
    if name is None:
        return collection
    own = f"{collection}/{quote(catalog_id(name), safe='')}"
    return f"{own}/{rest}" if rest else own


class Condition(NamedTuple):
    """One filter: the operator, what it looks at, the value."""

    field: str
    value: Any

    def holds(self, catalog: Catalog, kind: str, name: str) -> bool:
        attributes = catalog.of[kind][name].attributes
        if self.field == "ids":
            return name in self.value
        if self.field in KINDS:
            known = self.value in catalog.of[self.field]
            return known and catalog.is_related(self.field, self.value, kind, name)
        if self.field == SEARCHED[kind]:
            return self.value.casefold() in attributes[self.field].casefold()
        return bool(attributes[self.field] == self.value)

    def text(self, kind: str, revision: str) -> str:
        """The condition as a query has it."""
        if self.field == "ids":
            listed = ",".join(_quoted(catalog_id(each)) for each in self.value)
            return f"any(ids,[{listed}])"
        if self.field in KINDS:
            name = f"{self.field}.id" if revision >= "2023-07-15" else self.field
            return f"equals({name},{_quoted(catalog_id(self.value))})"
        if self.field == "published":
            return f"equals(published,{str(self.value).lower()})"
        operator = "contains" if self.field == SEARCHED[kind] else "equals"
        return f"{operator}({self.field},{_quoted(self.value)})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_FILTERED_BY = {"item": "category", "variant": "item", "category": "item"}


def conditions(kind: str) -> st.SearchStrategy[Condition]:
    choices = [
        st.builds(Condition, st.just("ids"), st.lists(references, min_size=1, max_size=4)),
        st.builds(Condition, st.just(_FILTERED_BY[kind]), references),
        st.builds(Condition, st.just(SEARCHED[kind]), st.sampled_from(PARTS)),
    ]
    if kind != "category":
        choices.append(st.builds(Condition, st.just("published"), st.booleans()))
    if kind == "variant":
        skus = st.sampled_from([sku for sku in SKUS if sku])
        choices.append(st.builds(Condition, st.just("sku"), skus))
    return st.one_of(choices)


class Question(NamedTuple):
    """A list to be read: of a kind, of all or of what belongs to one, filtered and ordered."""

    kind: str
    conditions: list[Condition]
    owner: str = ""
    name: str = ""
    bare: bool = False
    descending: bool = False
    size: int = 100

    @property
    def path(self) -> str:
        rest = f"{'relationships/' if self.bare else ''}{PLURAL[self.kind]}"
        return path(self.owner, self.name, rest) if self.owner else path(self.kind)

    def query(self, revision: str) -> dict[str, str]:
        """The parameters, as far as the revision has them."""
        asked = {}
        if self.conditions:
            asked["filter"] = ",".join(each.text(self.kind, revision) for each in self.conditions)
        if self.descending:
            asked["sort"] = "-created"
        if self.size < 100:
            asked["page[size]"] = str(self.size)
        return asked

    def answer(self, catalog: Catalog) -> list[str] | None:
        """The names of what the list holds, None where its owner isn't there."""
        if self.owner and self.name not in catalog.of[self.owner]:
            return None
        of = catalog.related(self.owner, self.name, self.kind) if self.owner else None
        found = [
            name
            for name in catalog.of[self.kind]
            if (of is None or name in of)
            and all(each.holds(catalog, self.kind, name) for each in self.conditions)
        ]
        return found[::-1] if self.descending else found


_LISTS = (
    ("item", ""),
    ("variant", ""),
    ("category", ""),
    ("variant", "item"),
    ("category", "item"),
    ("item", "category"),
)
"""The kinds of list, each with the kind of its owner."""


def questions() -> st.SearchStrategy[Question]:
    return st.one_of(
        *(
            st.builds(
                Question,
                st.just(kind),
                st.lists(conditions(kind), max_size=2),
                st.just(owner),
                references if owner else st.just(""),
                st.booleans() if owner else st.just(value=False),
                st.booleans(),
                st.sampled_from((100, 1, 2, 3)),
            )
            for kind, owner in _LISTS
        )
    )
