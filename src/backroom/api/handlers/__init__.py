"""One function for each shape of operation. It gives the document of the answer.

A reader takes the admitted request and a transaction, a writer takes the body too. Both give the
document in the shape of the caller's revision, in parts. A writer whose answer has no body gives
None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.api.handlers import accounts, jobs, kept, relationships, resources, subscriptions
from backroom.catalog.operations import Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.api.admission import Admitted
    from backroom.api.wire import Parts
    from backroom.store.database import Transaction

    Reader = Callable[[Admitted, Transaction], Parts]
    Writer = Callable[[Admitted, Any, Transaction], Parts | None]

READERS: dict[Shape, Reader] = {
    Shape.LIST: resources.list_resources,
    Shape.IDS: resources.list_resources,
    Shape.ONE: resources.get_resource,
    Shape.JOB_LIST: jobs.list_jobs,
    Shape.JOB_GET: jobs.get_job,
    Shape.ACCOUNTS: accounts.list_own_account,
    Shape.ACCOUNT: accounts.get_account,
    Shape.KEPT_LIST: kept.list_kept,
}
WRITERS: dict[Shape, Writer] = {
    Shape.CREATE: resources.create_resource,
    Shape.UPDATE: resources.update_resource,
    Shape.DELETE: resources.delete_resource,
    Shape.ADD: relationships.add,
    Shape.REPLACE: relationships.replace,
    Shape.REMOVE: relationships.remove,
    Shape.SUBSCRIBE: subscriptions.subscribe,
    Shape.KEEP_PROFILE: kept.keep_profile,
    Shape.KEEP: kept.keep,
}
