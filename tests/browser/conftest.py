"""A real browser, started once for each test process, and pages that watch what goes wrong."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from browser.chromium import FLAGS, NoChromium, find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

PATIENCE = 10_000
"""How long Playwright waits for a state, in milliseconds."""


class Started(NamedTuple):
    """A browser, and the event loop by which Playwright speaks to it."""

    browser: Browser
    loop: asyncio.AbstractEventLoop


@pytest.fixture(scope="session")
def started_browser() -> Iterator[Started]:
    """The browser of this test process. Tests use `page` or `context`."""
    with sync_playwright() as playwright:
        try:
            found = find(playwright.chromium)
        except NoChromium as missing:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(missing))
        browser = playwright.chromium.launch(
            executable_path=found.program,
            args=list(FLAGS),
            env={**os.environ, **found.variables},
        )
        started = Started(browser, asyncio.get_running_loop())
        count_as_running(None)
        yield started
        count_as_running(started.loop)
        browser.close()


def count_as_running(loop: asyncio.AbstractEventLoop | None) -> None:
    """Say which loop runs in this thread.

    That of Playwright runs in a greenlet of it, and counts as running until the session ends. No
    other test of the process could run a loop meanwhile.
    """
    asyncio._set_running_loop(loop)  # noqa: SLF001 - documented as what loops of others call


@pytest.fixture
def browser(started_browser: Started) -> Iterator[Browser]:
    """The browser, for as long as a test uses it."""
    count_as_running(started_browser.loop)
    yield started_browser.browser
    count_as_running(None)


@pytest.fixture
def site(server_url: str) -> str:
    """The address of the server that pages show. A file whose tests have another overrides it."""
    return server_url


@pytest.fixture
def complaints() -> list[str]:
    """What went wrong on the pages of this test. A test that expects some of it removes that."""
    return []


@pytest.fixture
def context(browser: Browser, site: str, complaints: list[str]) -> Iterator[BrowserContext]:
    """A browser without a past, whose pages are all watched."""
    with browser.new_context(base_url=site) as context:
        context.set_default_timeout(PATIENCE)
        context.on("page", lambda page: watch(page, site, complaints))
        yield context
    assert complaints == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page that fails its test where a script fails, or another host is asked for anything."""
    return context.new_page()


def watch(page: Page, site: str, complaints: list[str]) -> None:
    """Note errors on the console, errors of scripts, and requests to other hosts."""
    own = urlsplit(site).netloc
    page.on(
        "console",
        lambda said: complaints.append(f"console: {said.text}") if said.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    page.on(
        "request",
        lambda asked: (
            complaints.append(f"request: {asked.url}") if _leaves(asked.url, own) else None
        ),
    )


def _leaves(url: str, own: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme not in {"about", "blob", "data"} and parts.netloc != own
