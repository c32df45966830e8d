"""The catalog of the dashboard in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from backroom.catalog.kinds import ITEM
from backroom.control.in_process import path_of_resource
from backroom.dashboard.catalog_links import list_path, resource_path
from browser.axe import axe_violations
from conftest import client_of, running
from support.process import until
from support.stocked import HOSTILE, put

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page

    from backroom.server import Server
    from conftest import NewDatabase
    from support.client import Client

TOKEN = "only-for-tests"
ROWS = (
    "type,external_id,title,description,url,price\n"
    "item,f1,From a file,A thing,https://x.example/a,12.5\n"
    "item,f2,Wrong,A thing,https://x.example/b,cheap\n"
)


@pytest.fixture(scope="module")
def shop(new_database: NewDatabase) -> Iterator[Server]:
    with running(new_database(), limits="off", control_token=TOKEN, journal="on") as server:
        yield server


@pytest.fixture
def site(shop: Server) -> str:
    return shop.url


@pytest.fixture
def client(shop: Server) -> Client:
    return client_of(shop)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page of somebody who has signed in."""
    page = context.new_page()
    page.goto(f"/_backroom/?token={TOKEN}")
    page.wait_for_url("**/_backroom/")
    return page


def titles(page: Page) -> list[str]:
    return page.locator(".good-card h2").all_inner_texts()


def stocked(client: Client) -> None:
    put(client, "category", "c", name="Home > Cups")
    put(client, "item", "mug", title="Blue mug", categories=["c"], price=12.5)
    put(client, "item", "bowl", title="Bowl", published=False)
    put(client, "variant", "mug-s", title="Small mug", item="mug")


def hostile(client: Client) -> None:
    given = {
        "title": HOSTILE,
        "description": HOSTILE * 100,
        "url": "javascript:alert(1)",
        "image_full_url": 'https://x.invalid/"onerror="alert(1)',
        "custom_metadata": {HOSTILE: [HOSTILE]},
    }
    put(client, "category", HOSTILE[:200].replace("\n", " "), name=f"{HOSTILE} > {HOSTILE}")
    put(client, "item", "../x/<b>&\u202e", **given)
    put(client, "variant", "javascript:v", item="../x/<b>&\u202e", **given, sku=HOSTILE)


def test_search_as_one_types(page: Page, client: Client) -> None:
    stocked(client)
    page.goto(list_path(client.account, "item"))
    assert titles(page) == ["Bowl", "Blue mug"]
    page.keyboard.press("/")
    page.keyboard.type("UE mu")
    page.wait_for_url("**search=UE*")
    expect(page.locator(".good-card")).to_have_count(1)
    assert titles(page) == ["Blue mug"]
    page.get_by_role("link", name="Blue mug").click()
    page.wait_for_url("**/item/mug")
    page.go_back()
    page.wait_for_url("**search=UE*")
    assert titles(page) == ["Blue mug"]
    assert page.get_by_label("Search", exact=True).input_value() == "UE mu"


def test_filters_stand_in_the_address(page: Page, client: Client) -> None:
    stocked(client)
    page.goto(list_path(client.account, "item"))
    page.get_by_label("Published").select_option("no")
    page.wait_for_url("**published=no*")
    expect(page.locator(".good-card h2")).to_have_text(["Bowl"])
    page.go_back()
    expect(page.locator(".good-card")).to_have_count(2)
    page.get_by_label("Category").select_option("c")
    page.wait_for_url("**category=c*")
    expect(page.locator(".good-card h2")).to_have_text(["Blue mug"])


def test_images_come_only_when_allowed(
    page: Page, client: Client, context: BrowserContext, complaints: list[str]
) -> None:
    put(client, "item", "a", image_full_url="https://cdn.example/a.png")
    asked: list[str] = []
    pixel = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"

    def answer(route: object, request: object) -> None:
        asked.append(request.headers.get("referer", ""))  # type: ignore[attr-defined]
        route.fulfill(body=pixel, content_type="image/svg+xml")  # type: ignore[attr-defined]

    context.route("https://cdn.example/**", answer)
    page.goto(list_path(client.account, "item"))
    assert page.locator("main img").count() == 0
    assert asked == []
    page.get_by_role("switch").click()
    expect(page.locator("main img")).to_have_count(1)
    until(
        lambda: page.locator("main img").evaluate("image => image.complete") and bool(asked), "it"
    )
    assert asked == [""]
    assert complaints == ["request: https://cdn.example/a.png"]
    complaints.clear()
    page.get_by_role("switch").click()
    page.get_by_role("switch", name="Images off").wait_for()
    assert page.locator("main img").count() == 0


def test_refused_value_is_corrected(page: Page, client: Client, complaints: list[str]) -> None:
    stocked(client)
    page.goto(resource_path(client.account, "item", "mug", edit=1))
    page.get_by_label("price").fill("cheap")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("The server has changed nothing.").wait_for()
    assert page.get_by_label("price").get_attribute("aria-invalid") == "true"
    assert axe_violations(page) == []
    page.get_by_label("price").fill("13.5")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("The changes are saved.").wait_for()
    assert client.get(path_of_resource(ITEM, "mug")).json["data"]["attributes"]["price"] == 13.5
    # The browser notes the status of the page with the fault.
    complaints[:] = [each for each in complaints if "422" not in each]


def test_delete_asks_first(page: Page, client: Client) -> None:
    stocked(client)
    page.goto(resource_path(client.account, "item", "mug"))
    page.get_by_role("link", name="Delete").click()
    page.get_by_text("1 variant is deleted with it").wait_for()
    assert axe_violations(page) == []
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("The resource is deleted.").wait_for()
    assert titles(page) == ["Bowl"]


def test_file_is_imported(page: Page, client: Client, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)
    page.goto(list_path(client.account, "item"))
    page.get_by_role("link", name="Import a file").first.click()
    page.get_by_label("Drop a file").set_input_files(str(path))
    page.get_by_role("button", name="Check the file").click()
    page.get_by_text("1 would be created, 1 would fail").wait_for()
    assert axe_violations(page) == []
    found = page.url
    second = page.context.new_page()
    second.goto(found)
    page.get_by_role("button", name="Load it").click()
    for each in (page, second):
        each.get_by_role("heading", name="What it did").wait_for()
    page.get_by_role("link", name="See the catalog").click()
    page.get_by_text("From a file").wait_for()
    page.goto("/_backroom/dashboard/catalog/import")
    page.get_by_role("link", name="rows.csv").first.click()
    page.get_by_role("heading", name="What it did").wait_for()


def test_dropped_file_is_imported(page: Page, client: Client) -> None:
    page.goto(list_path(client.account, "item"))
    page.evaluate(
        """(text) => {
          const carried = new DataTransfer();
          carried.items.add(new File([text], "dropped.csv"));
          const event = new DragEvent("drop", { dataTransfer: carried, bubbles: true,
            cancelable: true });
          document.body.dispatchEvent(event);
        }""",
        ROWS,
    )
    page.wait_for_url("**/catalog/import/*")
    page.get_by_text("1 would be created, 1 would fail").wait_for()


def test_revision_of_json_is_chosen(page: Page, client: Client) -> None:
    stocked(client)
    page.goto(resource_path(client.account, "item", "mug"))
    page.get_by_label("Revision").select_option("2022-10-17")
    page.wait_for_url("**revision=2022-10-17")
    assert '"variants"' in page.locator("#document").inner_text()
    assert "revision: 2022-10-17" in page.locator("#sample-curl").inner_text()


def test_keys_alone_lead_through(page: Page, client: Client) -> None:
    stocked(client)
    page.goto(list_path(client.account, "item"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_label("Search", exact=True).focus()
    page.keyboard.type("Bowl")
    expect(page.locator(".good-card")).to_have_count(1)
    page.get_by_role("link", name="Bowl").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/item/bowl")
    page.get_by_role("link", name="Edit").focus()
    page.keyboard.press("Enter")
    page.get_by_label("title").fill("Deep bowl")
    page.keyboard.press("Enter")
    page.get_by_text("The changes are saved.").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("fill", [stocked, hostile])
def test_pages_are_right_on_a_phone(page: Page, client: Client, scheme: str, fill: object) -> None:
    fill(client)  # type: ignore[operator]
    external_id = "mug" if fill is stocked else "../x/<b>&\u202e"
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 320, "height": 800})
    for path in (
        list_path(client.account, "item"),
        list_path(client.account, "variant"),
        list_path(client.account, "category"),
        resource_path(client.account, "item", external_id),
        resource_path(client.account, "item", external_id, edit=1),
        f"/_backroom/dashboard/catalog/import?account={client.account}",
    ):
        page.goto(path)
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert page.locator("a[href^='javascript']").count() == 0
