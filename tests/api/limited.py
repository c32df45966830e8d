"""A body to post, and which headers the answers of a server with rate limits have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from support.factories import a_body, a_kind_of_job, a_resource

if TYPE_CHECKING:
    from support.factories import Answered

ITEMS = a_kind_of_job("item", "create")
PATH = f"/api/{ITEMS.collection}"
BODY = msgspec.json.encode(a_body(ITEMS, a_resource("item")))
ALWAYS = {"content-type", "content-language", "vary", "x-klaviyo-req-id", "content-length"}
RATES = {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"}


def headers_of(answered: Answered) -> set[str]:
    """The headers that not every answer has."""
    return set(answered.headers) - ALWAYS
