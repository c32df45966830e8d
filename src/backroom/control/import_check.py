"""Checks operations before they are sent, by the rules of the server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from backroom.catalog.drafts import draft
from backroom.errors import Invalid
from backroom.feeds.client_errors import OperationRefusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.catalog.kinds import JobKind

_POINTER = re.compile(r"/(?:attributes/|relationships/)?(.*)")


def checked_by(revision: str) -> Callable[[JobKind, bytes], OperationRefusal | None]:
    """Give a function that says how the server would refuse an operation in a revision."""

    def check(job_kind: JobKind, operation: bytes) -> OperationRefusal | None:
        try:
            draft(job_kind.verb, job_kind.kind, msgspec.json.decode(operation), "", revision)
        except Invalid as error:
            found = _POINTER.fullmatch(error.pointer or "")
            return OperationRefusal(found[1] if found else "", error.detail)
        return None

    return check
