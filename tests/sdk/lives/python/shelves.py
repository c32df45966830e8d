"""More than a page of items: reached by every form of cursor, there and back, in every list."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from lists import CURSORS, PAGE
from shop import ID_LISTS_HAVE_LINKS_SINCE, expect, ids, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from shop import Shop

COUNT = PAGE + 3
SIZE = 40


def shelves(shop: Shop) -> None:
    names = [f"i-{number:03}" for number in range(COUNT)]
    shop.create("category", shop.category("all", "All"))
    for start in range(0, COUNT, PAGE):
        made = [shop.item(name, "all") for name in names[start : start + PAGE]]
        shop.run("create", "item", made)
    listed = partial(shop.get_many, "item")
    related_ids = partial(shop.related_ids, "category", "all", "items")
    lists = [listed, partial(shop.related, "category", "all", "items")]
    if shop.revision >= ID_LISTS_HAVE_LINKS_SINCE:
        lists.append(related_ids)
    for name, form in CURSORS.items():
        query = {"filter": 'contains(title,"I-")', "fields_catalog_item": ["title"]}
        walk(form, names, listed, sort="created", **query)
        walk(form, names[::-1], listed, sort="-created", **query)
        for each in lists:
            walk(form, names, each)
            if shop.has_page_size:
                walk(form, names, each, page_size=SIZE)
        say(f"pages by {name}: {COUNT} items, and back")
    expect(ids(related_ids()), names[:PAGE], "first page of ids")


def walk(
    form: Callable[[str], str], wanted: list[str], get: Callable[..., Any], **query: Any
) -> None:
    """Follow `next` to the end and `prev` back to the beginning."""
    page = get(**query)
    found = ids(page)
    first = list(found)
    last = page["links"].get("last")
    expect(page["links"]["prev"], None, "prev of the first page")
    while page["links"]["next"]:
        expect(len(page["data"]), query.get("page_size", PAGE), "resources in a full page")
        page = get(**query, page_cursor=form(page["links"]["next"]))
        found += ids(page)
    expect(found, wanted, "everything, page after page")
    while page["links"]["prev"]:
        page = get(**query, page_cursor=form(page["links"]["prev"]))
    expect(ids(page), first, "back on the first page")
    if last:
        page = get(**query, page_cursor=form(last))
        expect(page["links"]["next"], None, "next of the last page")
        expect(ids(page), wanted[-len(page["data"]) :], "the last page")
