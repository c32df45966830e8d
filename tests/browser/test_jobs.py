"""The pages of jobs, as somebody uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from browser.axe import axe_violations
from support.job_shop import Shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from backroom.server import Server
    from conftest import MakeClient

HOSTILE = [
    "<script>document.title='taken'</script>",
    '"><img src=x onerror="document.title=\'taken\'">',
    "\u202egnirts\u202c שלום",
    "long-" + "x" * 200,
    "a/b?c#d%2e%2e",
]


@pytest.fixture
def shop(live_server: Server, make_client: MakeClient) -> Shop:
    return Shop(live_server, make_client())


@pytest.fixture
def inside(page: Page, live_server: Server) -> Page:
    """A page that is signed in."""
    sign_in(page, live_server)
    return page


def sign_in(page: Page, server: Server) -> None:
    page.goto(f"/_backroom/?token={server.control_token}")
    page.wait_for_selector("nav[aria-label=Sections]")


def test_list_follows_a_job(inside: Page, shop: Shop) -> None:
    shop.hold()
    shop.send("a")
    inside.goto(shop.list)
    state = inside.locator("td.state")
    expect(state).to_have_text("processing")
    box = inside.locator("td.pick input")
    box.check()
    box.focus()
    shop.release()
    expect(state).to_have_text("complete")
    expect(box).to_be_checked()
    expect(box).to_be_focused()
    expect(inside.locator("#choosing")).to_have_text("With the 1 chosen:")


def test_chosen_job_is_not_driven_out(inside: Page, shop: Shop) -> None:
    shop.ended("first")
    inside.goto(shop.list)
    box = inside.locator("td.pick input")
    box.check()
    for place in range(50):
        shop.send(str(place))
    newer = inside.get_by_role("button", name="Show newer ones")
    expect(newer).to_be_visible()
    expect(box).to_be_checked()
    newer.click()
    expect(inside.locator("td.pick input")).to_have_count(50)
    expect(inside.locator("#choosing")).to_have_text("With the chosen jobs:")


def test_page_follows_its_job(inside: Page, shop: Shop) -> None:
    shop.hold(early_counts=True)
    job_id = shop.send("a", "b", "a")
    asked: list[str] = []
    inside.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    inside.goto(shop.path(job_id))
    expect(inside.locator(".state-now")).to_contain_text("processing")
    shop.release()
    expect(inside.locator(".state-now")).to_contain_text("complete")
    expect(inside.locator("#operations .result").first).to_contain_text("failed")
    expect(inside.get_by_role("link", name="Retry the failed operation…")).to_be_visible()
    expect(inside.locator("#has-ended")).to_contain_text("The job has ended")
    expect(inside.get_by_role("button", name="Cancel this job")).to_have_count(0)
    expect(inside.locator(".sides")).to_contain_text('"status": "complete"')
    # The part is renewed again, as the times in it change. The rest is not.
    before = inside.locator(".timeline").inner_text()
    expect(inside.locator(".timeline")).not_to_have_text(before, use_inner_text=True)
    assert asked.count("rest") == 1


def test_filters_stay_with_the_back_button(inside: Page, shop: Shop) -> None:
    shop.ended("a")
    shop.ended("a")
    inside.goto(shop.list)
    rows = inside.locator("table.jobs tbody tr")
    expect(rows).to_have_count(2)
    inside.get_by_label("only with failures").check()
    inside.get_by_role("button", name="Show", exact=True).click()
    inside.wait_for_url(f"**{shop.list}&failures=1")
    expect(rows).to_have_count(1)
    rows.locator("a").click()
    expect(inside.locator("#operations-title")).to_be_visible()
    inside.go_back()
    expect(inside.get_by_label("only with failures")).to_be_checked()
    expect(rows).to_have_count(1)
    inside.go_back()
    expect(rows).to_have_count(2)


def test_failure_is_corrected_and_sent_again(inside: Page, shop: Shop) -> None:
    shop.ended("a")
    inside.goto(shop.path(shop.ended("a", "b")))
    inside.get_by_role("link", name="Retry the failed operation…").click()
    field = inside.get_by_label("Operations, as the newest revision writes them")
    sent = field.input_value()
    assert '"external_id": "a"' in sent
    field.fill(sent.replace('"Shirt"', "7").replace('"a"', '"c"'))
    inside.get_by_role("button", name="Send as a new job").click()
    alert = inside.get_by_role("alert")
    expect(alert).to_contain_text("Operation 1")
    expect(alert).to_contain_text("/data/attributes/items/data/0/attributes/title")
    assert axe_violations(inside) == []
    field.fill(sent.replace('"a"', '"c"'))
    inside.get_by_role("button", name="Send as a new job").click()
    expect(inside.locator(".state-now")).to_contain_text("complete")
    expect(inside.locator("#operations .result")).to_contain_text(["created"])
    assert shop.client.get("/api/catalog-items/$custom:::$default:::c").status == 200


def test_keyboard_leads_from_failure_to_retry(inside: Page, shop: Shop) -> None:
    shop.ended("a")
    job_id = shop.ended("a", "b")
    inside.goto("/_backroom/")
    tab_to(inside, f'a[href$="{job_id}"]')
    inside.keyboard.press("Enter")
    tab_to(inside, "a.main")
    inside.keyboard.press("Enter")
    tab_to(inside, "#edited")
    sent = inside.locator("#edited").input_value()
    inside.keyboard.press("Control+A")
    inside.keyboard.insert_text(sent.replace('"a"', '"c"'))
    tab_to(inside, "button.main")
    inside.keyboard.press("Enter")
    expect(inside.locator("#operations .result")).to_contain_text(["created"])


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is where it shall be."""
    wanted = page.locator(selector)
    wanted.wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if wanted.evaluate("it => it === document.activeElement"):
            return
    pytest.fail(f"Tab does not lead to {selector}")


def test_broken_json_is_said(inside: Page, shop: Shop) -> None:
    shop.ended("a")
    inside.goto(f"{shop.path(shop.ended('a'))}/retry")
    inside.get_by_label("Operations").fill("[{")
    inside.get_by_role("button", name="Send as a new job").click()
    expect(inside.get_by_role("alert")).to_contain_text("not a JSON list")
    expect(inside.get_by_label("Operations")).to_have_value("[{")


def test_waiting_job_is_cancelled_by_keyboard(inside: Page, shop: Shop) -> None:
    shop.hold()
    job_id = shop.send("a")
    inside.goto(shop.list)
    inside.locator("td.what a").focus()
    inside.keyboard.press("Enter")
    button = inside.get_by_role("button", name="Cancel this job")
    tab_to(inside, "button.danger:has-text('Cancel this job')")
    inside.keyboard.press("Enter")
    expect(inside.locator(".state-now")).to_contain_text("cancelled")
    expect(button).to_have_count(0)
    assert shop.state(job_id) == "cancelled"


def test_chosen_jobs_are_previewed_and_retried(inside: Page, shop: Shop) -> None:
    for _ in range(3):
        shop.ended("a")
    inside.goto(shop.list)
    inside.get_by_label("Choose all on this page").check()
    inside.get_by_role("button", name="Retry failed operations…").click()
    expect(inside.locator("main")).to_contain_text("This retries 2 of 3 jobs")
    expect(inside.locator("main")).to_contain_text("No operation of the job has failed.")
    assert axe_violations(inside) == []
    inside.get_by_role("button", name="Send 2 jobs").click()
    expect(inside.locator("main")).to_contain_text("2 jobs were retried.")
    expect(inside.get_by_role("link", name="The new job")).to_have_count(2)


def test_revisions_stand_side_by_side(inside: Page, shop: Shop) -> None:
    inside.goto(shop.path(shop.ended("a")))
    # Another choice is sent by itself.
    inside.get_by_label("Left").select_option("2024-10-15")
    inside.wait_for_url("**left=2024-10-15*")
    expect(inside.locator(".sides th").first).to_contain_text("2024-10-15")
    inside.wait_for_load_state()
    inside.get_by_label("Left").select_option("2022-10-17")
    inside.wait_for_url("**left=2022-10-17*")
    expect(inside.locator(".sides .differs").first).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light"), (1280, "dark")])
def test_pages_are_accessible(
    browser: Browser, live_server: Server, shop: Shop, width: int, scheme: Any
) -> None:
    shop.ended(*HOSTILE)
    failed = shop.ended(*HOSTILE)
    shop.hold()
    waiting = shop.send("a")
    viewport: Any = {"width": width, "height": 800}
    with browser.new_context(
        base_url=live_server.url, color_scheme=scheme, viewport=viewport
    ) as context:
        page = context.new_page()
        sign_in(page, live_server)
        for path in (
            shop.list,
            shop.path(failed),
            f"{shop.path(failed)}/retry",
            shop.path(waiting),
        ):
            page.goto(path)
            assert axe_violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    shop.release()


def test_hostile_names_are_harmless(inside: Page, shop: Shop) -> None:
    shop.ended(*HOSTILE)
    failed = shop.ended(*HOSTILE)
    for path in (shop.list, shop.path(failed), f"{shop.path(failed)}/retry"):
        inside.goto(path)
        inside.wait_for_load_state()
        assert "taken" not in inside.title()
        assert inside.locator("main img").count() == 0
    inside.goto(shop.path(failed))
    expect(inside.locator(".result a").first).to_have_text(HOSTILE[0])
