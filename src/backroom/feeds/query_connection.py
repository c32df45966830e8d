"""Connections that send a query as it is, however long.

urllib3 looks at each character of a target that has escapes. For a query with a hundred ids, this
takes more time than all else that an import does with a hundred rows. So the query is kept out of
the target, and comes to the connection among the headers.

This relies on `ConnectionCls`, by which a pool makes its connections, and on a pool that hands the
headers of a request to `request` of the connection as they are. Both are public in urllib3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUERY_NAME = "\0query"
"""A name that no header can have."""


class _QueryConnection(HTTPConnection):
    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        sent = dict(headers or {})
        super().request(method, url + sent.pop(_QUERY_NAME, ""), body, sent, **options)


class _QueryHttpsConnection(_QueryConnection, HTTPSConnection):
    pass


def query_pool(url: str, **options: Any) -> urllib3.HTTPConnectionPool:
    """Give the pool of one server, for targets and headers of `without_query`."""
    pool = urllib3.connection_from_url(url, **options)
    secure = isinstance(pool, urllib3.HTTPSConnectionPool)
    pool.ConnectionCls = _QueryHttpsConnection if secure else _QueryConnection
    return pool


def without_query(target: str, headers: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Give the path of a target, whose query is escaped already, and headers that carry the query.

    Raises `ValueError` if the query has characters that no target has.
    """
    path, mark, query = target.partition("?")
    if not mark:
        return path, dict(headers)
    if not query.isascii() or not query.isprintable() or " " in query:
        raise ValueError(f"the query {query!r} is not escaped")
    return path, {**headers, _QUERY_NAME: mark + query}
