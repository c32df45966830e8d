"""THE table: what items, variants and categories are made of, and the nine kinds of bulk job.

Members, their order, what is required, nullable and defaulted, and since which revision. Order and
defaults are observed; required, nullable and `since` are the published specifications'. Rows are
told apart by identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

NULLS_SINCE = "2024-02-15"
"""Before this revision a request holds no null anywhere, and no answer does outside of links."""

Form = Literal["text", "number", "quantity", "boolean", "texts", "object", "choice"]


class Verb(StrEnum):
    """What a bulk job does to each of its resources."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, eq=False)
class Attribute:
    """One attribute of a resource, as requests may give it.

    `default` is stored where a create leaves it out, or where a null is given.
    """

    name: str
    form: Form
    create: Literal["required", "optional", "nullable"] = "nullable"
    update: Literal["absent", "optional", "nullable"] = "nullable"
    default: Any = None
    choices: tuple[Any, ...] = ()
    update_since: str = ""
    column: bool = False
    """Whether it has a column of its own, for filters."""

    @property
    def may_be_null(self) -> bool:
        """Whether a stored row may hold null for it: a null that stands for no other value."""
        return self.default is None and "nullable" in {self.create, self.update}


@dataclass(frozen=True, eq=False)
class Range:
    """Revisions from `since` on, before `until`; open where empty."""

    since: str = ""
    until: str = ""

    def __contains__(self, revision: str) -> bool:
        return revision >= self.since and (not self.until or revision < self.until)


ALWAYS = Range()


@dataclass(frozen=True, eq=False)
class Relation:
    """A relationship that requests may give.

    `target` is the name of the kind it points to. `required` lists the revisions in which a create
    must have it.
    """

    name: str
    target: str
    many: bool
    verbs: tuple[Verb, ...]
    required: tuple[Range, ...] = ()
    data_required: tuple[Range, ...] = (Range(until="2024-05-15"),)


@dataclass(frozen=True, eq=False)
class Filter:
    """One comparison that lists of a kind can be filtered by.

    `means` says what is compared: the ids of the resources themselves, the id of a related one
    (`target` its kind), or an attribute (`target` its name).
    """

    name: str
    operator: Literal["any", "equals", "contains"]
    means: Literal["ids", "related", "attribute", "text"]
    target: str = ""
    boolean: bool = False
    revisions: Range = ALWAYS


@dataclass(frozen=True, eq=False)
class Shown:
    """The one relationship that answers show of a kind: its name and the kind that it leads to."""

    name: str
    target: str
    many: bool = True


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of catalog resource."""

    name: str
    plural: str
    table: str
    article: str
    attributes: tuple[Attribute, ...]
    relations: tuple[Relation, ...]
    filters: tuple[Filter, ...]
    shown: Shown
    dated: tuple[str, ...]
    """The time stamps that answers show, after all attributes."""
    searched: str
    """The attribute that `contains` looks into."""
    missing_read: str
    """What a GET is told of an id that isn't there (observed, as the next)."""
    missing_write: str
    """What a PATCH or DELETE is told."""

    @property
    def type(self) -> str:
        """The `type` member, as `catalog-item`."""
        return f"catalog-{self.name}"

    @property
    def collection(self) -> str:
        """The path segment and the plural of the type, as `catalog-items`."""
        return f"catalog-{self.plural}"

    @property
    def with_article(self) -> str:
        """How error texts begin, as `An item`."""
        return f"{self.article} {self.name}"

    @property
    def shown_attributes(self) -> tuple[str, ...]:
        """The attributes of an answer in their observed order."""
        return (*(attribute.name for attribute in self.attributes), *self.dated)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The attributes with a column of their own."""
        return tuple(attribute.name for attribute in self.attributes if attribute.column)

    @cached_property
    def objects(self) -> tuple[str, ...]:
        """The attributes that are JSON objects."""
        return tuple(each.name for each in self.attributes if each.form == "object")


def _related(name: str) -> tuple[Filter, Filter]:
    """Make the filter by a related id, under its name of today and that of before 2023-07-15."""
    return (
        Filter(f"{name}.id", "equals", "related", name, revisions=Range(since="2023-07-15")),
        Filter(name, "equals", "related", name, revisions=Range(until="2023-07-15")),
    )


_IDS = Filter("ids", "any", "ids")
_TITLE = Filter("title", "contains", "text", "title")
_PUBLISHED = Filter("published", "equals", "attribute", "published", boolean=True)

_EXTERNAL_ID = Attribute("external_id", "text", "required", "absent")
_IMAGES = (
    Attribute("image_full_url", "text", default=""),
    Attribute("image_thumbnail_url", "text", default=""),
    Attribute("images", "texts", default=[]),
    Attribute("custom_metadata", "object", default={}),
    Attribute("published", "boolean", default=True, column=True),
)

ITEM = Kind(
    name="item",
    plural="items",
    table="items",
    article="An",
    attributes=(
        _EXTERNAL_ID,
        Attribute("title", "text", "required", default="", column=True),
        Attribute("description", "text", "required", default=""),
        Attribute("price", "number"),
        Attribute("url", "text", "required", default=""),
        *_IMAGES,
    ),
    relations=(Relation("categories", "category", many=True, verbs=(Verb.CREATE, Verb.UPDATE)),),
    filters=(_IDS, *_related("category"), _TITLE, _PUBLISHED),
    shown=Shown("variants", "variant"),
    dated=("created", "updated"),
    searched="title",
    missing_read="An item with id {id} does not exist.",
    missing_write="An item with the id `{id}` does not exist.",
)

VARIANT = Kind(
    name="variant",
    plural="variants",
    table="variants",
    article="A",
    attributes=(
        _EXTERNAL_ID,
        Attribute("title", "text", "required", default="", column=True),
        Attribute("description", "text", "required", default=""),
        Attribute("sku", "text", "required", default="", update_since="2023-02-22", column=True),
        Attribute("inventory_policy", "choice", default=0, choices=(0, 1, 2)),
        Attribute("inventory_quantity", "quantity", "required"),
        Attribute("price", "number", "required"),
        Attribute("url", "text", "required", default=""),
        *_IMAGES,
    ),
    relations=(
        Relation(
            "item",
            "item",
            many=False,
            verbs=(Verb.CREATE,),
            required=(Range("2023-09-15", "2024-05-15"), Range("2025-01-15")),
        ),
    ),
    filters=(
        _IDS,
        *_related("item"),
        Filter("sku", "equals", "attribute", "sku"),
        _TITLE,
        _PUBLISHED,
    ),
    shown=Shown("item", "item", many=False),
    dated=("created", "updated"),
    searched="title",
    missing_read="A variant with id {id} does not exist.",
    missing_write="A variant with id {id} does not exist.",
)

CATEGORY = Kind(
    name="category",
    plural="categories",
    table="categories",
    article="A",
    attributes=(
        _EXTERNAL_ID,
        Attribute("name", "text", "required", default="", column=True),
    ),
    relations=(Relation("items", "item", many=True, verbs=(Verb.CREATE, Verb.UPDATE)),),
    filters=(_IDS, *_related("item"), Filter("name", "contains", "text", "name")),
    shown=Shown("items", "item"),
    dated=("updated",),
    searched="name",
    missing_read="No category with the ID `{id}` exists.",
    missing_write="No category with ID `{id}` exists.",
)

KINDS = {kind.name: kind for kind in (ITEM, VARIANT, CATEGORY)}


@dataclass(frozen=True, eq=False)
class JobKind:
    """One of the nine kinds of bulk job."""

    kind: Kind
    verb: Verb

    @property
    def type(self) -> str:
        """The `type` member, as `catalog-item-bulk-create-job`."""
        return f"catalog-{self.kind.name}-bulk-{self.verb}-job"

    @property
    def collection(self) -> str:
        """The path segment, as `catalog-item-bulk-create-jobs`."""
        return self.type + "s"

    @property
    def member(self) -> str:
        """The member that holds the operations, and the relationship to what became of them."""
        return self.kind.plural

    @property
    def includes(self) -> tuple[str, ...]:
        """What `include` may name: nothing remains to include of a delete."""
        return () if self.verb is Verb.DELETE else (self.member,)

    @property
    def title(self) -> str:
        """How error texts name it, as `catalog-item bulk create job`."""
        return f"{self.kind.type} bulk {self.verb} job"


JOB_KINDS = {
    job_kind.type: job_kind
    for job_kind in (JobKind(kind, verb) for kind in KINDS.values() for verb in Verb)
}

JOB_ATTRIBUTES = (
    "status",
    "created_at",
    "total_count",
    "completed_count",
    "failed_count",
    "completed_at",
    "errors",
    "expires_at",
)
