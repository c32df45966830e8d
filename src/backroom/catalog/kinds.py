"""The table of kinds: what items, variants and categories consist of, and the nine bulk jobs.

It lists attributes and relationships in their order, says which are required, nullable or
defaulted, and since which revision. Order and defaults were observed on the real service; required,
nullable and since come from the published specifications. `catalog/rules.py` works out what that
means for a body of one revision. Rows compare by identity (`eq=False`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, cached_property
from typing import Any, Literal

from backroom.catalog.ids import CATALOG_TYPE, INTEGRATION_TYPE, LONGEST_EXTERNAL_ID

NULLS_SINCE = "2024-02-15"
"""Before this revision no request may hold a null, and no answer holds one outside of links."""

Form = Literal["text", "number", "quantity", "boolean", "texts", "object", "choice", "constant"]
"""The form of a value. A constant is checked and then dropped: it is always the same."""


class Verb(StrEnum):
    """What a bulk job does to each of its resources."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, eq=False)
class Range:
    """Revisions from `since` on, before `until`; open where empty."""

    since: str = ""
    until: str = ""

    def __contains__(self, revision: str) -> bool:
        return revision >= self.since and (not self.until or revision < self.until)


ALWAYS = Range()


@dataclass(frozen=True, eq=False)
class Attribute:
    """One attribute of a resource.

    `create` and `update` say how the bodies of the two may give it. `default` is stored where a
    create leaves the attribute out, or where a body gives null. `since` and `until` bound the
    revisions that have the attribute: revisions before `since`, and those from `until` on, refuse
    it in bodies and do not show it. It is stored all the same, for the revisions that have it.
    docs/how-to/add-an-attribute.md says what else a new row needs.
    """

    name: str
    form: Form
    create: Literal["required", "optional", "nullable"] = "nullable"
    update: Literal["absent", "optional", "nullable"] = "nullable"
    default: Any = None
    choices: tuple[Any, ...] = ()
    """The values that a choice or a constant may have."""
    shortest: int = 0
    """The least number of characters of a text."""
    longest: int | None = None
    """The greatest number of characters of a text, where it has one."""
    most_bytes: int | None = None
    """The greatest number of bytes in UTF-8 of a text, or of each text in a list."""
    most_json: int | None = None
    """The greatest number of bytes of a list or an object, as JSON without blanks."""
    update_since: str = ""
    """The revision since which an update may give it, where that is later than `since`."""
    column: bool = False
    """Whether it has a column of its own, for filters."""
    since: str = ""
    until: str = ""

    @property
    def may_be_null(self) -> bool:
        """Whether a stored row may hold null for it: a null that stands for no other value."""
        nullable = "nullable" in {self.create, self.update}
        return self.form != "constant" and self.default is None and nullable

    def exists_in(self, revision: str) -> bool:
        """Whether a revision has the attribute."""
        return revision in Range(self.since, self.until)


@dataclass(frozen=True, eq=False)
class Relation:
    """A relationship that bodies may give.

    `target` is the name of the kind that it points to, `verbs` are those whose bodies may give it.
    `required` lists the revisions in which a create must give it, `data_required` those in which it
    must have `data` wherever it is given.
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

    `means` says what is compared: the ids of the resources themselves, the id of a related resource
    (`target` is its kind), or an attribute (`target` is its name).
    """

    name: str
    operator: Literal["any", "equals", "contains"]
    means: Literal["ids", "related", "attribute", "text"]
    target: str = ""
    boolean: bool = False
    revisions: Range = ALWAYS


@dataclass(frozen=True, eq=False)
class Shown:
    """The one relationship that answers show of a kind: its name, and the kind it leads to."""

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
    """The detail of a 404 of a GET, observed as the next one."""
    missing_write: str
    """The detail of a 404 of a PATCH or DELETE."""
    stock: str = ""
    """The attribute that counts what is in stock. Clients may wait for it to rise above 0."""

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
        """The beginning of error texts, as `An item`."""
        return f"{self.article} {self.name}"

    @cached_property
    def stored_attributes(self) -> tuple[str, ...]:
        """The members of the stored attributes in their order: what any revision shows."""
        return (*(attribute.name for attribute in self.attributes), *self.dated)

    @cache  # noqa: B019 - kinds live as long as the process, and revisions are few
    def shown_at(self, revision: str) -> tuple[str, ...]:
        """Give the attributes that an answer of `revision` shows, in their observed order."""
        existing = (each.name for each in self.attributes if each.exists_in(revision))
        return (*existing, *self.dated)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The attributes with a column of their own."""
        return tuple(attribute.name for attribute in self.attributes if attribute.column)

    @cached_property
    def nullable(self) -> tuple[str, ...]:
        """The attributes that may be null in a stored row."""
        return tuple(each.name for each in self.attributes if each.may_be_null)

    @cached_property
    def truth_values(self) -> tuple[str, ...]:
        """The attributes that are true or false."""
        return tuple(each.name for each in self.attributes if each.form == "boolean")

    @cached_property
    def objects(self) -> tuple[str, ...]:
        """The attributes that are JSON objects."""
        return tuple(each.name for each in self.attributes if each.form == "object")


def _related(name: str) -> tuple[Filter, Filter]:
    """Make the filter by a related id, under today's name and under that before 2023-07-15."""
    return (
        Filter(f"{name}.id", "equals", "related", name, revisions=Range(since="2023-07-15")),
        Filter(name, "equals", "related", name, revisions=Range(until="2023-07-15")),
    )


_IDS_FILTER = Filter("ids", "any", "ids")
_TITLE = Filter("title", "contains", "text", "title")
_PUBLISHED = Filter("published", "equals", "attribute", "published", boolean=True)

CONSTANTS = tuple(
    Attribute(name, "constant", "nullable", "absent", default=value, choices=(value,))
    for name, value in (("integration_type", INTEGRATION_TYPE), ("catalog_type", CATALOG_TYPE))
)
"""What a create of any kind may give beside the attributes of the kind, though to no effect."""

_EXTERNAL_ID = Attribute(
    "external_id", "text", "required", "absent", shortest=1, longest=LONGEST_EXTERNAL_ID
)

# The limits in bytes are ours, but for that of the metadata, which is documented. They bound what
# one row, one page and one job can cost; docs/explanation/differences.md has them.
LARGEST_METADATA = 100_000
_LONGEST_TITLE = 4_096
_LONGEST_SKU = 1_024
_LONGEST_RESOURCE_URL = 8_192
_LONGEST_DESCRIPTION = 524_288
_LARGEST_IMAGES = 100_000

_TITLE_TEXT = Attribute(
    "title", "text", "required", default="", column=True, most_bytes=_LONGEST_TITLE
)
_DESCRIPTION = Attribute(
    "description", "text", "required", default="", most_bytes=_LONGEST_DESCRIPTION
)
_URL = Attribute("url", "text", "required", default="", most_bytes=_LONGEST_RESOURCE_URL)
_SHOWING = (
    Attribute("image_full_url", "text", default="", most_bytes=_LONGEST_RESOURCE_URL),
    Attribute("image_thumbnail_url", "text", default="", most_bytes=_LONGEST_RESOURCE_URL),
    Attribute(
        "images", "texts", default=[], most_bytes=_LONGEST_RESOURCE_URL, most_json=_LARGEST_IMAGES
    ),
    Attribute("custom_metadata", "object", default={}, most_json=LARGEST_METADATA),
    Attribute("published", "boolean", default=True, column=True),
)

ITEM = Kind(
    name="item",
    plural="items",
    table="items",
    article="An",
    attributes=(
        _EXTERNAL_ID,
        _TITLE_TEXT,
        _DESCRIPTION,
        Attribute("price", "number"),
        _URL,
        *_SHOWING,
    ),
    relations=(Relation("categories", "category", many=True, verbs=(Verb.CREATE, Verb.UPDATE)),),
    filters=(_IDS_FILTER, *_related("category"), _TITLE, _PUBLISHED),
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
        _TITLE_TEXT,
        _DESCRIPTION,
        Attribute(
            "sku",
            "text",
            "required",
            default="",
            most_bytes=_LONGEST_SKU,
            update_since="2023-02-22",
            column=True,
        ),
        Attribute("inventory_policy", "choice", default=0, choices=(0, 1, 2)),
        Attribute("inventory_quantity", "quantity", "required"),
        Attribute("price", "number", "required"),
        _URL,
        *_SHOWING,
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
        _IDS_FILTER,
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
    stock="inventory_quantity",
)

CATEGORY = Kind(
    name="category",
    plural="categories",
    table="categories",
    article="A",
    attributes=(
        _EXTERNAL_ID,
        replace(_TITLE_TEXT, name="name"),
    ),
    relations=(Relation("items", "item", many=True, verbs=(Verb.CREATE, Verb.UPDATE)),),
    filters=(_IDS_FILTER, *_related("item"), Filter("name", "contains", "text", "name")),
    shown=Shown("items", "item"),
    dated=("updated",),
    searched="name",
    missing_read="No category with the ID `{id}` exists.",
    missing_write="No category with ID `{id}` exists.",
)

KINDS = {kind.name: kind for kind in (ITEM, VARIANT, CATEGORY)}
KINDS_BY_WORD = {word: kind for kind in KINDS.values() for word in (kind.name, kind.type)}
"""The kinds by their names and by their types."""


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
        """The member that holds the operations, and the relationship to the resulting resources."""
        return self.kind.plural

    @property
    def includes(self) -> tuple[str, ...]:
        """What `include` may name. A delete leaves nothing to include."""
        return () if self.verb is Verb.DELETE else (self.member,)

    @property
    def title(self) -> str:
        """The name in error texts, as `catalog-item bulk create job`."""
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
