"""Every fault the API can answer, as classes.

The family::

    Fault
    ├── Invalid                     400 invalid
    │   ├── InvalidParameter        400 invalid, names a query parameter
    │   └── UnknownParameter        400 invalid, an unknown query parameter
    ├── FrameworkFault              (short form: pointer /data/, no links, no meta)
    │   ├── ParseFailed             400 parse_error
    │   ├── InvalidCursor           400 invalid
    │   ├── InvalidRevision         400 invalid
    │   ├── NotAuthenticated        401 not_authenticated
    │   ├── AuthenticationFailed    401 authentication_failed
    │   ├── PermissionDenied        403 permission_denied
    │   ├── NotFound                404 not_found
    │   ├── MethodNotAllowed        405 method_not_allowed
    │   ├── TooLarge                413 request_too_large
    │   ├── UnsupportedMediaType    415 unsupported_media_type
    │   ├── ServerError             500 error
    │   └── Unavailable             503 service_unavailable
    ├── Throttled                   429 throttled
    └── OperationFault              what one operation can't do
        ├── AlreadyExists           409 conflict
        ├── DoesNotExist            404 not_found
        ├── UnknownRelated          404 not_found
        ├── UnknownCategory         400 invalid
        ├── AlreadyLinked           409 conflict
        └── NotLinked               404 not_found

Codes and titles are the observed ones where a recorded answer exists, else those of Django REST
framework, which all recorded ones equal. How a fault looks on the wire is in `api/documents.py`.
"""

from __future__ import annotations

from typing import ClassVar, Self


class Fault(Exception):  # noqa: N818 - the word of the house for what an answer refuses
    """What an answer refuses, in the API's own words."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "invalid"
    title: str = "Invalid input."
    pointer: str | None = "/data/"
    parameter: str | None = None

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def at(self, pointer: str) -> Self:
        """Give the same fault with another pointer: into a body as its sender has it."""
        # Not by `copy`, which would call the constructor of the class with the detail alone.
        moved = type(self).__new__(type(self), self.detail)
        moved.__dict__.update(self.__dict__, pointer=pointer)
        return moved


def below(pointer: str, name: str) -> str:
    """Give the JSON pointer to a member that a client named, whatever is in the name."""
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"


class Invalid(Fault):
    """A member of the body is missing, unknown or wrong; `pointer` says which."""

    def __init__(self, detail: str, pointer: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class InvalidParameter(Fault):
    """A query parameter has a value that it can't have; `parameter` is its name as sent."""

    def __init__(self, detail: str, parameter: str) -> None:
        super().__init__(detail)
        self.pointer = None
        self.parameter = parameter


class UnknownParameter(Fault):
    """A query parameter that this operation doesn't have in this revision."""

    def __init__(self, name: str, resource: str) -> None:
        field = name.replace("[", "_").replace("]", "")
        super().__init__(f"'{field}' is not a valid field for the resource '{resource}'.")
        self.pointer = f"/data/attributes/{field}"


class FrameworkFault(Fault):
    """A fault found before the body or the resource is looked at; has the short form."""


class ParseFailed(FrameworkFault):
    """The body is not JSON, not UTF-8, or not the compression that its header claims."""

    code = "parse_error"
    title = "Malformed request."


class InvalidCursor(FrameworkFault):
    """`page[cursor]` is not one that this list gave out."""

    def __init__(self) -> None:
        super().__init__("Invalid cursor provided.")


class InvalidRevision(FrameworkFault):
    """The `revision` header is missing or is no date."""


class NotAuthenticated(FrameworkFault):
    """No key, or a private key that is unknown or revoked."""

    status = 401
    code = "not_authenticated"
    title = "Authentication credentials were not provided."

    def __init__(self) -> None:
        super().__init__("Missing or invalid private key.")


class AuthenticationFailed(FrameworkFault):
    """A bearer token that is unknown or revoked."""

    status = 401
    code = "authentication_failed"
    title = "Incorrect authentication credentials."

    def __init__(self) -> None:
        super().__init__(self.title)


class PermissionDenied(FrameworkFault):
    """The key lacks the scope that the operation needs."""

    status = 403
    code = "permission_denied"
    title = "You do not have permission to perform this action."

    def __init__(self, scope: str) -> None:
        super().__init__(f"Your API key lacks the scope that this action needs: {scope}.")


class NotFound(FrameworkFault):
    """No such path, no such operation in this revision, or no such resource."""

    status = 404
    code = "not_found"
    title = "Not found."


class MethodNotAllowed(FrameworkFault):
    """The path is known, the method isn't one of its own in any revision."""

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
    """A fault of ours; the log has the rest."""

    status = 500
    code = "error"
    title = "A server error occurred."

    def __init__(self) -> None:
        super().__init__(self.title)


class Unavailable(FrameworkFault):
    """The store can't be reached or can't write just now; `retry_after` is in whole seconds."""

    status = 503
    code = "service_unavailable"
    title = "Service temporarily unavailable, try again later."

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__(self.title)
        self.retry_after = retry_after


class Throttled(Fault):
    """A rate window or the number of jobs in progress is used up.

    `retry_after` is in whole seconds, at least 1: official clients read it as an integer.
    """

    status = 429
    code = "throttled"
    title = "Request was throttled."
    pointer = "/data"

    def __init__(self, retry_after: int, reason: str = "Request was throttled.") -> None:
        unit = "second" if retry_after == 1 else "seconds"
        super().__init__(f"{reason} Expected available in {retry_after} {unit}.")
        self.retry_after = retry_after


class OperationFault(Fault):
    """What the state of the catalog forbids to one operation.

    Raised alike by a single call and by an entry of a bulk job. `pointer` is relative to the
    resource object.
    """

    def __init__(self, detail: str, pointer: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class AlreadyExists(OperationFault):
    """A create whose external id is taken (detail observed in bulk jobs)."""

    status = 409
    code = "conflict"
    title = "Conflict."

    def __init__(self, name: str, external_id: str) -> None:
        super().__init__(
            f"{name} with the external id `{external_id}` already exists.",
            "/attributes/external_id",
        )


class DoesNotExist(OperationFault):
    """An update or delete of something that isn't there (detail observed)."""

    status = 404
    code = "not_found"
    title = "Not found."

    def __init__(self, name: str, resource_id: str) -> None:
        super().__init__(f"{name} with the id `{resource_id}` does not exist.", "/id")


class UnknownRelated(OperationFault):
    """A relationship to a resource that isn't there."""

    status = 404
    code = "not_found"
    title = "Not found."

    def __init__(self, name: str, resource_id: str, relationship: str) -> None:
        super().__init__(
            f"{name} with the id `{resource_id}` does not exist.", _related_id(relationship)
        )


class UnknownCategory(OperationFault):
    """An item that names a category that isn't there (detail observed in a bulk job)."""

    def __init__(self, relationship: str) -> None:
        super().__init__("Invalid category information.", _related_id(relationship))


class AlreadyLinked(OperationFault):
    """A request adds a link that exists already (detail and pointer observed)."""

    status = 409
    code = "conflict"
    title = "Conflict."

    def __init__(self, name: str, resource_id: str) -> None:
        super().__init__(
            f"One or more of the relations specified for the {name} with id `{resource_id}`"
            " already exists.",
            "/id",
        )


class NotLinked(OperationFault):
    """A request removes a link that does not exist."""

    status = 404
    code = "not_found"
    title = "Not found."

    def __init__(self, name: str, resource_id: str) -> None:
        super().__init__(
            f"One or more of the relations specified for the {name} with id `{resource_id}`"
            " does not exist.",
            "/id",
        )


def _related_id(relationship: str) -> str:
    """Give where the id of a related resource stands; the relationship is a path or the root."""
    return f"{relationship}/data/id" if relationship else "/id"
