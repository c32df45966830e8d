"""What is wrong with a request reaches the SDK's user as an exception that tells it."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from openapi_client.exceptions import ApiException
from shop import KINDS, Shop, expect, identifier, say

if TYPE_CHECKING:
    from collections.abc import Callable

TITLES = {
    400: ("invalid", "Invalid input."),
    404: ("not_found", "Not found."),
    409: ("conflict", "Conflict."),
}
UNKNOWN = "01J00000000000000000000001"
FILTERS = {
    'equals(status,"complete"': None,
    'equals(colour,"red")': None,
    'contains(status,"complete")': (
        "'contains' is not an allowed filter operator for status.  Allowed operators are equals"
    ),
}


def errors(shop: Shop) -> None:
    unknown_key(shop)
    unknown_jobs(shop)
    bad_queries(shop)
    bad_bodies(shop)


class Refusal:
    """The error an SDK method raised, as the server wrote it."""

    @classmethod
    def of(cls, status: int, method: Callable[..., Any], *arguments: Any, **query: Any) -> Refusal:
        """The error of this status that a call must raise."""
        refusal = cls(partial(method, *arguments, **query))
        expect(refusal.what, (status, *TITLES[status]), f"a {status} of {arguments}")
        return refusal

    def __init__(self, method: Callable[[], Any]) -> None:
        try:
            answer = method()
        except ApiException as caught:
            self.headers = caught.headers
            (self.error,) = json.loads(caught.body)["errors"]
            self.what = (caught.status, self.error["code"], self.error["title"])
            self.detail = self.error["detail"]
            self.source = self.error["source"]
            say(f"{caught.status} {self.error['code']}: {self.detail}")
        else:
            raise AssertionError(f"this was answered and should not have been: {answer!r}")


def unknown_key(shop: Shop) -> None:
    stranger = Shop(shop.url, "pk_" + 34 * "0")
    title = "Incorrect authentication credentials."
    for method in (
        partial(stranger.list, "create", "item"),
        partial(stranger.post, "create", "item", [stranger.item("hat")]),
    ):
        refusal = Refusal(method)
        expect(refusal.what, (401, "authentication_failed", title), "an unknown key")
        expect(refusal.detail, title, "detail of a 401")
        expect(refusal.source, {"pointer": "/data/"}, "source of a 401")
        wanted = "Bearer, Klaviyo-API-Key"
        expect(refusal.headers["WWW-Authenticate"], wanted, "WWW-Authenticate of a 401")


def unknown_jobs(shop: Shop) -> None:
    for verb, kind in KINDS:
        refusal = Refusal(partial(shop.get, verb, kind, UNKNOWN))
        expect(refusal.what, (404, "not_found", "Not found."), "an unknown job")
        detail = f"A catalog-{kind} bulk {verb} job with id {UNKNOWN} does not exist."
        expect(refusal.detail, detail, "detail of a 404")
        expect(refusal.source, {"pointer": "/data/"}, "source of a 404")


def bad_queries(shop: Shop) -> None:
    for wrong, detail in FILTERS.items():
        refusal = Refusal(partial(shop.list, "create", "item", filter=wrong))
        expect(refusal.what, (400, "invalid", "Invalid input."), f"the filter {wrong}")
        expect(refusal.source.get("parameter"), "filter", f"source of the filter {wrong}")
        expect(refusal.detail, detail or refusal.detail, f"detail of the filter {wrong}")
    refusal = Refusal(partial(shop.list, "create", "item", page_cursor="not a cursor"))
    expect(refusal.what, (400, "invalid", "Invalid input."), "a bad cursor")
    expect(refusal.detail, "Invalid cursor provided.", "detail of a bad cursor")
    expect(refusal.source, {"pointer": "/data/"}, "source of a bad cursor")


def bad_bodies(shop: Shop) -> None:
    too_many = [identifier("item", str(number)) for number in range(101)]
    too_long = [shop.item("x" * 256)]
    for verb, operations in (("delete", too_many), ("delete", []), ("create", too_long)):
        refusal = Refusal(partial(shop.post, verb, "item", operations))
        what = f"{verb} of {len(operations)} items"
        expect(refusal.what, (400, "invalid", "Invalid input."), what)
        pointer = refusal.source["pointer"]
        assert pointer.startswith("/data/attributes/items"), f"{what}: {refusal.error}"
        expect(shop.list(verb, "item")["data"], [], f"jobs after a {what}")
