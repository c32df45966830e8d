from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backroom.feeds.api_client import ApiClient, RefusedError
from backroom.feeds.formats import open_feed
from backroom.feeds.loading import MODES, Loader, Report
from backroom.feeds.survey import survey
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
    """Loads rows into an account, and keeps what was told of the progress."""

    def __init__(self, path: Path, url: str, key: str) -> None:
        self.path = path
        self.server = ApiClient(url, key, NEWEST, 10)
        self.progress: list[tuple[str, int]] = []

    def __call__(self, *rows: dict[str, Any], mode: str = "create", batch: int = 100) -> Report:
        self.path.write_bytes(msgspec.json.Encoder().encode_lines(rows))
        feed = open_feed(self.path)
        report = Report.of(survey(feed.rows()))
        loader = Loader(self.server, MODES[mode], report, batch)
        loader.run(feed, lambda kind, settled: self.progress.append((kind, settled)))
        return report


@pytest.fixture
def load(path: Path, client: Client) -> Loads:
    return Loads(path, client.url, client.key)


def done(report: Report) -> dict[str, dict[str, int]]:
    return {
        kind: {str(verb): count for verb, count in tally.done.items() if count}
        for kind, tally in report.tallies.items()
        if tally.rows
    }


def faults(report: Report) -> list[tuple[int, str]]:
    return sorted((fault.line, fault.detail) for fault in report.faults)


def test_rows_may_come_in_any_order(load: Loads) -> None:
    report = load(CAP_M, CAP | {"categories": ["hats"]}, HATS)
    assert done(report) == {
        "variant": {"create": 1},
        "item": {"create": 1},
        "category": {"create": 1},
    }
    assert report.faults == []


def test_job_holds_a_batch(load: Loads) -> None:
    rows = [CAP | {"external_id": str(number)} for number in range(45)]
    report = load(*rows, batch=2)
    assert report.tallies["item"].jobs == 23
    assert done(report) == {"item": {"create": 45}}


def test_progress_ends_with_all_rows(load: Loads) -> None:
    load(HATS, CAP, CAP | {"external_id": "C2", "title": None}, CAP, batch=1)
    assert load.progress[-1] == ("item", 3)
    assert ("category", 1) in load.progress


def test_refused_row_costs_only_itself(load: Loads) -> None:
    rows: list[dict[str, Any]] = [CAP | {"external_id": str(number)} for number in range(5)]
    rows[1] |= {"price": "cheap"}
    rows[3] |= {"images": 5}
    report = load(*rows)
    assert done(report) == {"item": {"create": 3}}
    assert [line for line, _ in faults(report)] == [2, 4]
    assert faults(report)[0][1] == "price: A valid number is required."


def test_wholly_refused_batch_is_no_job(load: Loads) -> None:
    report = load(CAP | {"price": "cheap"}, CAP | {"price": "dear"})
    assert report.tallies["item"].jobs == 0
    assert len(report.faults) == 2


def test_row_without_title_is_not_sent(load: Loads) -> None:
    assert faults(load(CAP | {"title": None})) == [(1, "title is missing")]


def test_second_of_two_is_told(load: Loads) -> None:
    report = load(CAP, HATS, CAP)
    assert faults(report) == [(3, "An item with the external id `C1` already exists.")]
    assert done(report)["item"] == {"create": 1}


def test_unknown_parents_are_told(load: Loads) -> None:
    report = load(CAP | {"categories": ["hats"]}, CAP_M)
    missing = "An item with the id `$custom:::$default:::C1` does not exist."
    assert faults(report) == [(1, "Invalid category information."), (2, missing)]


def test_upsert_updates_what_exists(load: Loads) -> None:
    load(HATS, CAP)
    report = load(HATS, CAP | {"title": "New"}, CAP_M, mode="upsert")
    assert done(report) == {
        "category": {"update": 1},
        "item": {"update": 1},
        "variant": {"create": 1},
    }
    assert report.tallies["item"].jobs == 2


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_last_of_equals_wins(load: Loads, client: Client, batch: int) -> None:
    titles = [f"Cap {number}" for number in range(40)]
    report = load(*(CAP | {"title": title} for title in titles), mode="upsert", batch=batch)
    assert done(report) == {"item": {"create": 1, "update": 39}}
    path = "/api/catalog-item-bulk-update-jobs"
    newest = client.get(path).json["data"][0]["id"]
    (item,) = client.get(f"{path}/{newest}", query={"include": "items"}).json["included"]
    assert item["attributes"]["title"] == "Cap 39"


def test_update_needs_an_existing_row(load: Loads) -> None:
    load(CAP)
    report = load(CAP | {"title": "New"}, CAP | {"external_id": "C2"}, mode="update")
    assert done(report) == {"item": {"update": 1}}
    missing = "An item with the id `$custom:::$default:::C2` does not exist."
    assert faults(report) == [(2, missing)]


def test_delete_goes_backwards(load: Loads) -> None:
    load(HATS, CAP, CAP_M)
    load.progress.clear()
    assert load(HATS, CAP, CAP_M, mode="delete").faults == []
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


def test_large_rows_go_in_more_jobs(load: Loads) -> None:
    rows = [CAP | {"external_id": str(n), "description": "x" * 500_000} for n in range(24)]
    report = load(*rows)
    assert report.tallies["item"].jobs == 3
    assert done(report) == {"item": {"create": 24}}


def test_silence_about_rows_is_reported(path: Path) -> None:
    silent = Answer(200, {"data": {"attributes": {"status": "cancelled", "completed_count": 1}}})
    with scripted(ACCEPTED, silent) as script:
        report = Loads(path, script.url, "pk_test")(CAP, CAP, CAP)
    detail = "job J1 ended as cancelled and says nothing about 2 of its rows, in lines 1 to 3"
    assert faults(report) == [(1, detail)]
    assert report.tallies["item"].failed == 2


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
        assert sum(tally.rows for tally in report.tallies.values()) == len(rows)
        assert all(tally.settled == tally.rows for tally in report.tallies.values())
        lines = [fault.line for fault in report.faults]
        assert len(lines) == len(set(lines)) == sum(t.failed for t in report.tallies.values())
