"""Made-up things for the tests: drafts, stored jobs, and calls of the application without a socket.

Nothing here stands in for code of ours: what is made is given to the real thing.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from backroom import clock, revisions
from backroom.actions import ACTIONS
from backroom.api import documents
from backroom.api.admission import Admission
from backroom.api.app import App
from backroom.api.asked_revision import AskedRevision
from backroom.api.request import Request
from backroom.api.service import Service
from backroom.catalog import ids
from backroom.catalog.drafts import Draft, encode
from backroom.catalog.kinds import JOB_KINDS, KINDS, Verb
from backroom.catalog.operations import OPERATIONS, Shape
from backroom.jobs import lifecycle, submit
from backroom.settings import Settings
from backroom.store import jobs, keys
from backroom.store.database import TookTooLong
from support.client import WithDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence

    from backroom.actions import Outcome
    from backroom.api.limits import Limiter
    from backroom.catalog.kinds import JobKind, Kind
    from backroom.catalog.operations import Operation
    from backroom.store.database import Database, Transaction
    from backroom.store.records import Record

T = TypeVar("T")

ACCOUNT = "shop"
NEWEST = revisions.NEWEST
OLDEST = revisions.OLDEST
DEADLINE = 10.0
KEY_SCOPES: list[str] = []

REQUIRED: Mapping[str, Mapping[str, Any]] = {
    "item": {"title": "Shirt", "description": "A shirt", "url": "https://shop.example/s"},
    "variant": {
        "title": "Shirt, red",
        "description": "A red shirt",
        "sku": "S-R",
        "inventory_quantity": 3,
        "price": 12.5,
        "url": "https://shop.example/s-r",
    },
    "category": {"name": "Shirts"},
}
"""What a create of each kind has to give beside its external id."""


def a_kind_of_job(kind: str, verb: str) -> JobKind:
    return JOB_KINDS[f"catalog-{kind}-bulk-{verb}-job"]


def an_operation(
    kind: str = "item", verb: str = "create", shape: Shape = Shape.JOB_POST
) -> Operation:
    """The operation of a shape on the jobs of one kind."""
    job_kind = a_kind_of_job(kind, verb)
    return next(each for each in OPERATIONS if each.bulk is job_kind and each.shape is shape)


def a_row(name: str) -> Operation:
    """The operation of a name."""
    return next(each for each in OPERATIONS if each.name == name)


def a_creation(
    kind: str,
    external_id: str,
    relations: Mapping[str, Sequence[str]] | None = None,
    **attributes: Any,
) -> Draft:
    """A checked create; `relations` maps a relationship to external ids."""
    given = {"external_id": external_id, **REQUIRED[kind], **attributes}
    return Draft(ids.resource_id(external_id), given, _related(relations))


def an_update(
    external_id: str,
    relations: Mapping[str, Sequence[str]] | None = None,
    **attributes: Any,
) -> Draft:
    return Draft(ids.resource_id(external_id), dict(attributes), _related(relations))


def a_deletion(external_id: str) -> Draft:
    return Draft(ids.resource_id(external_id))


def _related(relations: Mapping[str, Sequence[str]] | None) -> dict[str, list[str]]:
    return {
        name: [ids.resource_id(each) for each in external_ids]
        for name, external_ids in (relations or {}).items()
    }


def a_resource(kind: str, external_id: str = "a", **attributes: Any) -> dict[str, Any]:
    """A create of one resource as a body of the newest revision has it."""
    given = {"external_id": external_id, **REQUIRED[kind], **attributes}
    made: dict[str, Any] = {"type": f"catalog-{kind}", "attributes": given}
    if kind == "variant":
        parent = {"type": "catalog-item", "id": ids.resource_id("parent")}
        made["relationships"] = {"item": {"data": parent}}
    return made


def a_body(job_kind: JobKind, *resources: Any) -> dict[str, Any]:
    """A bulk body of the newest revision."""
    attributes = {job_kind.member: {"data": list(resources)}}
    return {"data": {"type": job_kind.type, "attributes": attributes}}


def written(database: Database, work: Callable[[Transaction], T]) -> T:
    """Do some writing and wait until it is on disk."""
    return database.write(work).result(DEADLINE)


def done(
    database: Database, verb: Verb, kind: str, *drafts: Draft, account: str = ACCOUNT
) -> list[Outcome]:
    """Let one of the actions do its work on some drafts."""
    return written(database, lambda tx: ACTIONS[verb](tx, KINDS[kind], account, drafts))


def submitted(
    database: Database,
    job_kind: JobKind,
    *drafts: Draft,
    account: str = ACCOUNT,
    status: lifecycle.Status = lifecycle.Status.PROCESSING,
) -> jobs.Job:
    """A job that waits in the store."""
    new = submit.new_job(account, job_kind, encode(list(drafts)), len(drafts), status)
    return submit.stored_job(new, accepted(database, new))


def accepted(database: Database, new: jobs.NewJob) -> str | None:
    """Have the store accept a job as a server does; give the id that it got."""

    async def accept() -> str | None:
        return await database.accept(new, lifecycle.MOST_IN_PROGRESS)

    return asyncio.run(accept())


def on_loop(database: Database, work: Callable[[], T]) -> asyncio.Future[T]:
    """Do work as a server does what a head asks for; what it raises is raised by the future."""
    promise: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def settled() -> Callable[[], None]:
        try:
            result = work()
        except TookTooLong:
            raise
        except Exception as error:  # noqa: BLE001 - it is for who waits
            return partial(promise.set_exception, error)
        return partial(promise.set_result, result)

    database.on_loop(settled, lambda settle: settle())
    return promise


class Refusal(NamedTuple):
    """How a trigger refuses a row: a word for SQLite, a statement for PostgreSQL."""

    sqlite: str
    postgres: str


REFUSAL = Refusal("abort", "raise exception 'refused by a trigger'")


@contextmanager
def refusing(
    database: Database, event: str, external_id: str, how: Refusal = REFUSAL
) -> Iterator[None]:
    """Have the database refuse to `insert`, `update` or `delete` one item, as nobody foresaw."""
    row = "old" if event == "delete" else "new"
    with refusing_rows(database, f"{event} on items", f"{row}.external_id = '{external_id}'", how):
        yield


@contextmanager
def refusing_rows(
    database: Database, what: str, condition: str, how: Refusal = REFUSAL
) -> Iterator[None]:
    """Have the database refuse `what`, such as `update on jobs`, for rows with a condition."""
    if database.dialect.name == "sqlite":
        make = (
            f"create trigger refusal before {what} when ({condition})"
            f" begin select raise({how.sqlite}, 'refused by a trigger'); end"
        )
        drop = "drop trigger refusal"
    else:
        make = (
            "create function refuse() returns trigger language plpgsql as"
            f" $$ begin {how.postgres}; return null; end $$;"
            f" create trigger refusal before {what}"
            f" for each row when ({condition}) execute function refuse()"
        )
        drop = "drop function refuse cascade"
    written(database, lambda tx: tx.script(make))
    try:
        yield
    finally:
        written(database, lambda tx: tx.script(drop))


def a_job(age: timedelta = timedelta(0), **members: Any) -> jobs.Job:
    """A row of a job as if it had been made some time ago."""
    created = clock.now() - age
    given: dict[str, Any] = {
        "job_id": clock.least_ulid(created),
        "type": "catalog-item-bulk-create-job",
        "status": "processing",
        "created_at": clock.timestamp(created),
        "expires_at": clock.timestamp(lifecycle.expires_at(created)),
        "completed_at": None,
        "total_count": 1,
    }
    return jobs.Job(**(given | members))


def a_complete_job(age: timedelta = timedelta(0), **members: Any) -> jobs.Job:
    done_at = clock.timestamp(clock.now())
    return a_job(age, **({"status": "complete", "completed_at": done_at} | members))


def stored(database: Database, job: jobs.Job, *drafts: Draft, account: str = ACCOUNT) -> jobs.Job:
    """Put a row into the store as it is."""
    written(database, lambda tx: jobs.insert(tx, account, job, encode(list(drafts))))
    return job


def all_stored(database: Database, rows: Iterable[jobs.Job], account: str = ACCOUNT) -> None:
    """Put many rows into the store at once."""

    def work(tx: Transaction) -> None:
        for row in rows:
            jobs.insert(tx, account, row, "[]")

    written(database, work)


def found(database: Database, job: jobs.Job, account: str = ACCOUNT) -> jobs.Job:
    """The job as it is now."""
    now = stored_now(database, job, account)
    assert now is not None, f"job {job.job_id} is gone"
    return now


def stored_now(database: Database, job: jobs.Job, account: str = ACCOUNT) -> jobs.Job | None:
    """The job as it is now, None where it is gone."""
    with database.read() as tx:
        rows = jobs.jobs_page(
            tx, account, jobs.JobQuestion(job.type, "", job_id=job.job_id), jobs.Job._fields
        )
    return a_job_of(rows[0]) if rows else None


def a_job_of(row: Sequence[bytes | None]) -> jobs.Job:
    """A job of a row with all its columns, as a page has them."""
    texts = [None if value is None else value.decode() for value in row]
    named: dict[str, Any] = dict(zip(jobs.Job._fields, texts, strict=True))
    counts = {name: int(named[name]) for name in named if name.endswith("_count")}
    return jobs.Job(**(named | counts))


def shown(base: str, kind: Kind, record: Record, linked: Sequence[Record] | None = None) -> Any:
    """The resource object of a record, with what its relationship holds where that is said."""
    linkage: Any = documents.NOT_SHOWN
    if linked is not None:
        held = [
            documents.identifier_object(KINDS[kind.shown.target], each.external_id)
            for each in linked
        ]
        linkage = held if kind.shown.many else next(iter(held), None)
    attributes = msgspec.Raw(record.attributes.encode())
    name = documents.Name.of(record.external_id)
    return documents.resource_object(base, kind, name, attributes, linkage)


def a_request(
    method: str = "GET",
    path: str = "/api/catalog-item-bulk-create-jobs",
    query: str = "",
    headers: Mapping[str, str] | None = None,
    public_url: str = "",
) -> Request:
    return Request.of_scope(_scope(method, path, query, headers or {}), public_url)


def _scope(method: str, path: str, query: str, headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "scheme": "http",
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": [
            (name.lower().encode(), value.encode("latin-1"))
            for name, value in ({"host": "shop.test"} | dict(headers)).items()
        ],
    }


@dataclass(frozen=True)
class Answered(WithDocument):
    """What the application sent."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Site:
    """The application over one database, called as uvicorn calls it, with one key."""

    database: Database
    settings: Settings = field(default_factory=Settings)
    limiter: Limiter | None = None
    scopes: list[str] = field(default_factory=list)
    announced: int = 0
    chunks_taken: int = 0

    def __post_init__(self) -> None:
        self.key = written(self.database, lambda tx: keys.create(tx, "shop", "test", self.scopes))
        self.account = self.key.account
        admission = Admission(self.database, AskedRevision(self.settings), self.limiter)
        queued = self.settings.show_queued
        status = lifecycle.Status.QUEUED if queued else lifecycle.Status.PROCESSING
        self.app = App(
            Service(admission, status),
            self.database,
            announce=self._announce,
            public_url=self.settings.public_url,
        )

    def _announce(self, _: str) -> None:
        self.announced += 1

    def get(self, path: str, query: str = "", **headers: str | None) -> Answered:
        return self.call("GET", path, query, headers=headers)

    def post(self, path: str, *chunks: bytes, **headers: str | None) -> Answered:
        typed = {"content_type": "application/vnd.api+json"} | headers
        return self.call("POST", path, headers=typed, chunks=chunks)

    def call(
        self,
        method: str,
        path: str,
        query: str = "",
        *,
        headers: Mapping[str, str | None] | None = None,
        chunks: Iterable[bytes] = (),
    ) -> Answered:
        """Send one request; `_` in a header's name is a dash, None leaves a header out."""
        sent: dict[str, str | None] = {
            "authorization": f"Klaviyo-API-Key {self.key.key}",
            "revision": NEWEST,
        }
        sent |= {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        kept: dict[str, str] = {name: value for name, value in sent.items() if value is not None}
        return asyncio.run(self._call(_scope(method, path, query, kept), iter(chunks)))

    async def _call(self, scope: dict[str, Any], chunks: Iterable[bytes]) -> Answered:
        sent: list[MutableMapping[str, Any]] = []
        remaining = iter(chunks)

        async def receive() -> dict[str, Any]:
            chunk = next(remaining, None)
            if chunk is None:
                return {"type": "http.request", "body": b"", "more_body": False}
            self.chunks_taken += 1
            return {"type": "http.request", "body": chunk, "more_body": True}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start, *bodies = sent
        headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        return Answered(start["status"], headers, b"".join(each["body"] for each in bodies))
