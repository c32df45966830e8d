"""What a test waits for before it begins: a new account, an emptied one, a restored shop."""

from __future__ import annotations

import json
import time
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from bench import cores, servers
from bench.measuring import Found, Goal, Row, Sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.servers import Served
    from bench.settings import Settings

_TOKEN = "only-for-the-bench"  # noqa: S105 - of a server that is gone after the bench
_SERVE = (
    "serve",
    "--ephemeral",
    "--port",
    "0",
    "--format",
    "json",
    "--control-token",
    _TOKEN,
)
_HEADERS = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"}
_LARGE, _SMALL = 10_000, 1_000
_RESTORED = 50.0
_QUICK = 5.0
"""Milliseconds."""
_ROUNDS = 10


def measured(directory: Path, settings: Settings) -> Found:  # noqa: ARG001 - as all parts
    """Measure calls of the control API over HTTP, on the server that tests start."""
    home = directory / "resetting"
    home.mkdir()
    with servers.announced(servers.program(*_SERVE), home) as served:
        call = partial(_call, served)
        rows = [
            _row("a new account with its key", _QUICK, [call("/accounts") for _ in range(_ROUNDS)]),
            _row(
                f"reset of an account with {_SMALL:,} resources",
                _QUICK,
                [_emptied(call) for _ in range(_ROUNDS)],
            ),
        ]
        call("/seed", {"resources": shop(_LARGE)})
        call("/snapshots", {"name": "shop"})
        same = [call("/snapshots/shop/restore") for _ in range(_ROUNDS)]
        restored = []
        for _ in range(_ROUNDS):
            call("/reset")
            restored.append(call("/snapshots/shop/restore"))
    return Found(
        [
            *rows,
            _row(f"a shop of {_LARGE:,} resources restored, as it was", _RESTORED, same),
            _row(f"a shop of {_LARGE:,} resources restored after a reset", _RESTORED, restored),
        ]
    )


def shop(resources: int) -> list[dict[str, Any]]:
    """Give the rows of a shop: a category for a hundred, items, and more variants than items."""
    categories, items = resources // 100, resources * 2 // 5
    rows: list[dict[str, Any]] = [
        {"type": "category", "external_id": f"category-{at}", "name": f"Category {at}"}
        for at in range(categories)
    ]
    rows += [
        {
            "type": "item",
            "external_id": f"shirt-{at}",
            "title": f"Merino shirt {at}",
            "description": "A shirt of fine wool that is warm in winter, and dry in summer.",
            "url": f"https://shop.example/shirts/{at}",
            "categories": [f"category-{at % categories}"],
        }
        for at in range(items)
    ]
    return rows + [
        {
            "type": "variant",
            "external_id": f"shirt-{at % items}-{at}",
            "item": f"shirt-{at % items}",
            "title": f"Merino shirt {at % items}, {at}",
            "description": "A shirt of fine wool.",
            "sku": f"SKU-{at}",
            "price": 49.5,
            "inventory_quantity": 7,
            "inventory_policy": 1,
            "url": f"https://shop.example/shirts/{at % items}?size={at}",
        }
        for at in range(resources - categories - items)
    ]


def _emptied(call: Callable[..., Sample]) -> Sample:
    call("/seed", {"resources": shop(_SMALL)})
    return call("/reset")


def _call(served: Served, path: str, body: dict[str, Any] | None = None) -> Sample:
    """Do one call, on a new connection; give its milliseconds."""
    sent = json.dumps(body or {}).encode()
    before, began = cores.used(served.process), time.perf_counter()
    answer = served.send("POST", f"/_backroom{path}", _HEADERS, sent)
    took = time.perf_counter() - began
    assert answer.status < HTTPStatus.MULTIPLE_CHOICES, answer
    return Sample(1e3 * took, cores.used(served.process) - before)


def _row(name: str, most: float, ours: list[Sample]) -> Row:
    goal = Goal(most_figure=most, unit="ms")
    return Row(name, goal, "ms", "limit", ours, [Sample(most)] * len(ours))
