"""Refusals: one response for each status, made from the faults with that status."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from backroom import errors
from backroom.api import documents
from backroom.api.openapi.samples import ERROR_ID
from backroom.api.openapi.schemas import Schema, common_schema
from backroom.api.request_head import MOST_URL, too_large
from backroom.catalog.operations import Shape
from backroom.revisions import NEWEST, OLDEST, REVISIONS

if TYPE_CHECKING:
    from backroom.catalog.operations import Operation

_ITEM = "$custom:::$default:::item-1"
_PROFILE = "01KQ9VZ8R0EXAMPLE0P0B00000"
FAULTS: tuple[errors.Fault, ...] = (
    errors.Invalid("Not a valid string.", "/data/attributes/title"),
    errors.InvalidParameter("'blue' is not an allowed sort.", "sort"),
    errors.UnknownParameter("page[size]", "catalog-item"),
    errors.MalformedRequest("The request has no Host header."),
    errors.ParseFailed("JSON parse error - the body ends too early."),
    errors.InvalidCursor(),
    errors.InvalidRevision("The revision header is not valid: it must be a date, as YYYY-MM-DD."),
    errors.UnknownCategory("/relationships/categories"),
    errors.NotAuthenticated(),
    errors.InvalidScheme(),
    errors.AuthenticationFailed(),
    errors.PermissionDenied("catalogs:write"),
    errors.NotFound(f"An item with id {_ITEM} does not exist."),
    errors.DoesNotExist("An item", _ITEM),
    errors.UnknownRelated("An item", _ITEM, "/relationships/item"),
    errors.NotLinked("item", _ITEM),
    errors.VariantNotFound(),
    errors.DuplicateProfile(_PROFILE),
    errors.MethodNotAllowed("PUT"),
    errors.AlreadyExists("An item", "item-1"),
    errors.AlreadyLinked("item", _ITEM),
    errors.RevisionRetired(OLDEST, REVISIONS[OLDEST].retired_on.isoformat(), NEWEST),
    errors.RequestTimeout(),
    errors.TooLarge(5_000_000),
    errors.UrlTooLong(MOST_URL),
    errors.UnsupportedMediaType("text/plain"),
    errors.Throttled(1),
    too_large(),
    errors.ServerError(),
    errors.Unavailable(),
)
"""One fault of each class that is raised. Schemas and examples are made from their documents."""

_SOURCE = re.compile(r" \([^)]*observed[^)]*\)")
_OF_ALL = frozenset({400, 401, 403, 404, 408, 410, 414, 429, 431, 500, 503})
_OF_BODIES = frozenset({413, 415})
_OF_CONFLICTS = frozenset({409})
_CONFLICTING = frozenset({Shape.CREATE, Shape.ADD, Shape.KEEP_PROFILE})


def statuses(operation: Operation) -> list[int]:
    """Give the statuses with which an operation can refuse a request."""
    chosen = _OF_ALL
    if operation.has_body:
        chosen |= _OF_BODIES
    if operation.shape in _CONFLICTING:
        chosen |= _OF_CONFLICTS
    return sorted(chosen)


def of_status(status: int) -> list[errors.Fault]:
    """Give the faults with a status."""
    return [each for each in FAULTS if each.status == status]


def error_schema(status: int) -> Schema:
    """Make the schema of the error documents of a status."""
    faults = of_status(status)
    made = common_schema([documents.error_document(each, ERROR_ID) for each in faults])
    # The samples do not show that there is always exactly one error.
    made["properties"]["errors"] |= {"minItems": 1, "maxItems": 1}
    members = made["properties"]["errors"]["items"]["properties"]
    members["status"]["enum"] = [status]
    members["code"]["enum"] = sorted({each.code for each in faults})
    return made


def status_description(status: int) -> str:
    """Say when a status is answered, in the words of the docstrings of its faults."""
    return "\n".join(f"- `{each.code}`: {_first_sentence(each)}." for each in of_status(status))


def _first_sentence(fault: errors.Fault) -> str:
    sentence = (inspect.getdoc(type(fault)) or "").partition(".")[0]
    return _SOURCE.sub("", sentence)


def error_example(status: int) -> Any:
    """Give an error document of a status."""
    return documents.error_document(of_status(status)[0], ERROR_ID)
