"""The report of an import, left with the server, whose dashboard shows it.

Readers of the dashboard can correct its failed rows there, and send them again. Another server than
backroom takes no report. The import is complete even if its report is lost.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
import urllib3

from backroom.api.control import PREFIX
from backroom.control.import_outcome import outcome_of_import

if TYPE_CHECKING:
    from backroom.feeds.formats import Feed
    from backroom.feeds.reporting import Report

_UPLOAD_SECONDS = 10.0


def leave_report_with(url: str, key: str, report: Report, feed: Feed) -> str:
    """Leave a report, and give the address of its page, empty where the server took none."""
    if report.ledger is None:
        return ""
    outcome = outcome_of_import(report, report.ledger, feed)
    body = msgspec.json.encode({"name": report.file, "report": outcome})
    headers = {"Authorization": f"Klaviyo-API-Key {key}", "Content-Type": "application/json"}
    place = f"{url.rstrip('/')}{PREFIX}/imports"
    try:
        with urllib3.PoolManager(retries=False, timeout=_UPLOAD_SECONDS) as pool:
            answer = pool.request("POST", place, body=body, headers=headers)
        if answer.status != HTTPStatus.CREATED:
            return ""
        page = str(msgspec.json.decode(answer.data)["page"])
    except (urllib3.exceptions.HTTPError, msgspec.MsgspecError, KeyError, TypeError):
        return ""
    return f"{url.rstrip('/')}{page}"
