"""A small HTTP client for the tests: one account's key, one revision, answers as values."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
import urllib3

from backroom import revisions

if TYPE_CHECKING:
    from collections.abc import Mapping

NEWEST = revisions.NEWEST
DEADLINE = 20.0


class WithDocument:
    """An answer whose body is a document of JSON."""

    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def error(self) -> Any:
        """The only error of an error document."""
        (error,) = self.json["errors"]
        return error


@dataclass(frozen=True)
class Answer(WithDocument):
    """What came back: status, headers (any case), body."""

    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes

    @property
    def job_id(self) -> str:
        """The id of the job in `data`, where this revision shows it."""
        data = self.json["data"]
        return str(data.get("id") or data["attributes"]["job_id"])


class Client:
    """Calls one server as one account; each call may name another revision."""

    @property
    def account(self) -> str:
        """The id of the account, which keys have in the middle."""
        return self.key.split("_")[1]

    def __init__(self, url: str, key: str, revision: str = NEWEST) -> None:
        self.url = url
        self.key = key
        self.revision = revision
        self.pool = urllib3.PoolManager(retries=False, timeout=DEADLINE)

    def request(  # noqa: PLR0913 - as many as an HTTP request has parts
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
        revision: str | None = None,
    ) -> Answer:
        """Send one request; a header of None is left out; `path` may be a whole URL."""
        url = path if path.startswith("http") else self.url + path
        if query:
            url += "?" + urlencode(query)
        sent: dict[str, str | None] = {
            "Authorization": f"Klaviyo-API-Key {self.key}",
            "revision": revision or self.revision,
        }
        if json is not None:
            body = msgspec.json.encode(json)
        if body is not None:
            sent["Content-Type"] = "application/vnd.api+json"
        sent |= headers or {}
        kept = {name: value for name, value in sent.items() if value is not None}
        response = self.pool.request(method, url, body=body, headers=kept, redirect=False)
        return Answer(response.status, response.headers, response.data)

    def get(self, path: str, **more: Any) -> Answer:
        return self.request("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> Answer:
        return self.request("POST", path, json=json, **more)

    def completed(self, path: str, job_id: str, **more: Any) -> Answer:
        """Poll `path`/`job_id` until its job is complete; fail after the deadline."""
        end = time.monotonic() + DEADLINE
        while True:
            answer = self.get(f"{path}/{job_id}", **more)
            if answer.status != 200 or answer.json["data"]["attributes"]["status"] == "complete":
                return answer
            assert time.monotonic() < end, f"{path}/{job_id} never came to an end"
            time.sleep(0.005)
