"""`filter` and `sort` on every list: each field with each of its operators, and no others."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from support.wire_answers import hold_error
from support.wire_catalog import (
    ID_LISTS,
    LISTS,
    OWNERS,
    Catalog,
    Listing,
    Thing,
    external_ids,
    identifier,
    listings,
    names_of,
    on_shelf,
    related,
)
from support.wire_contract import (
    FILTERED_ID_LISTS,
    ID_LIST_LINKS,
    WRAPPED_BODIES,
    before,
    every_revision,
    since,
)
from support.wire_requests import catalog_id
from support.wire_shown import hold_page

if TYPE_CHECKING:
    from support.client import Answer, Client

Condition = tuple[str, Callable[[Thing], bool]]

OPERATORS = ("any", "equals", "contains", "greater-than", "starts-with", "has")
FOREIGN = ("id", "created", "updated", "external_id", "price", "url", "status", "colour")


def by_ids(*names: str) -> Condition:
    quoted = ",".join(f'"{catalog_id(name)}"' for name in names)
    return f"any(ids,[{quoted}])", lambda thing: thing.name in names


def by_related(field: str, name: str) -> Condition:
    resource = field.removesuffix(".id")
    return (
        f'equals({field},"{catalog_id(name)}")',
        lambda thing: related(thing, resource, name),
    )


def by_text(field: str, part: str) -> Condition:
    written = part.replace("\\", "\\\\").replace('"', '\\"')
    return f'contains({field},"{written}")', lambda thing: part in str(thing.attributes[field])


def by_value(field: str, written: str, *, value: object) -> Condition:
    return f"equals({field},{written})", lambda thing: thing.attributes[field] == value


CONDITIONS: dict[str, tuple[Condition, ...]] = {
    "ids": (by_ids("mug"), by_ids("cup 1/2", "all", "mug-l", "mug", "missing"), by_ids("missing")),
    "category.id": (by_related("category.id", "all"), by_related("category.id", "empty")),
    "category": (by_related("category", "all"), by_related("category", "kitchen")),
    "item.id": (by_related("item.id", "mug"), by_related("item.id", "cup 1/2")),
    "item": (by_related("item", "mug"), by_related("item", "plate")),
    "title": (
        by_text("title", "mug"),
        by_text("title", "0%_c"),
        by_text("title", ", 'r"),
        by_text("title", "a"),
        by_text("title", "nowhere"),
    ),
    "name": (by_text("name", "hing"), by_text("name", '"thing", (1'), by_text("name", "%")),
    "published": (
        by_value("published", "true", value=True),
        by_value("published", "false", value=False),
    ),
    "sku": (
        by_value("sku", '"A-1"', value="A-1"),
        by_value("sku", "'A-1'", value="A-1"),
        by_value("sku", '"A"', value="A"),
        by_value("sku", '"it\'s \\"B\\" \\\\"', value='it\'s "B" \\'),
        by_value("sku", "'it\\'s \"B\" \\\\'", value='it\'s "B" \\'),
    ),
}


def filtered(catalog: Catalog, listing: Listing, text: str) -> Answer:
    return catalog.page(listing, OWNERS.get(listing.owner, ""), {"filter": text})


def passing(listing: Listing, *conditions: Condition) -> list[str]:
    """What of a list passes all conditions."""
    things = on_shelf(listing, OWNERS.get(listing.owner, ""))
    return names_of(each for each in things if all(passes(each) for _, passes in conditions))


@every_revision
def test_filters_find_what_passes(shelf: Catalog, revision: str) -> None:
    for listing in listings(revision):
        for field in listing.at(revision).filters:
            for condition in CONDITIONS[field]:
                page = filtered(shelf, listing, condition[0])
                assert page.status == 200, (listing, condition[0], page.body)
                assert external_ids(page) == passing(listing, condition), (listing, condition[0])


@every_revision
def test_filtered_lists_are_whole(shelf: Catalog, revision: str) -> None:
    for listing in listings(revision):
        if listing.at(revision).filters:
            owner, query = OWNERS.get(listing.owner, ""), {"filter": by_ids("mug")[0]}
            hold_page(shelf, listing, shelf.page(listing, owner, query), owner, query)


@every_revision
def test_commas_and_words_combine(shelf: Catalog, revision: str) -> None:
    for listing in listings(revision):
        fields = list(listing.at(revision).filters)
        for one, other in pairwise(fields):
            pair = CONDITIONS[one][-1], CONDITIONS[other][0]
            texts = [text for text, _ in pair]
            for text in (
                ",".join(texts),
                ", ".join(texts),
                f"and({','.join(texts)})",
                f"and({texts[0]},and({texts[1]}))",
            ):
                page = filtered(shelf, listing, text)
                assert page.status == 200, (listing, text, page.body)
                assert external_ids(page) == passing(listing, *pair), (listing, text)


@every_revision
def test_blanks_may_be_plus_signs(shelf: Catalog) -> None:
    sent = "?filter=contains(name,%22thing%22,+(1%22)".replace("thing%22", "thing%5C%22")
    page = shelf.call("GET", LISTS[2].template + sent)
    assert external_ids(page) == ["all"]


@every_revision
def test_contradictions_find_nothing(shelf: Catalog) -> None:
    for text in (
        "equals(published,true),equals(published,false)",
        f"{by_ids('mug')[0]},{by_ids('plate')[0]}",
        'contains(title,"mug"),contains(title,"late")',
    ):
        assert external_ids(filtered(shelf, Listing("item"), text)) == []


@every_revision
def test_operators_belong_to_fields(shelf: Catalog, revision: str) -> None:
    for listing in listings(revision):
        for field, known in listing.at(revision).filters.items():
            (allowed,) = known["operators"]
            for operator in OPERATORS:
                if operator != allowed:
                    wording = f"is not an allowed filter operator for {field}."
                    detail = f"'{operator}' {wording}  Allowed operators are {allowed}"
                    hold_refused(filtered(shelf, listing, f'{operator}({field},"a")'), detail)


@every_revision
def test_foreign_fields_are_refused(shelf: Catalog, revision: str) -> None:
    for listing in listings(revision):
        known = listing.at(revision).filters
        for field in (*FOREIGN, *CONDITIONS):
            if known and field not in known:
                hold_refused(filtered(shelf, listing, f'equals({field},"a")'))


@every_revision
def test_old_names_are_refused(shelf: Catalog, revision: str) -> None:
    names = ("category", "item") if revision >= WRAPPED_BODIES else ("category.id", "item.id")
    for resource, name in (("item", names[0]), ("variant", names[1]), ("category", names[1])):
        text = f'equals({name},"{catalog_id("mug")}")'
        hold_refused(filtered(shelf, Listing(resource), text))


@every_revision
@pytest.mark.parametrize(
    "text",
    [
        "",
        "title",
        "equals(published,true",
        "equals(published true)",
        "equals(published,true))",
        "equals(published,true),",
        "equals(published,true)equals(published,true)",
        "contains(title,mug)",
        'contains(title,"mug)',
        'contains("title","mug")',
        "any(ids,[])",
        'any(ids,["a")',
        'any(ids,["a",])',
        "and()",
        "(",
    ],
)
def test_broken_filters_are_refused(shelf: Catalog, text: str) -> None:
    hold_refused(filtered(shelf, Listing("item"), text), "Invalid filter provided")


@every_revision
@pytest.mark.parametrize(
    "text",
    ["equals(published,1)", 'any(ids,"a")', "contains(title,true)", "any(ids,[1])"],
)
def test_values_of_other_types_fail(shelf: Catalog, text: str) -> None:
    hold_refused(filtered(shelf, Listing("item"), text))


@before(FILTERED_ID_LISTS)
def test_id_lists_had_no_filters(shelf: Catalog, revision: str) -> None:
    for listing in ID_LISTS:
        if listing.known(revision):
            for name, value in (("filter", by_ids("mug")[0]), ("sort", "created")):
                answer = shelf.page(listing, OWNERS[listing.owner], {name: value})
                detail = f"'{name}' is not a valid field for the resource"
                hold_error(answer, 400, extra={"meta": {}})
                assert answer.error["detail"].startswith(detail)


@every_revision
def test_sort_turns_the_order(shelf: Catalog, revision: str) -> None:
    for listing in listings(revision):
        if "sort" in listing.at(revision).query:
            owner = OWNERS.get(listing.owner, "")
            upwards = names_of(on_shelf(listing, owner))
            assert shelf.names(listing, owner, {"sort": "created"}) == upwards
            assert shelf.names(listing, owner, {"sort": "-created"}) == upwards[::-1]


@every_revision
@pytest.mark.parametrize("sort", ["updated", "title", "--created", "+created", "", "created,id"])
def test_other_sorts_are_refused(shelf: Catalog, revision: str, sort: str) -> None:
    for listing in listings(revision):
        if "sort" in listing.at(revision).query:
            answer = shelf.page(listing, OWNERS.get(listing.owner, ""), {"sort": sort})
            hold_error(answer, 400, source={"parameter": "sort"}, extra=None)


@every_revision
def test_updates_keep_the_order(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision).made("item", "a", "b", "c")
    catalog.update("item", "a", title="New")
    assert catalog.names(Listing("item"), query={"sort": "created"}) == ["a", "b", "c"]
    found = {"filter": 'contains(title,"New")'}
    assert catalog.names(Listing("item"), query=found) == ["a"]


@since(ID_LIST_LINKS)
def test_filters_stay_in_links(shelf: Catalog, revision: str) -> None:
    query = {"filter": by_ids("mug")[0], "sort": "-created"}
    for listing in listings(revision):
        owner = OWNERS.get(listing.owner, "")
        hold_page(shelf, listing, shelf.page(listing, owner, query), owner, query)


@every_revision
def test_filters_stay_in_their_account(shelf: Catalog, client: Client, revision: str) -> None:
    other = Catalog(client, revision).made("item", "mug")
    text = by_related("category.id" if revision >= WRAPPED_BODIES else "category", "all")[0]
    assert external_ids(filtered(other, Listing("item"), text)) == []
    assert external_ids(filtered(shelf, Listing("item"), text)) == ["mug", "cup 1/2"]
    assert identifier("item", "mug")["id"] == other.get("item", "mug").json["data"]["id"]


def hold_refused(answer: Answer, detail: str | None = None) -> None:
    """Whether links and meta go with it differs between the recorded answers."""
    hold_error(answer, 400, source={"parameter": "filter"}, extra=None)
    assert detail in {None, answer.error["detail"]}
