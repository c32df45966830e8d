"""One version of the SDK under names and shapes that do not change."""

from __future__ import annotations

import sys
import time
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_api import KlaviyoAPI

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


DEADLINE = 20.0
MANY = {"item": "items", "variant": "variants", "category": "categories"}
KINDS = [(verb, kind) for verb in ("create", "update", "delete") for kind in MANY]
LISTS_WRAPPED_SINCE = "2023-07-15"
VARIANT_HAS_ONE_ITEM_SINCE = "2023-07-15"
ID_LEFT_ATTRIBUTES = "2023-12-15"
DELETED_IDS_UNDOCUMENTED = ("2023-12-15", "2026-01-15")
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


class Outcome(NamedTuple):
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
        first, last = DELETED_IDS_UNDOCUMENTED
        self.hides_deleted_ids = first <= self.revision <= last
        self.answers_are_typed = hasattr(self.api, "options")

    def method(self, *names: str) -> Callable[..., Any]:
        for name in names:
            if hasattr(self.catalogs, name):
                return getattr(self.catalogs, name)
        raise AssertionError(f"this version has none of {names}")

    def post(self, verb: str, kind: str, operations: list[Any]) -> dict[str, Any]:
        many = MANY[kind]
        send = self.method(f"bulk_{verb}_catalog_{many}", f"spawn_{verb}_{many}_job")
        wrapped = self.revision >= LISTS_WRAPPED_SINCE
        listed = {many: {"data": operations} if wrapped else operations}
        job = {"type": f"catalog-{kind}-bulk-{verb}-job", "attributes": listed}
        # Versions before 5 put models in the place of what the body is made of.
        return plain(send({"data": deepcopy(job)}))["data"]

    def get(self, verb: str, kind: str, job_id: str, **query: Any) -> Any:
        many = MANY[kind]
        get = self.method(
            f"get_bulk_{verb}_catalog_{many}_job",
            f"get_bulk_{verb}_{many}_job",
            f"get_{verb}_{many}_job",
        )
        return get(job_id, **query)

    def list(self, verb: str, kind: str, **query: Any) -> dict[str, Any]:
        many = MANY[kind]
        get = self.method(
            f"get_bulk_{verb}_catalog_{many}_jobs",
            f"get_bulk_{verb}_{many}_jobs",
            f"get_{verb}_{many}_jobs",
        )
        return plain(get(**query))

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

    def run(self, verb: str, kind: str, operations: list[Any], *refusals: str) -> Outcome:
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
            told = " ".join(refusals)
            ids = {one["id"] for one in operations if f"`{one['id']}`" not in told}
        if verb != "delete" or not self.hides_deleted_ids:
            expect(linked_ids(job, kind), ids, f"relationships of the {what}")
        say(f"{what}: {done} done, {len(refusals)} refused")
        return Outcome(included, [error.get("meta") for error in errors])

    def accepted(self, verb: str, kind: str, operations: list[Any]) -> str:
        """Post a job and check what comes back at once; returns its id."""
        what = f"accepted {kind} {verb} job"
        job = self.post(verb, kind, operations)
        expect(job["type"], f"catalog-{kind}-bulk-{verb}-job", f"type of an {what}")
        expect(job["attributes"]["status"], "processing", f"status of an {what}")
        expect(counts(job), (len(operations), 0, 0), f"counts of an {what}")
        return self.job_id(job)


def counts(job: dict[str, Any]) -> tuple[Any, ...]:
    names = ("total_count", "completed_count", "failed_count")
    return tuple(job["attributes"].get(name) for name in names)


def linked_ids(job: dict[str, Any], kind: str) -> set[str]:
    member = job.get("relationships", {}).get(MANY[kind], {})
    return {one["id"] for one in member.get("data", [])}
