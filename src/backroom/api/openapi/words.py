"""What the document says in words, and the values of its examples. All of it is our own text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.catalog.operations import Operation, Shape

if TYPE_CHECKING:
    from backroom.catalog.kinds import Attribute, Form

ABOUT = """\
What backroom answers to requests that name the revision {date}. This text is made from the \
tables by which the server answers, so it says what this server does; where the published \
documents of the API say something else, it follows what has been recorded of the real service.

Every request brings two headers, `Authorization` and `revision`. Paths answer with a slash at \
their end and without, and to `HEAD` and `OPTIONS` as well. Objects are closed: a member that is \
not listed is refused in a request and never sent in an answer.
"""

_SUMMARIES = {
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

_DESCRIPTIONS = {
    Shape.LIST: "A page of whole resources, the oldest first unless `sort` says otherwise.",
    Shape.IDS: "A page of identifiers, without attributes.",
    Shape.ONE: "The resource with the id in the path.",
    Shape.CREATE: "Refused with 409 where the external id is taken.",
    Shape.UPDATE: (
        "Attributes that the body leaves out stay as they are. A relationship that it gives is"
        " replaced as a whole. The id in the body is that of the path."
    ),
    Shape.DELETE: "The links to it go with it.",
    Shape.ADD: "All or nothing: a link that is there already refuses the whole request with 409.",
    Shape.REPLACE: "The identifiers in the body become all there are; an empty list clears them.",
    Shape.REMOVE: "All or nothing: a link that isn't there refuses the whole request with 404.",
    Shape.JOB_LIST: "A page of jobs, the newest first. Jobs are kept for seven days.",
    Shape.JOB_GET: (
        "How far the job is, what could not be done, and on request the resources that it left."
    ),
    Shape.JOB_POST: (
        "Checks the form of all operations at once and refuses the whole request for a fault in one"
        " of them. Once accepted, each operation succeeds or fails by itself."
    ),
}

ATTRIBUTES = {
    "external_id": "The id in the system that the catalog comes from.",
    "title": "The name that shoppers see.",
    "name": "The name that shoppers see.",
    "description": "A text about it.",
    "price": "A number, in the currency of the shop.",
    "url": "Where it is shown in the shop.",
    "sku": "The number under which it is kept in stock.",
    "image_full_url": "A large picture of it.",
    "image_thumbnail_url": "A small picture of it.",
    "images": "Further pictures.",
    "custom_metadata": "Anything else: an object of up to 100 kB, nested 32 deep at most.",
    "published": "Whether it may be shown.",
    "inventory_policy": "1 hides it from feeds when it is out of stock; 0 and 2 do not.",
    "inventory_quantity": "How many are in stock.",
    "integration_type": "A constant.",
    "catalog_type": "A constant.",
    "created": "When it was created.",
    "updated": "When it was last changed.",
    "job_id": "The same as `id`.",
    "status": "Where the job is between its acceptance and its end.",
    "created_at": "When the job was accepted.",
    "total_count": "How many operations it has.",
    "completed_count": "How many have succeeded.",
    "failed_count": "How many could not be done.",
    "completed_at": "When it came to its end.",
    "errors": "One entry for each operation that could not be done; `meta` tells which it was.",
    "expires_at": "When it will be gone.",
}

_EXAMPLES: dict[str, Any] = {
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
    """Say in a few words what an operation does."""
    text, end = _SUMMARIES[operation.shape]
    parent = operation.parent
    return (text + (end if parent else "")).format(
        many=operation.kind.plural,
        one=operation.kind.with_article.lower(),
        parent=parent.with_article.lower() if parent else "",
        verb=operation.bulk.verb if operation.bulk else "",
    )


def operation_description(operation: Operation) -> str:
    """Say what else there is to know about an operation."""
    return _DESCRIPTIONS[operation.shape]


def attribute_example(attribute: Attribute) -> Any:
    """Give a value that an attribute may have."""
    if attribute.choices:
        return attribute.choices[0]
    return _EXAMPLES.get(attribute.name, _EXAMPLES_BY_FORM.get(attribute.form))
