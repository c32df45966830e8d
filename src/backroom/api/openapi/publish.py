"""The documents and their pages, found by path and made once each."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import msgspec

from backroom import clock, revisions
from backroom.api.openapi.document import document
from backroom.api.openapi.page import page
from backroom.errors import Fault
from backroom.revisions import NEWEST, REVISIONS, Revision

DOCUMENTS = "/openapi"
PAGES = "/docs"


class Published(NamedTuple):
    """Something to hand out, and what it is."""

    media_type: str
    body: bytes


def find(prefix: str, path: str) -> Published | None:
    """Give what is published under `prefix` at `path`, None where nothing is.

    A date between two revisions finds the earlier one, as in a `revision` header.
    """
    folder, _, name = path.removeprefix(prefix).removesuffix("/").rpartition("/")
    if not folder:
        folder, name = f"/{name}", ""
    if folder == DOCUMENTS and not name:
        return _listing(prefix)
    if folder == DOCUMENTS and name.endswith(".json"):
        revision = _revision(name.removesuffix(".json"))
        return _document(revision.date) if revision else None
    if folder == PAGES:
        revision = _revision(name or NEWEST)
        return _page(prefix, revision.date) if revision else None
    return None


def _revision(name: str) -> Revision | None:
    try:
        return revisions.resolve(name, clock.now().date())
    except Fault:
        return None


@lru_cache
def _listing(prefix: str) -> Published:
    listed = [
        {
            "revision": date,
            "document": f"{prefix}{DOCUMENTS}/{date}.json",
            "page": f"{prefix}{PAGES}/{date}",
        }
        for date in REVISIONS
    ]
    return Published("application/json", msgspec.json.encode({"revisions": listed}))


@lru_cache(maxsize=len(REVISIONS))
def _document(date: str) -> Published:
    made = msgspec.json.encode(document(REVISIONS[date]))
    return Published("application/json", made)


@lru_cache(maxsize=len(REVISIONS))
def _page(prefix: str, date: str) -> Published:
    described = document(REVISIONS[date])
    pages = {each: f"{prefix}{PAGES}/{each}" for each in REVISIONS}
    source = f"{prefix}{DOCUMENTS}/{date}.json"
    return Published("text/html; charset=utf-8", page(described, pages, source).encode())
