"""The catalog of an account: items as cards, variants as a table, categories as a tree.

The address has everything that a reader has chosen: the account, the kind, the search, the filters
and the page.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.routing import Route

from backroom.catalog.kinds import CATEGORY, ITEM, KINDS
from backroom.control import browse
from backroom.control.browse import CatalogQuestion
from backroom.dashboard import images
from backroom.dashboard.catalog_links import CATALOG_PATH, list_path, resource_path
from backroom.dashboard.category_tree import category_tree
from backroom.dashboard.page import HTMX, dashboard_of, page
from backroom.store import keys
from backroom.store.keys import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from backroom.control.browse import CatalogPage
    from backroom.store.database import Transaction

SIZES = {"item": 24, "variant": 50, "category": 500}
"""How many resources a page shows."""
MOST_ACCOUNTS = 200
MOST_CHOICES = 200
"""How many accounts, and how many categories, a reader chooses from. Others have to be named."""
_LONGEST_SEARCH = 1_000
_YES_AND_NO = {"yes": True, "no": False}
SAID = {
    "deleted": "The resource is deleted.",
    "created": "The resource is created.",
    "saved": "The changes are saved.",
}
"""What a page says after a form was sent, by the word in its address."""


class ChosenCatalog(NamedTuple):
    """An account, and those to choose from: ids with names. `is_all` is false where more exist."""

    account: str
    name: str
    accounts: dict[str, str]
    is_all: bool


def chosen_account(tx: Transaction, named: str) -> ChosenCatalog | None:
    """Give the account that a reader has named, by id or name, or else the default one.

    None where the database has no account at all.
    """
    some = dict(keys.some_accounts(tx, MOST_ACCOUNTS + 1))
    found = keys.account_of(tx, named) if named else None
    found = found or keys.account_of(tx, DEFAULT_ACCOUNT) or next(iter(some), None)
    if found is None:
        return None
    name = some.get(found) or keys.account_name(tx, found) or found
    listed = dict(list(some.items())[:MOST_ACCOUNTS]) | {found: name}
    by_name = dict(sorted(listed.items(), key=lambda each: each[1].casefold()))
    return ChosenCatalog(found, name, by_name, len(some) <= MOST_ACCOUNTS)


def _asked_catalog(query: Mapping[str, str]) -> CatalogQuestion:
    kind = KINDS.get(query.get("kind", ""), ITEM)
    published = _YES_AND_NO.get(query.get("published", ""))
    related = {
        each.name: query[each.name] for each in browse.narrowing(kind) if query.get(each.name)
    }
    return CatalogQuestion(
        kind,
        SIZES[kind.name],
        query.get("search", "")[:_LONGEST_SEARCH].strip(),
        published if "published" in kind.columns else None,
        related,
        browse.border(query.get("before")),
        browse.border(query.get("after")),
        ascending=kind is CATEGORY,
    )


def catalog(request: Request) -> Response:
    """Show the page, or its list alone where a script asks for that."""
    query = request.query_params
    asked = _asked_catalog(query)
    with dashboard_of(request).control.database.read() as tx:
        chosen = chosen_account(tx, query.get("account", ""))
        if chosen is None:
            return page(request, "catalog_empty.html", section="catalog")
        found = browse.found_page(tx, chosen.account, asked)
        if not found.shown and asked.after is not None:
            # The page lies beyond the newest: it is the first.
            asked = replace(asked, after=None)
            found = browse.found_page(tx, chosen.account, asked)
        others = _others(tx, chosen.account, asked)
    template = "catalog_results.html" if HTMX in request.headers else "catalog.html"
    return page(
        request,
        template,
        section="catalog",
        headers=images.image_headers(request),
        chosen=chosen,
        asked=asked,
        found=found,
        kinds=list(KINDS.values()),
        tree=category_tree([*found.exact, *found.shown]) if asked.kind is CATEGORY else [],
        images=images.images_allowed(request),
        said=SAID.get(query.get("said", ""), ""),
        back=_here(chosen.account, asked),
        list_path=list_path,
        resource_path=resource_path,
        pictures_of=images.pictures_of,
        **_pages_beside(chosen.account, asked, found),
        **others,
    )


def _others(tx: Transaction, account: str, asked: CatalogQuestion) -> dict[str, Any]:
    """Read the resources of other kinds to which a list is narrowed, or may be."""
    narrowed = {
        name: browse.named(tx, KINDS[name], account, [external_id]).get(external_id)
        for name, external_id in asked.related.items()
    }
    choices: list[browse.Listed] | None = None
    if CATEGORY in browse.narrowing(asked.kind):
        listed = browse.found_page(
            tx, account, CatalogQuestion(CATEGORY, MOST_CHOICES, ascending=True)
        )
        choices = sorted(listed.shown, key=lambda each: each.title.casefold())
        choices = None if listed.older is not None else choices
    return {"narrowed": narrowed, "choices": choices}


def _here(account: str, asked: CatalogQuestion, **page: int | None) -> str:
    published = {True: "yes", False: "no", None: ""}[asked.published]
    return list_path(
        account,
        asked.kind.name,
        search=asked.search,
        published=published,
        **asked.related,
        **page,
    )


def _pages_beside(account: str, asked: CatalogQuestion, found: CatalogPage) -> dict[str, Any]:
    """Give the addresses of the pages before and after the one that is shown."""
    backward = None if found.newer is None else _here(account, asked, after=found.newer)
    forward = None if found.older is None else _here(account, asked, before=found.older)
    return {"page_back": backward, "page_on": forward}


ROUTES = (Route(CATALOG_PATH, catalog), *images.ROUTES)
