"""The documents and their pages. Each is made when it is first asked for, and kept.

The modules that make them are imported only then: a server starts some 15 ms sooner.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import msgspec

from backroom import clock, revisions
from backroom.errors import Fault
from backroom.revisions import REVISIONS, Revision

DOCUMENTS = "/openapi"
DOCS_PATH = "/docs"
SCRIPT = f"{DOCS_PATH}/page.js"


class Published(NamedTuple):
    """The body of an answer, and its media type."""

    media_type: str
    body: bytes


def revision_of(name: str) -> Revision | None:
    """Give the revision of a date in a path, or None if no revision has it.

    A date between two revisions means the earlier one, as in a `revision` header.
    """
    try:
        return revisions.resolve(name, clock.now().date())
    except Fault:
        return None


@lru_cache
def revision_list(prefix: str) -> Published:
    """Give the list of all revisions, with the paths of their documents and pages."""
    listed = [
        {
            "revision": date,
            "document": f"{prefix}{DOCUMENTS}/{date}.json",
            "page": f"{prefix}{DOCS_PATH}/{date}",
        }
        for date in REVISIONS
    ]
    return Published("application/json", msgspec.json.encode({"revisions": listed}))


@lru_cache(maxsize=len(REVISIONS))
def published_document(date: str) -> Published:
    """Give the OpenAPI document of a revision. The first time takes some 20 ms."""
    from backroom.api.openapi.document import openapi_document

    made = msgspec.json.encode(openapi_document(REVISIONS[date]))
    return Published("application/json", made)


@lru_cache(maxsize=len(REVISIONS))
def published_page(prefix: str, date: str) -> Published:
    """Give the page that shows a revision's document. The first time takes some 25 ms."""
    from backroom.api.openapi.document import openapi_document
    from backroom.api.openapi.page import html_page

    pages = {each: f"{prefix}{DOCS_PATH}/{each}" for each in REVISIONS}
    source = f"{prefix}{DOCUMENTS}/{date}.json"
    return Published(
        "text/html; charset=utf-8",
        html_page(openapi_document(REVISIONS[date]), pages, source, f"{prefix}{SCRIPT}").encode(),
    )


@lru_cache
def published_script() -> Published:
    """Give the script of the pages."""
    made = (resources.files(__package__) / "page.js").read_bytes()
    return Published("text/javascript; charset=utf-8", made)
