"""Does a page take as long at a million items as at a thousand? Builds both catalogs, and measures.

Both servers run side by side and are asked in turn, so that a shared machine is slow for both
alike. Every row is one request: its median and its 95th percentile in milliseconds at each size,
and the ratio of the medians; over 2 it is marked. Afterwards a category of 100,000 items is
deleted while others read and write. A directory that is given is kept, with its catalogs.
"""

from __future__ import annotations

import http.client
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode, urlsplit

import click
import msgspec

from backroom import clock
from backroom.api import cursors, query, routes
from backroom.api.cursors import Cursor
from backroom.catalog import ids
from backroom.catalog.kinds import CATEGORY, ITEM, KINDS, VARIANT, Kind
from backroom.revisions import NEWEST
from backroom.store import keys, links, open_database, records, search
from backroom.store.records import Values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.store.database import Database, Transaction

ACCOUNT = "scale"
SLICE = 10_000
LARGE = 100_000
"""Items in the large category, where there are as many."""
MANY = 200
"""Variants of one item, categories of one item, items of a small category."""
RARE = 50
"""Resources with the rare word, the rare SKU."""
MARKED = 2.0
LAST = 2**63 - 1

COLOURS = ("green", "ochre")
NOUNS = ("shirt", "jacket", "trousers", "dress", "scarf", "belt", "boots", "umbrella", "hat")
STYLES = ("classic", "summer", "evening")


def external_id(kind: Kind, place: int) -> str:
    """Give the external id of the record at a place."""
    return f"{kind.name}-{place:08}"


def resource_id(kind: Kind, place: int) -> str:
    """Give the whole id of the record at a place."""
    return ids.resource_id(external_id(kind, place))


def title(place: int, size: int) -> str:
    """Give a title of common words, with a rare one on a few that lie evenly over the catalog."""
    words = [
        COLOURS[place // 3 % 2],
        STYLES[place % 3],
        NOUNS[place // 6 % 9],
        f"no. {place % 1000}",
    ]
    return " ".join([*words, "Zyxomma"] if place % (size // RARE) == 0 else words)


def values(kind: Kind, place: int, size: int, parent: int | None) -> Values:
    """Make the record at a place, as long as one from a real feed."""
    text = title(place, size)
    attributes: dict[str, Any] = {
        "external_id": external_id(kind, place),
        **{each.name: each.default for each in kind.attributes[1:]},
        kind.searched: text,
        **dict.fromkeys(kind.dated, "2026-09-04T13:38:45.437000+00:00"),
    }
    if kind is not CATEGORY:
        attributes["description"] = f"{text}, made to last. " * 8
        attributes["url"] = f"https://shop.example/{kind.plural}/{external_id(kind, place)}"
        attributes["published"] = place % 4 != 0
    if kind is VARIANT:
        attributes["sku"] = "SHARED" if place % 8 == 0 else f"SKU-{place}"
    return Values(
        clock.new_number(),
        attributes["external_id"],
        msgspec.json.encode(attributes).decode(),
        {
            each: int(attributes[each]) if each == "published" else attributes[each]
            for each in kind.columns
        },
        search.folded(text),
        parent,
    )


def build(database: Database, account: str, size: int) -> None:
    """Fill a catalog: `size` items and variants, half as many categories, each item in two.

    Every list is spread over the whole catalog, so that any place in it is a place in the list.
    """
    numbers: dict[str, list[int]] = {}
    for kind, count in ((CATEGORY, size // 2), (ITEM, size), (VARIANT, size)):
        began = time.monotonic()
        numbers[kind.name] = []
        for start in range(0, count, SLICE):
            places = range(start, min(start + SLICE, count))
            parents = _parents(numbers["item"], places) if kind is VARIANT else {}
            made = [values(kind, each, size, parents.get(each)) for each in places]
            written(database, partial(_insert, kind, account, made))
            numbers[kind.name] += [each.number for each in made]
        click.echo(f"  {count:,} {kind.plural} in {time.monotonic() - began:.0f} s", err=True)
    link(database, account, numbers["item"], numbers["category"])


def _insert(kind: Kind, account: str, made: list[Values], tx: Transaction) -> None:
    records.insert(tx, kind, account, made)


def _parents(items: list[int], places: range) -> dict[int, int]:
    """Give the items of variants: the first has many of them, every other one has its own."""
    step = len(items) // MANY
    return {each: items[0 if each % step == 0 else each] for each in places}


def link(database: Database, account: str, items: list[int], categories: list[int]) -> None:
    """Put items into the large category, the first item into many, all into small ones."""
    _link(database, account, categories[0], items[:: max(1, len(items) // LARGE)])
    for each in categories[:: len(categories) // MANY]:
        _link(database, account, each, items[:1])
    small = len(items) // MANY
    for place in range(small):
        _link(database, account, categories[1 + place], items[place::small])


def _link(database: Database, account: str, category: int, items: list[int]) -> None:
    written(database, lambda tx: links.add(tx, account, "items", category, items))


def written(database: Database, work: Callable[[Transaction], Any]) -> Any:
    """Do some writing and wait for it."""
    return database.write(work).result()


@dataclass(frozen=True)
class Case:
    """A request for a page; `inside` says to measure it in the middle and at the end too."""

    name: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    inside: bool = True
    revision: str = NEWEST


def _list(kind: Kind) -> str:
    return f"/api/{kind.collection}"


def _of(kind: Kind, place: int, rest: str) -> str:
    return f"{_list(kind)}/{quote(resource_id(kind, place), safe='$:')}/{rest}"


def _filtered(text: str) -> tuple[tuple[str, str], ...]:
    # A thousand items hold no more than this of some things in their second half.
    return (("filter", text), ("page[size]", "20"))


def _some_ids(kind: Kind, size: int) -> str:
    places = range(0, size, size // 100)
    return ",".join(f'"{resource_id(kind, each)}"' for each in places)


CONTAINS = {
    "one letter": "e",
    "two letters": "sh",
    "three letters": "shi",
    "a common word": "umbrella",
    "two common words": "ochre evening",
    "a rare word": "zyxomma",
    "nothing": "qqqq",
    "common parts, never together": "no. 12 green",
}


def cases(size: int) -> Iterator[Case]:
    """Give every request that is measured, for a catalog of `size` items."""
    large = f'equals(category.id,"{resource_id(CATEGORY, 0)}")'
    small = f'equals(category.id,"{resource_id(CATEGORY, 3)}")'
    first = f'equals(item.id,"{resource_id(ITEM, 0)}")'
    for kind in KINDS.values():
        many = _list(kind)
        own = size // 2 if kind is CATEGORY else size
        yield Case(f"{kind.plural}", many)
        yield Case(f"{kind.plural}, newest first", many, (("sort", "-created"),))
        among = f"any(ids,[{_some_ids(kind, own)}])"
        yield Case(f"{kind.plural}, 100 ids", many, (("filter", among),))
        for name, part in CONTAINS.items():
            asked = f'contains({kind.searched},"{part}")'
            yield Case(f"{kind.plural} with {name}", many, _filtered(asked))
        yield Case(f"one of the {kind.plural}", _of(kind, own // 2, "")[:-1], inside=False)
    yield Case("items with variants", _list(ITEM), (("include", "variants"),))
    yield Case("variants that name their item", _list(VARIANT), revision="2023-07-15")
    for kind in (ITEM, VARIANT):
        for truth in ("true", "false"):
            asked = f"equals(published,{truth})"
            yield Case(f"{kind.plural}, published {truth}", _list(kind), _filtered(asked))
    yield Case("items of the large category, filtered", _list(ITEM), _filtered(large))
    yield Case("items of a small category, filtered", _list(ITEM), _filtered(small))
    yield Case("variants of an item, filtered", _list(VARIANT), _filtered(first))
    yield Case("categories of an item, filtered", _list(CATEGORY), _filtered(first))
    yield Case("variants of a shared SKU", _list(VARIANT), _filtered('equals(sku,"SHARED")'))
    yield Case("variants of a SKU", _list(VARIANT), _filtered('equals(sku,"SKU-777")'))
    for end in ("", "relationships/"):
        bare = "ids of " if end else ""
        yield Case(f"{bare}the large category's items", _of(CATEGORY, 0, f"{end}items"))
        yield Case(f"{bare}a small category's items", _of(CATEGORY, 3, f"{end}items"))
        yield Case(f"{bare}an item's variants", _of(ITEM, 0, f"{end}variants"))
        yield Case(f"{bare}an item's categories", _of(ITEM, 0, f"{end}categories"))
    yield from combined(large)


def combined(large: str) -> Iterator[Case]:
    """Give pages of two conditions."""
    rare, common = 'contains(title,"zyxomma")', 'contains(title,"umbrella")'
    none, unpublished = 'contains(title,"qqqq")', "equals(published,false)"
    for name, asked in (
        ("rare word, unpublished", f"{rare},{unpublished}"),
        ("common word, unpublished", f"{common},{unpublished}"),
        ("one letter, rare word", f'contains(title,"e"),{rare}'),
        ("large category, unpublished", f"{large},{unpublished}"),
        ("large category, common word", f"{large},{common}"),
        ("large category, rare word", f"{large},{rare}"),
        ("large category, no such word", f"{large},{none}"),
    ):
        yield Case(f"items: {name}", _list(ITEM), _filtered(asked))
    unique = 'contains(title,"e"),equals(sku,"SKU-777")'
    yield Case("variants: one letter, a SKU", _list(VARIANT), _filtered(unique))
    related = _of(CATEGORY, 0, "items")
    yield Case("the large category's items, unpublished", related, _filtered(unpublished))
    yield Case("the large category's items, common word", related, _filtered(common))
    yield Case("the large category's items, rare word", related, _filtered(rare))


class Site:
    """A catalog of one size and the server that has it."""

    def __init__(self, path: Path, size: int) -> None:
        """Open the catalog and build it where it isn't there yet."""
        self.size = size
        self.path = path
        self.database = open_database(str(path))
        made = written(self.database, lambda tx: keys.create(tx, ACCOUNT, "measure", []))
        self.account, self._key = made.account, made.key
        if not self._numbers("item"):
            click.echo(f"building {size:,} items", err=True)
            build(self.database, made.account, size)
        self.numbers = {kind.name: self._numbers(kind.name) for kind in KINDS.values()}

    def _numbers(self, name: str) -> list[int]:
        table = KINDS[name].table
        with self.database.read() as tx:
            rows = tx.all(
                f"select number from {table} where account = :account order by number",  # noqa: S608
                account=self.account,
            )
        return [row[0] for row in rows]

    @contextmanager
    def served(self) -> Iterator[Site]:
        """Serve the catalog in a process of its own."""
        command = [sys.executable, "-m", "backroom", "serve", "--database", str(self.path)]
        options = ["--port", "0", "--limits", "off", "--format", "json"]
        with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            assert process.stdout is not None  # noqa: S101 - for the type checker
            self._host = urlsplit(json.loads(process.stdout.readline())["url"]).netloc
            try:
                yield self
            finally:
                process.terminate()
                process.wait()
                self.database.close()

    def connect(self) -> Caller:
        """Give a connection of one's own."""
        return Caller(self._host, self._key)

    def cursor(self, case: Case, share: float) -> str:
        """Write the cursor of a page that begins at a share of the catalog, or at its end."""
        operation = routes.match(case.path).operations["GET"]
        parsed = query.parse(operation, NEWEST, urlencode(case.query))
        subject = f"{self.account} {case.path} {parsed.described}"
        if share == 1:
            return cursors.encode(Cursor(0 if parsed.descending else LAST, onward=False), subject)
        all_numbers = self.numbers[operation.kind.name]
        return cursors.encode(Cursor(all_numbers[int(share * len(all_numbers))], True), subject)  # noqa: FBT003


class Caller:
    """One connection to a server, kept open."""

    def __init__(self, host: str, key: str) -> None:
        self._connection = http.client.HTTPConnection(host, timeout=120)
        self._headers = {
            "Authorization": f"Klaviyo-API-Key {key}",
            "Content-Type": "application/vnd.api+json",
        }

    def timed(
        self, method: str, path: str, body: Any = None, revision: str = NEWEST
    ) -> tuple[float, int]:
        """Send one request; give the seconds it took and how many resources came."""
        encoded = None if body is None else msgspec.json.encode(body)
        # A server hangs up on those who are silent while the other one is measured.
        self._connection.close()
        self._connection.connect()
        began = time.perf_counter()
        self._connection.request(method, path, encoded, self._headers | {"revision": revision})
        answer = self._connection.getresponse()
        raw = answer.read()
        took = time.perf_counter() - began
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise click.ClickException(f"{method} {path}: {answer.status} {raw[:500]!r}")
        data = msgspec.json.decode(raw)["data"] if raw else None
        return took, len(data) if isinstance(data, list) else 1


@dataclass(frozen=True)
class Row:
    """The times in milliseconds of one request at both sizes."""

    name: str
    medians: tuple[float, float]
    slowest: tuple[float, float]
    """The 95th percentiles."""
    shown: tuple[int, int]

    @property
    def ratio(self) -> float:
        return self.medians[1] / self.medians[0]

    def __str__(self) -> str:
        small, large = self.medians
        mark = " <" if self.ratio > MARKED else ""
        times = f"{small:8.2f} {self.slowest[0]:8.2f} {large:9.2f} {self.slowest[1]:9.2f}"
        return (
            f"{self.name:58} {times} {self.shown[0]:4}/{self.shown[1]:<4} {self.ratio:6.2f}{mark}"
        )


def measure(sites: tuple[Site, Site], place: int, rounds: int, requests: int) -> Iterator[Row]:
    """Measure one case at each depth."""
    chosen = [list(cases(site.size))[place] for site in sites]
    callers = [site.connect() for site in sites]
    depths: dict[str, Callable[[], float | None]] = {"first page": lambda: None}
    if chosen[0].inside:
        depths |= {"in the middle": lambda: random.uniform(0.1, 0.6), "at the end": lambda: 1.0}  # noqa: S311
    for depth, share_of in depths.items():
        times: tuple[list[float], list[float]] = ([], [])
        medians: tuple[list[float], list[float]] = ([], [])
        shown = [0, 0]
        for _ in range(rounds):
            shares = [share_of() for _ in range(requests)]
            for side, (site, case, caller) in enumerate(zip(sites, chosen, callers, strict=True)):
                urls = [url(site, case, share) for share in shares]
                taken = [caller.timed("GET", each, revision=case.revision) for each in urls]
                seconds = [1000 * each for each, _ in taken]
                times[side].extend(seconds)
                medians[side].append(statistics.median(seconds))
                shown[side] = max(count for _, count in taken)
        middle = (statistics.median(medians[0]), statistics.median(medians[1]))
        slowest = (_percentile(times[0]), _percentile(times[1]))
        yield Row(f"{chosen[0].name}: {depth}", middle, slowest, (shown[0], shown[1]))


def url(site: Site, case: Case, share: float | None) -> str:
    """Give the path and query of a page."""
    asked = list(case.query)
    if share is not None:
        asked.append(("page[cursor]", site.cursor(case, share)))
    return f"{case.path}?{urlencode(asked)}" if asked else case.path


def _percentile(times: list[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]


class Watch:
    """Sends one request again and again in a thread, and keeps the time of each."""

    def __init__(self, send: Callable[[], float]) -> None:
        self._send = send
        self._stopping = False
        self.times: list[float] = []
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stopping:
            self.times.append(1000 * self._send())

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._stopping = True
        self._thread.join()

    def __str__(self) -> str:
        median, worst = statistics.median(self.times), max(self.times)
        slow = _percentile(self.times)
        return f"{len(self.times):6} median {median:7.2f} p95 {slow:7.2f} worst {worst:8.2f}"


def watched(site: Site) -> dict[str, Callable[[], float]]:
    """Give what others do meanwhile: read one item, read a page, change an item."""
    one, page, change = site.connect(), site.connect(), site.connect()
    item = resource_id(ITEM, 1)
    body = {"data": {"type": ITEM.type, "id": item, "attributes": {"description": "new"}}}
    path = _of(ITEM, 1, "")[:-1]
    return {
        "GET of an item": lambda: one.timed("GET", path)[0],
        "GET of a page": lambda: page.timed("GET", _list(ITEM))[0],
        "PATCH of an item": lambda: change.timed("PATCH", path, body)[0],
    }


def measure_deletion(site: Site) -> Iterator[str]:
    """Delete a category with many items and tell what others noticed."""
    count = min(LARGE, site.size)
    caller = site.connect()
    doomed = {"external_id": f"doomed-{time.time_ns()}", "name": "Doomed"}
    caller.timed("POST", _list(CATEGORY), {"data": {"type": CATEGORY.type, "attributes": doomed}})
    path = f"{_list(CATEGORY)}/{ids.resource_id(doomed['external_id'])}"
    _fill(site, doomed["external_id"], site.numbers["item"][:count])
    with ExitStack() as stack:
        before = {each: stack.enter_context(Watch(send)) for each, send in watched(site).items()}
        time.sleep(2)
    with ExitStack() as stack:
        during = {each: stack.enter_context(Watch(send)) for each, send in watched(site).items()}
        began = time.perf_counter()
        answered, _ = caller.timed("DELETE", path)
        while _emptying(site):
            time.sleep(0.01)
        took = time.perf_counter() - began
    yield f"category of {count:,} items: deleted in {1000 * answered:.1f} ms, empty in {took:.2f} s"
    for name, watch in before.items():
        yield f"  {name:18} before {watch}"
        yield f"  {'':18} during {during[name]}"


def _fill(site: Site, category: str, items: list[int]) -> None:
    def fill(tx: Transaction) -> None:
        (number,) = records.numbers(tx, CATEGORY, site.account, [category]).values()
        links.add(tx, site.account, "items", number, items)

    written(site.database, fill)


def _emptying(site: Site) -> bool:
    with site.database.read() as tx:
        return tx.one("select 1 from emptied_categories limit 1") is not None


@click.command()
@click.option("--sizes", nargs=2, type=int, default=(1_000, 1_000_000), show_default=True)
@click.option("--rounds", default=5, show_default=True)
@click.option("--requests", default=10, show_default=True, help="Requests in a round.")
@click.option("--only", default="", help="Measure only what has this in its name.")
@click.option("--directory", type=click.Path(path_type=Path), help="Where catalogs are kept.")
def main(
    sizes: tuple[int, int], rounds: int, requests: int, only: str, directory: Path | None
) -> None:
    """Measure."""
    with ExitStack() as stack:
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        directory.mkdir(parents=True, exist_ok=True)
        small, large = (Site(directory / f"{size}.db", size) for size in sizes)
        stack.enter_context(small.served())
        stack.enter_context(large.served())
        click.echo(
            f"{'ms':58} {small.size:>8,} {'p95':>8} {large.size:>9,} {'p95':>9}  shown    ratio"
        )
        marked = 0
        for place, case in enumerate(cases(small.size)):
            if only in case.name:
                for row in measure((small, large), place, rounds, requests):
                    marked += row.ratio > MARKED
                    click.echo(str(row))
        click.echo(f"{marked} over {MARKED:g}")
        for line in measure_deletion(large):
            click.echo(line)


if __name__ == "__main__":
    main()
