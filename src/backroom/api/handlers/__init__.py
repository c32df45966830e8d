"""One function for each shape of operation: a call and a transaction to a document.

A handler that has nothing to show gives None; one that can write its answer in the caller's own
shape at once gives its parts. A job is submitted without a transaction: `api/app.py` has the store
accept it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.api.handlers import jobs, relationships, resources
from backroom.catalog.operations import Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.api.documents import Document, Parts
    from backroom.api.request import Call
    from backroom.store.database import Transaction

HANDLERS: dict[Shape, Callable[[Call, Transaction], Document | Parts | None]] = {
    Shape.LIST: resources.list_resources,
    Shape.IDS: relationships.list_ids,
    Shape.ONE: resources.get_resource,
    Shape.CREATE: resources.create_resource,
    Shape.UPDATE: resources.update_resource,
    Shape.DELETE: resources.delete_resource,
    Shape.ADD: relationships.add,
    Shape.REPLACE: relationships.replace,
    Shape.REMOVE: relationships.remove,
    Shape.JOB_LIST: jobs.list_jobs,
    Shape.JOB_GET: jobs.get_job,
}
