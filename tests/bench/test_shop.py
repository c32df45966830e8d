"""The shop has the shape that its questions need."""

from __future__ import annotations

from collections import Counter

import msgspec

from backroom.catalog.kinds import CATEGORY, ITEM, JOB_KINDS, VARIANT, Verb
from bench import shop


def test_items_have_three_variants_in_the_mean() -> None:
    found = Counter(map(shop.item_of, range(shop.COUNTS[VARIANT.name])))
    assert found.total() / shop.COUNTS[ITEM.name] == 3
    assert found.pop(0) > shop.FULL
    assert max(found.values()) <= 12
    assert set(found) <= set(range(shop.COUNTS[ITEM.name]))


def test_one_category_fills_pages() -> None:
    found = Counter(
        category for item in range(shop.COUNTS[ITEM.name]) for category in shop.categories_of(item)
    )
    assert len(found) == shop.COUNTS[CATEGORY.name]
    assert found[0] > 2 * shop.FULL


def test_every_page_has_awkward_names() -> None:
    names = [shop.external_id(ITEM, place) for place in range(shop.FULL)]
    awkward = [each for each in names if {" ", "/", '"', "ö"} <= set(each)]
    assert len(awkward) == 2
    assert "%20%22sch%C3%B6n%2Fgro%C3%9F%22%20" in shop.path(ITEM, 7)


def test_items_have_some_900_bytes() -> None:
    sizes = [len(msgspec.json.encode(shop.attributes(ITEM, place))) for place in range(100)]
    assert 800 < sum(sizes) / len(sizes) < 1200
    assert any(shop.attributes(ITEM, place)["price"] is None for place in range(100))


def test_jobs_make_every_resource_once() -> None:
    for kind in (CATEGORY, ITEM, VARIANT):
        job_kind = JOB_KINDS[f"{kind.type}-bulk-{Verb.CREATE}-job"]
        bodies = [msgspec.json.decode(each) for each in shop._bodies(job_kind, 20)]  # noqa: SLF001
        made = Counter(
            each["attributes"]["external_id"]
            for body in bodies
            for each in body["data"]["attributes"][job_kind.member]["data"]
        )
        count = shop.COUNTS[kind.name]
        assert {shop.external_id(kind, place) for place in range(count)} <= set(made)
        assert len(made) == count + 20
        assert [name for name, times in made.items() if times > 1] == [shop.external_id(kind, 0)]
