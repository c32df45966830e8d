"""One resource: its attributes, what it belongs to, its JSON in any revision, what touched it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from starlette.exceptions import HTTPException

from backroom.api.openapi.calls import KEY, SampleRequest
from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import KINDS
from backroom.catalog.operations import OPERATIONS, Shape
from backroom.control import browse, touched
from backroom.control.browse import CatalogQuestion
from backroom.control.in_process import ApiCall, CallRefused, call_api, path_of_resource
from backroom.dashboard import images
from backroom.dashboard.catalog import SAID, chosen_account
from backroom.dashboard.catalog_links import (
    external_id_of,
    list_path,
    resource_path,
)
from backroom.dashboard.formats import web_address
from backroom.dashboard.page import dashboard_of, page
from backroom.revisions import LADDER, NEWEST

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backroom.catalog.kinds import Kind
    from backroom.control.browse import CatalogPage, Listed
    from backroom.dashboard.catalog import ChosenCatalog
    from backroom.store.database import Transaction

MOST_RELATED = 50
LONGEST_TEXT = 600
LONGEST_DOCUMENT = 20_000
"""Characters that are shown of a value, and of a document, before a reader asks for all."""
_NOT_FOUND = 404
_READS = {each.kind.name: each for each in OPERATIONS if each.shape is Shape.ONE}


class ResourcePlace(NamedTuple):
    """Which resource a page is about. `found` is None where there is none."""

    chosen: ChosenCatalog
    kind: Kind
    external_id: str
    found: Listed | None

    @property
    def address(self) -> str:
        """The path of its page."""
        return resource_path(self.chosen.account, self.kind.name, self.external_id)


class Related(NamedTuple):
    """Resources of one kind that a resource is tied to."""

    kind: Kind
    shown: list[Listed]
    all: str
    """The path of a list of all of them, empty where all are shown."""


class Value(NamedTuple):
    """An attribute as a page shows it. `link` is its address, None if the value is no URL."""

    name: str
    text: str
    link: str | None
    is_json: bool
    is_cut: bool


def place_of_resource(request: Request, tx: Transaction) -> ResourcePlace:
    """Give the resource that an address names. Raises `HTTPException` for an unknown account."""
    kind = KINDS[request.path_params["kind"]]
    named = request.path_params["account"]
    chosen = chosen_account(tx, named)
    if chosen is None or chosen.account != named:
        raise HTTPException(_NOT_FOUND)
    external_id = external_id_of(request)
    found = browse.named(tx, kind, chosen.account, [external_id]).get(external_id)
    return ResourcePlace(chosen, kind, external_id, found)


def resource(request: Request) -> Response:
    """Show the page, also of a resource that is gone: its jobs and calls may say why."""
    query = request.query_params
    control = dashboard_of(request).control
    whole = query.get("whole") == "1"
    revision = query.get("revision", NEWEST)
    revision = revision if revision in LADDER else NEWEST
    with control.database.read() as tx:
        place = place_of_resource(request, tx)
        related = [] if place.found is None else related_of(tx, place)
    account, kind, external_id = place.chosen.account, place.kind, place.external_id
    base = base_of(request)
    call = ApiCall("GET", path_of_resource(kind, external_id), revision=revision, base=base)
    document = "" if place.found is None else _shown_document(request, account, call)
    before = query.get("jobs_before")
    shown_document, is_cut = _cut_text(document, LONGEST_DOCUMENT, whole=whole)
    return page(
        request,
        "resource.html",
        section="catalog",
        status=200 if place.found else _NOT_FOUND,
        headers=images.image_headers(request),
        place=place,
        related=related,
        values=[] if place.found is None else _shown_values(place.found, whole=whole),
        pictures=[] if place.found is None else images.pictures_of(place.found.attributes),
        resource_id=resource_id(external_id),
        revision=revision,
        revisions=list(reversed(LADDER)),
        document=shown_document,
        document_cut=is_cut,
        sample_key=KEY,
        samples=sample_request(base, kind, external_id, revision).calls(),
        touches=touched.touching_jobs(control, account, kind, external_id, before),
        calls=touched.touching_calls(control, account, kind, external_id),
        refused=touched.refused_calls(control, account, kind, external_id),
        images=images.images_allowed(request),
        said=SAID.get(query.get("said", ""), ""),
        back=place.address,
        path_with=lambda **more: resource_path(
            account, kind.name, external_id, **({"revision": query.get("revision")} | more)
        ),
        list_path=list_path,
        resource_path=resource_path,
    )


def sample_request(base: str, kind: Kind, external_id: str, revision: str) -> SampleRequest:
    """Give the request that reads a resource in a revision from the server at `base`."""
    return SampleRequest(
        _READS[kind.name],
        revision,
        path_of_resource(kind, external_id),
        resource_id(external_id),
        base=base,
    )


def related_of(tx: Transaction, place: ResourcePlace, most: int = MOST_RELATED) -> list[Related]:
    """Give the resources that a resource is tied to, up to so many of each kind."""
    account, kind, found = place.chosen.account, place.kind, place.found
    if found is None:
        return []
    related = []
    narrowed = browse.narrowed_by(kind)
    if not kind.shown.many:
        target = KINDS[kind.shown.target]
        owners = browse.named(tx, target, account, found.linked)
        related.append(Related(target, list(owners.values()), ""))
    for each in narrowed:
        held = _held_by(tx, account, each, most, {kind.name: found.external_id})
        rest = list_path(account, each.name, **{kind.name: found.external_id})
        related.append(Related(each, held.shown, rest if held.older is not None else ""))
    return related


def _held_by(
    tx: Transaction, account: str, kind: Kind, most: int, related: dict[str, str]
) -> CatalogPage:
    return browse.found_page(
        tx, account, CatalogQuestion(kind, most, related=related, ascending=True)
    )


def base_of(request: Request) -> str:
    """Give the address of this server, as the reader has it."""
    public = dashboard_of(request).control.settings.public_url
    return public or f"{request.scope['scheme']}://{request.headers.get('host', '')}"


def _shown_document(request: Request, account: str, call: ApiCall) -> str:
    """Give the answer of the API, with each member on its line, or why there is none."""
    try:
        raw = call_api(dashboard_of(request).control, account, call)
    except CallRefused as refused:
        return f"{refused.status}: {refused.detail}"
    return msgspec.json.format(raw, indent=2).decode()


def _cut_text(text: str, most: int, *, whole: bool) -> tuple[str, bool]:
    is_cut = len(text) > most and not whole
    return (text[:most] if is_cut else text), is_cut


def _shown_values(found: Listed, *, whole: bool) -> list[Value]:
    values = []
    for name in found.kind.stored_attributes:
        value: Any = found.attributes.get(name)
        is_json = not isinstance(value, (str, int, float)) and value is not None
        text = (
            msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
            if is_json or isinstance(value, bool)
            else ""
            if value is None
            else str(value)
        )
        shown, is_cut = _cut_text(text, LONGEST_TEXT, whole=whole)
        is_json = is_json and bool(value)
        values.append(Value(name, shown, web_address(value), is_json, is_cut))
    return values
