"""Which account a key opens, where the key may read it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from backroom.feeds.client_errors import RefusedError

if TYPE_CHECKING:
    from backroom.feeds.api_client import ApiClient

_NOT_READABLE = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


def account_of_key(client: ApiClient) -> str:
    """Give the id of the account, empty where the key may not read it.

    Raises what `ApiClient.page` raises.
    """
    try:
        page = client.page("accounts", {})
    except RefusedError as error:
        if error.status in _NOT_READABLE:
            return ""
        raise
    return page.resources[0].external_id if page.resources else ""
