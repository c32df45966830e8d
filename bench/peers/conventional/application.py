"""Three calls of the API, built the conventional way: FastAPI, pydantic, SQLAlchemy, aiosqlite.

An honest small reference on the same tables: keys are looked up, bodies checked, answers are
models, a job and its operations are on the disk before 202. It counts no requests, knows one
revision and applies nothing. Run as `application.py DATABASE` it says where it serves.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import socket
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ForeignKey, event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

PATH = "/api/catalog-item-bulk-create-jobs"
JOB = "catalog-item-bulk-create-job"
PAGE = 100

engine = create_async_engine(f"sqlite+aiosqlite:///{sys.argv[1]}", pool_size=16)
Session = async_sessionmaker(engine, expire_on_commit=False)


@event.listens_for(engine.sync_engine, "connect")
def durable(connection: Any, _: Any) -> None:
    """Have every commit on the disk, as ours."""
    cursor = connection.cursor()
    for pragma in ("journal_mode = wal", "synchronous = full", "busy_timeout = 10000"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


class Base(DeclarativeBase):
    """The tables that the server makes."""


class Key(Base):
    """A key that opens an account."""

    __tablename__ = "keys"
    account: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[str]
    revoked_at: Mapped[str | None]


class Job(Base):
    """A bulk job."""

    __tablename__ = "jobs"
    account: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[str]
    expires_at: Mapped[str]
    completed_at: Mapped[str | None]
    total_count: Mapped[int]
    completed_count: Mapped[int] = mapped_column(default=0)
    failed_count: Mapped[int] = mapped_column(default=0)
    errors: Mapped[str] = mapped_column(default="[]")
    linkage: Mapped[str] = mapped_column(default="[]")


class JobOperations(Base):
    """What is still to be applied."""

    __tablename__ = "job_operations"
    account: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.job_id"), primary_key=True)
    operations: Mapped[str]


class Strict(BaseModel):
    """A body without members that nobody knows."""

    model_config = ConfigDict(extra="forbid")


class ItemAttributes(Strict):
    """An item as it is sent."""

    external_id: str = Field(min_length=1)
    title: str
    description: str
    url: str
    integration_type: Literal["$custom"] = "$custom"
    catalog_type: str | None = "$default"
    price: float | None = None
    image_full_url: str | None = None
    image_thumbnail_url: str | None = None
    images: list[str] | None = None
    custom_metadata: dict[str, Any] | None = None
    published: bool | None = True


class Item(Strict):
    """One operation."""

    type: Literal["catalog-item"]
    attributes: ItemAttributes


class Items(Strict):
    """All operations."""

    data: list[Item] = Field(min_length=1, max_length=100)


class NewJobAttributes(Strict):
    """A job as it is sent."""

    items: Items


class NewJobData(Strict):
    """A job's resource."""

    type: Literal["catalog-item-bulk-create-job"]
    attributes: NewJobAttributes


class NewJob(Strict):
    """A job's body."""

    data: NewJobData


class JobAttributes(BaseModel):
    """A job as it is shown."""

    status: str
    created_at: datetime
    total_count: int
    completed_count: int
    failed_count: int
    completed_at: datetime | None
    errors: list[dict[str, Any]]
    expires_at: datetime


class Links(BaseModel):
    """Where a thing is, and where the next page."""

    self: str
    next: str | None = None
    prev: str | None = None


class JobData(BaseModel):
    """A job's resource as it is shown."""

    type: str
    id: str
    attributes: JobAttributes
    links: Links


class JobAnswer(BaseModel):
    """One job."""

    data: JobData
    links: Links


class JobsAnswer(BaseModel):
    """A page of jobs."""

    data: list[JobData]
    links: Links


async def session() -> Any:
    """Lend a session."""
    async with Session() as opened:
        yield opened


async def account(
    opened: Annotated[AsyncSession, Depends(session)],
    authorization: Annotated[str, Header()],
    revision: Annotated[str, Header()],
) -> str:
    """Find out who asks."""
    datetime.fromisoformat(revision)
    key = authorization.removeprefix("Klaviyo-API-Key ")
    hashed = hashlib.sha256(key.encode()).hexdigest()
    asked = select(Key).where(
        Key.account == key.split("_")[1], Key.hash == hashed, Key.revoked_at.is_(None)
    )
    found = (await opened.scalars(asked)).first()
    if found is None:
        raise HTTPException(401)
    return found.account


Opened = Annotated[AsyncSession, Depends(session)]
Account = Annotated[str, Depends(account)]
app = FastAPI()


def shown(job: Job, request: Request) -> JobData:
    """Make the resource of a row."""
    attributes = JobAttributes(
        status=job.status,
        created_at=job.created_at,
        total_count=job.total_count,
        completed_count=job.completed_count,
        failed_count=job.failed_count,
        completed_at=job.completed_at,
        errors=json.loads(job.errors),
        expires_at=job.expires_at,
    )
    links = Links(self=f"{request.base_url}{PATH[1:]}/{job.job_id}")
    return JobData(type=JOB, id=job.job_id, attributes=attributes, links=links)


@app.get(f"{PATH}/{{job_id}}")
async def get_job(request: Request, job_id: str, opened: Opened, own: Account) -> JobAnswer:
    """Answer with one job."""
    job = await opened.get(Job, (own, job_id))
    if job is None or job.type != JOB:
        raise HTTPException(404)
    return JobAnswer(data=shown(job, request), links=Links(self=str(request.url)))


@app.get(PATH)
async def list_jobs(request: Request, opened: Opened, own: Account) -> JobsAnswer:
    """Answer with the newest jobs."""
    asked = select(Job).where(Job.account == own, Job.type == JOB)
    found = list(await opened.scalars(asked.order_by(Job.job_id.desc()).limit(PAGE + 1)))
    following = f"{request.url}?before={found[PAGE - 1].job_id}" if len(found) > PAGE else None
    data = [shown(job, request) for job in found[:PAGE]]
    return JobsAnswer(data=data, links=Links(self=str(request.url), next=following))


@app.post(PATH, status_code=202)
async def create_job(request: Request, body: NewJob, opened: Opened, own: Account) -> JobAnswer:
    """Accept a job."""
    now = datetime.now(UTC)
    job = Job(
        account=own,
        job_id=f"{time.time_ns():016X}{secrets.token_hex(5).upper()}",
        type=JOB,
        status="processing",
        created_at=now.isoformat(),
        expires_at=(now + timedelta(days=7)).isoformat(),
        completed_at=None,
        total_count=len(body.data.attributes.items.data),
        completed_count=0,
        failed_count=0,
        errors="[]",
        linkage="[]",
    )
    opened.add(job)
    operations = body.data.attributes.items.model_dump_json()
    opened.add(JobOperations(account=own, job_id=job.job_id, operations=operations))
    await opened.commit()
    return JobAnswer(data=shown(job, request), links=Links(self=str(request.url)))


def main() -> None:
    """Serve on any port that is free."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(json.dumps({"url": f"http://127.0.0.1:{listening.getsockname()[1]}"}), flush=True)
    config = uvicorn.Config(app, http="httptools", loop="uvloop", access_log=False, log_config=None)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
