"""The parts of one operation in the OpenAPI document, before they are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from backroom.api.openapi.schemas import Schema


class OperationParts(NamedTuple):
    """The words, the tag, the scopes, the parameters, and the schemas of body and answer.

    `scopes` is None where no key is needed. A schema is None where there is no body.
    """

    summary: str
    description: str
    tag: str
    scopes: list[str] | None
    parameters: list[dict[str, Any]]
    body: Schema | None
    body_example: Any
    answer: Schema | None
    answer_example: Any
