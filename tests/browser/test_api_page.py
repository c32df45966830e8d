"""The page of the API in a browser: search, calls, and requests that are sent from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import expect

from browser.axe import axe_violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from support.client import Client

PAGE = "/_backroom/docs"


def opened(page: Page) -> Page:
    page.goto(PAGE)
    expect(page.locator(".search")).to_be_visible()
    return page


def listed(page: Page) -> list[str]:
    return page.locator(".index li:visible span").all_inner_texts()


def trial(page: Page, operation: str) -> None:
    page.locator(f"#{operation}").get_by_role("button", name="Try it").click()
    expect(page.locator(f"#{operation} form")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    opened(page)
    trial(page, "update_catalog_item")
    page.evaluate(
        "document.querySelectorAll('#update_catalog_item details, .picker')"
        ".forEach((each) => { each.open = true })"
    )
    assert axe_violations(page) == []


def test_keyboard_searches_operations(page: Page) -> None:
    opened(page)
    page.keyboard.press("/")
    page.keyboard.type("post variants bulk-delete")
    (only,) = listed(page)
    assert page.locator("#found").inner_text().startswith("1 of ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#bulk_delete_catalog_variants$"))
    assert only in page.locator("#bulk_delete_catalog_variants h3").inner_text()


def test_escape_shows_all_operations(page: Page) -> None:
    opened(page)
    every = listed(page)
    page.locator("#search").fill("nothing of the kind")
    assert listed(page) == []
    page.locator("#search").press("Escape")
    assert listed(page) == every


def test_slash_in_a_field_is_a_slash(page: Page) -> None:
    opened(page)
    page.locator("#key").fill("pk")
    page.locator("#key").press("End")
    page.keyboard.press("/")
    expect(page.locator("#key")).to_have_value("pk/")


def test_calls_name_this_server(page: Page, site: str) -> None:
    opened(page)
    text = page.locator("#get_catalog_items .calls").text_content()
    assert text is not None
    assert f"{site}/api/catalog-items" in text
    assert "127.0.0.1:7227" not in text


def test_request_shows_its_answer(page: Page, client: Client) -> None:
    opened(page).locator("#key").fill(client.key)
    trial(page, "create_catalog_category")
    page.locator("#create_catalog_category").get_by_role("button", name="Send").click()
    result = page.locator("#create_catalog_category .result")
    expect(result.locator("h5").last).to_have_text(re.compile(r"^Answer 201 in \d+ ms$"))
    expect(result).to_contain_text("POST /api/catalog-categories")
    expect(result).to_contain_text('"type": "catalog-category"')
    assert client.key not in page.locator("body").inner_text()


FIRST_REQUESTS = (
    ("create_catalog_item", 201),
    ("create_catalog_variant", 201),
    ("update_catalog_item", 200),
    ("bulk_create_catalog_items", 202),
)


SEND_ALL = """async () => {
  const soon = async (find) => {
    for (const end = Date.now() + 10000; Date.now() < end && !find();)
      await new Promise((done) => setTimeout(done, 5));
  };
  const sent = [];
  for (const each of document.querySelectorAll("article[data-path]")) {
    each.querySelector(".trial button").click();
    await soon(() => each.querySelector("form"));
    each.querySelector("form button").click();
    await soon(() => each.querySelector(".result").textContent);
    sent.push([each.id, each.querySelector(".result").textContent]);
  }
  return sent;
}"""


@pytest.mark.slow
@pytest.mark.parametrize("revision", ["2022-10-17", "2024-06-15", "2026-10-15"])
def test_samples_are_answered(
    page: Page, client: Client, revision: str, complaints: list[str]
) -> None:
    page.goto(f"{PAGE}/{revision}")
    page.locator("#key").fill(client.key)
    sent = page.evaluate(SEND_ALL)
    assert len(sent) == page.locator("article[data-path]").count()
    unclear = [
        (operation, result)
        for operation, result in sent
        if not re.search(r"Answer 20\d", result)
        and not re.search(r"Answer 404.*(does not exist|exists)", result, re.DOTALL)
        and not re.search(r"Answer 400.*No account has the public id", result, re.DOTALL)
    ]
    assert unclear == []
    complaints[:] = [each for each in complaints if "404" not in each and "400" not in each]


@pytest.mark.parametrize("revision", ["", "/2022-10-17"])
def test_examples_can_be_sent_at_once(page: Page, client: Client, revision: str) -> None:
    page.goto(PAGE + revision)
    page.locator("#key").fill(client.key)
    for operation, status in FIRST_REQUESTS:
        here = page.locator(f"#{operation}")
        if revision and not here.count():
            continue
        trial(page, operation)
        here.get_by_role("button", name="Send").click()
        expect(here.locator(".result")).to_contain_text(f"Answer {status}")


def test_key_outlives_a_reload_only_in_its_tab(page: Page) -> None:
    opened(page).locator("#key").fill("pk_of_this_tab")
    page.reload()
    expect(page.locator("#key")).to_have_value("pk_of_this_tab")
    other = page.context.new_page()
    expect(opened(other).locator("#key")).to_have_value("")
    page.locator("#forget").click()
    page.reload()
    expect(page.locator("#key")).to_have_value("")


def test_refusal_is_shown(page: Page, client: Client, complaints: list[str]) -> None:
    opened(page).locator("#key").fill(client.key)
    trial(page, "get_catalog_item")
    field = page.locator("#get_catalog_item").get_by_label("id required")
    field.fill("$custom:::$default:::../odd #1?x=1")
    field.press("Enter")
    result = page.locator("#get_catalog_item .result")
    expect(result).to_contain_text("Answer 404")
    expect(result).to_contain_text(
        "/api/catalog-items/%24custom%3A%3A%3A%24default%3A%3A%3A..%2Fodd"
    )
    # Chromium writes each refusal to the console.
    (complaint,) = complaints
    assert "404" in complaint
    complaints.clear()


def test_hostile_answers_are_text(page: Page, client: Client) -> None:
    hostile = "<img src=x onerror=document.title='bad'><script>document.title='bad'</script>"
    body = {"type": "catalog-category", "attributes": {"external_id": "bad", "name": hostile}}
    body["attributes"] |= {"integration_type": "$custom", "catalog_type": "$default"}  # type: ignore[operator]
    assert client.post("/api/catalog-categories", {"data": body}).status == 201
    opened(page).locator("#key").fill(client.key)
    trial(page, "get_catalog_categories")
    page.locator("#get_catalog_categories").get_by_role("button", name="Send").click()
    expect(page.locator("#get_catalog_categories .result")).to_contain_text(
        "onerror=document.title"
    )
    assert page.locator(".result img, .result script").count() == 0
    assert page.title() != "bad"


def test_page_works_without_script(browser: Browser, site: str) -> None:
    with browser.new_context(base_url=site, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(PAGE)
        assert page.locator(".search, .key, .trial").filter(visible=True).count() == 0
        assert page.get_by_text("With JavaScript this page also").is_visible()
        page.locator("#get_catalog_item .calls summary").last.click()
        expect(page.locator("#get_catalog_item .calls")).to_contain_text("api.getCatalogItem(")


def test_phone_shows_whole_width(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 740})
    opened(page)
    trial(page, "create_catalog_item")
    page.locator("#search").fill("create item")
    assert len(listed(page)) == 4
    page.locator("#search").fill("")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    for width in (320, 640):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") == width
