"""The names of the operations in the official SDKs: a method of an API class, by revision.

Each version of an SDK is made for one revision.

The names are the operation ids that were published with the revision. Those of the newest revision
are the names in `catalog/operations.py`. The Node SDK writes the same names in camel case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.catalog.kinds import ITEM
from backroom.catalog.neighbours import Neighbour
from backroom.catalog.operations import Shape

if TYPE_CHECKING:
    from backroom.catalog.operations import Operation

NEWEST_NAMES_SINCE = "2024-10-15"
"""Since this revision, all names but those of two kinds' jobs are the newest ones."""
JOB_NAMES_SINCE = "2025-01-15"
"""The same for the jobs on variants and categories."""
RELATIONS_NAMED_SINCE = "2023-02-22"
"""Since this revision, the method of a relationship is named after that, too."""
NODE_TYPED_SINCE = "2023-09-15"
"""Since this revision, the Node SDK is typed and opened with a session.

Before that, it was opened with a function, and took a body before an id.
"""
PYTHON_VERSIONS = {
    "2022-10-17": "1.0.3",
    "2023-02-22": "2.0.2",
    "2023-06-15": "3.0.0",
    "2023-09-15": "5.2.0",
    "2023-12-15": "6.1.0",
    "2024-05-15": "8.0.0",
    "2024-06-15": "9.0.0",
    "2024-10-15": "16.0.0",
    "2025-10-15": "21.0.0",
    "2026-10-15": "25.0.0",
}
"""A Python SDK of a revision. Other revisions have versions too."""
NODE_VERSIONS = {
    "2023-01-24": "2.0.0",
    "2023-02-22": "3.0.0",
    "2023-06-15": "4.0.0",
    "2023-07-15": "5.0.0",
    "2023-08-15": "5.1.0",
    "2023-09-15": "6.0.1",
    "2023-10-15": "7.1.0",
    "2023-12-15": "7.2.0",
    "2024-02-15": "9.0.0",
    "2024-05-15": "10.0.0",
    "2024-06-15": "10.1.0",
    "2024-07-15": "12.0.1",
    "2024-10-15": "15.0.0",
    "2025-01-15": "17.0.0",
    "2025-04-15": "18.0.0",
    "2025-07-15": "19.0.2",
    "2025-10-15": "20.0.0",
    "2026-01-15": "21.0.1",
    "2026-04-15": "22.0.1",
    "2026-07-15": "23.0.0",
}
"""The newest Node SDK of a revision, by the list of changes in its package."""

_LATE = "get_variant_ids_for_catalog_item"
"""The operation that the SDKs of the revision which brought it don't have."""
_SDK_CLASSES = {
    "account": "Accounts",
    "back-in-stock-subscription": "Catalogs",
    "event": "Events",
    "event-bulk-create-job": "Events",
    "list": "Lists",
    "metric": "Metrics",
    "profile": "Profiles",
    "profile-subscription-bulk-create-job": "Profiles",
}
_SDK_VERBS = {
    Shape.IDS: "get",
    Shape.ADD: "create",
    Shape.REPLACE: "update",
    Shape.REMOVE: "delete",
}


def api_class(operation: Operation, revision: str) -> str | None:
    """Give the class whose method calls an operation in a revision. None where there is none.

    Operations for browsers have none.
    """
    if not isinstance(operation, Neighbour):
        is_missing = operation.name == _LATE and revision < JOB_NAMES_SINCE
        return None if is_missing else "Catalogs"
    return None if operation.public else _SDK_CLASSES[operation.type]


def method_name(operation: Operation, revision: str) -> str:
    """Give the name of the method that calls an operation in a revision."""
    if isinstance(operation, Neighbour):
        is_old = revision < NEWEST_NAMES_SINCE and operation.name == "bulk_subscribe_profiles"
        return "subscribe_profiles" if is_old else operation.name
    if operation.bulk is not None:
        return _job_method(operation, revision)
    if operation.parent is None or revision >= NEWEST_NAMES_SINCE:
        return operation.name
    owner = f"catalog_{operation.parent.name}"
    if operation.shape is Shape.LIST:
        return f"get_{owner}_{operation.relation}"
    end = f"_{operation.relation}" if revision >= RELATIONS_NAMED_SINCE else ""
    return f"{_SDK_VERBS[operation.shape]}_{owner}_relationships{end}"


def _job_method(operation: Operation, revision: str) -> str:
    posts = operation.shape is Shape.JOB_POST
    since = NEWEST_NAMES_SINCE if posts or operation.kind is ITEM else JOB_NAMES_SINCE
    if revision >= since:
        return operation.name
    first = "spawn" if posts else "get"
    many = "s" if operation.shape is Shape.JOB_LIST else ""
    return f"{first}_{operation.job_kind.verb}_{operation.kind.plural}_job{many}"


def in_camel_case(name: str) -> str:
    """Write a name as the Node SDK does."""
    first, *others = name.split("_")
    return first + "".join(each[:1].upper() + each[1:] for each in others)
