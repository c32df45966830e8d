"""Accounts that the wire tests share, each made once where it is first wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from client import NEWEST
from wire_contract import KIND
from wire_jobs import Archive, Jobs, open_shop, stock
from wire_requests import Style

if TYPE_CHECKING:
    from client import Client
    from wire_jobs import MakeClient, Shop

pytest.register_assert_rewrite("wire_answers")

MORE_THAN_TWO_PAGES = 205


@pytest.fixture(scope="session")
def shops() -> dict[str, Shop]:
    return {}


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
def archives() -> list[Archive]:
    return []


@pytest.fixture
def archive(archives: list[Archive], make_client: MakeClient) -> Archive:
    """An account with more jobs of one kind than two pages hold."""
    if not archives:
        jobs = Jobs(make_client(), NEWEST, KIND["category-create"])
        posted = [jobs.post(jobs.named(f"c{n}")).job_id for n in range(MORE_THAN_TWO_PAGES)]
        jobs.completed(posted[-1])
        archives.append(Archive(jobs, tuple(reversed(posted))))
    return archives[0]
