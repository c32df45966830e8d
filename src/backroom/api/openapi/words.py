"""The texts of the document and the values of its examples. All texts are our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.catalog.operations import Operation, Shape

if TYPE_CHECKING:
    from backroom.catalog.kinds import Attribute, Form

ABOUT_THE_API = """\
This document says what backroom answers to requests with the revision {date}. It is made from \
the tables that the server works with. Where the published documents of the API differ, the server \
follows recorded answers of the real service.

Every request has two headers, `Authorization` and `revision`. Paths work with and without a \
slash at their end, and also answer `HEAD` and `OPTIONS`. The server refuses members that are not \
listed here, and never sends any.
"""

_SUMMARIES_BY_SHAPE = {
    Shape.LIST: ("List {many}", " of {parent}"),
    Shape.IDS: ("List the ids of the {many}", " of {parent}"),
    Shape.ONE: ("Show {one}", ""),
    Shape.CREATE: ("Create {one}", ""),
    Shape.UPDATE: ("Update {one}", ""),
    Shape.DELETE: ("Delete {one}", ""),
    Shape.ADD: ("Add {many}", " to {parent}"),
    Shape.REPLACE: ("Replace the {many}", " of {parent}"),
    Shape.REMOVE: ("Remove {many}", " from {parent}"),
    Shape.JOB_LIST: ("List the jobs that {verb} {many}", ""),
    Shape.JOB_GET: ("Show a job that {verb}s {many}", ""),
    Shape.JOB_POST: ("Submit a job that {verb}s {many}", ""),
}

_DESCRIPTIONS_BY_SHAPE = {
    Shape.LIST: "A page of whole resources, the oldest first unless `sort` says otherwise.",
    Shape.IDS: "A page of identifiers, without attributes.",
    Shape.ONE: "The resource with the id in the path.",
    Shape.CREATE: "The answer is 409 if the external id is taken.",
    Shape.UPDATE: (
        "Attributes that the body leaves out stay as they are. A relationship in the body is"
        " replaced as a whole. The id in the body must be the one in the path."
    ),
    Shape.DELETE: "This removes the links to it, too.",
    Shape.ADD: "All or nothing: if one link exists, the whole request is refused with 409.",
    Shape.REPLACE: "Afterwards there are only the links in the body; an empty list removes all.",
    Shape.REMOVE: "All or nothing: if one link is missing, the whole request is refused with 404.",
    Shape.JOB_LIST: "A page of jobs, the newest first. Jobs are kept for seven days.",
    Shape.JOB_GET: (
        "How far the job is, which operations failed, and on request the resources that it created"
        " or changed."
    ),
    Shape.JOB_POST: (
        "The server checks the bodies of all operations at once. A fault in one of them refuses the"
        " whole request. Once the job is accepted, each operation succeeds or fails alone."
    ),
}

ATTRIBUTES = {
    "external_id": "The shop's own id.",
    "title": "The name that shoppers see.",
    "name": "The name that shoppers see.",
    "description": "A text about the item or variant.",
    "price": "A number, in the currency of the shop.",
    "url": "The page in the shop.",
    "sku": "The stock keeping unit: the number of the article in the shop.",
    "image_full_url": "A large picture.",
    "image_thumbnail_url": "A small picture.",
    "images": "Further pictures.",
    "custom_metadata": "Any other values: an object of at most 100 kB, at most 32 levels deep.",
    "published": "Whether shoppers may see it.",
    "inventory_policy": "1 hides the variant from feeds when it is out of stock; 0 and 2 do not.",
    "inventory_quantity": "The number of articles in stock.",
    "integration_type": "Always the same value.",
    "catalog_type": "Always the same value.",
    "created": "The time of creation.",
    "updated": "The time of the last change.",
    "job_id": "The same as `id`.",
    "status": "The state of the job.",
    "created_at": "The time at which the job was accepted.",
    "total_count": "The number of operations in the job.",
    "completed_count": "The number of operations that have succeeded.",
    "failed_count": "The number of operations that have failed.",
    "completed_at": "The time at which the job was completed.",
    "errors": "One entry for each operation that failed. Its `meta` names the resource.",
    "expires_at": "The time at which the job will be removed.",
}

_EXAMPLES_BY_ATTRIBUTE: dict[str, Any] = {
    "title": "Blue mug",
    "name": "Kitchen",
    "description": "Holds a third of a litre.",
    "price": 12.5,
    "sku": "MUG-B",
    "inventory_quantity": 40,
    "url": "https://shop.example/mugs/blue",
    "image_full_url": "https://shop.example/mugs/blue.jpg",
    "image_thumbnail_url": "https://shop.example/mugs/blue-small.jpg",
    "images": ["https://shop.example/mugs/blue-side.jpg"],
    "custom_metadata": {"colour": "blue"},
    "published": True,
}
_EXAMPLES_BY_FORM: dict[Form, Any] = {
    "text": "text",
    "number": 1.5,
    "quantity": 1,
    "boolean": True,
    "texts": ["text"],
    "object": {},
}


def operation_summary(operation: Operation) -> str:
    """Give the summary of an operation, in a few words."""
    text, end = _SUMMARIES_BY_SHAPE[operation.shape]
    parent = operation.parent
    return (text + (end if parent else "")).format(
        many=operation.kind.plural,
        one=operation.kind.with_article.lower(),
        parent=parent.with_article.lower() if parent else "",
        verb=operation.bulk.verb if operation.bulk else "",
    )


def operation_description(operation: Operation) -> str:
    """Give the description of an operation."""
    return _DESCRIPTIONS_BY_SHAPE[operation.shape]


def attribute_example(attribute: Attribute) -> Any:
    """Give an example of a value of an attribute."""
    if attribute.choices:
        return attribute.choices[0]
    return _EXAMPLES_BY_ATTRIBUTE.get(attribute.name, _EXAMPLES_BY_FORM.get(attribute.form))
