"""The official client for an account, where it is installed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backroom.testing.account import Account

NOT_INSTALLED = "the official client is not installed: pip install klaviyo-api"


def official_client(account: Account, revision: str = "") -> Any:
    """Make a `KlaviyoAPI` that speaks to an account. Raises `ImportError` if it is not there.

    It asks for the revision that it was made for, unless another one is given.
    """
    client = import_module("klaviyo_api").KlaviyoAPI(account.key, test_host=account.url)
    if revision:
        client.api_client.default_headers["revision"] = revision
    return client
