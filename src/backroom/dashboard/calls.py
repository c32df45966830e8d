"""Calls of the API from a page: by HTTP to this very server, with a key that lasts for one call.

So a call of a page is admitted, counted, checked, noted and answered as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import urllib3

from backroom.store import keys

if TYPE_CHECKING:
    from backroom.dashboard.page import Dashboard

_SECONDS = 60
KEY_NAME = "dashboard"


class Answered(NamedTuple):
    """The answer to a call."""

    status: int
    headers: dict[str, str]
    body: bytes


def call(
    dashboard: Dashboard,
    account: str,
    method: str,
    target: str,
    revision: str,
    body: bytes | None = None,
) -> Answered:
    """Call the API as the account with this id. `target` is a path with its query.

    Raises `urllib3.exceptions.HTTPError` if no answer comes.
    """
    database = dashboard.control.database
    with database.read() as tx:
        name = keys.account_name(tx, account) or account
    made = database.write(lambda tx: keys.create(tx, name, KEY_NAME, [])).result()
    headers = {"Authorization": f"Klaviyo-API-Key {made.key}", "revision": revision}
    if body is not None:
        headers["Content-Type"] = "application/vnd.api+json"
    try:
        answer = urllib3.request(
            method,
            dashboard.control.parts["url"] + target,
            body=body,
            headers=headers,
            timeout=_SECONDS,
            retries=False,
            redirect=False,
        )
        return Answered(answer.status, dict(answer.headers), answer.data)
    finally:
        database.write(lambda tx: keys.remove_key(tx, made)).result()
