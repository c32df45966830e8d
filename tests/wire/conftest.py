"""Accounts that the wire tests share, each made once where it is first wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom import clock
from support.client import NEWEST
from support.wire_catalog import Catalog, Warehouse, fill_shelf
from support.wire_contract import KIND
from support.wire_jobs import Archive, Jobs, open_shop, stock
from support.wire_requests import Style, parented

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.client import Client
    from support.wire_jobs import MakeClient, Shop

MORE_THAN_TWO_PAGES = 205


@pytest.fixture(scope="session")
def shops() -> Iterator[dict[str, Shop]]:
    """Shops by revision. None outlives a move of time by another test: its jobs may expire."""
    made: dict[str, Shop] = {}
    clock.watch(made.clear)
    yield made
    clock.unwatch(made.clear)


@pytest.fixture
def shop(revision: str, shops: dict[str, Shop], make_client: MakeClient) -> Shop:
    """An account whose jobs were all posted at this revision."""
    if revision not in shops:
        shops[revision] = open_shop(make_client(), revision)
    return shops[revision]


@pytest.fixture(scope="session")
def stocks() -> dict[str, Client]:
    return {}


@pytest.fixture
def stocked(revision: str, stocks: dict[str, Client], make_client: MakeClient) -> Client:
    """An account with resources to update and to delete, once in each style."""
    if revision not in stocks:
        names = [f"{verb}-{style.value}" for verb in ("update", "delete") for style in Style]
        stocks[revision] = stock(make_client(), names)
    return stocks[revision]


@pytest.fixture(scope="session")
def archives() -> Iterator[list[Archive]]:
    """The archive, if there is one. It does not outlive a move of time either."""
    made: list[Archive] = []
    clock.watch(made.clear)
    yield made
    clock.unwatch(made.clear)


@pytest.fixture
def archive(archives: list[Archive], make_client: MakeClient) -> Archive:
    """An account with more jobs of one kind than two pages hold."""
    if not archives:
        jobs = Jobs(make_client(), NEWEST, KIND["category-create"])
        posted = [jobs.post(jobs.named(f"c{n}")).job_id for n in range(MORE_THAN_TWO_PAGES)]
        jobs.completed(posted[-1])
        archives.append(Archive(jobs, tuple(reversed(posted))))
    return archives[0]


@pytest.fixture(scope="session")
def shelves() -> dict[str, Catalog]:
    return {}


@pytest.fixture
def shelf(revision: str, shelves: dict[str, Catalog], make_client: MakeClient) -> Catalog:
    """A few resources that were made at this revision, for reading only."""
    if revision not in shelves:
        shelves[revision] = fill_shelf(make_client(), revision)
    return shelves[revision]


@pytest.fixture(scope="session")
def benches() -> dict[str, Catalog]:
    return {}


@pytest.fixture
def bench(revision: str, benches: dict[str, Catalog], make_client: MakeClient) -> Catalog:
    """Another shelf like it, for calls that are refused; it suffers where one is not."""
    if revision not in benches:
        benches[revision] = fill_shelf(make_client(), revision)
    return benches[revision]


@pytest.fixture(scope="session")
def warehouses() -> list[Warehouse]:
    return []


@pytest.fixture
def warehouse(warehouses: list[Warehouse], make_client: MakeClient) -> Warehouse:
    """An account with more of everything than two pages hold."""
    if not warehouses:
        warehouses.append(_fill_warehouse(make_client()))
    return warehouses[0]


def _fill_warehouse(client: Client) -> Warehouse:
    """Hang all variants and categories on the first item, all items on the first category."""
    numbers = [f"{number:03}" for number in range(MORE_THAN_TWO_PAGES)]
    first = numbers[0]
    for resource in ("item", "variant", "category"):
        jobs = Jobs(client, NEWEST, KIND[f"{resource}-create"])
        named = [
            parented(NEWEST, each, first) if resource == "variant" else jobs.named(each)
            for each in numbers
        ]
        posted = [jobs.post(*named[at : at + 100]).job_id for at in range(0, len(named), 100)]
        jobs.completed(posted[-1])
    for resource in ("item", "category"):
        Catalog(client).link("PATCH", resource, first, *numbers)
    return Warehouse(client, tuple(numbers))
