"""The table of metrics keeps to the rules of Prometheus."""

from __future__ import annotations

import re

from backroom.signals.families import COUNTER, FAMILIES, HISTOGRAM


def test_counters_end_in_total() -> None:
    totals = {name for name in FAMILIES if name.endswith("_total")}
    assert totals == {name for name, each in FAMILIES.items() if each.kind == COUNTER}


def test_histograms_are_in_seconds() -> None:
    histograms = [name for name, each in FAMILIES.items() if each.kind == HISTOGRAM]
    assert all(name.endswith("_seconds") for name in histograms)


def test_no_label_names_an_account() -> None:
    labels = {label for each in FAMILIES.values() for label in each.labels}
    assert not labels & {"account", "tenant", "key", "path"}
    assert all(re.fullmatch("[a-z]+", each) for each in labels)
