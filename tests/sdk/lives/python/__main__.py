"""A shop's catalog, kept through one version of the official Python SDK.

Run by the interpreter of an environment that holds that version:

    python -I tests/sdk/lives/python CHAPTER VERSION REVISION URL KEY

The process ends with 0 when everything was as the contract says.
"""

from __future__ import annotations

import sys
from importlib.metadata import version as installed

from errors import errors
from life import life
from lists import lists, pages
from methods import methods
from refusals import refusals
from search import search
from shelves import shelves
from shop import Shop, expect


def headers(shop: Shop) -> None:
    """Versions from 8 on hand headers over as a plain dictionary, under the names on the wire."""
    shown = shop.headers()
    for name in ("Content-Type", "Allow", "X-Klaviyo-Api-Revision"):
        assert name in shown, f"no {name} among {sorted(shown)}"


CHAPTERS = {
    chapter.__name__: chapter
    for chapter in (life, lists, pages, errors, headers, methods, refusals, search, shelves)
}


def main(chapter: str, version: str, revision: str, url: str, key: str) -> None:
    expect(installed("klaviyo-api"), version, "version of the installed SDK")
    shop = Shop(url, key)
    expect(shop.revision, revision, "revision the SDK is made for")
    shown = {name.lower(): value for name, value in shop.headers().items()}
    expect(shown["x-klaviyo-api-revision"], revision, "revision the server answered in")
    CHAPTERS[chapter](shop)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except AssertionError as failed:
        sys.exit(f"not as the contract says: {failed}")
