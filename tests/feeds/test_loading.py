from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backroom.catalog.kinds import Verb
from backroom.feeds.api_client import ApiClient
from backroom.feeds.client_errors import RefusedError
from backroom.feeds.comparing import MODES
from backroom.feeds.comparison import Comparison
from backroom.feeds.formats import open_feed
from backroom.feeds.ledger import Ledger
from backroom.feeds.loading import Loader, Options
from backroom.feeds.staging import stage
from backroom.feeds.tallies import counts, findings
from backroom.revisions import NEWEST
from feeds.scripted_server import Answer, scripted

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import MakeClient
    from support.client import Client

HATS = {"type": "category", "external_id": "hats", "name": "Hats"}
CAP = {"type": "item", "external_id": "C1", "title": "Cap", "description": "", "url": "u"}
CAP_M = {
    "type": "variant",
    "external_id": "C1-M",
    "item": "C1",
    "title": "Cap M",
    "description": "",
    "url": "u",
    "sku": "1",
    "price": 9,
    "inventory_quantity": 3,
}
ACCEPTED = Answer(202, {"data": {"id": "J1", "attributes": {"status": "processing"}}})


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("feed") / "feed.jsonl"


class Loads:
    """Loads rows into an account, and keeps what was said of the progress."""

    def __init__(self, path: Path, url: str, key: str) -> None:
        self.path = path
        self.server = ApiClient(url, key, NEWEST, 10)
        self.progress: list[tuple[str, int]] = []

    def __call__(self, *rows: dict[str, Any], mode: str = "create", batch: int = 100) -> Ledger:
        self.path.write_bytes(msgspec.json.Encoder().encode_lines(rows))
        ledger = Ledger(None)
        stage(open_feed(self.path), ledger, {})
        comparison = Comparison(self.server, ledger, MODES[mode])
        loader = Loader(comparison, self.server, Options(batch, patience=10))
        loader.run(lambda kind, settled: self.progress.append((kind, settled)))
        return ledger


@pytest.fixture
def load(path: Path, client: Client) -> Loads:
    return Loads(path, client.url, client.key)


def done(ledger: Ledger) -> dict[str, dict[str, int]]:
    names = ("created", "updated", "deleted", "unchanged")
    return {
        kind: {name: numbers[name] for name in names if numbers.get(name)}
        for kind, numbers in counts(ledger).items()
        if numbers["rows"]
    }


def jobs(ledger: Ledger) -> int:
    return sum(numbers.get("jobs", 0) for numbers in counts(ledger).values())


def faults(ledger: Ledger) -> list[tuple[int, str]]:
    return sorted((fault.line, fault.detail) for fault in findings(ledger, failed=True))


def test_rows_may_come_in_any_order(load: Loads) -> None:
    report = load(CAP_M, CAP | {"categories": ["hats"]}, HATS)
    assert done(report) == {
        "variant": {"created": 1},
        "item": {"created": 1},
        "category": {"created": 1},
    }
    assert faults(report) == []


def test_job_holds_a_batch(load: Loads) -> None:
    rows = [CAP | {"external_id": str(number)} for number in range(45)]
    report = load(*rows, batch=2)
    assert jobs(report) == 23
    assert done(report) == {"item": {"created": 45}}


def test_progress_ends_with_all_rows(load: Loads) -> None:
    load(HATS, CAP, CAP | {"external_id": "C2", "title": None}, CAP, batch=1)
    assert load.progress[-1] == ("item", 3)
    assert ("category", 1) in load.progress


def test_refused_row_costs_only_itself(load: Loads) -> None:
    rows: list[dict[str, Any]] = [CAP | {"external_id": str(number)} for number in range(5)]
    rows[1] |= {"price": "cheap"}
    rows[3] |= {"images": 5}
    report = load(*rows)
    assert done(report) == {"item": {"created": 3}}
    assert [line for line, _ in faults(report)] == [2, 4]
    assert faults(report)[0][1] == "price: A valid number is required."


def test_wholly_refused_batch_is_no_job(load: Loads) -> None:
    report = load(CAP | {"price": "cheap"}, CAP | {"price": "dear"})
    assert jobs(report) == 0
    assert len(faults(report)) == 2


def test_row_without_title_is_not_sent(load: Loads) -> None:
    assert faults(load(CAP | {"title": None})) == [(1, "title is missing")]


def test_second_of_two_is_told(load: Loads) -> None:
    report = load(CAP, HATS, CAP)
    assert faults(report) == [(3, "The external id `C1` is that of line 1 already.")]
    assert done(report)["item"] == {"created": 1}


def test_other_existing_row_fails_a_create(load: Loads) -> None:
    load(CAP)
    (fault,) = faults(load(CAP | {"title": "New", "price": 1}))
    detail = "An item with the external id `C1` already exists with another title and price."
    assert fault == (1, detail)


def test_unknown_parents_are_told(load: Loads) -> None:
    report = load(CAP | {"categories": ["hats"]}, CAP_M)
    missing = "An item with the id `$custom:::$default:::C1` does not exist."
    assert faults(report) == [(1, "Invalid category information."), (2, missing)]


def test_upsert_updates_what_differs(load: Loads) -> None:
    load(HATS, CAP)
    report = load(HATS, CAP | {"title": "New"}, CAP_M, mode="upsert")
    assert done(report) == {
        "category": {"unchanged": 1},
        "item": {"updated": 1},
        "variant": {"created": 1},
    }
    assert jobs(report) == 2


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_last_of_equals_wins(load: Loads, client: Client, batch: int) -> None:
    titles = [f"Cap {number}" for number in range(40)]
    report = load(*(CAP | {"title": title} for title in titles), mode="upsert", batch=batch)
    assert done(report) == {"item": {"created": 1, "updated": 39}}
    assert jobs(report) == 1
    assert attributes(client)["title"] == "Cap 39"
    assert len(list(findings(report, failed=False))) == 39


def attributes(client: Client, external_id: str = "C1") -> dict[str, Any]:
    path = f"/api/catalog-items/$custom:::$default:::{external_id}"
    found: dict[str, Any] = client.get(path).json["data"]["attributes"]
    return found


@pytest.mark.parametrize("mode", ["create", "upsert", "update", "mirror"])
def test_unchanged_feed_posts_no_job(load: Loads, mode: str) -> None:
    rows = (HATS, CAP | {"categories": ["hats"], "custom_metadata.red": 1}, CAP_M)
    load(*rows)
    report = load(*rows, mode=mode)
    assert jobs(report) == 0
    assert done(report) == {kind: {"unchanged": 1} for kind in ("category", "item", "variant")}


def test_changed_categories_are_sent(load: Loads) -> None:
    caps = HATS | {"external_id": "caps"}
    load(HATS, caps, CAP | {"categories": ["hats"]})
    moved = CAP | {"categories": ["caps"]}
    assert done(load(moved, mode="upsert")) == {"item": {"updated": 1}}
    assert done(load(moved, mode="upsert")) == {"item": {"unchanged": 1}}


def test_metadata_entries_are_merged(load: Loads, client: Client) -> None:
    load(CAP | {"custom_metadata": {"red": 1, "wool": True, "old": 1}})
    entries = {"custom_metadata.red": 2, "custom_metadata.new": 3, "custom_metadata.old": None}
    load({"type": "item", "external_id": "C1"} | entries, mode="update")
    assert attributes(client)["custom_metadata"] == {"red": 2, "wool": True, "new": 3}


def test_whole_metadata_replaces(load: Loads, client: Client) -> None:
    load(CAP | {"custom_metadata": {"red": 1}})
    load(CAP | {"custom_metadata": {"blue": 1}}, mode="upsert")
    assert attributes(client)["custom_metadata"] == {"blue": 1}


def test_null_clears_an_attribute(load: Loads, client: Client) -> None:
    load(CAP | {"price": 5})
    load(CAP | {"price": None}, mode="upsert")
    assert attributes(client)["price"] is None


def test_many_resources_are_compared_by_id(load: Loads) -> None:
    rows = [CAP | {"external_id": f'é "%20" {number}'} for number in range(230)]
    load(*rows)
    assert done(load(*rows, mode="upsert")) == {"item": {"unchanged": 230}}


def test_update_needs_an_existing_row(load: Loads) -> None:
    load(CAP)
    report = load(CAP | {"title": "New"}, CAP | {"external_id": "C2"}, mode="update")
    assert done(report) == {"item": {"updated": 1}}
    missing = "An item with the id `$custom:::$default:::C2` does not exist."
    assert faults(report) == [(2, missing)]


def test_delete_goes_backwards(load: Loads) -> None:
    load(HATS, CAP, CAP_M)
    load.progress.clear()
    assert faults(load(HATS, CAP, CAP_M, mode="delete")) == []
    assert list(dict(load.progress)) == ["variant", "item", "category"]


def test_wrong_key_ends_the_load(path: Path, server_url: str) -> None:
    load = Loads(path, server_url, "pk_wrong")
    with pytest.raises(RefusedError, match=r"\(401\): Incorrect authentication credentials\."):
        load(CAP)


def test_refusal_of_nobody_ends_the_load(path: Path) -> None:
    source = {"pointer": "/data/attributes/items/data/5"}
    refusal = Answer(400, {"errors": [{"detail": "No.", "source": source}]})
    with scripted(refusal) as script, pytest.raises(RefusedError):
        Loads(path, script.url, "pk_test")(CAP)


@pytest.mark.slow
def test_large_rows_go_in_more_jobs(load: Loads) -> None:
    rows = [CAP | {"external_id": str(n), "description": "x" * 500_000} for n in range(24)]
    report = load(*rows)
    assert jobs(report) == 3
    assert done(report) == {"item": {"created": 24}}


def test_silence_about_rows_is_reported(path: Path) -> None:
    nothing = Answer(200, {"data": []})
    silent = Answer(200, {"data": {"attributes": {"status": "cancelled", "completed_count": 1}}})
    there = Answer(200, {"data": [{"id": "$custom:::$default:::C1", "attributes": {}}]})
    with scripted(nothing, ACCEPTED, silent, there) as script:
        report = Loads(path, script.url, "pk_test")(CAP, CAP | {"external_id": "C2"})
    detail = "job J1 ended as cancelled and says nothing about this row"
    assert faults(report) == [(2, detail)]
    assert done(report) == {"item": {"created": 1}}


def test_lost_answer_sends_nothing_twice(path: Path) -> None:
    nothing = Answer(200, {"data": []})
    lost = Answer(502, b"")
    listed = Answer(200, {"data": [{"id": "J9", "attributes": {"total_count": 1}}]})
    complete = Answer(200, {"data": {"attributes": {"status": "complete", "completed_count": 1}}})
    results = Answer(200, {"data": {}, "included": [{"id": "$custom:::$default:::C1"}]})
    there = Answer(200, {"data": [{"id": "$custom:::$default:::C1"}]})
    with scripted(nothing, lost, listed, complete, results, there, complete) as script:
        report = Loads(path, script.url, "pk_test")(CAP)
    assert done(report) == {"item": {"created": 1}}
    assert [method for method, _, _ in script.requests].count("POST") == 1


@pytest.mark.parametrize(
    ("mode", "title", "outcome"),
    [("create", "Cap", "created"), ("update", "New", "updated"), ("delete", "", "deleted")],
)
def test_older_job_does_not_replace_lost_one(
    load: Loads, client: Client, mode: str, title: str, outcome: str
) -> None:
    wanted = CAP | {"title": title}
    if mode == "create":
        load(CAP)
        load(CAP, mode="delete")
    else:
        load(CAP)
        if mode == "delete":
            load(CAP, mode="delete")
            load(CAP)
        load(CAP | {"title": "Other"}, mode="update")
    ledger = Ledger(None)
    load.path.write_bytes(msgspec.json.encode(wanted))
    stage(open_feed(load.path), ledger, {})
    verb = Verb(mode)
    # It was never posted: the process ended before.
    ledger.begin("item", verb, [(1, "")])
    Loader(Comparison(load.server, ledger, MODES[mode]), load.server).run(lambda *_: None)
    assert done(ledger) == {"item": {outcome: 1}}
    titles = [each["attributes"]["title"] for each in client.get("/api/catalog-items").json["data"]]
    assert titles == ([] if mode == "delete" else [title])


def test_older_job_had_other_categories(load: Loads, client: Client) -> None:
    load(HATS, CAP | {"categories": ["hats"]})
    load(CAP | {"categories": []}, mode="update")
    ledger = Ledger(None)
    load.path.write_bytes(msgspec.json.encode(CAP | {"categories": ["hats"]}))
    stage(open_feed(load.path), ledger, {})
    # It was never posted: the process ended before.
    ledger.begin("item", Verb.UPDATE, [(1, "categories")])
    Loader(Comparison(load.server, ledger, MODES["update"]), load.server).run(lambda *_: None)
    assert done(ledger) == {"item": {"updated": 1}}
    path = "/api/catalog-items/$custom:::$default:::C1/relationships/categories"
    assert len(client.get(path).json["data"]) == 1


@pytest.mark.slow
def test_lost_request_is_sent_again(path: Path) -> None:
    nothing, lost = Answer(200, {"data": []}), Answer(502, b"")
    complete = Answer(200, {"data": {"attributes": {"status": "complete", "completed_count": 1}}})
    with scripted(nothing, lost, nothing, ACCEPTED, complete) as script:
        report = Loads(path, script.url, "pk_test")(CAP)
    assert done(report) == {"item": {"created": 1}}


def test_unnamed_operation_is_found(path: Path) -> None:
    """The real service may refuse a job without saying for which of its operations."""
    nothing = Answer(200, {"data": []})
    error = {"detail": "'x' is odd.", "source": {"pointer": "/data/attributes/x"}}
    refused = Answer(400, {"errors": [error]})
    complete = Answer(200, {"data": {"attributes": {"status": "complete", "completed_count": 1}}})
    with scripted(nothing, refused, refused, ACCEPTED, complete) as script:
        report = Loads(path, script.url, "pk_test")(CAP, CAP | {"external_id": "C2"})
    assert done(report) == {"item": {"created": 1}}
    assert ["'x' is odd." in detail for _, detail in faults(report)] == [True]


def test_too_large_job_is_halved(path: Path) -> None:
    nothing = Answer(200, {"data": []})
    large = Answer(413, {"errors": [{"detail": "Too large."}]})
    complete = Answer(200, {"data": {"attributes": {"status": "complete", "completed_count": 1}}})
    with scripted(nothing, large, ACCEPTED, ACCEPTED, complete) as script:
        report = Loads(path, script.url, "pk_test")(CAP, CAP | {"external_id": "C2"})
    assert done(report) == {"item": {"created": 2}}


ids = st.sampled_from(["a", "b", "c"])
rows = st.one_of(
    st.builds(lambda id_: HATS | {"external_id": id_}, ids),
    st.builds(
        lambda id_, of, price: CAP | {"external_id": id_, "categories": of, "price": price},
        ids,
        st.lists(ids, max_size=2, unique=True),
        st.sampled_from([1, "cheap"]),
    ),
    st.builds(lambda id_, of: CAP_M | {"external_id": id_, "item": of}, ids, ids),
    st.just({"type": "hat"}),
    st.just(CAP | {"title": None}),
)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(rows, min_size=1, max_size=12), st.sampled_from(list(MODES))), max_size=3
    ),
    st.integers(1, 4),
)
def test_every_row_is_accounted_for(
    path: Path,
    make_client: MakeClient,
    runs: list[tuple[list[dict[str, Any]], str]],
    batch: int,
) -> None:
    client = make_client()
    load = Loads(path, client.url, client.key)
    for rows, mode in runs:
        report = load(*rows, mode=mode, batch=batch)
        numbers = counts(report).values()
        removals = sum(each.get("removals", 0) for each in numbers)
        assert sum(each["rows"] for each in numbers) == len(rows)
        outcomes = ("created", "updated", "deleted", "unchanged", "failed")
        settled = sum(each.get(name, 0) for each in numbers for name in outcomes)
        assert settled == len(rows) + removals
        lines = [line for line, _ in faults(report)]
        assert len(lines) == len(set(lines)) == sum(each.get("failed", 0) for each in numbers)
