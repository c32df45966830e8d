from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import ITEM, KINDS
from backroom.control.in_process import path_of_resource
from backroom.dashboard.catalog_links import resource_path
from support.stocked import put

if TYPE_CHECKING:
    from support.client import Client
    from support.visitor import Visitor

NEW = "/_backroom/dashboard/catalog/new"
_FIELDS = re.compile(
    r'<input (?:type="hidden" )?(?:id="[^"]*" )?name="([^"]*)" value="([^"]*)"'
    r'|<textarea id="[^"]*" name="([^"]*)"[^>]*>\n(.*?)</textarea>',
    re.DOTALL,
)
_CHOICES = re.compile(r'<select id="field-([^"]*)".*?<option[^>]*? selected>([^<]*)<', re.DOTALL)


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send of a form, of which nothing was changed."""
    main = page.partition('<form method="post" class="stack">')[2]
    found = {
        each[0] or each[2]: html.unescape(each[1] or each[3]) for each in _FIELDS.findall(main)
    }
    return found | dict(_CHOICES.findall(main))


def stored(client: Client, kind: str, external_id: str) -> dict[str, Any]:
    answer = client.get(path_of_resource(KINDS[kind], external_id))
    return dict(answer.json["data"]["attributes"])


def test_form_changes_what_was_changed(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a", title="Mug", description="One\r\ntwo", custom_metadata={"x": 1})
    path = resource_path(client.account, "item", "a", edit=1)
    fields = fields_of(visitor.read(path)) | {"title": "Cup", "price": "12.5"}
    before = stored(client, "item", "a")
    answer = visitor.send(path, **fields)
    assert answer.status == 303
    after = stored(client, "item", "a")
    changed = {name for name in after if after[name] != before[name]}
    assert changed - {"updated"} == {"title", "price"}


def test_untouched_form_changes_nothing(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a", images=["https://x.example/1"], custom_metadata={"a": [1, {"b": 2}]})
    path = resource_path(client.account, "item", "a", edit=1)
    before = stored(client, "item", "a")
    assert visitor.send(path, **fields_of(visitor.read(path))).status == 303
    assert stored(client, "item", "a") == before


def test_refused_value_is_said_at_its_field(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a", title="Mug")
    path = resource_path(client.account, "item", "a", edit=1)
    fields = fields_of(visitor.read(path)) | {"price": "cheap", "title": "Kept as typed"}
    answer = visitor.send(path, **fields)
    page = answer.data.decode()
    assert answer.status == 422
    assert '<p class="bad" id="fault-price">A valid number is required.</p>' in page
    assert 'value="Kept as typed"' in page
    assert stored(client, "item", "a")["title"] == "Mug"


def test_metadata_that_is_no_json_is_refused(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a")
    path = resource_path(client.account, "item", "a", edit=1)
    fields = fields_of(visitor.read(path)) | {"custom_metadata": "{x"}
    assert b"This is not JSON" in visitor.send(path, **fields).data


def test_change_by_another_meanwhile_is_noticed(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a")
    path = resource_path(client.account, "item", "a", edit=1)
    fields = fields_of(visitor.read(path)) | {"was": "2020-01-01T00:00:00+00:00", "title": "X"}
    answer = visitor.send(path, **fields)
    assert answer.status == 422
    assert b"changed it in the meantime" in answer.data
    assert visitor.send(path, **fields_of(answer.data.decode())).status == 303
    assert stored(client, "item", "a")["title"] == "X"


def test_unknown_category_is_said_at_its_field(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a")
    path = resource_path(client.account, "item", "a", edit=1)
    fields = fields_of(visitor.read(path)) | {"categories": "nothing"}
    assert (
        b'id="fault-categories">Invalid category information.' in visitor.send(path, **fields).data
    )


def test_categories_are_replaced(visitor: Visitor, client: Client) -> None:
    put(client, "category", "c/1")
    put(client, "category", "c2")
    put(client, "item", "a", categories=["c/1"])
    path = resource_path(client.account, "item", "a", edit=1)
    fields = fields_of(visitor.read(path))
    assert fields["categories"] == "c/1"
    visitor.send(path, **fields | {"categories": "c2\r\n"})
    answer = client.get(f"{path_of_resource(ITEM, 'a')}/categories")
    assert [each["attributes"]["external_id"] for each in answer.json["data"]] == ["c2"]


def test_new_variant_is_created(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a")
    path = f"{NEW}?account={client.account}&kind=variant&item=a"
    fields = fields_of(visitor.read(path))
    assert fields["item"] == "a"
    given = {"external_id": "v/1", "title": "Red", "description": "d", "url": "u", "sku": "s"}
    answer = visitor.send(path, **fields | given | {"price": "1", "inventory_quantity": "2"})
    assert answer.headers["Location"] == resource_path(
        client.account, "variant", "v/1", said="created"
    )
    assert stored(client, "variant", "v/1")["inventory_quantity"] == 2


def test_new_item_without_title_is_refused(visitor: Visitor, client: Client) -> None:
    path = f"{NEW}?account={client.account}&kind=item"
    answer = visitor.send(path, external_id="a")
    assert b'id="fault-title"' in answer.data


def test_delete_says_what_goes_with_it(visitor: Visitor, client: Client) -> None:
    put(client, "category", "c")
    put(client, "item", "a", categories=["c"])
    for number in range(12):
        put(client, "variant", f"v{number}", item="a")
    path = resource_path(client.account, "item", "a")
    words = visitor.words(f"{path}?delete=1")
    assert "More than 10 variants are deleted with it" in words
    assert "Its category is not deleted." in words
    answer = visitor.send(path, act="delete")
    assert answer.status == 303
    assert client.get(path_of_resource(ITEM, "a")).status == 404
    assert client.get(path_of_resource(KINDS["variant"], "v1")).status == 404


def test_form_without_token_is_refused(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a")
    path = resource_path(client.account, "item", "a")
    kind = "application/x-www-form-urlencoded"
    assert visitor.ask("POST", path, b"act=delete", content_type=kind).status == 403
    assert client.get(path_of_resource(ITEM, "a")).status == 200
