"""The rows of each revision's operation table that are not about jobs, and how they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.revisions import NEWEST
from support.wire_answers import MEDIA_TYPE, hold_error
from support.wire_catalog import (
    ID_LISTS,
    LISTS,
    OWNERS,
    RESOURCES,
    Catalog,
    Listing,
    a_resource_body,
    address,
    collection,
    identifier,
    operations,
    parent,
    type_of,
)
from support.wire_contract import OPERATIONS, before, every_revision, needs_parent, since
from support.wire_requests import Style, catalog_id
from support.wire_shown import hold_page

if TYPE_CHECKING:
    from support.client import Answer, Client
    from support.wire_contract import Operation
    from support.wire_jobs import MakeClient

FORBIDDEN = "You do not have permission to perform this action."
VARIANT_IDS = "/api/catalog-items/{id}/relationships/variants"
COLLECTION = "GET, POST, HEAD, OPTIONS"
SINGLE = "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
PARAMETERS = {
    "fields[catalog-item]": "title",
    "fields[catalog-variant]": "title",
    "fields[catalog-category]": "name",
    "include": "variants",
    "filter": 'any(ids,["a"])',
    "sort": "created",
    "page[cursor]": "bmV4dA",
    "page[size]": "10",
    "colour": "red",
}


def named(operation: Operation, name: str = "mug") -> str:
    return operation.path.replace("{id}", catalog_id(name))


def its_resource(operation: Operation) -> str:
    """The kind of what an operation answers with, or writes."""
    last = [part for part in operation.path.split("/") if part != "{id}"][-1]
    return next(each for each in RESOURCES if collection(each).endswith(last))


def is_sized(operation: Operation, name: str) -> bool:
    """Whether this is `page[size]` of a list, which is taken before it is documented."""
    return name == "page[size]" and "page[cursor]" in operation.query


def a_body(revision: str, operation: Operation, name: str = "mug") -> Any:
    """A body that the operation would take."""
    if operation.request_schema is None:
        return None
    resource = its_resource(operation)
    if "/relationships/" in operation.path:
        return {"data": [identifier(resource, name)]}
    verb = "create" if operation.method == "POST" else "update"
    body = a_resource_body(revision, verb, resource, name)
    if verb == "create" and resource == "variant" and needs_parent(revision):
        body["data"]["relationships"] = parent(revision, name)
    return body


@every_revision
def test_there_are_27_operations(revision: str) -> None:
    assert len(operations(revision)) == (26 if revision < "2024-10-15" else 27)


@every_revision
def test_statuses_are_the_observed(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision)
    table = {(each.method, each.path): each for each in operations(revision)}
    observed = {("PATCH", "/api/catalog-items/{id}/relationships/categories"): 200}
    for method, path in calls_in_order():
        operation = table.pop((method, path), None)
        if operation is not None:
            answer = catalog.call(method, named(operation), a_body(revision, operation))
            expected = observed.get((method, path), operation.success_status)
            assert answer.status == expected, (method, path, answer.body)
    assert not table


def calls_in_order() -> list[tuple[str, str]]:
    """Every method and path, so that what one needs has been done by another before it."""
    owned = ("item", "/relationships/categories"), ("category", "/relationships/items")
    links = [f"{collection(owner)}/{{id}}{tail}" for owner, tail in owned]
    ones = [f"{collection(resource)}/{{id}}" for resource in RESOURCES]
    return [
        *(("POST", collection(resource)) for resource in RESOURCES),
        *(("GET", listing.template) for listing in (*LISTS, *ID_LISTS)),
        *(("GET", path) for path in ones),
        *((method, path) for path in links for method in ("POST", "PATCH", "DELETE")),
        *(("PATCH", path) for path in ones),
        *(("DELETE", path) for path in reversed(ones)),
    ]


@every_revision
def test_scopes_are_the_tables(make_client: MakeClient, revision: str) -> None:
    holders = {scope: make_client(scopes=f"catalogs:{scope}") for scope in ("read", "write")}
    for operation in operations(revision):
        body = a_body(revision, operation)
        for scope, client in holders.items():
            answer = Catalog(client, revision).call(operation.method, named(operation), body)
            if operation.scope == f"catalogs:{scope}":
                assert answer.status != 403
            else:
                hold_error(
                    answer, 403, "permission_denied", FORBIDDEN, source={"pointer": "/data/"}
                )
                detail = f"Your API key is missing required scopes: {operation.scope}"
                assert answer.error["detail"] == detail


@every_revision
def test_keys_are_needed_everywhere(bench: Catalog, revision: str) -> None:
    title = "Authentication credentials were not provided."
    for operation in operations(revision):
        answer = bench.client.request(
            operation.method,
            named(operation),
            json=a_body(revision, operation),
            headers={"Authorization": None},
            revision=revision,
        )
        hold_error(answer, 401, "not_authenticated", title, source={"pointer": "/data/"})


@every_revision
def test_rates_are_the_tables(limited_client: Client, revision: str) -> None:
    catalog = Catalog(limited_client, revision)
    for operation in operations(revision):
        answer = catalog.call(operation.method, named(operation), a_body(revision, operation))
        assert answer.headers["RateLimit-Limit"] == operation.rate_limit, operation
        assert int(answer.headers["RateLimit-Remaining"]) < int(operation.burst.removesuffix("/s"))


@every_revision
def test_undeclared_parameters_are_refused(bench: Catalog, revision: str) -> None:
    for operation in operations(revision):
        body = a_body(revision, operation, "unseen")
        for name, value in PARAMETERS.items():
            if name not in operation.query and not is_sized(operation, name):
                answer = bench.call(
                    operation.method, named(operation, "unseen"), body, {name: value}
                )
                hold_refused(answer, operation, name)
    for resource in RESOURCES:
        assert bench.get(resource, "unseen").status == 404


@every_revision
def test_declared_parameters_are_taken(shelf: Catalog, revision: str) -> None:
    for operation in operations(revision):
        if operation.method == "GET":
            name = OWNERS.get(operation.path.split("-")[1].split("/")[0].rstrip("s"), "mug-s")
            name = "all" if "catalog-categories/" in operation.path else name
            for each in operation.query.keys() - {"page[cursor]"}:
                answer = shelf.call("GET", named(operation, name), query={each: PARAMETERS[each]})
                assert answer.status == 200, (operation.path, each, answer.body)


@every_revision
def test_both_slash_forms_answer(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision)
    for method, path in calls_in_order():
        operation = OPERATIONS[revision].get((method, path))
        if operation is not None:
            body = a_body(revision, operation)
            answer = catalog.call(method, f"{named(operation)}/", body)
            assert answer.status in {200, 201, 204}, answer.body
            if method == "GET" and "links" in answer.json:
                assert answer.json["links"]["self"] == f"{client.url}{named(operation)}/"


@every_revision
def test_media_types_are_both_taken(client: Client, revision: str) -> None:
    for media_type in ("application/json", "application/vnd.api+json"):
        headers = {"Content-Type": media_type, "Accept": media_type}
        catalog = Catalog(client, revision)
        for method, path in calls_in_order():
            operation = OPERATIONS[revision].get((method, path))
            if operation is not None and operation.request_schema:
                body = a_body(revision, operation)
                answer = client.request(
                    method, named(operation), json=body, headers=headers, revision=revision
                )
                assert answer.status in {200, 201, 204}, answer.body
                assert answer.headers.get("Content-Type", MEDIA_TYPE) == MEDIA_TYPE
        for resource in ("variant", "item", "category"):
            assert catalog.delete(resource, "mug").status == 204


@every_revision
def test_other_media_types_are_refused(bench: Catalog, revision: str) -> None:
    text = 'Unsupported media type "text/plain" in request.'
    for operation in operations(revision):
        if operation.request_schema:
            answer = bench.client.request(
                operation.method,
                named(operation),
                json=a_body(revision, operation),
                headers={"Content-Type": "text/plain"},
                revision=revision,
            )
            source = {"pointer": "/data/"}
            hold_error(answer, 415, "unsupported_media_type", text, detail=text, source=source)


@every_revision
def test_every_answer_names_its_methods(bench: Catalog, revision: str) -> None:
    for operation in operations(revision):
        if operation.method == "GET":
            answer = bench.call("GET", named(operation, "missing"))
            assert answer.headers["Allow"] == allowed(operation.path)


@every_revision
def test_head_answers_without_body(shelf: Catalog, revision: str) -> None:
    for listing in (*LISTS, *(each for each in ID_LISTS if each.known(revision))):
        path = listing.path(OWNERS.get(listing.owner, ""))
        head, get = shelf.call("HEAD", path), shelf.call("GET", path)
        assert (head.status, head.body) == (200, b"")
        for name in ("Content-Type", "Content-Length", "Allow", "X-Klaviyo-Api-Revision"):
            assert head.headers[name] == get.headers[name]
    assert shelf.call("HEAD", address("item", "mug")).status == 200
    assert shelf.call("HEAD", address("item", "missing")).status == 404


@every_revision
def test_options_answer_with_methods(shelf: Catalog, revision: str) -> None:
    for path in {each.path for each in operations(revision)}:
        answer = shelf.call("OPTIONS", path.replace("{id}", catalog_id("mug")))
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["Allow"] == allowed(path)


@every_revision
def test_other_methods_are_refused(bench: Catalog) -> None:
    methods = ("GET", "POST", "PUT", "PATCH", "DELETE")
    for path in {each.path for each in operations(NEWEST)}:
        for method in methods:
            if (method, path) not in OPERATIONS[NEWEST]:
                answer = bench.call(method, path.replace("{id}", "x"), {})
                text = f'Method "{method}" not allowed.'
                source = {"pointer": "/data/"}
                hold_error(answer, 405, "method_not_allowed", text, detail=text, source=source)


@before("2024-10-15")
def test_variant_ids_came_later(shelf: Catalog) -> None:
    answer = shelf.call("GET", VARIANT_IDS.replace("{id}", catalog_id("mug")))
    detail = "No valid revisions found for method, please check our documentation"
    source = {"pointer": "/data/"}
    hold_error(answer, 404, "not_found", "Not found.", detail=detail, source=source)


@since("2024-10-15")
def test_variant_ids_are_listed(shelf: Catalog) -> None:
    listing = Listing("variant", "item", bare=True)
    page = shelf.page(listing, "mug")
    hold_page(shelf, listing, page, "mug")
    assert page.json["data"] == [identifier("variant", name) for name in ("mug-s", "mug-l")]


@every_revision
@pytest.mark.parametrize("end", ["", "/x/items", "/x/relationships/items", "/x/relationships"])
def test_other_paths_are_not_found(shelf: Catalog, end: str) -> None:
    for start in ("/api/catalog-things", "/api/catalog-variants"):
        if end or "things" in start:
            answer = shelf.call("GET", start + end)
            hold_error(answer, 404, "not_found", "Not found.", source={"pointer": "/data/"})


@every_revision
def test_large_bodies_are_refused(bench: Catalog, revision: str) -> None:
    body = a_resource_body(revision, "create", "item", "new", Style.ALL)
    body["data"]["attributes"]["custom_metadata"] = {"a": "b" * 103_000}
    answer = bench.call("POST", collection("item"), body)
    hold_error(answer, 400, source={"pointer": "/data/attributes/custom_metadata"})


def allowed(path: str) -> str:
    """What `Allow` says of a path: observed for two forms, for the others what there is."""
    if path.count("/") == collection("item").count("/"):
        return COLLECTION
    if path.endswith("{id}"):
        return SINGLE
    methods = [method for method, known in OPERATIONS[NEWEST] if known == path]
    order = ("GET", "POST", "PATCH", "DELETE")
    return ", ".join([*sorted(methods, key=order.index), "HEAD", "OPTIONS"])


def hold_refused(answer: Answer, operation: Operation, name: str) -> None:
    """A parameter is refused by its name; `include` of a read in words of its own."""
    if name == "include" and operation.method == "GET":
        wording = "include is not currently supported for the requested operation on this resource."
        hold_error(answer, 400, detail=f"'variants' {wording}", extra=None)
        return
    field = name.replace("[", "_").removesuffix("]")
    resource = type_of(its_resource(operation))
    detail = f"'{field}' is not a valid field for the resource '{resource}'."
    source = {"pointer": f"/data/attributes/{field}"}
    hold_error(answer, 400, detail=detail, source=source, extra={"meta": {}})
