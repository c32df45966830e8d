"""The log on standard error: lines for people on a terminal, lines of JSON for programs."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.cli.outage_lines import OutageLines, RepeatedLines
from backroom.cli.printable import PrintableFormatter, printable_json
from backroom.events import ABOUT, event_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from backroom.settings import Settings

LOG_FIELDS = {
    "timestamp": "When the line was logged, in UTC.",
    "level": "How serious it is: debug, info, warning or error.",
    "event": "The name of the event: `request`, `job`, one of the events below, or `library`.",
    "message": "The event as a sentence. The lines of requests and jobs have no sentence.",
    "logger": "The module that logs. The lines of requests and jobs have no logger.",
    "request_id": "The `X-Klaviyo-Req-Id` of the request that the line is about.",
    "job_id": "The job that the line is about.",
    "account": "The account that the line is about.",
    "traceback": "The traceback of a failure of the server.",
}
"""What lines of JSON have, with the words for the reference."""


def is_json(settings: Settings, stream: TextIO = sys.stderr) -> bool:
    """Whether lines of JSON are logged."""
    if settings.log_format == "auto":
        return not stream.isatty()
    return settings.log_format == "json"


def logs_requests(settings: Settings, stream: TextIO = sys.stderr) -> bool:
    """Whether each request is logged."""
    if settings.access_log == "auto":
        return stream.isatty()
    return settings.access_log == "on"


def rfc_3339(moment: datetime) -> str:
    """Write a moment as logs do: `2026-09-04T13:38:45.032Z`."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_line(members: Mapping[str, Any]) -> str:
    """Write a line of JSON, which is safe on a terminal too. Members that are None are left out."""
    kept = {name: value for name, value in members.items() if value is not None}
    return printable_json(msgspec.json.encode(kept).decode())


class JsonFormatter(logging.Formatter):
    """Writes each record as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        traceback = self.formatException(record.exc_info) if record.exc_info else None
        event = event_of(record.msg)
        values = record.args if isinstance(record.args, tuple) else ()
        return json_line(
            {
                "timestamp": rfc_3339(datetime.fromtimestamp(record.created, UTC)),
                "level": record.levelname.lower(),
                "event": event.name,
                "message": _encodable(record.getMessage()),
                "logger": record.name,
                **dict(ABOUT.get()),
                # A library may give other values than the one that its event has.
                **{name: _plain(each) for name, each in zip(event.members, values, strict=False)},
                "traceback": traceback and _encodable(traceback),
            }
        )


def _plain(value: object) -> object:
    """Give a value as JSON has it: numbers as they are, and anything else as text."""
    return value if isinstance(value, (int, float)) else _encodable(str(value) or repr(value))


def _encodable(text: str) -> str:
    """Give a text that UTF-8 can hold: the name of a file may have what it can't."""
    return text.encode("utf-8", "backslashreplace").decode()


def log_to_stderr(settings: Settings) -> None:
    """Log to the standard error output as the settings say."""
    handler = logging.StreamHandler()
    if is_json(settings):
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(PrintableFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(OutageLines())
    handler.addFilter(RepeatedLines())
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler])
