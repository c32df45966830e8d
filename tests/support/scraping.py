"""What a scrape of a process shows, as Prometheus' own parser reads it."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.samples import Sample


def scraped(url: str) -> str:
    """The text of a scrape."""
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        text: str = answer.read().decode()
    return text


def samples(text: str) -> Iterator[Sample]:
    """Each value of a scrape."""
    for family in text_string_to_metric_families(text):
        yield from family.samples


def total(text: str, name: str, **labels: str) -> float:
    """The sum of the values of a metric that have these labels, and any others."""
    return sum(
        each.value
        for each in samples(text)
        if each.name == f"backroom_{name}" and labels.items() <= each.labels.items()
    )


def labels_of(text: str) -> dict[str, set[str]]:
    """The names of the labels of each metric, by its whole name."""
    found: dict[str, set[str]] = {}
    for each in samples(text):
        found.setdefault(each.name, set()).update(each.labels)
    return found
