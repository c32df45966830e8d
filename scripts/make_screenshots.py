"""Write the pictures of the dashboard in `docs/images/`: `make screenshots`.

A server of this process is loaded with the demo shop while it is looked at. Colours, sizes and
contents are the same each time, the figures of the moment are not: so nothing checks that the
pictures are fresh. Look at them after a change of the pages.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from click.testing import CliRunner
from playwright.sync_api import sync_playwright

from backroom.cli import main as backroom
from backroom.server import Server
from backroom.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
TOKEN = "only-for-pictures"  # noqa: S105 - nobody else is let in
KEY = "pk_demo"
WIDE = (1280, 800)
PHONE = (390, 800)


class Picture(NamedTuple):
    """One picture: the file, the page below `/_backroom/`, and how it is looked at."""

    name: str
    path: str
    size: tuple[int, int] = WIDE
    scheme: Any = "light"


PICTURES = (
    Picture("overview", ""),
    Picture("overview-dark", "", scheme="dark"),
    Picture("overview-phone", "", PHONE, "dark"),
    Picture("jobs", "dashboard/jobs"),
    Picture("catalog", "dashboard/catalog"),
    Picture("requests", "dashboard/requests"),
    Picture("testing", "dashboard/testing"),
)


def main() -> None:
    """Start a server, load it, and take all pictures."""
    sys.path.insert(0, str(ROOT / "tests"))
    from browser.chromium import FLAGS, find

    server = Server(Settings(port=0, ephemeral=True, control_token=TOKEN, key=(KEY,)))
    ready = threading.Event()
    thread = threading.Thread(target=server.run, args=(lambda _: ready.set(),))
    thread.start()
    ready.wait()
    try:
        with sync_playwright() as playwright:
            found = find(playwright.chromium)
            browser = playwright.chromium.launch(executable_path=found.program, args=list(FLAGS))
            for name in take(browser, server.url):
                print(f"wrote docs/images/{name}.png")
            browser.close()
    finally:
        server.stop()
        thread.join()


def take(browser: Browser, url: str) -> Iterator[str]:
    """Take each picture, and give its name. The shop is loaded while the first page is open."""
    loaded = False
    for each in PICTURES:
        width, height = each.size
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=each.scheme, base_url=url
        )
        page = context.new_page()
        page.goto(f"/_backroom/?token={TOKEN}")
        page.wait_for_url("**/_backroom/")
        if not loaded:
            CliRunner().invoke(backroom, ["import", "--url", url, "--key", KEY, "--demo"])
            # The figures of a second are shown when it has ended.
            page.wait_for_timeout(6_000)
            loaded = True
        page.goto(f"/_backroom/{each.path}")
        page.wait_for_timeout(500)
        page.screenshot(path=IMAGES / f"{each.name}.png")
        context.close()
        yield each.name


if __name__ == "__main__":
    main()
