"""Every neighbour of a revision asked for once on a live server, its answer held to its schema."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from backroom.catalog.neighbours import NEIGHBOURS
from support.neighbours import PUBLISHED, a_neighbour_body, answer_validator_of
from support.wire_answers import MEDIA_TYPE
from support.wire_requests import catalog_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.client import Answer, Client
    from support.neighbours import Place

KNOWN = {"catalog-variant": catalog_id("mug-s")}


class NeighbourTour:
    """An account that has the variant `mug-s`, on its way through the neighbours of a revision."""

    def __init__(self, client: Client, revision: str) -> None:
        self.client = client
        self.revision = revision
        self.account = client.key.split("_")[1]

    def stops(self) -> dict[Place, Callable[[], list[Answer]]]:
        """What there is to see, by method and path."""
        served = {(each.method, each.path) for each in NEIGHBOURS}
        return {
            place: partial(self.visit, place)
            for place in PUBLISHED[self.revision]
            if place in served
        }

    def visit(self, place: Place) -> list[Answer]:
        """Once with all members, once with those that must be; or once where there is no body."""
        if place[0] == "GET":
            return [self._held(place, None)]
        return [self._held(place, self._body(place, whole=whole)) for whole in (True, False)]

    def _body(self, place: Place, *, whole: bool) -> Any:
        body = a_neighbour_body(self.revision, place, KNOWN, whole=whole)
        if place == ("POST", "/api/profiles"):
            # No two profiles share an identifier.
            attributes = body["data"]["attributes"]
            names = attributes.keys() & {"email", "phone_number", "external_id"}
            body["data"]["attributes"] = attributes | dict.fromkeys(names, f"own {whole}")
        if place[1].endswith("back-in-stock-subscriptions"):
            # Some revisions are published as if a subscription could be to nothing.
            variant = {"type": "catalog-variant", "id": KNOWN["catalog-variant"]}
            body["data"]["relationships"] = {"variant": {"data": variant}}
        return body

    def _held(self, place: Place, body: Any) -> Answer:
        method, path = place
        more: dict[str, Any] = {}
        if path.startswith("/client/"):
            named = {"company_id": self.account}
            more = {"query": named, "headers": {"Authorization": None}}
        path = path.replace("{id}", self.account)
        answer = self.client.request(method, path, json=body, revision=self.revision, **more)
        published = PUBLISHED[self.revision][place]
        assert answer.status == published.status, answer.body
        if published.response_schema is None:
            assert answer.body == b""
            assert "Content-Type" not in answer.headers
        else:
            assert answer.headers["Content-Type"] == MEDIA_TYPE
            document = answer.json
            # Observed: links to pages that do not exist are null.
            links = document.get("links", {})
            if links:
                document["links"] = {name: url for name, url in links.items() if url is not None}
            faults = list(answer_validator_of(self.revision, place).iter_errors(document))
            assert [each.message for each in faults] == []
        return answer
