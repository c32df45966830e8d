from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import msgspec
import pytest

from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import ITEM
from backroom.control.in_process import path_of_resource
from backroom.dashboard.catalog_links import resource_path
from backroom.revisions import LADDER
from support.stocked import HOSTILE, put, run_job

if TYPE_CHECKING:
    from support.client import Client
    from support.visitor import Visitor


def test_related_resources_are_linked(visitor: Visitor, client: Client) -> None:
    put(client, "category", "c", name="Cups")
    put(client, "item", "a", title="Mug", categories=["c"])
    put(client, "variant", "v", title="Red mug", item="a")
    item = visitor.read(resource_path(client.account, "item", "a"))
    assert "Red mug" in item
    assert "Cups" in item
    assert "Mug" in visitor.words(resource_path(client.account, "variant", "v"))
    assert "Mug" in visitor.words(resource_path(client.account, "category", "c"))


@pytest.mark.parametrize("revision", LADDER)
def test_json_is_what_the_api_answers(visitor: Visitor, client: Client, revision: str) -> None:
    put(client, "item", "a/b", title="Mug", custom_metadata={"x": [1, None]})
    page = visitor.read(resource_path(client.account, "item", "a/b", revision=revision))
    shown = page.partition('aria-label="Answer">')[2].partition("</pre>")[0]
    answered = client.get(path_of_resource(ITEM, "a/b"), revision=revision).json
    assert msgspec.json.decode(html.unescape(shown)) == answered


def test_gone_resource_is_404_with_its_history(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a")
    run_job(client, "item", "delete", {"id": resource_id("a")})
    path = resource_path(client.account, "item", "a")
    answer = visitor.ask("GET", path)
    assert answer.status == 404
    assert b"There is no item" in answer.data


def test_unknown_account_is_404(visitor: Visitor) -> None:
    assert visitor.ask("GET", resource_path("nobody", "item", "a")).status == 404


def test_hostile_values_are_text(visitor: Visitor, client: Client) -> None:
    given = {"title": HOSTILE, "description": HOSTILE, "url": "javascript:alert(1)"}
    put(client, "item", "a", **given, custom_metadata={HOSTILE: HOSTILE}, images=[HOSTILE])
    page = visitor.read(resource_path(client.account, "item", "a"))
    assert "<img" not in page
    assert "javascript:alert(1)" in page
    assert 'href="javascript' not in page


def test_web_address_is_a_link_without_referrer(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a", url="https://shop.example/a?b=1&c=2")
    page = visitor.read(resource_path(client.account, "item", "a"))
    assert 'href="https://shop.example/a?b=1&amp;c=2" rel="noreferrer noopener"' in page


def test_huge_values_are_cut_until_asked_for(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a", description="word " * 50_000)
    path = resource_path(client.account, "item", "a")
    assert len(visitor.read(path)) < 100_000
    assert "Show all of description" in visitor.words(path)
    assert len(visitor.read(f"{path}?whole=1")) > 500_000


def test_failed_job_says_why(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a")
    attributes = {"external_id": "a", "title": "x", "description": "x", "url": "x"}
    job = run_job(client, "item", "create", {"attributes": attributes})
    page = visitor.read(resource_path(client.account, "item", "a"))
    assert f"/jobs/{client.account}/{job}" in page
    assert "already exists" in page


def test_calls_say_what_they_gave(visitor: Visitor, client: Client) -> None:
    client.request("DELETE", path_of_resource(ITEM, "a b"))
    put(client, "item", "a b", title="Blue mug")
    page = resource_path(client.account, "item", "a b")
    words = visitor.words(page)
    assert "create catalog item" in words
    assert "title Blue mug" in words
    assert "Refused calls 404 delete catalog item" in words
    assert re.search(r'requests/\d+">create catalog item', visitor.read(page))
