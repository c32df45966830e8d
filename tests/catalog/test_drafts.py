"""Resource objects in the newest shape, at the revisions that judge them otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from backroom.catalog import ids
from backroom.catalog.drafts import Draft, draft
from backroom.catalog.kinds import KINDS, Verb
from backroom.errors import Invalid
from support.factories import NEWEST, OLDEST, REQUIRED, a_resource
from support.strategies import changed_at
from support.wire_contract import NULLS, before, since

KIND_NAMES = list(KINDS)
every_kind = pytest.mark.parametrize("kind", KIND_NAMES)
every_verb = pytest.mark.parametrize("verb", Verb)
PARENT = {"type": "catalog-item", "id": ids.resource_id("parent")}
SHIRTS = {"type": "catalog-category", "id": ids.resource_id("shirts")}
NULLABLE: dict[tuple[str, Verb], dict[str, Any]] = {
    ("item", Verb.CREATE): {
        "price": None,
        "image_full_url": "",
        "image_thumbnail_url": "",
        "images": [],
        "custom_metadata": {},
        "published": True,
    },
    ("variant", Verb.UPDATE): {
        "title": "",
        "description": "",
        "sku": "",
        "inventory_policy": 0,
        "inventory_quantity": None,
        "price": None,
        "url": "",
        "image_full_url": "",
        "image_thumbnail_url": "",
        "images": [],
        "custom_metadata": {},
        "published": True,
    },
    ("category", Verb.UPDATE): {"name": ""},
}


def drafted(verb: Verb, kind: str, resource: Any, revision: str = NEWEST) -> Draft:
    return draft(verb, KINDS[kind], resource, "/at", revision)


def refusal(verb: Verb, kind: str, resource: Any, revision: str = NEWEST) -> tuple[str, str]:
    """Where it was refused, and why."""
    with pytest.raises(Invalid) as caught:
        drafted(verb, kind, resource, revision)
    assert caught.value.pointer is not None
    return caught.value.pointer.removeprefix("/at"), caught.value.detail


def an_update(kind: str, **members: Any) -> dict[str, Any]:
    return {"type": f"catalog-{kind}", "id": ids.resource_id("a"), "attributes": {}} | members


@every_kind
def test_create_keeps_what_is_given(kind: str) -> None:
    made = drafted(Verb.CREATE, kind, a_resource(kind, "SKU 1"))
    assert made.id == "$custom:::$default:::SKU 1"
    assert made.attributes == {"external_id": "SKU 1", **REQUIRED[kind]}


@every_kind
def test_delete_keeps_the_id(kind: str) -> None:
    made = drafted(Verb.DELETE, kind, {"type": f"catalog-{kind}", "id": "anything"})
    assert made == Draft("anything")
    assert made.external_id is None


@every_kind
def test_update_of_nothing_passes(kind: str) -> None:
    made = drafted(Verb.UPDATE, kind, an_update(kind))
    assert (made.external_id, made.attributes, made.relations) == ("a", {}, {})


@every_verb
@every_kind
@pytest.mark.parametrize(("value", "name"), [(None, "NoneType"), ([], "list"), ("a", "str")])
def test_resources_are_objects(verb: Verb, kind: str, value: Any, name: str) -> None:
    detail = f'Expected a dictionary of items but got type "{name}".'
    assert refusal(verb, kind, value) == ("", detail)


@every_verb
@every_kind
def test_type_is_required(verb: Verb, kind: str) -> None:
    place, detail = refusal(verb, kind, {"id": "a", "attributes": {}})
    assert place == "/type"
    assert detail == "'type' is a required field for the resource 'request-data'."


@every_verb
@pytest.mark.parametrize("sent", ["catalog-items", "", None, 7, ["catalog-item"]])
def test_type_must_be_the_kinds(verb: Verb, sent: Any) -> None:
    place, detail = refusal(verb, "item", {"type": sent, "id": "a", "attributes": {}})
    assert place == "/type"
    assert detail.endswith("is not a valid type here. The type must be 'catalog-item'.")


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.DELETE])
def test_id_is_required_to_find(verb: Verb) -> None:
    resource = {"type": "catalog-item"}
    detail = "'id' is a required field for the resource 'catalog-item'."
    assert refusal(verb, "item", resource) == ("/id", detail)


@pytest.mark.parametrize("sent", ["", 7, None, "a\0", ["a"]])
def test_id_is_a_text(sent: Any) -> None:
    resource = {"type": "catalog-item", "id": sent}
    assert refusal(Verb.DELETE, "item", resource) == ("/id", "Not a valid string.")


@pytest.mark.parametrize(
    ("verb", "name"),
    [
        (Verb.CREATE, "id"),
        (Verb.CREATE, "links"),
        (Verb.UPDATE, "meta"),
        (Verb.DELETE, "attributes"),
        (Verb.DELETE, "relationships"),
    ],
)
def test_unknown_members_are_refused(verb: Verb, name: str) -> None:
    resource = {"type": "catalog-item", **({} if verb is Verb.CREATE else {"id": "a"}), name: {}}
    detail = f"'{name}' is not a valid field for the resource 'catalog-item'."
    assert refusal(verb, "item", resource) == (f"/{name}", detail)


@pytest.mark.parametrize("verb", [Verb.CREATE, Verb.UPDATE])
def test_attributes_are_required(verb: Verb) -> None:
    resource = an_update("item") if verb is Verb.UPDATE else {"type": "catalog-item"}
    resource.pop("attributes", None)
    detail = "'attributes' is a required field for the resource 'catalog-item'."
    assert refusal(verb, "item", resource) == ("/attributes", detail)


@every_kind
def test_required_attributes_are_named(kind: str) -> None:
    for name in ["external_id", *REQUIRED[kind]]:
        resource = a_resource(kind)
        del resource["attributes"][name]
        detail = f"'{name}' is a required field for the resource 'catalog-{kind}'."
        assert refusal(Verb.CREATE, kind, resource) == (f"/attributes/{name}", detail)


@pytest.mark.parametrize("verb", [Verb.CREATE, Verb.UPDATE])
@every_kind
@pytest.mark.parametrize("name", ["colour", "created", "updated", "id"])
def test_unknown_attributes_are_refused(verb: Verb, kind: str, name: str) -> None:
    resource = a_resource(kind) if verb is Verb.CREATE else an_update(kind)
    resource["attributes"][name] = "x"
    detail = f"'{name}' is not a valid field for the resource 'catalog-{kind}'."
    assert refusal(verb, kind, resource) == (f"/attributes/{name}", detail)


@pytest.mark.parametrize("name", ["external_id", "integration_type", "catalog_type"])
def test_updates_keep_the_identity(name: str) -> None:
    update = an_update("item", attributes={name: "$custom"})
    assert refusal(Verb.UPDATE, "item", update)[0] == f"/attributes/{name}"


@pytest.mark.parametrize(
    ("name", "constant"), [("integration_type", "$custom"), ("catalog_type", "$default")]
)
def test_constants_take_one_value(name: str, constant: str) -> None:
    made = drafted(Verb.CREATE, "item", a_resource("item", **{name: constant}))
    assert name not in made.attributes
    place, detail = refusal(Verb.CREATE, "item", a_resource("item", **{name: "other"}))
    assert (place, detail) == (f"/attributes/{name}", '"other" is not a valid choice.')


def test_constants_may_be_null_later() -> None:
    resource = a_resource("item", integration_type=None, catalog_type=None)
    assert "catalog_type" not in drafted(Verb.CREATE, "item", resource, NULLS).attributes
    place, detail = refusal(Verb.CREATE, "item", resource, "2023-12-15")
    assert place == "/attributes/integration_type"
    assert "null" in detail


@since(NULLS)
@pytest.mark.parametrize(("kind", "verb"), NULLABLE)
def test_nulls_store_the_default(revision: str, kind: str, verb: Verb) -> None:
    nulls: dict[str, Any] = dict.fromkeys(NULLABLE[kind, verb])
    resource = an_update(kind, attributes=nulls)
    if verb is Verb.CREATE:
        resource = a_resource(kind, "a", **nulls)
    made = drafted(verb, kind, resource, revision)
    assert made.attributes.items() >= NULLABLE[kind, verb].items()


@before(NULLS)
@pytest.mark.parametrize(("kind", "verb"), NULLABLE)
def test_nulls_are_refused_before(revision: str, kind: str, verb: Verb) -> None:
    for name in NULLABLE[kind, verb]:
        if (name, revision >= "2023-02-22") == ("sku", False):
            continue
        resource = an_update(kind, attributes={name: None})
        if verb is Verb.CREATE:
            resource = changed_at(a_resource(kind), ("attributes", name), None)
        refused = refusal(verb, kind, resource, revision)
        assert refused == (f"/attributes/{name}", "This field may not be null.")


@every_kind
def test_required_values_are_never_null(kind: str) -> None:
    for name in ["external_id", *REQUIRED[kind]]:
        resource = changed_at(a_resource(kind), ("attributes", name), None)
        refused = refusal(Verb.CREATE, kind, resource)
        assert refused == (f"/attributes/{name}", "This field may not be null.")


@since("2023-02-22")
def test_sku_is_updated(revision: str) -> None:
    update = an_update("variant", attributes={"sku": "NEW"})
    assert drafted(Verb.UPDATE, "variant", update, revision).attributes == {"sku": "NEW"}


@before("2023-02-22")
def test_sku_was_not_updated(revision: str) -> None:
    update = an_update("variant", attributes={"sku": "NEW"})
    place, detail = refusal(Verb.UPDATE, "variant", update, revision)
    assert place == "/attributes/sku"
    assert detail == "'sku' is not a valid field for the resource 'catalog-variant'."


PARENTLESS = ["2022-10-17", "2023-08-15", "2024-05-15", "2024-10-15"]
PARENTED = ["2023-09-15", "2024-02-15", "2025-01-15", NEWEST]


@pytest.mark.parametrize("revision", PARENTLESS)
def test_orphans_are_allowed_then(revision: str) -> None:
    orphan = a_resource("variant")
    del orphan["relationships"]
    assert drafted(Verb.CREATE, "variant", orphan, revision).relations == {}


@pytest.mark.parametrize("revision", PARENTED)
def test_orphans_are_refused_then(revision: str) -> None:
    orphan = a_resource("variant")
    detail = "'item' is a required field for the resource 'catalog-variant'."
    orphan["relationships"] = {}
    assert refusal(Verb.CREATE, "variant", orphan, revision) == ("/relationships/item", detail)
    del orphan["relationships"]
    assert refusal(Verb.CREATE, "variant", orphan, revision) == ("/relationships/item", detail)


@before("2024-05-15")
def test_linkage_was_required(revision: str) -> None:
    item = a_resource("item") | {"relationships": {"categories": {}}}
    place, detail = refusal(Verb.CREATE, "item", item, revision)
    assert place == "/relationships/categories/data"
    assert detail == "'data' is a required field for the resource 'catalog-category'."


@since("2024-05-15")
def test_missing_linkage_says_nothing(revision: str) -> None:
    item = a_resource("item") | {"relationships": {"categories": {}}}
    assert drafted(Verb.CREATE, "item", item, revision).relations == {}
    update = an_update("category", relationships={"items": {}})
    assert drafted(Verb.UPDATE, "category", update, revision).relations == {}


def test_empty_linkage_says_none() -> None:
    update = an_update("item", relationships={"categories": {"data": []}})
    assert drafted(Verb.UPDATE, "item", update).relations == {"categories": []}


def test_linkage_is_kept_once() -> None:
    item = a_resource("item") | {"relationships": {"categories": {"data": [SHIRTS, SHIRTS]}}}
    assert drafted(Verb.CREATE, "item", item).relations == {"categories": [SHIRTS["id"]]}


def test_variant_keeps_its_parent() -> None:
    made = drafted(Verb.CREATE, "variant", a_resource("variant"))
    assert made.relations == {"item": [PARENT["id"]]}


@pytest.mark.parametrize(
    ("relationships", "place", "start"),
    [
        (None, "", "Expected a dictionary"),
        ([], "", "Expected a dictionary"),
        ({"categories": []}, "/categories", "Expected a dictionary"),
        ({"categories": {"data": {}}}, "/categories/data", "Expected a list"),
        ({"categories": {"data": None}}, "/categories/data", "Expected a list"),
        ({"categories": {"data": [], "links": {}}}, "/categories/links", "'links' is not a valid"),
        ({"categories": {"data": [7]}}, "/categories/data/0", "Expected a dictionary"),
        ({"categories": {"data": [SHIRTS, {}]}}, "/categories/data/1/type", "'type' is a required"),
        ({"categories": {"data": [PARENT]}}, "/categories/data/0/type", "'catalog-item' is not"),
        ({"categories": {"data": [{"type": SHIRTS["type"]}]}}, "/categories/data/0/id", "'id' is"),
        (
            {"categories": {"data": [SHIRTS | {"meta": 1}]}},
            "/categories/data/0/meta",
            "'meta' is not a valid",
        ),
        ({"colours": {"data": []}}, "/colours", "'colours' is not an allowed relation on the"),
        ({"variants": {"data": []}}, "/variants", "'variants' is not an allowed relation on the"),
    ],
)
def test_relationship_faults_are_placed(relationships: Any, place: str, start: str) -> None:
    for verb, resource in ((Verb.CREATE, a_resource("item")), (Verb.UPDATE, an_update("item"))):
        at, detail = refusal(verb, "item", resource | {"relationships": relationships})
        assert at == f"/relationships{place}"
        assert detail.startswith(start)


@pytest.mark.parametrize("parent", [None, [], [PARENT], "a"])
def test_parent_is_one_identifier(parent: Any) -> None:
    variant = a_resource("variant") | {"relationships": {"item": {"data": parent}}}
    place, detail = refusal(Verb.CREATE, "variant", variant)
    assert place == "/relationships/item/data"
    assert detail.startswith("Expected a dictionary of items")


def test_variant_stays_with_its_item() -> None:
    update = an_update("variant", relationships={"item": {"data": PARENT}})
    place, detail = refusal(Verb.UPDATE, "variant", update)
    assert place == "/relationships/item"
    assert detail == "'item' is not an allowed relation on the catalog-variants resource"


@pytest.mark.parametrize("name", ["a/b", "~", "~1", "a~0/"])
def test_odd_names_are_escaped(name: str) -> None:
    escaped = name.replace("~", "~0").replace("/", "~1")
    resource = a_resource("item", "a", **{name: 1})
    assert refusal(Verb.CREATE, "item", resource)[0] == f"/attributes/{escaped}"


@pytest.mark.parametrize("revision", [OLDEST, NEWEST])
def test_first_fault_is_reported(revision: str) -> None:
    resource = a_resource("item", title=7, url=8)
    assert refusal(Verb.CREATE, "item", resource, revision)[0] == "/attributes/title"
