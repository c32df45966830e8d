from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from backroom.catalog.drafts import Draft
from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT
from backroom.control.touched import Touch, refused_calls, touching_calls, touching_jobs
from backroom.store import call_touches
from backroom.store.call_touches import CallTouch
from support.factories import ACCOUNT, a_creation, a_deletion, a_job, an_update, stored

if TYPE_CHECKING:
    from backroom.catalog.kinds import Kind
    from backroom.control.route import Control


def touches(control: Control, kind: Kind, external_id: str) -> list[Touch]:
    return touching_jobs(control, ACCOUNT, kind, external_id).found


def keep(control: Control, name: str, *drafts: Draft, age: int = 0, **members: str) -> None:
    stored(control.database, a_job(timedelta(minutes=age), type=name, **members), *drafts)


def test_what_each_job_gave_is_shown_newest_first(control: Control) -> None:
    keep(control, "catalog-item-bulk-create-job", a_creation("item", "a", title="One"), age=2)
    keep(control, "catalog-item-bulk-update-job", an_update("a", title="Two"), age=1)
    keep(control, "catalog-item-bulk-delete-job", a_deletion("a"))
    found = touches(control, ITEM, "a")
    assert [str(each.job_kind.verb) for each in found] == ["delete", "update", "create"]
    assert [(each.given or {}).get("title") for each in found] == [None, "Two", "One"]


def test_name_within_another_name_is_not_meant(control: Control) -> None:
    keep(
        control, "catalog-item-bulk-create-job", a_creation("item", "ab"), a_creation("item", "xa")
    )
    assert touches(control, ITEM, "a") == []


def test_job_of_another_kind_is_no_touch(control: Control) -> None:
    keep(control, "catalog-variant-bulk-delete-job", a_deletion("a"))
    assert touches(control, ITEM, "a") == []


def test_job_that_links_it_is_told_apart(control: Control) -> None:
    draft = Draft(resource_id("c"), {"name": "C"}, {"items": [resource_id("a")]})
    keep(control, "catalog-category-bulk-create-job", draft)
    (touch,) = touches(control, ITEM, "a")
    assert (touch.is_own, touch.related) == (False, {"category": [resource_id("c")]})
    assert touches(control, VARIANT, "a") == []
    assert touches(control, CATEGORY, "c")[0].is_own


def test_failed_operation_has_its_fault(control: Control) -> None:
    errors = '[{"detail":"Twice.","meta":{"external_id":"a"}}]'
    drafts = a_creation("item", "a"), a_creation("item", "b")
    keep(control, "catalog-item-bulk-create-job", *drafts, errors=errors)
    assert touches(control, ITEM, "a")[0].fault == "Twice."
    assert touches(control, ITEM, "b")[0].fault == ""


def test_job_without_operations_is_known_by_linkage(control: Control) -> None:
    linkage = f'[{{"type":"catalog-item","id":"{resource_id("a")}"}}]'
    keep(control, "catalog-item-bulk-create-job", a_creation("item", "a"), linkage=linkage)
    control.database.write(lambda tx: tx.run("delete from job_operations")).result()
    (touch,) = touches(control, ITEM, "a")
    assert touch.given is None


def test_odd_ids_are_found(control: Control) -> None:
    for age, name in enumerate(('a"b\\c', "\u00e9\u4e16\U0001f45f", "a\nb", "<a/>")):
        keep(control, "catalog-item-bulk-create-job", a_creation("item", name), age=age)
        assert len(touches(control, ITEM, name)) == 1
    assert touches(control, ITEM, "a\0b") == []


def test_calls_are_those_of_the_database(control: Control) -> None:
    given = Draft(resource_id("a"), {"title": "New"}, {"categories": [resource_id("hats")]})
    text = msgspec.json.encode(given).decode()
    made = ("update_catalog_item", "2026-10-15", "r", "2026-01-01T00:00:00+00:00")
    notes = [
        CallTouch(ACCOUNT, "item", "a", "1", *made, text),
        CallTouch(ACCOUNT, "item", "a", "2", *made, ""),
    ]
    control.database.write(lambda tx: call_touches.add_calls(tx, notes)).result()
    large, update = touching_calls(control, ACCOUNT, ITEM, "a")
    assert not large.is_kept
    assert (update.given, update.related) == ({"title": "New"}, {"categories": ["hats"]})
    assert touching_calls(control, ACCOUNT, ITEM, "a\0b") == []


def test_without_journal_none_is_refused(control: Control) -> None:
    assert refused_calls(control, ACCOUNT, ITEM, "a") == []
