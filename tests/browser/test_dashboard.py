"""The pages of the dashboard in a real browser, but for jobs and catalogs."""

from __future__ import annotations

import re
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from backroom.catalog.ids import resource_id
from backroom.control.table import perform
from browser.axe import axe_violations
from conftest import client_of
from machines.cluster import HOST
from machines.proxy import Way
from support.factories import a_body, a_kind_of_job, a_resource
from support.process import until
from support.visitor import TOKEN, shown_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from backroom.server import Server
    from conftest import NewDatabase
    from support.client import Client

HOSTILE = "\"><img src=x onerror=alert(1)><script>alert(2)</script>'); alert(3) \u202egpj"
PAGES = ("", "dashboard/requests", "dashboard/testing", "dashboard/accounts", "dashboard/settings")


@pytest.fixture(scope="module")
def served(new_database: NewDatabase) -> Iterator[Server]:
    with shown_server(new_database()) as server:
        yield server


@pytest.fixture
def site(served: Server) -> str:
    return served.url


@pytest.fixture
def client(served: Server) -> Client:
    return client_of(served)


@pytest.fixture
def page(page: Page) -> Page:
    """A page of somebody who has signed in."""
    page.goto(f"/_backroom/?token={TOKEN}")
    page.wait_for_url("**/_backroom/")
    return page


def post_job(client: Client, *resources: dict[str, Any]) -> str:
    kind = a_kind_of_job("item", "create")
    posted = client.post(f"/api/{kind.collection}", a_body(kind, *resources))
    client.completed(f"/api/{kind.collection}", posted.job_id)
    return posted.job_id


def test_front_leads_to_signing_in(context: Any, complaints: list[str]) -> None:
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not the token")
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    # The browser notes each answer of 401.
    complaints[:] = [each for each in complaints if "401" not in each]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_pages_are_for_everybody(
    page: Page, client: Client, path: str, scheme: Any, width: int
) -> None:
    client.get("/api/catalog-items/x")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(f"/_backroom/{path}")
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_forced_colours_hide_nothing(page: Page, client: Client, served: Server) -> None:
    page.emulate_media(forced_colors="active")
    perform(served.control, "POST", "/pace", {"account": client.account, "stay": True})
    kind = a_kind_of_job("item", "create")
    job_id = client.post(f"/api/{kind.collection}", a_body(kind, a_resource("item"))).job_id
    page.goto(f"/_backroom/dashboard/jobs/{client.account}/{job_id}")
    style = "it => { const style = getComputedStyle(it); return [style.%s, style.%s]; }"
    for place in (".top nav [aria-current]", ".pills [aria-current]"):
        drawn = page.locator(place).evaluate(style % ("outlineStyle", "outlineWidth"))
        assert drawn == ["solid", "2px"], place
    state = page.locator(".state-now .status")
    assert state.evaluate(style % ("borderTopStyle", "borderTopWidth")) == ["solid", "1px"]
    bar = page.locator("progress").evaluate(style % ("forcedColorAdjust", "appearance"))
    assert bar == ["none", "none"]
    perform(served.control, "POST", "/pace/release", {"account": client.account})


def test_prints_are_dark_on_light(page: Page, client: Client) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    job_id = post_job(client, a_resource("item"))
    page.goto(f"/_backroom/dashboard/jobs/{client.account}/{job_id}")
    card = page.locator(".card").first
    assert card.evaluate("it => getComputedStyle(it).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("pre").first.evaluate("it => getComputedStyle(it).maxHeight") == "none"
    expect(page.get_by_role("navigation", name="Sections")).to_be_hidden()


def test_header_leaves_a_low_window(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 256})
    page.evaluate("scrollTo(0, 400)")
    expect(page.locator(".top")).not_to_be_in_viewport()


def test_long_address_fits_a_phone(page: Page, complaints: list[str]) -> None:
    page.set_viewport_size({"width": 390, "height": 700})
    page.goto(f"/_backroom/dashboard/{'x' * 200}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    complaints[:] = [each for each in complaints if "404" not in each]


def test_overview_follows_a_job(page: Page, client: Client) -> None:
    resource = a_resource("item")
    post_job(client, resource, resource)
    expect(page.get_by_text("1 operation of 2 failed").first).to_be_visible()


def test_corrected_job_leaves_the_overview(page: Page, client: Client) -> None:
    resource = a_resource("item")
    failed = page.locator(f'#wrong-jobs a[href$="{post_job(client, resource, resource)}"]')
    expect(failed).to_be_visible()
    path = resource_id(resource["attributes"]["external_id"])
    changed = {"type": "catalog-item", "id": path, "attributes": {"title": "Corrected"}}
    client.request("PATCH", f"/api/catalog-items/{path}", json={"data": changed})
    expect(failed).to_have_count(0)
    expect(page.get_by_text("whose failures were all corrected since")).to_be_visible()
    assert axe_violations(page) == []


def test_focus_stays_at_its_failure(page: Page, client: Client) -> None:
    resource = a_resource("item")
    first = page.locator(f'#wrong-jobs a[href$="{post_job(client, resource, resource)}"]')
    first.focus()
    later = post_job(client, resource, resource)
    expect(page.locator(f'#wrong-jobs a[href$="{later}"]')).to_be_visible()
    expect(first).to_be_focused()


def test_requests_come_by_themselves(page: Page, client: Client) -> None:
    page.goto(f"/_backroom/dashboard/requests?account={client.account}")
    expect(page.get_by_text("No request in the journal matches.")).to_be_visible()
    client.get("/api/catalog-items/missing")
    link = page.get_by_role("link", name="GET /api/catalog-items/missing")
    expect(link).to_be_visible()
    link.click()
    expect(page.get_by_role("heading", name="Why it was refused")).to_be_visible()


def test_focus_stays_while_parts_change(page: Page, client: Client) -> None:
    client.get("/api/catalog-items/first")
    page.goto(f"/_backroom/dashboard/requests?account={client.account}")
    link = page.get_by_role("link", name="GET /api/catalog-items/first")
    link.focus()
    client.get("/api/catalog-items/second")
    expect(page.get_by_role("link", name="GET /api/catalog-items/second")).to_be_visible()
    expect(link).to_be_focused()


def test_list_stands_still_while_read(page: Page, client: Client) -> None:
    for _ in range(30):
        client.get("/api/catalog-items")
    page.goto(f"/_backroom/dashboard/requests?account={client.account}")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(30)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    client.get("/api/catalog-items/later")
    newer = page.get_by_role("button", name="Show newer ones")
    expect(newer).to_be_visible()
    expect(rows).to_have_count(30)
    newer.click()
    expect(rows).to_have_count(31)
    expect(newer).not_to_be_visible()


def test_list_waits_for_the_pointer(page: Page, client: Client) -> None:
    client.get("/api/catalog-items")
    page.goto(f"/_backroom/dashboard/requests?account={client.account}")
    page.evaluate("htmx.on('htmx:sseBeforeMessage', () => { window.arrived = true; })")
    moving = page.evaluate("""setInterval(() => document.querySelector("tbody tr").dispatchEvent(
        new PointerEvent("pointermove", { bubbles: true })), 100)""")
    client.get("/api/catalog-items/later")
    page.wait_for_function("window.arrived")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    page.evaluate("clearInterval", moving)
    expect(rows).to_have_count(2)


def test_filters_are_in_the_address(page: Page, client: Client) -> None:
    client.get("/api/catalog-items")
    client.get("/api/catalog-items/missing")
    page.goto(f"/_backroom/dashboard/requests?account={client.account}")
    page.get_by_label("Status").select_option("404")
    page.wait_for_url("**status=404**")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(2)


def test_request_is_sent_again(page: Page, client: Client) -> None:
    client.post("/api/catalog-items", {"data": a_resource("item", "again")})
    page.goto(f"/_backroom/dashboard/requests?account={client.account}")
    page.get_by_role("link", name="POST /api/catalog-items").click()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("heading", name="409 POST /api/catalog-items")).to_be_visible()
    expect(page.locator(".difference .added").first).to_be_visible()
    assert axe_violations(page) == []


def test_hostile_values_stay_text(page: Page, client: Client) -> None:
    client.post("/api/catalog-items", {"data": a_resource("item", HOSTILE)})
    client.get(f"/api/catalog-items/{HOSTILE.replace(' ', '%20').replace(chr(0x202E), '')}")
    page.goto(f"/_backroom/dashboard/requests?account={client.account}")
    page.get_by_role("link", name="POST /api/catalog-items").click()
    expect(page.get_by_role("heading", name="Sent")).to_be_visible()
    assert page.locator("img").count() == 0


def test_clock_is_frozen_and_let_go(page: Page) -> None:
    page.goto("/_backroom/dashboard/testing")
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("status").filter(has_text="The clock is changed")).to_be_visible()
    expect(page.get_by_text("frozen", exact=True)).to_be_visible()
    page.get_by_role("button", name="Real time").click()
    expect(page.get_by_text("real", exact=True)).to_be_visible()


def test_wrong_fields_keep_the_form(page: Page, complaints: list[str]) -> None:
    page.goto("/_backroom/dashboard/testing")
    page.get_by_label("Name", exact=True).fill("no name")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#message")).to_contain_text("is not a name")
    expect(page.get_by_label("Name", exact=True)).to_have_value("no name")
    complaints[:] = [each for each in complaints if "400" not in each]


def test_key_is_made_and_revoked(page: Page) -> None:
    page.goto("/_backroom/dashboard/accounts")
    page.get_by_label("Name", exact=True).fill("browser shop")
    page.get_by_role("button", name="Make the account, with a key").click()
    expect(page.locator("#new-key")).to_contain_text("pk_")
    page.on("dialog", lambda dialog: dialog.accept())
    shop = page.get_by_role("region", name=re.compile("^browser shop"))
    shop.get_by_role("button", name="Revoke first").click()
    expect(shop.get_by_text("revoked")).to_be_visible()


def test_keyboard_leads_everywhere(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Requests")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_role("searchbox").blur()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert axe_violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).not_to_be_visible()


def test_theme_is_kept(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Light or dark").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_sleeping_laptop_is_right_again(page: Page, client: Client, complaints: list[str]) -> None:
    page.goto(f"/_backroom/dashboard/requests?account={client.account}")
    page.context.set_offline(True)
    client.get("/api/catalog-items/asleep")
    page.context.set_offline(False)
    expect(page.get_by_role("link", name="GET /api/catalog-items/asleep")).to_be_visible()
    # A stream that was being opened has failed, and the browser notes that.
    wanted = ("[object Event]", "ERR_INTERNET_DISCONNECTED")
    complaints[:] = [each for each in complaints if not any(map(each.count, wanted))]


def test_tabs_show_the_same(page: Page, client: Client) -> None:
    other = page.context.new_page()
    for each in (page, other):
        each.goto(f"/_backroom/dashboard/requests?account={client.account}")
    client.get("/api/catalog-items/both")
    for each in (page, other):
        expect(each.get_by_role("link", name="GET /api/catalog-items/both")).to_be_visible()


def test_pages_work_without_scripts(browser: Browser, site: str) -> None:
    with browser.new_context(base_url=site, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"/_backroom/?token={TOKEN}")
        page.get_by_role("link", name="Testing").click()
        page.get_by_role("button", name="Real time").click()
        expect(page.get_by_text("The clock is changed")).to_be_visible()


def test_ended_session_is_said(page: Page, context: Any, complaints: list[str]) -> None:
    other = context.new_page()
    other.goto("/_backroom/dashboard/accounts")
    other.get_by_label("Name", exact=True).fill("typed before")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    other.get_by_role("button", name="Make the account, with a key").click()
    expect(other.get_by_text("What you typed is kept")).to_be_visible()
    assert axe_violations(other) == []
    other.get_by_label("Token").fill(TOKEN)
    other.keyboard.press("Enter")
    expect(other.get_by_role("heading", name="Not sent yet")).to_be_visible()
    assert axe_violations(other) == []
    other.get_by_role("button", name="Send it").click()
    expect(other.locator("#new-key")).to_contain_text("pk_")
    complaints[:] = [each for each in complaints if "401" not in each]


def test_open_page_says_session_ended(page: Page, context: Any, complaints: list[str]) -> None:
    other = context.new_page()
    other.goto("/_backroom/dashboard/jobs?state=queued")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(other.locator("#connection")).to_contain_text("Your session has ended")
    assert axe_violations(other) == []
    other.get_by_role("link", name="Sign in again").click()
    other.get_by_label("Token").fill(TOKEN)
    other.keyboard.press("Enter")
    other.wait_for_url("**/dashboard/jobs?state=queued")
    complaints[:] = [each for each in complaints if "401" not in each]


def test_form_of_old_session_goes_on(page: Page, context: Any, complaints: list[str]) -> None:
    page.goto("/_backroom/dashboard/testing")
    context.clear_cookies()
    page.get_by_role("button", name="Freeze").click()
    expect(page.locator("#message")).to_contain_text("Your session has ended")
    other = context.new_page()
    other.goto(f"/_backroom/?token={TOKEN}")
    other.wait_for_url("**/_backroom/")
    page.get_by_role("button", name="Real time").click()
    expect(page.locator("#message")).to_contain_text("Send the form once more")
    assert page.url.endswith("/dashboard/testing")
    page.get_by_role("button", name="Real time").click()
    expect(page.get_by_text("The clock is changed")).to_be_visible()
    complaints[:] = [each for each in complaints if "401" not in each and "403" not in each]


HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_unseen_pages_hold_no_connection(context: Any, page: Page, client: Client) -> None:
    # A browser has six connections to a host.
    pages = [page, *(context.new_page() for _ in range(7))]
    for each in pages:
        each.clock.install()
        each.goto(f"/_backroom/dashboard/requests?account={client.account}")
        each.evaluate(HIDE, True)  # noqa: FBT003 - the argument of a script
        each.clock.run_for(11_000)
    client.get("/api/catalog-items/unseen")
    pages[0].evaluate(HIDE, False)  # noqa: FBT003 - the argument of a script
    expect(pages[0].get_by_role("link", name="GET /api/catalog-items/unseen")).to_be_visible()


def test_silent_connection_is_left(browser: Browser, served: Server) -> None:
    way = Way(urlsplit(served.url).port or 0)
    with (
        closing(way),
        browser.new_context(base_url=f"http://{HOST}:{way.port}") as context,
    ):
        page = context.new_page()
        page.clock.install()
        page.goto(f"/_backroom/?token={TOKEN}")
        page.wait_for_url("**/_backroom/")
        with way.silence():
            page.clock.run_for(50_000)
            expect(page.locator("#connection")).to_contain_text("The server does not answer since")
        # The browser may try other connections first that it has kept, and that are silent too.
        until(lambda: is_followed(page), "a connection")


def is_followed(page: Page) -> bool:
    page.clock.run_for(15_000)
    with suppress(AssertionError):
        expect(page.locator("#connection")).to_be_empty(timeout=300)
        return True
    return False


def test_times_go_on_without_the_server(page: Page, client: Client) -> None:
    job_id = post_job(client, a_resource("item"))
    page.clock.install()
    page.goto(f"/_backroom/dashboard/jobs/{client.account}/{job_id}")
    page.clock.run_for(125_000)
    expect(page.locator(".timeline")).to_contain_text("2 min ago")


def test_clock_of_the_server_is_seen_to_run(page: Page, served: Server) -> None:
    perform(served.control, "PUT", "/clock", {"clock": "3600x"})
    page.clock.install()
    page.goto("/_backroom/dashboard/testing")
    shown = page.locator("time[data-clock]")
    before = shown.inner_text()
    page.clock.run_for(3_000)
    began, later = (
        datetime.strptime(each, "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
        for each in (before, shown.inner_text())
    )
    assert later - began >= timedelta(hours=2)
    perform(served.control, "PUT", "/clock", {"clock": "real"})


def test_frozen_times_stand_still(page: Page, client: Client, served: Server) -> None:
    job_id = post_job(client, a_resource("item"))
    perform(served.control, "PUT", "/clock", {"clock": "frozen"})
    page.clock.install()
    page.goto(f"/_backroom/dashboard/jobs/{client.account}/{job_id}")
    page.clock.run_for(125_000)
    expect(page.locator(".timeline")).not_to_contain_text("min ago")
    perform(served.control, "PUT", "/clock", {"clock": "real"})


def test_cut_lines_are_cut_whole(page: Page, client: Client) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    long = a_resource("item", "x" * 180)
    post_job(client, long, long)
    line = page.locator(".clamped li").first
    expect(line).to_contain_text("already exists")
    above, shown, one = line.evaluate("""it => {
        const style = getComputedStyle(it);
        return [parseFloat(style.paddingTop), it.clientHeight, parseFloat(style.lineHeight)];
    }""")
    assert (shown - above) % one < 1


def test_revisions_of_requests_fit_a_line(page: Page, client: Client) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    client.get("/api/catalog-items?filter=" + "x" * 200)
    page.goto(f"/_backroom/dashboard/requests?account={client.account}")
    lines = page.locator("td.moment").evaluate("""it => {
        const range = document.createRange();
        range.selectNodeContents(it);
        return range.getClientRects().length;
    }""")
    assert lines == 1


def test_absent_server_is_said(page: Page, complaints: list[str]) -> None:
    page.route("**/live?*", lambda route: route.abort())
    page.goto("/_backroom/dashboard/requests")
    expect(page.locator("#connection")).to_contain_text("The server does not answer since")
    page.unroute_all()
    expect(page.locator("#connection")).to_be_empty()
    wanted = ("[object Event]", "ERR_FAILED")
    complaints[:] = [each for each in complaints if not any(map(each.count, wanted))]
