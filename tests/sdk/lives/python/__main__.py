"""A shop's catalog, kept through one version of the official Python SDK.

Run by the interpreter of an environment that holds that version:

    python -I tests/sdk/lives/python VERSION REVISION URL

Importing an SDK takes longer than any chapter, so one process lives many. It reads a line with a
chapter and the key of an account, and writes a line when that is done: a text in JSON that says
what was not as the contract says, empty where everything was.
"""

from __future__ import annotations

import json
import sys
import traceback
from importlib.metadata import version as installed

from errors import errors
from life import life
from lists import lists, pages
from methods import methods
from refusals import refusals
from search import search
from shelves import shelves
from shop import Shop, expect
from waiting import waiting


def headers(shop: Shop) -> None:
    """Versions from 8 on hand headers over as a plain dictionary, under the names on the wire."""
    shown = shop.headers()
    for name in ("Content-Type", "Allow", "X-Klaviyo-Api-Revision"):
        assert name in shown, f"no {name} among {sorted(shown)}"


CHAPTERS = {
    chapter.__name__: chapter
    for chapter in (
        life,
        lists,
        pages,
        errors,
        headers,
        methods,
        refusals,
        search,
        shelves,
        waiting,
    )
}


def live(chapter: str, revision: str, url: str, key: str) -> str:
    """Live one chapter, and say what was wrong."""
    try:
        shop = Shop(url, key)
        expect(shop.revision, revision, "revision the SDK is made for")
        shown = {name.lower(): value for name, value in shop.headers().items()}
        expect(shown["x-klaviyo-api-revision"], revision, "revision the server answered in")
        CHAPTERS[chapter](shop)
    except AssertionError as failed:
        return f"not as the contract says: {failed}"
    except Exception:  # noqa: BLE001 - the test that waits shows it
        return traceback.format_exc()
    return ""


def main(version: str, revision: str, url: str) -> None:
    expect(installed("klaviyo-api"), version, "version of the installed SDK")
    # What the chapters say goes beside the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        chapter, key = line.split()
        answers.write(json.dumps(live(chapter, revision, url, key)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
