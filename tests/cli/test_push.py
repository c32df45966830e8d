"""Catalogs that are pushed from one real server to another one with limits and faults."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from backroom.cli.imports import import_command
from backroom.cli.push import push_command
from conftest import client_of, running
from feeds.catalogs import catalog_of, change, create, load, sent_operations
from feeds.other_server import other_server
from feeds.scripted_server import Answer, scripted
from support.client import Client
from support.factories import a_resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.server import Server
    from conftest import MakeClient, NewDatabase

FEEDS = Path(__file__).parents[1] / "feeds"
ITEMS = 60
SHOPIFY = "Handle,Title,Variant Price\ncap,Cap,19.95\n"
POSTS = {"method": "POST", "path": "/api/*-jobs"}
ANY_POST = {**POSTS, "probability": 0.3, "seed": 3}


@pytest.fixture(scope="module")
def target_server(new_database: NewDatabase) -> Iterator[Server]:
    """A server with the limits of the real service, twenty times as wide."""
    with running(new_database(), limits="20", journal="on") as server:
        yield server


@pytest.fixture
def target(target_server: Server) -> Client:
    target_server.faults.clear()
    return client_of(target_server)


@pytest.fixture
def source(make_client: MakeClient) -> Client:
    return make_client()


@pytest.fixture(autouse=True)
def in_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(source: Client | Path, target: Client, *arguments: str) -> Result:
    """Push with small jobs, so that there are many."""
    environment = {"BACKROOM_TO_KEY": target.key}
    given = ["--to", target.url, "--batch", "7", *arguments]
    if isinstance(source, Path):
        given.append(str(source))
    else:
        environment["BACKROOM_FROM_KEY"] = source.key
        given += ["--from", source.url]
    return CliRunner(env=environment).invoke(push_command, given)


def reported(source: Client | Path, target: Client, *arguments: str) -> Any:
    return json.loads(run(source, target, "--format", "json", *arguments).stdout)


def fill(client: Client, number: int = ITEMS, seed: int = 0) -> None:
    load(client, number, random.Random(seed))


def test_push_makes_catalogs_equal(source: Client, target: Client) -> None:
    fill(source)
    result = run(source, target)
    assert result.exit_code == 0
    assert "To create: 4 categories, 60 items, 60 variants" in result.stderr
    assert catalog_of(target) == catalog_of(source)
    assert sent_operations(target) == 124


def test_second_push_sends_nothing(source: Client, target: Client) -> None:
    fill(source)
    run(source, target)
    before = sent_operations(target)
    result = run(source, target)
    assert (result.exit_code, sent_operations(target)) == (0, before)
    assert "Nothing differs." in result.stderr


def test_dry_run_sends_nothing(source: Client, target: Client) -> None:
    fill(source, 3)
    fill(target, 3, seed=1)
    report = reported(source, target, "--dry-run")
    assert report["counts"]["catalog-category"]["unchanged"] == 4
    attributes = {name for each in report["changes"] for name in each["attributes"]}
    assert attributes <= {"price", "categories", "inventory_quantity"}
    assert attributes
    assert list(Path().glob("*.push-progress")) == []


@pytest.mark.slow
def test_changes_alone_are_sent(source: Client, target: Client) -> None:
    fill(source)
    run(source, target)
    before = sent_operations(target)
    change(source, ITEMS, random.Random(1))
    result = run(source, target, "--delete")
    assert result.exit_code == 0
    assert "To update: " in result.stderr
    assert "price of 6 items" in result.stderr or "price of 5 items" in result.stderr
    assert catalog_of(target) == catalog_of(source)
    # The items of the category that is gone have left it.
    assert sent_operations(target) - before < 60


def test_nothing_is_deleted_unasked(source: Client, target: Client) -> None:
    fill(source, 2)
    create(target, "own")
    assert run(source, target).exit_code == 0
    assert "$custom:::$default:::own" in {name for _, name in catalog_of(target)}


def test_limit_of_deletions_stops_a_push(source: Client, target: Client) -> None:
    fill(target, 5)
    fill(source, 2)
    before = catalog_of(target)
    result = run(source, target, "--delete")
    assert result.exit_code == 1
    assert "at most 1 may be deleted" in result.stderr
    assert catalog_of(target) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503, **ANY_POST},
        {"status": 429, "retry_after": 0, **ANY_POST},
        {"status": 503, "after": True, **ANY_POST},
        {"damage": "reset", **ANY_POST},
        {"damage": "reset", "after": True, **ANY_POST},
        {"damage": "truncated", **ANY_POST},
        {"damage": "malformed", **ANY_POST},
        {"damage": "malformed", "method": "GET", "probability": 0.2, "seed": 2},
        {"damage": "empty", "method": "GET", "probability": 0.3, "seed": 5},
        {"status": 500, "method": "GET", "probability": 0.3, "seed": 5},
    ],
    ids=str,
)
def test_faults_of_target_are_survived(
    source: Client, target: Client, target_server: Server, fault: dict[str, Any]
) -> None:
    fill(source, 21)
    create(target, "gone")
    target_server.faults.add(**fault, account=target.account)
    report = reported(source, target, "--delete", "--max-delete", "100%")
    target_server.faults.clear()
    assert (report["error"], report["faults"]) == (None, [])
    assert catalog_of(target) == catalog_of(source)


@pytest.mark.slow
@pytest.mark.parametrize(
    "feed",
    [
        "shopify/rows-apart-and-images.csv",
        "woocommerce/sales-and-stock.csv",
        "google/groups.tsv",
        "klaviyo/products.xml",
    ],
)
def test_feed_is_pushed_as_imported(
    source: Client, target: Client, target_server: Server, feed: str
) -> None:
    path = FEEDS / feed
    shop = ("--shop-url", "https://shop.example/{handle}") if path.suffix == ".csv" else ()
    faults: list[dict[str, Any]] = [{"status": 503}, {"damage": "reset", "after": True}]
    for number, fault in enumerate(faults):
        target_server.faults.add(**fault, **POSTS, probability=0.4, seed=number)
    pushed = run(path, target, "--state", "here", "--batch", "2", *shop)
    target_server.faults.clear()
    given = [str(path), "--url", source.url, "--state", "there", *shop]
    imported = CliRunner(env={"BACKROOM_KEY": source.key}).invoke(import_command, given)
    assert pushed.exit_code == imported.exit_code
    assert catalog_of(target) == catalog_of(source)
    assert catalog_of(target)


@pytest.mark.slow
def test_published_api_is_enough(source: Client, target: Client) -> None:
    """What a push needs of its target, the real service has."""
    fill(source)
    fill(target, 9, seed=1)
    create(target, "gone")
    with other_server(target.url) as service:
        to = Client(service.url, target.key)
        assert run(source, to, "--delete", "--dry-run").exit_code == 0
        assert run(source, to, "--delete").exit_code == 0
        assert run(source, to, "--delete").stderr.startswith("Nothing differs.")
    assert catalog_of(target) == catalog_of(source)
    assert service.unpublished == []


def test_refused_rows_are_reported(target: Client, tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    cap = {"type": "item", "title": "Cap", "description": "", "url": "u"}
    items = [cap | {"external_id": "1"}, cap | {"external_id": "2", "price": "x"}]
    feed.write_text("\n".join(map(json.dumps, items)))
    result = run(feed, target)
    assert result.exit_code == 3
    assert "A valid number is required." in result.stdout
    assert {name for _, name in catalog_of(target)} == {"$custom:::$default:::1"}


def test_catalog_with_made_up_addresses_is_refused(source: Client, target: Client) -> None:
    cap = a_resource("item", "cap", url="https://shop.invalid/products/cap")
    source.post("/api/catalog-items", {"data": cap})
    result = run(source, target)
    assert result.exit_code == 1
    assert "Import their files again with --mode upsert and --shop-url" in result.stderr
    assert sent_operations(target) == 0


@pytest.mark.parametrize(
    "given", [["--shop-url", "https://shop.example/{id}"], ["--input-format", "csv"]]
)
def test_catalog_takes_no_feed_options(source: Client, target: Client, given: list[str]) -> None:
    result = run(source, target, *given)
    assert result.exit_code == 2
    assert f"{given[0]} says how a FILE is read, and none is given." in result.stderr


def test_made_up_addresses_are_refused(target: Client, tmp_path: Path) -> None:
    feed = tmp_path / "shop.csv"
    feed.write_text(SHOPIFY)
    result = run(feed, target)
    assert result.exit_code == 1
    assert "begin with https://shop.invalid/" in result.stderr
    assert sent_operations(target) == 0
    assert run(feed, target, "--shop-url", "https://shop.example/{handle}").exit_code == 0
    assert len(catalog_of(target)) == 2


def test_made_up_addresses_of_servers_are_refused(source: Client, target: Client) -> None:
    item = {"external_id": "1", "title": "", "description": "", "url": "https://shop.invalid/1"}
    body = {"data": {"type": "catalog-item", "attributes": item}}
    assert source.request("POST", "/api/catalog-items", json=body).status == 201
    assert run(source, target).exit_code == 1
    assert catalog_of(target) == {}


@pytest.mark.slow
def test_absent_target_exits_with_4(source: Client) -> None:
    result = CliRunner(env={"BACKROOM_FROM_KEY": source.key, "BACKROOM_TO_KEY": "pk"}).invoke(
        push_command, ["--from", source.url, "--to", "http://127.0.0.1:9"]
    )
    assert result.exit_code == 4
    assert "nothing is listening" in result.stderr


def test_wrong_key_is_not_shown(source: Client, target: Client) -> None:
    arguments = ["--from", source.url, "--to", target.url, "--to-key", "pk_secret"]
    result = CliRunner(env={"BACKROOM_FROM_KEY": source.key}).invoke(push_command, arguments)
    assert result.exit_code == 1
    assert f"{target.url}: the server refused (401)" in result.stderr
    assert "secret" not in result.output


def test_key_may_be_in_a_file(source: Client, target: Client, tmp_path: Path) -> None:
    fill(source, 1)
    place = tmp_path / "key"
    place.write_text(f"{target.key}\n")
    environment = {"BACKROOM_TO_KEY_FILE": str(place), "BACKROOM_KEY": source.key}
    arguments = ["--from", source.url, "--to", target.url]
    assert CliRunner(env=environment).invoke(push_command, arguments).exit_code == 0
    assert catalog_of(target) == catalog_of(source)


def test_keys_are_needed(source: Client) -> None:
    result = CliRunner().invoke(push_command, ["--from", source.url, "--to", source.url])
    assert result.exit_code == 2
    assert "BACKROOM_TO_KEY_FILE" in result.stderr


def test_target_must_be_named(source: Client) -> None:
    result = CliRunner().invoke(push_command, ["--from", source.url, "--to-key", "pk"])
    assert result.exit_code == 2
    assert "--to" in result.stderr


def test_push_into_itself_is_refused(source: Client) -> None:
    result = run(source, source)
    assert result.exit_code == 1
    assert "the same account" in result.stderr


def test_old_revisions_are_refused(source: Client, target: Client) -> None:
    assert run(source, target, "--revision", "2023-06-15").exit_code == 1


@pytest.mark.slow
def test_another_revision_is_spoken(source: Client, target: Client) -> None:
    fill(source, 4)
    assert run(source, target, "--revision", "2024-10-15").exit_code == 0
    assert catalog_of(target) == catalog_of(source)


def test_file_has_nothing_to_watch(target: Client, tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_text("{}")
    assert run(feed, target, "--watch").exit_code == 2


@pytest.mark.slow
def test_jobs_in_progress_are_waited_for(source: Client) -> None:
    fill(source, 1)
    busy = Answer(
        400,
        {"errors": [{"detail": "The maximum number of jobs in progress at one time is 500."}]},
    )
    page = Answer(200, {"data": []})
    refused = Answer(401, {"errors": [{"detail": "No."}]})
    # The account, a page of each kind, and the jobs of each kind come before the first job.
    with scripted(*[page] * 7, busy, refused) as to:
        environment = {"BACKROOM_FROM_KEY": source.key, "BACKROOM_TO_KEY": "pk"}
        arguments = ["--from", source.url, "--to", to.url]
        result = CliRunner(env=environment).invoke(push_command, arguments)
    assert "too many jobs are in progress" in result.stderr
    assert "(401)" in result.stderr
