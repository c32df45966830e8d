"""The addresses of the pages of the catalog. External ids are any text, and stand in paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from starlette.convertors import Convertor, register_url_convertor

from backroom.catalog.kinds import KINDS
from backroom.dashboard.mount import DASHBOARD_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

CATALOG_PATH = f"{DASHBOARD_PATH}/catalog"
IN_QUERY = "external_id"
"""The parameter that names a resource whose external id can't stand in a path."""
_NO_SEGMENTS = frozenset({"", ".", ".."})
"""What browsers take out of a path, percent-encoded or not."""


class AnyText(Convertor[str]):
    """The rest of a path, whatever it has: slashes, line breaks, nothing."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """Give it as it is."""
        return value

    def to_string(self, value: str) -> str:
        """Give it as it is."""
        return value


class KindName(Convertor[str]):
    """The name of a kind."""

    regex = "|".join(KINDS)

    def convert(self, value: str) -> str:
        """Give it as it is."""
        return value

    def to_string(self, value: str) -> str:
        """Give it as it is."""
        return value


register_url_convertor("any_text", AnyText())
register_url_convertor("kind_name", KindName())

RESOURCE_PATH = f"{CATALOG_PATH}/{{account}}/{{kind:kind_name}}/{{external_id:any_text}}"
"""The path of a resource's page, for a route."""


def with_query(path: str, query: Mapping[str, Any]) -> str:
    """Give a path with the parameters that have a value."""
    said = {name: value for name, value in query.items() if value not in {None, ""}}
    return f"{path}?{urlencode(said)}" if said else path


def list_path(account: str, kind: str, **query: Any) -> str:
    """Give the path of a list."""
    return with_query(CATALOG_PATH, {"account": account, "kind": kind, **query})


def resource_path(account: str, kind: str, external_id: str, **query: Any) -> str:
    """Give the path of a resource's page."""
    start = f"{CATALOG_PATH}/{quote(account, safe='')}/{kind}/"
    if external_id in _NO_SEGMENTS:
        return with_query(start, {IN_QUERY: external_id, **query})
    return with_query(start + quote(external_id, safe=""), query)


def external_id_of(request: Request) -> str:
    """Give the external id that the address of a page names."""
    named: str = request.path_params["external_id"]
    return named or request.query_params.get(IN_QUERY, "")
