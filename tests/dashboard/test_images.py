from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.dashboard.images import pictures_of
from support.stocked import put

if TYPE_CHECKING:
    from support.client import Client
    from support.visitor import Visitor

CATALOG_PATH = "/_backroom/dashboard/catalog"


def test_images_are_off_at_first(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a", image_full_url="https://cdn.example/a.png")
    answer = visitor.ask("GET", f"{CATALOG_PATH}?account={client.account}")
    assert b"<img" not in answer.data
    assert "https:" not in answer.headers["Content-Security-Policy"]


def test_reader_switches_images_on_and_off(visitor: Visitor, client: Client) -> None:
    put(client, "item", "a", image_full_url="https://cdn.example/a.png")
    page = f"{CATALOG_PATH}?account={client.account}"
    session = visitor.cookie
    answer = visitor.send(f"{CATALOG_PATH}/images", images="on", back=page)
    assert (answer.status, answer.headers["Location"]) == (303, page)
    visitor.cookie = f"{session}; {answer.headers['Set-Cookie'].partition(';')[0]}"
    shown = visitor.ask("GET", page)
    assert b'loading="lazy" referrerpolicy="no-referrer"' in shown.data
    policy = shown.headers["Content-Security-Policy"]
    assert "img-src 'self' data: https: http:;" in policy
    assert policy.count("https:") == 1
    answer = visitor.send(f"{CATALOG_PATH}/images", back="https://evil.example/")
    assert answer.headers["Location"] == CATALOG_PATH


def test_only_web_addresses_are_pictures() -> None:
    attributes = {
        "image_full_url": "javascript:alert(1)",
        "image_thumbnail_url": "https://cdn.example/t.png",
        "images": ["data:image/png,x", "https://cdn.example/t.png", "HTTP://cdn.example/b", "//x"],
    }
    assert pictures_of(attributes) == ["https://cdn.example/t.png", "HTTP://cdn.example/b"]
