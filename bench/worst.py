"""Every kind of question beside a plain page of as much: which of them cost most.

All questions are asked for a moment each; those that seem worst are asked again for longer. Before
and after every few questions the plain pages are measured, and a question is held against those
around it, so that what slows the machine down for a while does so for both.
"""

from __future__ import annotations

import statistics
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import click
import msgspec
import psycopg

from backroom.api import routes
from backroom.catalog.operations import Shape
from backroom.revisions import NEWEST
from bench import catalog, load, postgres, questions, reads, reference, servers, shop
from bench.cases import Case
from bench.load import Plan, Question
from bench.measuring import Found, Goal, Row, Sample
from bench.reference import Cost, Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bench.servers import Served
    from bench.settings import Settings

GOALS = {"sqlite": 2.0, "postgres": 3.0}
TITLES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
SHOWN = 10
"""Questions that the page names for each engine."""
_AGAIN = 20
"""Questions that are asked again, for longer."""
_AGAIN_ROUNDS = 3
_AGAIN_SECONDS = 0.1
_SECONDS = 0.03
_WARM_SECONDS = 0.01
_BETWEEN = 50
"""Questions between two measurements of the plain pages."""
_SIZES = (1, 10, 25, 50, 100)
_DESCRIPTIONS = 16
"""Descriptions of a longer item, which has some 8 kB then."""
_QUICK_ROUNDS = 3
_SAMPLE_JOBS = 20
"""Jobs of each kind where only a sample is asked."""


class Turn(NamedTuple):
    """One question in one round: processor time and time that passes, seconds for a request.

    `plain` is the processor time of a plain page of as much.
    """

    computing: float
    passing: float
    plain: float

    @property
    def ratio(self) -> float:
        return self.computing / self.plain


@dataclass
class Measured:
    """A question with what was measured of it, round by round."""

    case: Case
    rows: int
    bytes: int
    turns: list[Turn] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return statistics.median(each.ratio for each in self.turns)

    @property
    def computing(self) -> float:
        """The median of the seconds of processor time for a request."""
        return statistics.median(each.computing for each in self.turns)

    @property
    def passing(self) -> float:
        """The median of the seconds that pass for each request."""
        return statistics.median(each.passing for each in self.turns)

    def document(self) -> dict[str, Any]:
        """Give what the report needs."""
        return {
            "name": self.case.name,
            "revision": self.case.revision,
            "rows": self.rows,
            "bytes": self.bytes,
            "cpu_microseconds": 1e6 * self.computing,
            "microseconds": 1e6 * self.passing,
            "ratio": self.ratio,
        }


def worst(measured: Sequence[Measured], count: int) -> list[Measured]:
    """Give the questions with the highest ratios, the worst first."""
    return sorted(measured, key=lambda each: each.ratio, reverse=True)[:count]


@dataclass
class Site:
    """A server with the shop. `processes` are those that work for it, apart from its own."""

    served: Served
    key: str
    plain_key: str
    longer_key: str
    plain_job: str
    jobs: Mapping[str, shop.Jobs]
    processes: list[int] = field(default_factory=list)

    def asking(self, case: Case, key: str = "") -> Asking | None:
        """Prepare a question, asked once; None where it asks for a page that isn't there."""
        path = f"{case.path}?{urlencode(case.query)}" if case.query else case.path
        question, answer = catalog.reading(self.served, path, key or self.key, case.revision)
        document = msgspec.json.decode(answer.body)
        if case.second:
            following = document.get("links", {}).get("next")
            if not following:
                return None
            parts = urlsplit(following)
            path = f"{parts.path}?{parts.query}"
            question, answer = catalog.reading(self.served, path, self.key, case.revision)
            document = msgspec.json.decode(answer.body)
        data = document["data"]
        rows = len(data) if isinstance(data, list) else 1
        rows += len(document.get("included", ()))
        return Asking(self, case, question, rows, len(answer.body))

    @cached_property
    def plain(self) -> Plain:
        """The plain pages that questions are held against."""
        return Plain(self)


@dataclass
class Asking:
    """A question that is ready to be asked by all connections at once."""

    site: Site
    case: Case
    question: Question
    rows: int
    bytes: int
    _prepared: dict[float, Callable[[], load.Taken]] = field(default_factory=dict)

    def ask(self, seconds: float) -> load.Taken:
        """Ask for so long."""
        if seconds not in self._prepared:
            served = self.site.served
            plan = Plan(served.port, [[self.question]], served.process, seconds, _WARM_SECONDS)
            plan.connections, plan.others = reads.CONNECTIONS, self.site.processes
            self._prepared[seconds] = load.prepared(plan)
        return self._prepared[seconds]()

    def cost(self, seconds: float) -> Cost:
        """Ask for so long, and give what one request took."""
        taken = self.ask(seconds)
        return Cost(self.rows, self.bytes, _computing(taken))


def _computing(taken: load.Taken) -> float:
    """Give processor time, or the time that passes where the system does not account for it."""
    return (taken.server_computing or taken.seconds) / taken.answers


class Plain:
    """Plain pages and single documents of the newest revision."""

    def __init__(self, site: Site) -> None:
        def pages(key: str) -> list[Asking]:
            return [_present(site.asking(_page(size), key)) for size in _SIZES]

        self._usual, self._longer = pages(site.plain_key), pages(site.longer_key)
        key, job = site.plain_key, f"{catalog.JOBS}/{site.plain_job}"
        self._one = _present(site.asking(Case("one item", shop.plain_path(2)), key))
        self._job = _present(site.asking(Case("one job", job), key))

    def measure(self, seconds: float) -> Reference:
        """Measure all of them once."""
        return reference.reference(
            [each.cost(seconds) for each in self._usual],
            [each.cost(seconds) for each in self._longer],
            self._one.cost(seconds),
            self._job.cost(seconds),
        )


def _page(size: int) -> Case:
    return Case(f"a page of {size}", catalog.ITEMS, (("page[size]", str(size)),))


def _present(asking: Asking | None) -> Asking:
    assert asking is not None
    return asking


def plain_time(found: Reference, measured: Measured) -> float:
    """Give the processor time of the plain newest answer that a question is held against."""
    shape = routes.match_path(measured.case.path).operations["GET"].shape
    if shape is Shape.ONE:
        return found.single(found.one, measured.rows, measured.bytes)
    if shape is Shape.JOB_GET:
        return found.single(found.job, measured.rows, measured.bytes)
    return found.page(measured.rows, measured.bytes)


def measure(asked: Sequence[Asking], rounds: int, seconds: float) -> list[Measured]:
    """Ask all questions, once in each round, with the plain pages before and after every few."""
    found = [Measured(each.case, each.rows, each.bytes) for each in asked]
    if not asked:
        return found
    plain = asked[0].site.plain
    before = plain.measure(seconds)
    for _ in range(rounds):
        for start in range(0, len(asked), _BETWEEN):
            some = slice(start, start + _BETWEEN)
            taken = [each.ask(seconds) for each in asked[some]]
            after = plain.measure(seconds)
            for one, each in zip(found[some], taken, strict=True):
                held = statistics.mean(plain_time(moment, one) for moment in (before, after))
                one.turns.append(Turn(_computing(each), each.seconds / each.answers, held))
            before = after
    return found


def asked_of(
    site: Site,
    revisions: Sequence[str] = questions.REVISIONS,
    *,
    only: str = "",
    sample: bool = False,
) -> list[Asking]:
    """Prepare the questions of some revisions, those with a text in their names."""
    of = questions.sample if sample else questions.questions
    cases = (each for revision in revisions for each in of(revision, site.jobs))
    found = (site.asking(each) for each in cases if only in each.name)
    return [each for each in found if each is not None]


@contextmanager
def serving(engine: str, directory: Path, jobs: int = shop.JOBS) -> Iterator[Site]:
    """Serve the shop on an engine, in a new database."""
    home = directory / f"questions-{engine}"
    home.mkdir()
    if engine == "sqlite":
        with _filled(str(home / "backroom.db"), home, jobs) as site:
            yield site
        return
    with postgres.running(durable=False) as (create, process):
        url = create()
        with _filled(url, home, jobs, worker=True) as site:
            with psycopg.connect(url, autocommit=True) as raw:
                raw.execute("vacuum analyze")
            site.processes.append(process)
            yield site


@contextmanager
def _filled(database: str, home: Path, jobs: int, *, worker: bool = False) -> Iterator[Site]:
    key, plain, longer = (reads.account(database, each)[1] for each in ("shop", "plain", "longer"))
    with servers.serving(database, home) as served:
        errors = home / "errors.txt"
        with postgres.running_workers(database, home, int(worker)):
            made = shop.fill(served, key, errors, jobs)
            job = shop.fill_plain(served, plain, errors).usual
            shop.fill_plain(served, longer, errors, _DESCRIPTIONS)
        yield Site(served, key, plain, longer, job, made)


def measured(directory: Path, settings: Settings) -> Found:
    """Ask everything on both engines, or a sample on SQLite where the run is quick."""
    quick = settings.name == "quick"
    rows, facts = [], {}
    for engine in ("sqlite",) if quick else GOALS:
        with serving(engine, directory, _SAMPLE_JOBS if quick else shop.JOBS) as site:
            revisions = (questions.REVISIONS[0], NEWEST) if quick else questions.REVISIONS
            asked = asked_of(site, revisions, sample=quick)
            found = measure(asked, _QUICK_ROUNDS if quick else 1, _SECONDS)
            again = found if quick else asked_again(engine, asked, found)
        load.ended()
        rows.append(row(engine, again, len(found)))
        facts[engine] = {
            "asked": len(found),
            "over": over(engine, found, again),
            "worst": [each.document() for each in worst(again, SHOWN)],
        }
        shown(engine, worst(again, SHOWN))
    return Found(rows, {"questions": facts})


def asked_again(engine: str, asked: Sequence[Asking], found: Sequence[Measured]) -> list[Measured]:
    """Ask again, for longer, all that seem over the goal, and the worst of the others.

    In a moment, chance makes some seem so.
    """
    seeming = {id(each.case) for each in worst(found, max(_AGAIN, over(engine, found)))}
    chosen = [each for each in asked if id(each.case) in seeming]
    return measure(chosen, _AGAIN_ROUNDS, _AGAIN_SECONDS)


def over(engine: str, found: Sequence[Measured], again: Sequence[Measured] = ()) -> int:
    """Count the questions over an engine's goal, by what was measured of each last."""
    latest = {id(each.case): each.ratio for each in (*found, *again)}
    return sum(ratio > GOALS[engine] for ratio in latest.values())


def row(engine: str, found: Sequence[Measured], asked: int) -> Row:
    """Make the line of the table: the worst question, in microseconds of processor time."""
    (most,) = worst(found, 1)
    which = f"the worst of {asked:,} questions"
    return Row(
        f"{TITLES[engine]}: {which}: {most.case.name}, {most.case.revision}",
        Goal(most=GOALS[engine]),
        "µs",
        "plain page",
        [_sample(each.computing, each.computing / each.passing) for each in most.turns],
        [_sample(each.plain) for each in most.turns],
    )


def _sample(seconds: float, busy: float = 0.0) -> Sample:
    return Sample(1e6 * seconds, seconds, busy)


def shown(engine: str, found: Sequence[Measured]) -> None:
    """Print questions, one in a line."""
    head = f"{TITLES[engine]}: question"
    click.echo(
        f"{head:66} {'revision':10} {'rows':>5} {'bytes':>8} {'CPU µs':>8} {'µs':>8} {'ratio':>6}"
    )
    for each in found:
        click.echo(
            f"{each.case.name:66} {each.case.revision:10} {each.rows:5} {each.bytes:8,}"
            f" {1e6 * each.computing:8,.0f} {1e6 * each.passing:8,.0f} {each.ratio:6.2f}"
        )


def described(found: Reference) -> str:
    """Say what the plain answers take that questions are held against."""
    parts = {
        "no row": found.rows.start,
        "each row": found.rows.each,
        "1 kB": 1000 * found.bytes.each,
        "one item": found.one.seconds,
        "one job": found.job.seconds,
    }
    return "plain: " + ", ".join(f"{name} {1e6 * each:.1f} µs" for name, each in parts.items())


@click.command("questions")
@click.option("--engine", "engines", type=click.Choice(list(GOALS)), multiple=True)
@click.option("--revision", "revisions", multiple=True, help="Any revision, by its date.")
@click.option("--only", default="", help="Ask only what has this in its name.")
@click.option("--rounds", default=1, show_default=True)
@click.option("--seconds", default=_SECONDS, show_default=True, help="For a question in a round.")
@click.option("--count", default=0, help="Print only so many, the worst.")
def command(
    engines: tuple[str, ...],
    revisions: tuple[str, ...],
    only: str,
    rounds: int,
    seconds: float,
    count: int,
) -> None:
    """Ask every kind of question, and print what each takes beside a plain page of as much."""
    for engine in engines or GOALS:
        with tempfile.TemporaryDirectory() as directory:
            with serving(engine, Path(directory)) as site:
                asked = asked_of(site, revisions or questions.REVISIONS, only=only)
                found = measure(asked, rounds, seconds)
                plain = described(site.plain.measure(seconds))
            load.ended()
        shown(engine, worst(found, count or len(found)))
        click.echo(f"{over(engine, found)} of {len(found)} over {GOALS[engine]:g}; {plain}")
