"""Imports of shops' files with all that can befall one, at random: the same end as without."""

from __future__ import annotations

import csv
import io
import json
import random
import time
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from support.client import Client
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.process import Program, Programs, ServerProgram

PRODUCTS = 60
_LONGEST_LIFE = 0.5
"""Seconds after the start of an import within which something happens to it."""
_TROUBLES = ("kill", "kill", "kill", "restart", "key")
BAD = 400
KINDS = ("category", "item", "variant")


def price(number: int) -> str:
    return "cheap" if number % 30 == 7 else f"{number}.95"


def table(*rows: list[str], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


def shopify() -> str:
    head = ["Handle", "Title", "Type", "Option1 Name", "Option1 Value", "Variant Price"]
    first = [[f"P{n}", f"Cap {n}", "Hats", "Size", "S", price(n)] for n in range(PRODUCTS)]
    second = [[f"P{n}", "", "", "", "L", "9.95"] for n in range(PRODUCTS)]
    return table(head, *first, ["torn"], *second)


def woocommerce() -> str:
    head = ["ID", "Type", "Name", "Regular price", "Categories", "Parent"]
    rows = [[f"V{n}", "variation", "", price(n), "", f"id:P{n}"] for n in range(PRODUCTS)]
    rows += [[f"P{n}", "variable", f"Cap {n}", "", "Hats > Caps", ""] for n in range(PRODUCTS - 3)]
    return table(head, *rows, delimiter=";")


def google() -> str:
    items = (
        f"<item><g:id>V{n}</g:id><title>Cap</title><link>https://s.example</link>"
        f"<g:price>{price(n)}</g:price><g:item_group_id>P{n // 2}</g:item_group_id></item>"
        for n in range(PRODUCTS * 2)
    )
    channel = "\n".join(items)
    name = "http://base.google.com/ns/1.0"
    return f'<rss xmlns:g="{name}"><channel>{channel}</channel></rss>'


def klaviyo() -> str:
    return json.dumps(
        [
            {
                "id": f"P{number}",
                "title": "Cap",
                "link": "https://s.example",
                "price": price(number),
                "categories": ["hats"],
                "inventory_quantity": number,
            }
            for number in range(PRODUCTS)
        ]
    )


class Shop:
    """A server with a database, whose key and process change, and imports into it."""

    def __init__(self, programs: Programs) -> None:
        self.programs = programs
        self.server = self._served("0")
        self.key = self.server.key

    def _served(self, port: str) -> ServerProgram:
        server = self.programs.serve("--port", port, "--job-delay", "0.005")
        self.token = server.said["control_token"]
        return server

    def start(self, feed: Path) -> Program:
        arguments = ("import", str(feed), "--batch", "10", "--format", "json")
        known = {"BACKROOM_URL": self.server.url, "BACKROOM_KEY": self.key}
        return self.programs.start(*arguments, **known)

    def restart(self) -> None:
        self.server.kill()
        self.server = self._served(str(self.server.port))

    def steer(self, method: str, path: str, **members: Any) -> Any:
        answer = urllib3.request(
            method,
            f"{self.server.url}/_backroom/{path}",
            headers={"Authorization": f"Bearer {self.token}"},
            json=members if method == "POST" else None,
        )
        assert answer.status < BAD, answer.data
        return answer.json() if answer.data else None

    def change_key(self) -> None:
        before = self.steer("GET", "keys")
        self.key = self.steer("POST", "keys", name="other")["key"]
        for each in before:
            self.steer("DELETE", f"keys/{each['id']}")

    def catalog(self) -> Any:
        found = self.steer("GET", "resources")
        for each in found:
            each.pop("created", None)
            each.pop("updated", None)
        return sorted(map(str, found))

    def sent(self) -> int:
        """How many operations the jobs have."""
        client = Client(self.server.url, self.key)
        jobs = [
            each["attributes"]["total_count"]
            for kind in KINDS
            for each in client.get(f"/api/catalog-{kind}-bulk-create-jobs").json["data"]
        ]
        return sum(jobs)


def comparable(program: Program) -> Any:
    report = json.loads(program.output)
    del report["seconds"], report["url"]
    return report


def befall(trouble: str, shop: Shop, feed: Path, chances: random.Random) -> Program:
    """Start an import, and let something befall it at some moment."""
    program = shop.start(feed)
    progress = feed.with_name(f"{feed.name}.import-progress")
    until(lambda: progress.exists() or program.ended, "an import to begin")
    end = time.monotonic() + chances.random() * _LONGEST_LIFE
    until(lambda: time.monotonic() > end or program.ended, "the moment")
    if trouble == "restart":
        shop.restart()
    elif trouble == "key":
        shop.change_key()
    if trouble == "kill" or chances.random() < 0.5:
        program.kill()
    program.wait()
    return program


def has_reported(program: Program) -> bool:
    return program.output.endswith("}\n") and json.loads(program.output)["error"] is None


@pytest.mark.parametrize("form", [shopify, woocommerce, google, klaviyo])
def test_disturbed_import_ends_as_undisturbed(
    programs: Programs, tmp_path: Path, seed: str, form: Callable[[], str]
) -> None:
    chances = random.Random(seed)
    # 1. The feed is imported in peace.
    feed = tmp_path / "feed"
    feed.write_text(form())
    shop = Shop(programs)
    program = shop.start(feed)
    assert program.wait() == 3, program.output + program.errors
    expected, catalog, sent = comparable(program), shop.catalog(), shop.sent()
    # 2. After a reset, imports of it get into all kinds of trouble.
    shop.steer("POST", "reset", everything=True)
    for trouble in chances.sample(_TROUBLES, len(_TROUBLES)):
        program = befall(trouble, shop, feed, chances)
        if has_reported(program):
            break
    else:
        program = shop.start(feed)
        assert program.wait() == 3, program.output + program.errors
    # 3. It ends with the same report and catalog, and nothing was sent twice.
    assert comparable(program) == expected
    assert shop.catalog() == catalog
    assert shop.sent() == sent
