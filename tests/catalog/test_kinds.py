from __future__ import annotations

import pytest

from backroom.catalog.kinds import (
    CATEGORY,
    ITEM,
    JOB_ATTRIBUTES,
    JOB_KINDS,
    KINDS,
    VARIANT,
    Kind,
    Range,
    Verb,
)
from support.wire_answers import JOB_ATTRIBUTES as OBSERVED_JOB_ATTRIBUTES
from support.wire_answers import RESOURCE_ATTRIBUTES

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)


def test_there_are_three_kinds() -> None:
    assert list(KINDS) == ["item", "variant", "category"]


def test_there_are_nine_job_kinds() -> None:
    named = {(each.kind.name, each.verb) for each in JOB_KINDS.values()}
    assert named == {(kind, verb) for kind in KINDS for verb in Verb}


def test_kinds_are_named_as_observed() -> None:
    assert [kind.type for kind in KINDS.values()] == [
        "catalog-item",
        "catalog-variant",
        "catalog-category",
    ]
    assert [kind.collection for kind in KINDS.values()] == [
        "catalog-items",
        "catalog-variants",
        "catalog-categories",
    ]


def test_articles_fit_their_nouns() -> None:
    texts = [kind.with_article for kind in KINDS.values()]
    assert texts == ["An item", "A variant", "A category"]


@every_kind
def test_attributes_stand_as_observed(kind: Kind) -> None:
    assert kind.stored_attributes == RESOURCE_ATTRIBUTES[kind.name]


def test_job_attributes_stand_as_observed() -> None:
    assert JOB_ATTRIBUTES == OBSERVED_JOB_ATTRIBUTES


@every_kind
def test_external_id_is_never_updated(kind: Kind) -> None:
    (external_id,) = [each for each in kind.attributes if each.name == "external_id"]
    assert (external_id.create, external_id.update) == ("required", "absent")


def test_defaults_are_the_observed_ones() -> None:
    defaults = {each.name: each.default for each in VARIANT.attributes if each.create == "nullable"}
    assert defaults == {
        "inventory_policy": 0,
        "image_full_url": "",
        "image_thumbnail_url": "",
        "images": [],
        "custom_metadata": {},
        "published": True,
    }


def test_item_price_defaults_to_null() -> None:
    (price,) = [each for each in ITEM.attributes if each.name == "price"]
    assert (price.create, price.default) == ("nullable", None)


@every_kind
def test_columns_are_what_filters_need(kind: Kind) -> None:
    assert (
        kind.columns
        == {
            "item": ("title", "published"),
            "variant": ("title", "sku", "published"),
            "category": ("name",),
        }[kind.name]
    )


def test_each_kind_shows_one_relationship() -> None:
    shown = [(kind.shown.name, kind.shown.target, kind.shown.many) for kind in KINDS.values()]
    assert shown == [
        ("variants", "variant", True),
        ("item", "item", False),
        ("items", "item", True),
    ]


def test_variant_updates_take_no_relationship() -> None:
    (item,) = VARIANT.relations
    assert item.verbs == (Verb.CREATE,)


@pytest.mark.parametrize("kind", [ITEM, CATEGORY], ids=lambda kind: kind.name)
def test_sets_are_updated_as_created(kind: Kind) -> None:
    (relation,) = kind.relations
    assert relation.many
    assert relation.verbs == (Verb.CREATE, Verb.UPDATE)


@pytest.mark.parametrize(
    ("revisions", "revision", "within"),
    [
        (Range(), "2022-10-17", True),
        (Range("2023-09-15"), "2023-08-15", False),
        (Range("2023-09-15"), "2023-09-15", True),
        (Range("2023-09-15", "2024-05-15"), "2024-02-15", True),
        (Range("2023-09-15", "2024-05-15"), "2024-05-15", False),
        (Range(until="2024-05-15"), "2022-10-17", True),
    ],
)
def test_ranges_leave_out_their_end(revisions: Range, revision: str, *, within: bool) -> None:
    assert (revision in revisions) is within


def test_job_kinds_are_named_alike() -> None:
    job_kind = JOB_KINDS["catalog-category-bulk-update-job"]
    assert job_kind.collection == "catalog-category-bulk-update-jobs"
    assert job_kind.member == "categories"
    assert job_kind.title == "catalog-category bulk update job"


def test_deletes_leave_nothing_to_include() -> None:
    including = {each.type: each.includes for each in JOB_KINDS.values() if each.includes}
    assert len(including) == 6
    assert not any("delete" in name for name in including)
    assert including["catalog-item-bulk-create-job"] == ("items",)
