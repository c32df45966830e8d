"""Lists of jobs: by kind, by status, and page after page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shop import KINDS, MANY, changed, expect, identifier, say

if TYPE_CHECKING:
    from shop import Shop

PAGE = 100

CURSORS = {
    "the whole next link": lambda link: link,
    "the next link as if by https": lambda link: link.replace("http://", "https://", 1),
    "the bare cursor": lambda link: link.partition("page%5Bcursor%5D=")[2],
}


def lists(shop: Shop) -> None:
    """Every kind of job is listed under its own kind and found by its status."""
    operations = {
        "create": {
            "item": shop.item("hat"),
            "variant": shop.variant("hat-m", "hat"),
            "category": shop.category("hats", "Hats"),
        },
        "update": {
            "item": changed("item", "hat", title="A hat"),
            "variant": changed("variant", "hat-m", title="A hat in M"),
            "category": changed("category", "hats", name="All hats"),
        },
        "delete": {kind: identifier(kind, "nothing") for kind in MANY},
    }
    for verb, kind in KINDS:
        expect(shop.list(verb, kind)["data"], [], f"{kind} {verb} jobs of a new account")
        job_id = shop.job_id(shop.post(verb, kind, [operations[verb][kind]]))
        shop.await_end(verb, kind, job_id)
        seen = shop.list(verb, kind)["data"]
        expect([shop.job_id(job) for job in seen], [job_id], f"{kind} {verb} jobs")
        expect(seen[0]["type"], f"catalog-{kind}-bulk-{verb}-job", f"type of a {kind} {verb} job")
        for status in ("queued", "processing", "complete", "cancelled"):
            seen = shop.list(verb, kind, filter=f'equals(status,"{status}")')
            wanted = [job_id] if status == "complete" else []
            expect([shop.job_id(job) for job in seen["data"]], wanted, f"{status} {kind} jobs")
            for neighbour in ("next", "prev"):
                expect(seen["links"].get(neighbour), None, f"{neighbour} of the only page")
        say(f"{kind} {verb} jobs: listed and found by status")


def pages(shop: Shop) -> None:
    """More than a page of jobs: every one is reached by every form of cursor, newest first."""
    posted = [
        shop.job_id(shop.post("delete", "item", [identifier("item", str(number))]))
        for number in range(PAGE + 3)
    ]
    for job_id in posted:
        shop.await_end("delete", "item", job_id)
    query = {"filter": 'equals(status,"complete")'}
    for name, form in CURSORS.items():
        page = shop.list("delete", "item", **query)
        expect(len(page["data"]), PAGE, "jobs on the first page")
        expect(page["links"].get("prev"), None, "prev of the first page")
        follow = form(page["links"]["next"])
        rest = shop.list("delete", "item", page_cursor=follow, **query)
        expect(rest["links"].get("next"), None, "next of the last page")
        assert rest["links"].get("prev"), "the second page has no link to the first"
        found = [shop.job_id(job) for job in page["data"] + rest["data"]]
        expect(found, posted[::-1], f"jobs reached by {name}")
        back = shop.list("delete", "item", page_cursor=form(rest["links"]["prev"]), **query)
        found = [shop.job_id(job) for job in back["data"]]
        expect(found, posted[:2:-1], f"jobs of the first page, reached by {name}")
        say(f"pages by {name}: {len(posted)} jobs, and back")
