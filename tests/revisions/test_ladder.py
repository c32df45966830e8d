"""The ladder in `backroom.revisions`: what it holds, how it is climbed, what a header asks for."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import urllib3
from hypothesis import assume, given
from hypothesis import strategies as st

import backroom
from backroom import revisions
from backroom.api import bodies
from backroom.catalog.operations import Shape
from backroom.errors import InvalidRevision, NotFound
from backroom.revisions import LADDER, NEWEST, OLDEST, REVISIONS, requested, resolve
from backroom.revisions.attributes import AddAttribute, DropAttribute
from support.factories import an_operation
from support.strategies import answering, canonical_documents, job_operations, thorough
from support.strategies import revisions as every_rung
from support.wire_contract import KIND, job_validator
from support.wire_contract import REVISIONS as PUBLISHED
from support.wire_shown import answer_validator

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

    from backroom.catalog.operations import Operation
    from backroom.revisions import Revision

RELEASED = dt.date.fromisoformat(NEWEST)
TODAY = RELEASED + dt.timedelta(days=37)
"""A day that every revision is out on, whatever the newest is."""
NEXT = (RELEASED + dt.timedelta(days=92)).isoformat()
LAST_ENTRY = re.compile(rf'    "{NEWEST}": .*?,\n(?=}}\n)', re.DOTALL)
CHANGES = [change for lines in reversed(LADDER.values()) for change in lines]
ANSWERS = {Shape.JOB_POST: "post", Shape.JOB_GET: "one", Shape.JOB_LIST: "list"}


def last_entry(source: str) -> str:
    """The newest revision's entry, as it stands in the module's source."""
    (entry,) = LAST_ENTRY.findall(source)
    return str(entry)


def ladder_with(lines: str) -> Any:
    """The module as it would be with `lines` in the place of the newest revision's entry.

    `{newest}` in them stands for that entry.
    """
    source = inspect.getsource(revisions)
    entry = last_entry(source)
    made = ModuleType("backroom.revisions")
    changed = source.replace(entry, lines.replace("{newest}", entry))
    exec(compile(changed, "ladder", "exec"), made.__dict__)
    return made


def test_ladder_has_every_revision() -> None:
    assert tuple(LADDER) == PUBLISHED
    assert (PUBLISHED[0], PUBLISHED[-1]) == (OLDEST, NEWEST)


def test_newest_revision_lacks_what_has_gone() -> None:
    above = [change for _, change in REVISIONS[NEWEST].above]
    assert above == [each for each in CHANGES if isinstance(each, DropAttribute)]


def test_oldest_revision_sees_all_changes() -> None:
    above = [change for _, change in REVISIONS[OLDEST].above]
    assert above == [each for each in CHANGES if not isinstance(each, DropAttribute)]


def test_changes_stand_in_their_modules() -> None:
    for date, changes in LADDER.items():
        for change in changes:
            if not isinstance(change, AddAttribute):
                assert type(change).__module__ == f"backroom.revisions.v{date.replace('-', '_')}"


def test_changes_begin_with_a_verb() -> None:
    names = [type(change).__name__ for lines in LADDER.values() for change in lines]
    verbs = ("Add", "Allow", "Drop", "Give", "Link", "Move", "Name", "Nest", "Relate", "Rename")
    assert [name for name in names if not name.startswith(verbs)] == []


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (f'"{NEXT}": (),\n{{newest}}', f"{NEWEST} after {NEXT}"),
        (f'"{NEWEST}": (MoveJobIdToId(),),\n', "a change is in two revisions"),
    ],
)
def test_ladder_is_checked_at_import(lines: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ladder_with(lines)


def test_another_revision_is_one_line() -> None:
    longer = ladder_with(f'{{newest}}    "{NEXT}": (),\n')
    assert longer.NEWEST == NEXT
    assert longer.resolve(NEXT, TODAY).date == NEXT
    assert longer.resolve(TODAY.isoformat(), TODAY + dt.timedelta(days=365)).date == NEWEST


@pytest.mark.slow
def test_another_line_serves(tmp_path: Path) -> None:
    package = tmp_path / "backroom"
    shutil.copytree(Path(backroom.__file__).parent, package)
    ladder = package / "revisions" / "__init__.py"
    source = ladder.read_text(encoding="utf-8")
    entry = last_entry(source)
    ladder.write_text(source.replace(entry, f'{entry}    "{NEXT}": (),\n'))
    command = [sys.executable, "-m", "backroom", "serve", "--ephemeral", "--port=0"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    with subprocess.Popen(
        [*command, "--format=json"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        started = json.loads(server.stdout.readline())
        headers = {"Authorization": f"Klaviyo-API-Key {started['key']}", "revision": NEXT}
        url = f"{started['url']}/api/catalog-item-bulk-create-jobs"
        with urllib3.PoolManager(timeout=10.0) as pool:
            answer = pool.request("GET", url, headers=headers)
        server.terminate()
        assert server.wait(10) == 0
    assert (answer.status, answer.json()["data"]) == (200, [])
    assert answer.headers["X-Klaviyo-Api-Revision"] == NEXT


@pytest.mark.parametrize("date", PUBLISHED)
def test_known_dates_are_themselves(date: str) -> None:
    assert resolve(date, TODAY).date == date
    assert resolve(f" {date}.pre ", TODAY).date == date


@pytest.mark.parametrize("date", PUBLISHED)
def test_days_between_are_the_earlier(date: str) -> None:
    day_before = dt.date.fromisoformat(date) - dt.timedelta(days=1)
    if date == OLDEST:
        with pytest.raises(NotFound, match=f"use a date from {OLDEST} on"):
            resolve(day_before.isoformat(), TODAY)
        return
    earlier = PUBLISHED[PUBLISHED.index(date) - 1]
    assert resolve(day_before.isoformat(), TODAY).date == earlier


def test_today_is_the_newest() -> None:
    assert resolve(TODAY.isoformat(), TODAY).date == NEWEST


def test_future_dates_are_refused() -> None:
    with pytest.raises(NotFound, match="Unable to specify a future revision date"):
        resolve((TODAY + dt.timedelta(days=1)).isoformat(), TODAY)


def test_known_revision_may_lie_ahead() -> None:
    assert resolve(NEWEST, RELEASED - dt.timedelta(days=300)).date == NEWEST


def test_missing_header_is_refused() -> None:
    with pytest.raises(InvalidRevision, match="header is required"):
        resolve(None, TODAY)


@pytest.mark.parametrize(
    "header",
    ["", "yesterday", "2024", "2024-13-01", "2024-02-30", "20240215", "2024-2-15", "2024-02-15.x"],
)
def test_other_texts_are_no_dates(header: str) -> None:
    with pytest.raises(InvalidRevision, match="must be a date, as YYYY-MM-DD"):
        resolve(header, TODAY)


def test_default_stands_in_for_nothing() -> None:
    assert requested(OLDEST, NEWEST).date == OLDEST
    assert [requested(header, OLDEST).date for header in (None, "")] == [OLDEST, OLDEST]
    with pytest.raises(InvalidRevision, match="header is required"):
        requested(None, "")


@given(st.text() | st.dates().map(str))
@thorough(200)
def test_any_header_is_answered(header: str) -> None:
    with suppress(InvalidRevision, NotFound):
        assert resolve(header, TODAY).date in PUBLISHED


@pytest.mark.parametrize(
    ("date", "retires"),
    [("2022-10-17", "2024-10-17"), ("2025-10-15", "2027-10-15"), ("2026-01-15", None)],
)
def test_year_old_revisions_name_their_end(date: str, retires: str | None) -> None:
    assert REVISIONS[date].retires(dt.date(2026, 11, 21)) == retires


def test_retirement_begins_on_the_day() -> None:
    revision = REVISIONS["2026-01-15"]
    assert revision.retires(dt.date(2027, 1, 14)) is None
    assert revision.retires(dt.date(2027, 1, 15)) == "2028-01-15"


def test_leap_day_retires_before_march() -> None:
    revision = replace(REVISIONS[NEWEST], date="2024-02-29")
    assert revision.retires(dt.date(2025, 2, 27)) is None
    assert revision.retires(dt.date(2025, 2, 28)) == "2026-02-28"


def test_old_pages_link_both_ends() -> None:
    linking = [date for date in PUBLISHED if REVISIONS[date].links_first_and_last]
    assert linking == [date for date in PUBLISHED if date <= "2025-01-15"]


# Down: documents of the newest shape in the shapes of the others


@pytest.mark.slow
@given(st.data())
@thorough(300)
def test_down_leaves_only_declared_members(data: st.DataObject) -> None:
    operation, revision = data.draw(answering), data.draw(every_rung)
    assume(revision.date >= operation.since)
    document = data.draw(canonical_documents(operation, revision))
    shown = taken_down(operation, revision, document)
    validator = validator_of(operation, revision.date)
    assert [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(shown)] == []


def validator_of(operation: Operation, revision: str) -> Draft202012Validator:
    """The closed schema of the operation's answers, with the differences that are known."""
    if operation.bulk is None:
        return answer_validator(revision, operation.method, operation.path)
    kind = KIND[f"{operation.kind.name}-{operation.bulk.verb}"]
    return job_validator(revision, kind, ANSWERS[operation.shape])


def taken_down(operation: Operation, revision: Revision, document: Any) -> Any:
    revision.down(operation, document)
    return msgspec.json.decode(msgspec.json.encode(document))


@given(st.data())
@thorough(100)
def test_down_to_the_newest_moves_nothing(data: st.DataObject) -> None:
    operation = data.draw(answering)
    document = data.draw(canonical_documents(operation, REVISIONS[NEWEST]))
    before = msgspec.json.encode(document)
    REVISIONS[NEWEST].down(operation, document)
    assert msgspec.json.encode(document) == before


@given(st.data())
@thorough(100)
def test_job_errors_point_as_bodies_do(data: st.DataObject) -> None:
    operation, revision = data.draw(job_operations), data.draw(every_rung)
    document = data.draw(canonical_documents(operation, revision))
    shown = taken_down(operation, revision, document)
    jobs = shown["data"] if isinstance(shown["data"], list) else [shown["data"]]
    nested = "/data" if revision.date >= "2023-07-15" else ""
    for job in jobs:
        for entry in job["attributes"]["errors"]:
            start = f"/data/attributes/{operation.job_kind.member}{nested}/"
            assert entry["source"]["pointer"].startswith(start)


def test_pointers_outside_are_kept() -> None:
    operation = an_operation("variant", "create")
    for pointer in ("/data/", "/data/type", "/data/attributes/datavariants", "/data/attributes"):
        assert REVISIONS[OLDEST].pointer(operation, pointer) == pointer


def test_newest_body_climbs_unchanged() -> None:
    for operation in (an_operation("item"), an_operation("variant", "update")):
        body = bodies.decode_json(b'{"data": {"attributes": {"items": 7}}}')
        assert REVISIONS[NEWEST].up(operation, body) == {"data": {"attributes": {"items": 7}}}
