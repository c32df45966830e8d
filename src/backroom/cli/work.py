"""`backroom work`: a process that only applies the jobs in a PostgreSQL database."""

from __future__ import annotations

import logging
import sys
from contextlib import closing
from typing import Any

import click

from backroom.cli.access_log import LineWriter
from backroom.cli.failures import reported
from backroom.cli.job_log import JobLog
from backroom.cli.logs import is_json, log_to_stderr, logs_requests
from backroom.cli.options import settings_from, telemetry_from_variables, with_settings
from backroom.server import next_job_of, watch_jobs
from backroom.signals.metrics import Metrics
from backroom.signals.scrapes import Scrapes
from backroom.store import open_database
from backroom.store.sqlite import SqliteDatabase


@click.command("work")
@with_settings(
    "database",
    "host",
    "show_queued",
    "job_delay",
    "concurrency",
    "pipeline",
    "log_level",
    "log_format",
    "access_log",
    "metrics_port",
)
def work_command(**flags: Any) -> None:
    """Apply the jobs that servers on the same PostgreSQL database accept.

    Any number of workers may run, on any number of machines. SIGTERM stops a worker when its
    running jobs are complete.
    """
    settings = settings_from(flags)
    log_to_stderr(settings)
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    with reported():
        # Each account that is served takes a connection, and periodic tasks take some.
        database = open_database(
            settings.database,
            least=settings.concurrency + 4,
            pipeline=settings.pipeline == "on",
        )
    if isinstance(database, SqliteDatabase):
        database.close()
        raise click.UsageError(
            "Separate workers need a shared database: BACKROOM_DATABASE=postgresql://…"
            " A server on SQLite applies its jobs itself."
        )
    # Procrastinate is only installed with the extra `postgres`.
    from backroom.jobs.procrastinate import schema
    from backroom.jobs.procrastinate.worker import QueueWorker
    from backroom.store import task_queue

    with reported(), closing(database):
        schema.prepare(database)
        next_job = next_job_of(database, settings)
        worker = QueueWorker(database, next_job, settings.concurrency)
        telemetry = telemetry_from_variables(database.dialect.name)
        if telemetry is not None and telemetry.spans is not None:
            next_job.watch.add(telemetry.spans)
        if logs_requests(settings):
            writer = LineWriter(sys.stderr)
            click.get_current_context().call_on_close(writer.close)
            next_job.watch.add(JobLog(writer, as_json=is_json(settings)))
        if settings.metrics_port:
            metrics = Metrics(database, "worker")
            watch_jobs(metrics, next_job, task_queue.queue_signals)
            end = Scrapes(metrics).serve(settings.host, settings.metrics_port)
            click.get_current_context().call_on_close(end)
        click.echo(f"backroom applies jobs, {settings.concurrency} accounts at a time")
        worker.run()
