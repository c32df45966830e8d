from __future__ import annotations

import re
from typing import TYPE_CHECKING

from support.stocked import put

if TYPE_CHECKING:
    from support.client import Client
    from support.visitor import Visitor

CATALOG_PATH = "/_backroom/dashboard/catalog"


def of(client: Client, more: str = "") -> str:
    return f"{CATALOG_PATH}?account={client.account}{more}"


def titles(page: str) -> list[str]:
    return re.findall(r"<h2><a [^>]*><bdi>([^<]*)</bdi>", page)


def test_items_are_cards_newest_first(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a", title="Mug")
    put(client, "item", "b", title="Bowl", published=False)
    page = visitor.read(of(client))
    assert titles(page) == ["Bowl", "Mug"]
    assert page.count("not published") == 1


def test_search_finds_part_of_title(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a", title="Blue mug")
    put(client, "item", "b", title="Bowl")
    assert titles(visitor.read(of(client, "&search=UE+M"))) == ["Blue mug"]
    assert "Nothing here matches" in visitor.read(of(client, "&search=cup"))


def test_search_finds_external_id_first(visitor: Visitor, client: Client) -> None:
    put(client, "item", "SKU/1 x", title="Mug")
    put(client, "item", "other", title="Not SKU/1 x")
    found = titles(visitor.read(of(client, "&search=SKU/1+x")))
    assert found == ["Mug", "Not SKU/1 x"]


def test_search_finds_variant_by_sku(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a")
    put(client, "variant", "v", item="a", sku="ABC-9", title="Red")
    assert "Red" in visitor.words(of(client, "&kind=variant&search=ABC-9"))


def test_filters_narrow_items(visitor: Visitor, client: Client) -> None:
    put(client, "category", "c", name="Cups")
    put(client, "item", "a", title="Mug", categories=["c"])
    put(client, "item", "b", title="Bowl", published=False)
    assert titles(visitor.read(of(client, "&published=no"))) == ["Bowl"]
    assert titles(visitor.read(of(client, "&category=c"))) == ["Mug"]
    assert "There is no category" in visitor.words(of(client, "&category=zzz"))


def test_pages_follow_each_other_and_back(visitor: Visitor, client: Client) -> None:
    for number in range(30):
        put(client, "item", f"i{number}", title=f"T{number:02}")
    first = visitor.read(of(client))
    assert titles(first) == [f"T{number:02}" for number in range(29, 5, -1)]
    (older,) = re.findall(r'rel="next" href="([^"]*)"', first)
    second = visitor.read(older.replace("&amp;", "&"))
    assert titles(second) == [f"T{number:02}" for number in range(5, -1, -1)]
    assert 'rel="next"' not in second
    (newer,) = re.findall(r'rel="prev" href="([^"]*)"', second)
    assert titles(visitor.read(newer.replace("&amp;", "&"))) == titles(first)


def test_wrong_borders_show_first_page(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a", title="Mug")
    for border in ("after=9223372036854775807", "before=x", "before=" + "9" * 40, "after=-1"):
        assert titles(visitor.read(of(client, f"&{border}"))) == ["Mug"]


def test_names_of_categories_make_a_tree(visitor: Visitor, client: Client) -> None:
    put(client, "category", "c1", name="Home > Kitchen > Mugs")
    put(client, "category", "c2", name="Home > Kitchen")
    words = visitor.words(of(client, "&kind=category"))
    assert "Home Kitchen c2 no items Mugs c1 no items" in words


def test_script_gets_list_alone(visitor: Visitor, client: Client) -> None:
    answer = visitor.ask("GET", of(client), HX_Request="true")
    assert answer.status == 200
    assert b"<html" not in answer.data


def test_unknown_account_shows_default_one(visitor: Visitor) -> None:
    assert "Catalog" in visitor.words(f"{CATALOG_PATH}?account=nobody")


def test_search_with_odd_text_is_harmless(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a", title="Mug")
    for text in ("%00", "%FF", "%27%22%3B--", "a%00b", "%", "*", "%5C", "x" * 5000):
        assert visitor.ask("GET", of(client, f"&search={text}")).status == 200
