"""Every fault that the API can answer, as classes.

The family::

    Fault
    ├── Invalid                     400 invalid
    │   ├── InvalidParameter        400 invalid, names a query parameter
    │   └── UnknownParameter        400 invalid, an unknown query parameter
    ├── FrameworkFault              (short form: pointer /data/, no links, no meta)
    │   ├── MalformedRequest        400 bad_request
    │   ├── ParseFailed             400 parse_error
    │   ├── InvalidCursor           400 invalid
    │   ├── InvalidRevision         400 invalid
    │   ├── NotAuthenticated        401 not_authenticated
    │   ├── InvalidScheme           401 not_authenticated
    │   ├── AuthenticationFailed    401 authentication_failed
    │   ├── PermissionDenied        403 permission_denied
    │   ├── NotFound                404 not_found
    │   ├── MethodNotAllowed        405 method_not_allowed
    │   ├── RevisionRetired         410 gone
    │   ├── RequestTimeout          408 request_timeout
    │   ├── TooLarge                413 request_too_large
    │   ├── UrlTooLong              414 uri_too_long
    │   ├── UnsupportedMediaType    415 unsupported_media_type
    │   ├── HeadTooLarge            431 request_header_fields_too_large
    │   ├── ServerError             500 error
    │   └── Unavailable             503 service_unavailable
    ├── Throttled                   429 throttled
    ├── DuplicateProfile            409 duplicate_profile, names the profile
    ├── VariantNotFound             404 variant_not_found
    └── OperationFault              (pointer into the resource object)
        ├── AlreadyExists           409 conflict
        ├── DoesNotExist            404 not_found
        ├── UnknownRelated          404 not_found
        ├── UnknownCategory         400 invalid
        ├── AlreadyLinked           409 conflict
        └── NotLinked               404 not_found

Codes and titles are those of recorded answers of the service. Where none was recorded, they are
those of Django REST framework, because all recorded ones equal these. How a fault looks on the wire
is in `api/documents.py`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

from backroom.shortening import shortened


class Fault(Exception):
    """Why the server refuses a request or a job operation, in the words of the API.

    The client can mend a fault, except `ServerError` and `Unavailable`.
    """

    status: int = 400
    code: str = "invalid"
    title: str = "Invalid input."
    pointer: str | None = "/data/"
    parameter: str | None = None
    retry_after: int | None = None
    """Seconds, which the answer says in `Retry-After`."""
    meta: Mapping[str, str] = MappingProxyType({})

    def __init__(self, detail: str) -> None:
        detail = shortened(detail)
        super().__init__(detail)
        self.detail = detail

    def with_pointer(self, pointer: str) -> Self:
        """Give the same fault with another pointer, as into a body in the shape of its sender."""
        # `copy` would call the constructor of the class with the detail alone, and fail.
        moved = type(self).__new__(type(self), self.detail)
        moved.__dict__.update(self.__dict__, pointer=pointer)
        return moved


def below(pointer: str, name: str) -> str:
    """Give the pointer to the member `name` below `pointer`, with `name` escaped."""
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"


class Invalid(Fault):
    """A member of the body is missing, unknown or wrong; `pointer` points to it."""

    def __init__(self, detail: str, pointer: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class InvalidParameter(Fault):
    """A query parameter has a wrong value; `parameter` is its name as sent."""

    def __init__(self, detail: str, parameter: str) -> None:
        super().__init__(detail)
        self.pointer = None
        self.parameter = parameter


class UnknownParameter(Fault):
    """The operation does not have this query parameter in this revision."""

    def __init__(self, name: str, resource: str) -> None:
        field = name.replace("[", "_").replace("]", "")
        super().__init__(f"'{field}' is not a valid field for the resource '{resource}'.")
        self.pointer = f"/data/attributes/{field}"


class FrameworkFault(Fault):
    """A fault that is found before the operation starts. Its document has the short form."""


class MalformedRequest(FrameworkFault):
    """The request is not HTTP, its target is not a URL, or it does not name one host."""

    code = "bad_request"
    title = "Bad request."


class RequestTimeout(FrameworkFault):
    """The head or the body of the request came too slowly."""

    status, code, title = 408, "request_timeout", "Request timed out."

    def __init__(self) -> None:
        super().__init__("The request did not arrive in time.")


class UrlTooLong(FrameworkFault):
    """The URL of the request is too long."""

    status = 414
    code = "uri_too_long"
    title = "Request URL is too long."

    def __init__(self, limit: int) -> None:
        super().__init__(f"The URL of a request may not exceed {limit:,} bytes.")


class HeadTooLarge(FrameworkFault):
    """The head of the request is too long, or has too many headers; or its `Host` is too long."""

    status = 431
    code = "request_header_fields_too_large"
    title = "Request headers are too large."


class ParseFailed(FrameworkFault):
    """The body is not JSON, not UTF-8, or not the compression that its header claims."""

    code = "parse_error"
    title = "Malformed request."


class InvalidCursor(FrameworkFault):
    """`page[cursor]` is not a cursor of this list."""

    def __init__(self) -> None:
        super().__init__("Invalid cursor provided.")


class InvalidRevision(FrameworkFault):
    """The `revision` header is missing or is not a date."""


class NotAuthenticated(FrameworkFault):
    """The request has no key, or something in its place that is not of a key's form."""

    status, code = 401, "not_authenticated"
    title = "Authentication credentials were not provided."

    def __init__(self) -> None:
        super().__init__("Missing or invalid private key.")


class InvalidScheme(FrameworkFault):
    """The `Authorization` header has no scheme, or one that is unknown (detail observed)."""

    status, code, title = 401, "not_authenticated", NotAuthenticated.title

    def __init__(self) -> None:
        super().__init__("Missing or invalid authorization scheme. Please use Klaviyo-API-Key.")


class AuthenticationFailed(FrameworkFault):
    """The private key, which begins with `pk_`, or the bearer token is unknown or revoked."""

    status, code = 401, "authentication_failed"
    title = "Incorrect authentication credentials."

    def __init__(self) -> None:
        super().__init__(self.title)


class PermissionDenied(FrameworkFault):
    """The key lacks the scope that the operation needs (detail observed: clients parse it)."""

    status, code = 403, "permission_denied"
    title = "You do not have permission to perform this action."

    def __init__(self, scope: str) -> None:
        super().__init__(f"Your API key is missing required scopes: {scope}")


class NotFound(FrameworkFault):
    """The path, the operation in this revision, or the resource does not exist."""

    status, code, title = 404, "not_found", "Not found."


class RevisionRetired(FrameworkFault):
    """The revision is retired, and the server or the request wants no other in its place."""

    status, code, title = 410, "gone", "Gone."

    def __init__(self, revision: str, day: str, oldest: str) -> None:
        super().__init__(
            f"The revision {revision} was retired on {day}, use a date from {oldest} on"
        )


class MethodNotAllowed(FrameworkFault):
    """No revision has the method for this path."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, method: str) -> None:
        super().__init__(f'Method "{method}" not allowed.')
        self.title = self.detail


class TooLarge(FrameworkFault):
    """The body, decompressed, is larger than the revision allows."""

    status = 413
    code = "request_too_large"
    title = "Request body is too large."

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request body may not exceed {limit:,} bytes, decompressed.")


class UnsupportedMediaType(FrameworkFault):
    """The server does not understand the Content-Type or the Content-Encoding."""

    status = 415
    code = "unsupported_media_type"

    def __init__(self, media_type: str) -> None:
        super().__init__(f'Unsupported media type "{media_type}" in request.')
        self.title = self.detail


class ServerError(FrameworkFault):
    """The server failed. Its log has the traceback."""

    status, code, title = 500, "error", "A server error occurred."

    def __init__(self) -> None:
        super().__init__(self.title)


class Unavailable(FrameworkFault):
    """The database can't be reached or written just now; `retry_after` is in whole seconds."""

    status = 503
    code = "service_unavailable"
    title = "Service temporarily unavailable, try again later."
    retry_after: int

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__(self.title)
        self.retry_after = retry_after


class Throttled(Fault):
    """A rate limit or the number of jobs in progress is used up; it has no Content-Type (observed).

    `retry_after` is in whole seconds, at least 1: official clients read it as an integer.
    """

    status = 429
    code = "throttled"
    title = "Request was throttled."
    pointer = "/data"
    retry_after: int

    def __init__(self, retry_after: int, reason: str = "Request was throttled.") -> None:
        unit = "second" if retry_after == 1 else "seconds"
        super().__init__(f"{reason} Expected available in {retry_after} {unit}.")
        self.retry_after = retry_after


class DuplicateProfile(Fault):
    """A create names an identifier of a profile that exists (code, pointer and meta observed)."""

    status, code, title = 409, "duplicate_profile", "Conflict."
    pointer = "/data/attributes"

    def __init__(self, profile_id: str) -> None:
        super().__init__("A profile already exists with one of these identifiers.")
        self.meta = {"duplicate_profile_id": profile_id}


class VariantNotFound(Fault):
    """A subscription to stock names a variant that does not exist (observed)."""

    status, code = 404, "variant_not_found"
    title = "The variant in your relationship payload does not exist"
    pointer = "/data/relationships/variant/data/id"

    def __init__(self) -> None:
        super().__init__(self.title)


class OperationFault(Fault):
    """The state of the catalog forbids one job operation or single call.

    Both raise the same faults. `pointer` is relative to the resource object.
    """

    def __init__(self, detail: str, pointer: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class AlreadyExists(OperationFault):
    """A create names an external id that is taken (detail observed in bulk jobs)."""

    status, code, title = 409, "conflict", "Conflict."

    def __init__(self, name: str, external_id: str) -> None:
        super().__init__(
            f"{name} with the external id `{external_id}` already exists.",
            "/attributes/external_id",
        )


class DoesNotExist(OperationFault):
    """An update or delete names a resource that does not exist (detail observed)."""

    status, code, title = 404, "not_found", "Not found."

    def __init__(self, name: str, resource_id: str) -> None:
        super().__init__(f"{name} with the id `{resource_id}` does not exist.", "/id")


class UnknownRelated(OperationFault):
    """A relationship names a resource that does not exist."""

    status, code, title = 404, "not_found", "Not found."

    def __init__(self, name: str, resource_id: str, relationship: str) -> None:
        super().__init__(
            f"{name} with the id `{resource_id}` does not exist.", _related_id(relationship)
        )


class UnknownCategory(OperationFault):
    """An item names a category that does not exist (detail observed in a bulk job)."""

    def __init__(self, relationship: str) -> None:
        super().__init__("Invalid category information.", _related_id(relationship))


class AlreadyLinked(OperationFault):
    """A request adds a link that exists already (detail and pointer observed)."""

    status, code, title = 409, "conflict", "Conflict."

    def __init__(self, name: str, resource_id: str) -> None:
        super().__init__(
            f"One or more of the relations specified for the {name} with id `{resource_id}`"
            " already exists.",
            "/id",
        )


class NotLinked(OperationFault):
    """A request removes a link that does not exist."""

    status, code, title = 404, "not_found", "Not found."

    def __init__(self, name: str, resource_id: str) -> None:
        super().__init__(
            f"One or more of the relations specified for the {name} with id `{resource_id}`"
            " does not exist.",
            "/id",
        )


def _related_id(relationship: str) -> str:
    """Give the pointer to the id of a related resource, below the pointer to its relationship."""
    return f"{relationship}/data/id" if relationship else "/id"
