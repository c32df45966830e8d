"""The answers of the API, as far as an import reads them."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from backroom.catalog.ids import external_id as external_id_in


class ErrorSource(msgspec.Struct):
    """What an error points to."""

    pointer: str | None = None


class ErrorMeta(msgspec.Struct):
    """What an error of a job says of its operation."""

    external_id: str | None = None
    id: str | None = None


class ErrorObject(msgspec.Struct):
    """One error."""

    detail: str
    source: ErrorSource | None = None
    meta: ErrorMeta | None = None


class JobAttributes(msgspec.Struct):
    """The attributes of a job."""

    status: str
    job_id: str | None = None
    completed_count: int | None = None
    failed_count: int | None = None
    created_at: str | None = None
    completed_at: str | None = None
    errors: list[ErrorObject] | None = None


class JobData(msgspec.Struct):
    """A job."""

    attributes: JobAttributes
    id: str | None = None


class Identifier(msgspec.Struct):
    """What a relationship leads to."""

    id: str


class Linkage(msgspec.Struct):
    """A relationship to many resources. An answer may show only its first ones."""

    data: list[Identifier] | None = None


class Linkages(msgspec.Struct):
    """The relationships of an item that an import reads."""

    variants: Linkage = msgspec.field(default_factory=Linkage)


class ListedResource(msgspec.Struct):
    """A resource of a list, of any type."""

    id: str
    attributes: dict[str, Any] = {}
    relationships: Linkages = msgspec.field(default_factory=Linkages)


class PageLinks(msgspec.Struct):
    """The links of a page."""

    next: str | None = None


class Paged(msgspec.Struct, kw_only=True):
    """What every answer with a page has."""

    links: PageLinks | None = None

    @property
    def cursor(self) -> str:
        """The cursor of the next page, empty on the last."""
        following = urlsplit((self.links and self.links.next) or "").query
        return parse_qs(following).get("page[cursor]", [""])[0]


class PageDocument(Paged):
    """The answer with a page of a list."""

    data: list[ListedResource]


class CatalogPageDocument(Paged):
    """The answer with a page of whole resources, as they were sent."""

    data: list[dict[str, Any]]
    included: list[dict[str, Any]] = []


class JobInList(msgspec.Struct):
    """A job of a list."""

    id: str
    attributes: JobAttributes


class JobPageDocument(Paged):
    """The answer with a page of jobs."""

    data: list[JobInList]


class MarkDocument(msgspec.Struct):
    """The answer about changes. The server gives another `mark` if a catalog may have changed."""

    mark: str | None = None


class BlocksDocument(msgspec.Struct):
    """Digests of the blocks of a kind, by the number that a block begins with."""

    blocks: dict[int, int]


class BlockDocument(msgspec.Struct):
    """The resources of one block: external id, digest, and the item of a variant."""

    resources: list[tuple[str, int, str | None]]


class LinkedResource(msgspec.Struct):
    """A resource of a list, with its relationships."""

    id: str
    attributes: dict[str, Any] = {}
    relationships: dict[str, Linkage] = {}

    def linked(self, relation: str) -> tuple[str, ...]:
        """Give the external ids to which a relation leads."""
        found = self.relationships.get(relation, Linkage()).data
        return tuple(external_id_in(each.id) or each.id for each in found or ())


class LinkedPageDocument(Paged):
    """The answer with a page of a list whose relationships are read."""

    data: list[LinkedResource]


class IncludingDocument(msgspec.Struct):
    """The answer with included resources."""

    included: list[ListedResource] = []


class JobDocument(msgspec.Struct):
    """The answer with a job."""

    data: JobData


class ErrorDocument(msgspec.Struct):
    """The answer with errors."""

    errors: Annotated[list[ErrorObject], msgspec.Meta(min_length=1)]
