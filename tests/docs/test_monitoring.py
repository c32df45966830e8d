"""The dashboard and the alerts name only metrics and labels that a server really shows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import promql_parser
import pytest
from ruamel.yaml import YAML

from backroom.signals import metrics
from backroom.testing.wishes import read_wish
from conftest import client_of, running
from docs.blocks import ROOT
from support.factories import a_body, a_kind_of_job, a_resource
from support.process import until
from support.scraping import labels_of, samples, scraped, total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.samples import Sample

    from support.engines import Cluster

MONITORING = ROOT / "docs" / "monitoring"
ALERTS, ALERT_TESTS = MONITORING / "alerts.yaml", MONITORING / "alerts_test.yaml"
OF_PROMETHEUS = {"up": {"job", "instance"}}
"""What Prometheus itself adds of each scrape."""
TARGET = {"job", "instance"}
ITEMS = a_kind_of_job("item", "create")
JOBS = f"/api/{ITEMS.collection}"
PARTS = ("lhs", "rhs", "expr", "args", "vector_selector", "param")


def alerts() -> dict[str, str]:
    """The expression of each alert."""
    groups = YAML(typ="safe").load(ALERTS)["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


def panels() -> list[tuple[str, str]]:
    """The expressions of the dashboard, each with the title of its panel."""
    board = json.loads((MONITORING / "grafana.json").read_text(encoding="utf-8"))
    return [
        # Grafana puts its own values in these places.
        (panel["title"], target["expr"].replace("$__rate_interval", "5m"))
        for panel in board["panels"]
        for target in panel.get("targets", ())
    ]


def named(expression: str) -> Iterator[tuple[set[str], set[str]]]:
    """The metrics of an expression, each part with the labels that are asked of them."""
    yield from _named(promql_parser.parse(expression))


def _named(node: Any) -> Iterator[tuple[set[str], set[str]]]:
    if isinstance(node, promql_parser.VectorSelector):
        yield {node.name or ""}, {each.name for each in node.matchers.matchers}
        return
    parts = [getattr(node, name, None) for name in PARTS]
    nodes = [one for part in parts for one in (part if isinstance(part, list) else [part])]
    inner = [each for one in nodes if one is not None for each in _named(one)]
    yield from inner
    modifier = getattr(node, "modifier", None)
    if isinstance(node, promql_parser.AggregateExpr) and modifier is not None:
        yield set().union(*(names for names, _ in inner)), set(modifier.labels)


@pytest.fixture(scope="module")
def shown(cluster: Cluster) -> dict[str, set[str]]:
    """The labels of each metric that a server of either engine shows which has done some work."""
    found = dict(OF_PROMETHEUS)
    with cluster.databases() as create, pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "METRICS_KEPT_SECONDS", 0.0)
        for url in (None, create()):
            for name, labels in labels_of(worked(url)).items():
                found[name] = found.get(name, set()) | labels | TARGET
    return found


def worked(url: str | None) -> str:
    """Scrape a server with a job that is complete, and one that waits."""
    with running(url, limits="off") as server:
        client = client_of(server)
        client.post(JOBS, a_body(ITEMS, a_resource("item")))
        until(lambda: total(scraped(server.url), "job_items_total") == 1, "a job")
        server.pace.add(read_wish({"times": "always", "after_seconds": 3600}))
        client.post(JOBS, a_body(ITEMS, a_resource("item")))
        until(lambda: total(scraped(server.url), "jobs") == 1, "a job that waits")
        return scraped(server.url)


@pytest.mark.parametrize("name", alerts())
def test_alerts_name_metrics_that_exist(name: str, shown: dict[str, set[str]]) -> None:
    for names, labels in named(alerts()[name]):
        assert names <= shown.keys()
        assert all(labels <= shown[each] for each in names)


@pytest.fixture(scope="module")
def fresh() -> list[Sample]:
    """What a server shows of which nobody has asked anything."""
    with running(None) as server:
        return list(samples(scraped(server.url)))


def test_alerts_see_the_first_increase(fresh: list[Sample]) -> None:
    counters = [each for each in fresh if each.name.endswith("_total")]
    absent = [
        (name, str(selector))
        for name, expression in alerts().items()
        for selector in increasing(promql_parser.parse(expression))
        if not any(selects(selector, each) for each in counters)
    ]
    assert absent == []


def increasing(node: Any) -> Iterator[promql_parser.VectorSelector]:
    """The counters of whose increase an expression asks. Histograms are born with a value."""
    if isinstance(node, promql_parser.MatrixSelector):
        if not (node.vector_selector.name or "").endswith("_bucket"):
            yield node.vector_selector
        return
    for part in (getattr(node, name, None) for name in PARTS):
        for each in part if isinstance(part, list) else [part]:
            if each is not None:
                yield from increasing(each)


def selects(selector: promql_parser.VectorSelector, sample: Sample) -> bool:
    return selector.name == sample.name and all(
        re.fullmatch(each.value, sample.labels.get(each.name, ""))
        for each in selector.matchers.matchers
    )


def test_panels_name_metrics_that_exist(shown: dict[str, set[str]]) -> None:
    wrong = [
        (title, names, labels)
        for title, expression in panels()
        for names, labels in named(expression)
        if not names <= shown.keys() or not all(labels <= shown[each] for each in names)
    ]
    assert wrong == []


def test_panels_show_the_chosen_processes_alone() -> None:
    for title, expression in panels():
        vectors = expression.replace(" or vector(0)", "").count("{")
        assert expression.count('{job=~"$job",instance=~"$instance"') == vectors > 0, title


def test_panels_do_not_mix_units() -> None:
    board = json.loads((MONITORING / "grafana.json").read_text(encoding="utf-8"))
    for panel in board["panels"]:
        fields = panel.get("fieldConfig", {"defaults": {}, "overrides": []})
        own = {each["matcher"]["options"] for each in fields["overrides"]}
        seconds = {
            target["legendFormat"]
            for target in panel.get("targets", ())
            if re.match(r"(time\(\) -|(max|min)\S* ?\(?\w*_seconds\b)", target["expr"])
        }
        assert seconds <= own or fields["defaults"]["unit"] == "s", panel["title"]


def test_summaries_name_labels_that_are_left() -> None:
    groups = YAML(typ="safe").load(ALERTS)["groups"]
    for rule in groups[0]["rules"]:
        used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        by = {
            label
            for labels in re.findall(r"by \(([\w, ]+)\)", rule["expr"])
            for label in labels.split(", ")
        }
        aggregated = bool(re.search(r"\b(sum|max|min)\b", rule["expr"]))
        assert used <= (by if aggregated else TARGET), rule["alert"]


def test_each_alert_has_one_runbook_line() -> None:
    guide = (ROOT / "docs" / "how-to" / "monitor.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(Backroom\w+)` \|", guide, re.MULTILINE) == list(alerts())


def test_panels_lie_beside_each_other() -> None:
    board = json.loads((MONITORING / "grafana.json").read_text(encoding="utf-8"))
    places = [tuple(panel["gridPos"][side] for side in "xywh") for panel in board["panels"]]
    assert all(x + w <= 24 for x, _, w, _ in places)
    assert len({(x, y) for x, y, _, _ in places}) == len(places)
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_promtool_accepts_the_alerts() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not on the path; the tests above read the same rules without it")
    for command in (("check", ALERTS), ("test", ALERT_TESTS)):
        verb, file = command
        done = subprocess.run(
            [promtool, verb, "rules", str(file)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
