"""Tests of the push of stock levels, as a stranger writes them."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from stock_push import StockPush

LEVELS = {f"S-{number}": number for number in range(12)}


@pytest.fixture
def stock(backroom):
    backroom.seed(
        [
            {"type": "item", "external_id": "A-1"},
            *({"type": "variant", "external_id": each, "item": "A-1"} for each in LEVELS),
        ]
    )
    return backroom


def push(stock, levels=LEVELS, **how):
    asyncio.run(StockPush(stock.url, stock.key, pause=0.01, **how).push(levels))


def levels_of(stock):
    return {each["external_id"]: each["inventory_quantity"] for each in stock.resources("variant")}


def test_levels_are_set(stock):
    push(stock)
    assert levels_of(stock) == LEVELS
    assert stock.requests.count("update_catalog_variant") == len(LEVELS)


def test_throttled_requests_are_sent_again(stock):
    stock.faults.add(status=429, retry_after=0, times=3)
    push(stock)
    assert levels_of(stock) == LEVELS
    assert stock.requests.count(status=429) == 3


@pytest.mark.parametrize("damage", ["reset", "empty", "truncated"])
def test_broken_connections_are_survived(stock, damage):
    stock.faults.add(damage=damage, times=2)
    push(stock)
    assert levels_of(stock) == LEVELS


def test_lost_answers_are_survived(stock):
    stock.faults.add(damage="reset", after=True, times=2)
    push(stock)
    assert levels_of(stock) == LEVELS
    assert stock.requests.count("update_catalog_variant", status=200) == len(LEVELS) + 2


def test_flaky_server_is_survived(stock):
    stock.faults.add(status=503, probability=0.2, seed=7, retry_after=0)
    push(stock, tries=10)
    assert levels_of(stock) == LEVELS


def test_server_that_stays_away_is_given_up(stock):
    stock.faults.add(status=503, retry_after=0, times=0)
    with pytest.raises(httpx.HTTPStatusError, match="503"):
        push(stock, {"S-1": 5}, tries=3)
    assert stock.requests.count(status=503) == 3


def test_slow_answers_hold_up_nobody_else(stock):
    stock.faults.add(delay=0.2, path="*S-0")
    push(stock)
    (slow,) = stock.requests.find(path="*S-0")
    assert slow is not stock.requests.last()
    assert slow.number != stock.requests.find()[0].number


@pytest.mark.backroom(limits="real")
def test_real_limits_are_kept(stock):
    push(stock, at_once=12)
    assert levels_of(stock) == LEVELS


def test_missing_variant_is_an_error(stock):
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        push(stock, {"S-99": 1})
