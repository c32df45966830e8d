"""The answers of the API, as far as an import reads them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec


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
    errors: list[ErrorObject] | None = None


class JobData(msgspec.Struct):
    """A job."""

    attributes: JobAttributes
    id: str | None = None


class Identifier(msgspec.Struct):
    """What a relationship leads to."""

    id: str


class Linkage(msgspec.Struct):
    """A relationship to many, as far as an answer shows it."""

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


class PageDocument(msgspec.Struct):
    """The answer with a page of a list."""

    data: list[ListedResource]
    links: PageLinks | None = None


class IncludingDocument(msgspec.Struct):
    """The answer with included resources."""

    included: list[ListedResource] = []


class JobDocument(msgspec.Struct):
    """The answer with a job."""

    data: JobData


class ErrorDocument(msgspec.Struct):
    """The answer with errors."""

    errors: Annotated[list[ErrorObject], msgspec.Meta(min_length=1)]
