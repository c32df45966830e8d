"""The rig notices what it shall notice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from browser import chromium
from browser.axe import axe_violations
from browser.chromium import NoChromium

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page


def test_console_errors_are_complaints(page: Page, complaints: list[str]) -> None:
    page.goto("/_backroom/openapi")
    page.evaluate("console.error('so it is')")
    assert complaints == ["console: so it is"]
    complaints.clear()


def test_script_errors_are_complaints(page: Page, complaints: list[str]) -> None:
    page.goto("/_backroom/openapi")
    page.evaluate("setTimeout(() => { throw new Error('so it is') })")
    page.wait_for_event("pageerror")
    assert complaints == ["script: so it is"]
    complaints.clear()


def test_requests_elsewhere_are_complaints(page: Page, complaints: list[str]) -> None:
    page.set_content("<img src='http://127.0.0.1:9/picture'>")
    page.wait_for_function("document.images[0].complete")
    assert complaints[0] == "request: http://127.0.0.1:9/picture"
    complaints.clear()


def test_axe_finds_violations(page: Page) -> None:
    page.goto("/_backroom/openapi")
    page.set_content("<html lang='en'><title>t</title><main><h1>h</h1><button></button></main>")
    (found,) = axe_violations(page)
    assert found.startswith("button-name at button: ")


@pytest.mark.usefixtures("started_browser")
def test_other_tests_run_loops() -> None:
    assert asyncio.run(asyncio.sleep(0, "done")) == "done"


def test_missing_program_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(chromium.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(NoChromium, match="apt-get install chromium"):
        chromium.find(None)  # type: ignore[arg-type]
