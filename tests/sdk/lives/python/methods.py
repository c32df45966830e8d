"""Every catalog method that this version has, under every name it has, in one life."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lists import lists
from shop import KINDS, NEW_NAMES_SINCE, expect, identifier, job_names, jobs_names, post_names, say
from single import single

if TYPE_CHECKING:
    from shop import Shop


def methods(shop: Shop) -> None:
    single(shop)
    lists(shop)
    older_names_of_jobs(shop)
    every = set(shop.methods.names)
    operations = {tuple(names) for names in shop.methods.names.values()}
    expect(len(operations), 54 if shop.revision > NEW_NAMES_SINCE else 53, "operations")
    expect(set(shop.methods.called), every, "methods that were called")
    say(f"{len(every)} names of methods were called")


def older_names_of_jobs(shop: Shop) -> None:
    for verb, kind in KINDS:
        posted = shop.list(verb, kind)["data"]
        wanted = {shop.job_id(job) for job in posted}
        counted = [
            len(shop.methods.names[shop.name_of(*names(verb, kind))])
            for names in (post_names, job_names, jobs_names)
        ]
        for _ in range(max(counted)):
            unknown = identifier(kind, "nothing")
            if verb == "update":
                unknown["attributes"] = {}
            made = {"item": shop.item, "variant": shop.variant, "category": shop.category}
            new = made[kind](f"new-{len(wanted)}", "new-1") if verb == "create" else unknown
            job_id = shop.job_id(shop.post(verb, kind, [new]))
            shop.await_end(verb, kind, job_id)
            wanted.add(job_id)
            seen = {shop.job_id(job) for job in shop.list(verb, kind)["data"]}
            expect(seen, wanted, f"{kind} {verb} jobs")
