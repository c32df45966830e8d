"""One version of the SDK under names and shapes that do not change."""

from __future__ import annotations

import inspect
import sys
import time
from collections import Counter
from copy import deepcopy
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_api import KlaviyoAPI

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


DEADLINE = 20.0
TWINS = ("_with_http_info", "_without_preload_content")
BESIDE_CATALOGS = ("create_back_in_stock_subscription",)  # not a path of the catalog
MANY = {"item": "items", "variant": "variants", "category": "categories"}
KINDS = [(verb, kind) for verb in ("create", "update", "delete") for kind in MANY]
LISTS_WRAPPED_SINCE = "2023-07-15"
VARIANT_HAS_ONE_ITEM_SINCE = "2023-07-15"
ID_LEFT_ATTRIBUTES = "2023-12-15"
DELETED_IDS_UNDOCUMENTED = ("2023-12-15", "2026-01-15")
NEW_NAMES_SINCE = "2024-10-15"
LATE_VALUES_SINCE = "2024-02-15"
ID_LISTS_HAVE_LINKS_SINCE = "2026-01-15"
AS_DICTIONARY = {"USE_DICTIONARY_FOR_RESPONSE_DATA": True}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def expect(actual: Any, wanted: Any, what: str) -> None:
    assert actual == wanted, f"{what}\n  wanted {wanted!r}\n  got    {actual!r}"


def plain(answer: Any) -> dict[str, Any]:
    """The answer as a dictionary; versions from 14 on answer with typed models."""
    return answer if isinstance(answer, dict) else answer.to_dict()


def full_id(external_id: str) -> str:
    return "$custom:::$default:::" + external_id


def identifier(kind: str, external_id: str) -> dict[str, str]:
    return {"type": f"catalog-{kind}", "id": full_id(external_id)}


def changed(kind: str, external_id: str, **attributes: Any) -> dict[str, Any]:
    return {**identifier(kind, external_id), "attributes": attributes}


def reference(kind: str, *external_ids: str) -> dict[str, Any]:
    """What a to-many relationship holds, as a body writes it."""
    return {"data": [identifier(kind, external_id) for external_id in external_ids]}


def some(attributes: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: attributes[name] for name in names}


def ids(document: dict[str, Any]) -> list[str]:
    """The external ids of what a list holds, in its order."""
    return [one["id"].removeprefix(full_id("")) for one in document["data"]]


class Methods:
    """The catalog methods of an SDK, under all their names; remembers which ones were called.

    Newer versions keep the names of older ones as aliases: one function, several names.
    """

    def __init__(self, catalogs: Any) -> None:
        self.catalogs = catalogs
        self.called: Counter[str] = Counter()
        named: dict[int, list[str]] = {}
        for name, value in vars(type(catalogs)).items():
            if callable(value) and not name.startswith("_") and not name.endswith(TWINS):
                named.setdefault(id(value), []).append(name)
        self.names = {name: names for names in named.values() for name in names}
        for name in BESIDE_CATALOGS:
            self.names.pop(name, None)

    def __getitem__(self, name: str) -> Callable[..., Any]:
        """The method of this name under whichever of its names was called least."""
        chosen = min(self.names[name], key=self.called.__getitem__)
        method = getattr(self.catalogs, chosen)

        @wraps(method)
        def called(*arguments: Any, **query: Any) -> Any:
            self.called[chosen] += 1
            return method(*arguments, **query)

        return called

    def has(self, name: str, parameter: str) -> bool:
        """Whether a method has an optional parameter; the oldest ones don't tell."""
        return parameter in inspect.signature(vars(type(self.catalogs))[name]).parameters


class ReplyOutcome(NamedTuple):
    """The attributes of what a job included, by id, and the meta of each of its errors."""

    seen: dict[str, dict[str, Any]]
    metas: list[Any]


class Shop:
    """The operations of one SDK version under names and shapes that do not change."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.api = KlaviyoAPI(key, max_delay=1, max_retries=3, test_host=url)
        self.revision = self.api._REVISION  # noqa: SLF001 - the only place that tells it
        self.catalogs = self.api.Catalogs
        self.methods = Methods(self.catalogs)
        first, last = DELETED_IDS_UNDOCUMENTED
        self.hides_deleted_ids = first <= self.revision <= last
        self.answers_are_typed = hasattr(self.api, "options")

    def method(self, *names: str) -> Callable[..., Any]:
        return self.methods[self.name_of(*names)]

    def name_of(self, *names: str) -> str:
        """The name that this version has; the newest first."""
        for name in names:
            if name in self.methods.names:
                return name
        raise AssertionError(f"this version has none of {names}")

    def has(self, *names: str) -> bool:
        return any(name in self.methods.names for name in names)

    def read(self, names: tuple[str, ...], *where: str, **query: Any) -> dict[str, Any]:
        """What a reading method answers, to the letter; and it must fit the SDK's models."""
        answer = self.method(*names)(*where, **query)
        if isinstance(answer, dict):
            return answer
        exact = self.method(*names)(*where, **query, options=AS_DICTIONARY)
        modelled = answer.to_dict()
        expect(shape(modelled["data"]), shape(exact["data"]), f"models of {names[0]}")
        return exact

    def get_one(self, kind: str, external_id: str, **query: Any) -> dict[str, Any]:
        return self.read((f"get_catalog_{kind}",), full_id(external_id), **query)

    def attributes(self, kind: str, external_id: str) -> dict[str, Any]:
        return self.get_one(kind, external_id)["data"]["attributes"]

    def get_many(self, kind: str, **query: Any) -> dict[str, Any]:
        return self.read((f"get_catalog_{MANY[kind]}",), **query)

    def related(self, kind: str, external_id: str, many: str, **query: Any) -> dict[str, Any]:
        """What hangs on a resource: the variants of an item, and so on."""
        return self.read(related_names(kind, many), full_id(external_id), **query)

    def related_ids(self, kind: str, external_id: str, many: str, **query: Any) -> dict[str, Any]:
        names = related_ids_names(kind, many)
        return self.read(names, full_id(external_id), **self.which(names, many), **query)

    def which(self, names: tuple[str, ...], many: str) -> dict[str, str]:
        """The oldest versions have one method for all relationships of a resource."""
        every = self.name_of(*names).endswith("_relationships")
        return {"related_resource": many} if every else {}

    def link(self, verb: str, kind: str, external_id: str, many: str, *others: str) -> Any:
        """Add, update or remove links; `others` are the external ids at their other end."""
        other = next(each for each in MANY if MANY[each] == many)
        names = link_names(verb, kind, many)
        body = reference(other, *others)
        return self.method(*names)(full_id(external_id), body, **self.which(names, many))

    def count(self, verb: str, kind: str, many: str) -> int:
        """How many names a method that writes links has."""
        return len(self.methods.names[self.name_of(*link_names(verb, kind, many))])

    @property
    def lists_variant_ids(self) -> bool:
        """The newest operation; versions of its first revision were released before it."""
        return self.has("get_variant_ids_for_catalog_item")

    def filters_ids(self, kind: str, many: str) -> bool:
        """Whether the ids of what hangs on a resource can be filtered and sorted."""
        names = related_ids_names(kind, many)
        return self.has(*names) and self.methods.has(self.name_of(*names), "filter")

    def writes_take_fields(self, kind: str) -> bool:
        return self.methods.has(f"update_catalog_{kind}", f"fields_catalog_{kind}")

    @property
    def has_page_size(self) -> bool:
        return self.methods.has("get_catalog_items", "page_size")

    def create(self, kind: str, resource: dict[str, Any]) -> dict[str, Any]:
        """Create one resource by a call of its own."""
        method = self.method(f"create_catalog_{kind}")
        return plain(method({"data": deepcopy(resource)}))["data"]

    def update(
        self, kind: str, external_id: str, resource: dict[str, Any], **query: Any
    ) -> dict[str, Any]:
        method = self.method(f"update_catalog_{kind}")
        return plain(method(full_id(external_id), {"data": deepcopy(resource)}, **query))["data"]

    def delete(self, kind: str, external_id: str) -> None:
        answer = self.method(f"delete_catalog_{kind}")(full_id(external_id))
        assert not answer, f"the delete of a {kind} was answered with {answer!r}"

    def post(self, verb: str, kind: str, operations: list[Any]) -> dict[str, Any]:
        many = MANY[kind]
        send = self.method(*post_names(verb, kind))
        wrapped = self.revision >= LISTS_WRAPPED_SINCE
        listed = {many: {"data": operations} if wrapped else operations}
        job = {"type": f"catalog-{kind}-bulk-{verb}-job", "attributes": listed}
        # Versions before 5 put models in the place of what the body is made of.
        return plain(send({"data": deepcopy(job)}))["data"]

    def get(self, verb: str, kind: str, job_id: str, **query: Any) -> Any:
        return self.method(*job_names(verb, kind))(job_id, **query)

    def list(self, verb: str, kind: str, **query: Any) -> dict[str, Any]:
        return plain(self.method(*jobs_names(verb, kind))(**query))

    def headers(self) -> Mapping[str, str]:
        """The headers of an answer, as this version hands them to its user."""
        names = ("get_bulk_create_catalog_items_jobs", "get_create_items_jobs")
        for name in names:
            with_headers = getattr(self.catalogs, name + "_with_http_info", None)
            if with_headers is not None:
                return with_headers().headers
        _, _, headers = self.method(*names)(_return_http_data_only=False)
        return headers

    def job_id(self, job: dict[str, Any]) -> str:
        return job["id"] if self.revision >= ID_LEFT_ATTRIBUTES else job["attributes"]["job_id"]

    def item(self, external_id: str, *categories: str, **attributes: Any) -> dict[str, Any]:
        usual = {
            "external_id": external_id,
            "title": external_id.title(),
            "description": f"The {external_id}",
            "url": f"https://shop.example/{external_id}",
        }
        made = {"type": "catalog-item", "attributes": {**usual, **attributes}}
        if categories:
            linked = [identifier("category", category) for category in categories]
            made["relationships"] = {"categories": {"data": linked}}
        return made

    def variant(self, external_id: str, item: str) -> dict[str, Any]:
        usual = {
            "external_id": external_id,
            "title": external_id.title(),
            "description": f"The {external_id}",
            "sku": f"SKU-{external_id}",
            "inventory_policy": 1,
            "inventory_quantity": 10.0,
            "price": 129.5,
            "url": f"https://shop.example/{external_id}",
        }
        one = self.revision >= VARIANT_HAS_ONE_ITEM_SINCE
        parent = identifier("item", item)
        return {
            "type": "catalog-variant",
            "attributes": usual,
            "relationships": {"item": {"data": parent}} if one else {"items": {"data": [parent]}},
        }

    def category(self, external_id: str, name: str) -> dict[str, Any]:
        attributes = {"external_id": external_id, "name": name}
        return {"type": "catalog-category", "attributes": attributes}

    def await_end(self, verb: str, kind: str, job_id: str) -> None:
        """Poll as the SDK's users do, on the typed answer where there is one."""
        end = time.monotonic() + DEADLINE
        while True:
            answer = self.get(verb, kind, job_id)
            typed = not isinstance(answer, dict)
            data = answer.data if typed else answer["data"]
            status = data.attributes.status if typed else data["attributes"]["status"]
            if status == "complete":
                return
            expect(status, "processing", f"status of the {kind} {verb} job {job_id}")
            assert time.monotonic() < end, f"the {kind} {verb} job {job_id} never came to an end"
            time.sleep(0.01)

    def run(self, verb: str, kind: str, operations: list[Any], *refusals: str) -> ReplyOutcome:
        """Post a job, poll it to its end and check it; `refusals` are the details it must give."""
        what = f"{kind} {verb} job"
        job_id = self.accepted(verb, kind, operations)
        self.await_end(verb, kind, job_id)
        query: dict[str, Any] = {} if verb == "delete" else {"include": [MANY[kind]]}
        typed = plain(self.get(verb, kind, job_id, **query))
        if self.answers_are_typed:
            query["options"] = AS_DICTIONARY
        exact = plain(self.get(verb, kind, job_id, **query))

        job = exact["data"]
        expect(self.job_id(job), job_id, f"id of the {what}")
        done = len(operations) - len(refusals)
        expect(counts(job), (len(operations), done, len(refusals)), f"counts of the {what}")
        errors = job["attributes"].get("errors", [])
        expect([error["detail"] for error in errors], list(refusals), f"errors of the {what}")
        for error in errors:
            expect((error["code"], error["title"]), ("invalid", "Invalid input"), f"{what} error")
            pointer = error["source"]["pointer"]
            assert pointer.startswith(f"/data/attributes/{MANY[kind]}/"), f"{what}: {pointer}"

        included = {one["id"]: one["attributes"] for one in exact.get("included", [])}
        expect({one["id"] for one in typed.get("included", [])}, set(included), f"typed {what}")
        ids = set(included)
        if verb == "delete":
            details = " ".join(refusals)
            ids = {one["id"] for one in operations if f"`{one['id']}`" not in details}
        if verb != "delete" or not self.hides_deleted_ids:
            expect(linked_ids(job, kind), ids, f"relationships of the {what}")
        say(f"{what}: {done} done, {len(refusals)} refused")
        return ReplyOutcome(included, [error.get("meta") for error in errors])

    def accepted(self, verb: str, kind: str, operations: list[Any]) -> str:
        """Post a job and check what comes back at once; returns its id."""
        what = f"accepted {kind} {verb} job"
        job = self.post(verb, kind, operations)
        expect(job["type"], f"catalog-{kind}-bulk-{verb}-job", f"type of an {what}")
        expect(job["attributes"]["status"], "processing", f"status of an {what}")
        expect(counts(job), (len(operations), 0, 0), f"counts of an {what}")
        return self.job_id(job)


def post_names(verb: str, kind: str) -> tuple[str, ...]:
    many = MANY[kind]
    return f"bulk_{verb}_catalog_{many}", f"spawn_{verb}_{many}_job"


def job_names(verb: str, kind: str) -> tuple[str, ...]:
    many = MANY[kind]
    return (
        f"get_bulk_{verb}_catalog_{many}_job",
        f"get_bulk_{verb}_{many}_job",
        f"get_{verb}_{many}_job",
    )


def jobs_names(verb: str, kind: str) -> tuple[str, ...]:
    return tuple(name + "s" for name in job_names(verb, kind))


def related_names(kind: str, many: str) -> tuple[str, ...]:
    return f"get_{many}_for_catalog_{kind}", f"get_catalog_{kind}_{many}"


def related_ids_names(kind: str, many: str) -> tuple[str, ...]:
    one = next(each for each in MANY if MANY[each] == many)
    old = f"get_catalog_{kind}_relationships"
    return f"get_{one}_ids_for_catalog_{kind}", f"{old}_{many}", old


def link_names(verb: str, kind: str, many: str) -> tuple[str, ...]:
    new = {
        "create": f"add_{many}_to_catalog_{kind}",
        "update": f"update_{many}_for_catalog_{kind}",
        "delete": f"remove_{many}_from_catalog_{kind}",
    }
    old = f"{verb}_catalog_{kind}_relationships"
    return new[verb], f"{old}_{many}", old


def shape(data: Any) -> Any:
    """Which resource or resources a document tells of."""
    return [one["id"] for one in data] if isinstance(data, list) else data["id"]


def counts(job: dict[str, Any]) -> tuple[Any, ...]:
    names = ("total_count", "completed_count", "failed_count")
    return tuple(job["attributes"].get(name) for name in names)


def linked_ids(job: dict[str, Any], kind: str) -> set[str]:
    member = job.get("relationships", {}).get(MANY[kind], {})
    return {one["id"] for one in member.get("data", [])}
