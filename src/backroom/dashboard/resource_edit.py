"""Resources are created, changed and deleted by forms, whose faults stand at the fields."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.routing import Route

from backroom.catalog.kinds import ITEM, KINDS, Verb
from backroom.catalog.rules import rules_of
from backroom.control import editing
from backroom.control.browse import owned_by
from backroom.control.in_process import CallRefused
from backroom.dashboard import resource
from backroom.dashboard.catalog import chosen_account
from backroom.dashboard.catalog_links import CATALOG_PATH, RESOURCE_PATH, list_path, resource_path
from backroom.dashboard.page import dashboard_of, form_of, page, redirect
from backroom.dashboard.resource import Related, ResourcePlace, place_of_resource, related_of
from backroom.dashboard.resource_form import GENERAL, ResourceForm, field_of
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from backroom.dashboard.catalog import ChosenCatalog
    from backroom.dashboard.resource_form import Filled
    from backroom.store.database import Transaction

MOST_LINKED = 100
"""How many related resources a form shows. Where there are more, it leaves them alone."""
_NAMED_IN_WARNING = 10
_UNPROCESSABLE = 422
_NOT_FOUND = 404
_DELETED_MEANWHILE = "Somebody has deleted it in the meantime."
_CHANGED = (
    "Somebody else has changed it in the meantime. The fields have your values. Compare them with"
    " the present ones, and save again to replace those."
)


def new_page(request: Request) -> Response:
    """Show the form of a new resource."""
    chosen, form = _new(request, request.query_params)
    given = {name: request.query_params.getlist(name) for name in form.related}
    return _form_page(request, chosen, form, None, replace(form, related=given).fields())


def create_from_form(request: Request) -> Response:
    """Create what a form gives, and show it."""
    sent = form_of(request)
    chosen, form = _new(request, request.query_params)
    filled = form.filled(sent)
    faults = filled.faults
    if not faults:
        try:
            editing.make_resource(
                dashboard_of(request).control,
                chosen.account,
                form.kind,
                filled.attributes,
                {name: each for name, each in filled.related.items() if each},
            )
        except CallRefused as refused:
            faults = _fault_by_field(form, refused)
        else:
            external_id = filled.attributes["external_id"]
            path = resource_path(chosen.account, form.kind.name, external_id, said="created")
            return redirect(request, path)
    return _form_page(request, chosen, form, None, form.fields(sent, faults), faults)


def _new(request: Request, query: Mapping[str, str]) -> tuple[ChosenCatalog, ResourceForm]:
    """Give the account and the empty form. Raises `HTTPException`."""
    kind = KINDS.get(query.get("kind", ""), ITEM)
    with dashboard_of(request).control.database.read() as tx:
        chosen = chosen_account(tx, query.get("account", ""))
    if chosen is None:
        raise HTTPException(_NOT_FOUND)
    names = rules_of(Verb.CREATE, kind, NEWEST).relationships
    return chosen, ResourceForm(Verb.CREATE, kind, {}, {name: [] for name in names})


def shown_page(request: Request) -> Response:
    """Show a resource, or its form, or what deleting it means."""
    if "edit" in request.query_params:
        return _edit_page(request)
    if "delete" in request.query_params:
        return _delete_page(request)
    return resource.resource(request)


def act_on_resource(request: Request) -> Response:
    """Do what a form of a resource asks for."""
    acts = {"save": _save_changes, "delete": _delete}
    do = acts.get(form_of(request).get("act", ""))
    if do is None:
        raise HTTPException(400, "The server does not know the action of this form.")
    return do(request)


def _edit_page(request: Request) -> Response:
    with dashboard_of(request).control.database.read() as tx:
        place = _existing(request, tx)
        form = _edit_form(tx, place)
    return _form_page(request, place.chosen, form, place, form.fields())


def _existing(request: Request, tx: Transaction) -> ResourcePlace:
    place = place_of_resource(request, tx)
    if place.found is None:
        raise HTTPException(_NOT_FOUND)
    return place


def _edit_form(tx: Transaction, place: ResourcePlace) -> ResourceForm:
    if place.found is None:
        return ResourceForm(Verb.UPDATE, place.kind, {}, {})
    wanted = rules_of(Verb.UPDATE, place.kind, NEWEST).relationships
    held = {each.kind: each for each in related_of(tx, place, MOST_LINKED)}
    related = {
        name: [each.external_id for each in held[rule.target].shown]
        for name, rule in wanted.items()
        if rule.target in held and not held[rule.target].all
    }
    return ResourceForm(Verb.UPDATE, place.kind, place.found.attributes, related)


def _save_changes(request: Request) -> Response:
    control, sent = dashboard_of(request).control, form_of(request)
    with control.database.read() as tx:
        place = place_of_resource(request, tx)
        form = _edit_form(tx, place)
    faults: dict[str, str] = {}
    filled: Filled = form.filled(sent)
    if place.found is None:
        faults = {GENERAL: _DELETED_MEANWHILE}
    elif sent.get("was") != str(place.found.attributes.get("updated")):
        faults = {GENERAL: _CHANGED}
    else:
        faults = filled.faults
    if not faults and (filled.attributes or filled.related):
        try:
            editing.change_resource(
                control,
                place.chosen.account,
                place.kind,
                place.external_id,
                filled.attributes,
                filled.related,
            )
        except CallRefused as refused:
            faults = _fault_by_field(form, refused)
    if faults:
        return _form_page(request, place.chosen, form, place, form.fields(sent, faults), faults)
    path = resource_path(place.chosen.account, place.kind.name, place.external_id, said="saved")
    return redirect(request, path)


def _fault_by_field(form: ResourceForm, refused: CallRefused) -> dict[str, str]:
    """Give the fault of the API by the field that it points to."""
    name = field_of(refused.pointer)
    known = {each.name for each in form.fields()}
    return {name if name in known else GENERAL: refused.detail}


def _delete_page(request: Request) -> Response:
    with dashboard_of(request).control.database.read() as tx:
        place = _existing(request, tx)
        goes_with: list[Related] = []
        stays: list[Related] = []
        for each in related_of(tx, place, _NAMED_IN_WARNING):
            (goes_with if each.kind in owned_by(place.kind) else stays).append(each)
    return page(
        request,
        "resource_delete.html",
        section="catalog",
        place=place,
        goes_with=[each for each in goes_with if each.shown],
        stays=[each for each in stays if each.shown],
        list_path=list_path,
    )


def _delete(request: Request) -> Response:
    control = dashboard_of(request).control
    with control.database.read() as tx:
        place = place_of_resource(request, tx)
    try:
        editing.remove_resource(control, place.chosen.account, place.kind, place.external_id)
    except CallRefused as refused:
        raise HTTPException(refused.status, refused.detail) from None
    return redirect(request, list_path(place.chosen.account, place.kind.name, said="deleted"))


def _form_page(
    request: Request,
    chosen: ChosenCatalog,
    form: ResourceForm,
    place: ResourcePlace | None,
    fields: list[Any],
    faults: Mapping[str, str] | None = None,
) -> Response:
    found = place.found if place else None
    return page(
        request,
        "resource_form.html",
        section="catalog",
        status=_UNPROCESSABLE if faults else 200,
        chosen=chosen,
        kind=form.kind,
        place=place,
        found=found,
        was=str(found.attributes.get("updated")) if found else "",
        fields=fields,
        faults=faults or {},
        list_path=list_path,
    )


ROUTES = (
    Route(f"{CATALOG_PATH}/new", new_page),
    Route(f"{CATALOG_PATH}/new", create_from_form, methods=["POST"]),
    Route(RESOURCE_PATH, shown_page),
    Route(RESOURCE_PATH, act_on_resource, methods=["POST"]),
)
