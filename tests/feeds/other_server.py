"""A server of this API that is not backroom: it has only the published API.

It passes requests on to one of ours, and takes away what the real service does not have: all other
paths, all other headers, and the kinds of answers that were never seen of it.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

import urllib3

from backroom.catalog.operations import OPERATIONS
from backroom.feeds.pacing import operation_of
from feeds.scripted_server import served

if TYPE_CHECKING:
    from collections.abc import Iterator

_REQUEST_HEADERS = ("Authorization", "revision", "Accept", "Content-Type")
_ANSWER_HEADERS = (
    "Content-Type",
    "Content-Language",
    "Allow",
    "Vary",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Klaviyo-Req-Id",
    "X-Klaviyo-Api-Revision",
)
_PUBLISHED = {f"{each.method} {each.path}" for each in OPERATIONS} | {"GET /api/accounts"}
_NO_PAGE = b"<!doctype html><title>Not found</title>"


@dataclass
class OtherServer:
    """Where it is, and what was asked that is not of the published API."""

    url: str = ""
    unpublished: list[str] = field(default_factory=list)


@contextmanager
def other_server(url: str) -> Iterator[OtherServer]:
    """Run such a server in front of one of ours."""
    other = OtherServer()
    pool = urllib3.PoolManager(retries=False, timeout=20)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            operation = operation_of(self.command, self.path)
            if operation not in _PUBLISHED:
                other.unpublished.append(operation)
                self.finish_with(404, _NO_PAGE, {"Content-Type": "text/html"})
                return
            headers = {name: self.headers[name] for name in _REQUEST_HEADERS if self.headers[name]}
            answer = pool.request(self.command, url + self.path, body=body, headers=headers)
            kept = {
                name: answer.headers[name] for name in _ANSWER_HEADERS if name in answer.headers
            }
            here = answer.data.replace(url.encode(), other.url.encode())
            self.finish_with(answer.status, _as_recorded(here), kept)

        def finish_with(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - names that the library looks for

        def log_message(self, *_: object) -> None:
            pass

    with served(Handler) as other.url:
        yield other


def _as_recorded(body: bytes) -> bytes:
    """Give an answer as it was recorded of the real service, where ours says more or less.

    An error of a job had neither `id` nor `code`. Metadata has its shortest keys first.
    """
    try:
        document = json.loads(body)
    except ValueError:
        return body
    resources = document.get("data")
    for each in resources if isinstance(resources, list) else [resources]:
        attributes = (each or {}).get("attributes", {})
        for error in attributes.get("errors") or ():
            error.pop("id", None)
            error.pop("code", None)
        if metadata := attributes.get("custom_metadata"):
            attributes["custom_metadata"] = dict(sorted(metadata.items(), key=lambda m: len(m[0])))
    return json.dumps(document).encode()
