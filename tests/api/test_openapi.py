"""The documents and their pages, as they are served."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from backroom import errors
from backroom.api.openapi import faults
from openapi import described
from support.client import NEWEST
from support.wire_contract import FIRST_REVISION, REVISIONS, every_revision

if TYPE_CHECKING:
    from support.client import Answer, Client

OPENAPI, DOCS = "/_backroom/openapi", "/_backroom/docs"


def fetched(client: Client, path: str, method: str = "GET") -> Answer:
    """Ask without a key and without a revision."""
    headers = {"Authorization": None, "revision": None}
    return client.request(method, path, headers=headers)


@pytest.mark.slow
@pytest.mark.parametrize(
    "revision", [NEWEST, *(pytest.param(each, marks=pytest.mark.slow) for each in REVISIONS[:-1])]
)
def test_documents_are_openapi(revision: str) -> None:
    document = described.document(revision)
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


@pytest.mark.slow
@every_revision
def test_documents_are_served_without_a_key(client: Client, revision: str) -> None:
    answer = fetched(client, f"{OPENAPI}/{revision}.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json == described.document(revision)
    assert answer.json["info"]["version"] == revision


def test_dates_between_find_the_earlier(client: Client) -> None:
    answer = fetched(client, f"{OPENAPI}/2024-03-01.json")
    assert answer.json["info"]["version"] == "2024-02-15"


@pytest.mark.parametrize(("earlier", "later"), [("2026-07-15", "2026-10-15")])
def test_revisions_without_changes_differ_by_date(earlier: str, later: str) -> None:
    before, after = (msgspec.json.encode(described.document(each)) for each in (earlier, later))
    assert before.replace(earlier.encode(), later.encode()) == after.replace(
        earlier.encode(), later.encode()
    )


@pytest.mark.parametrize(
    "path",
    [
        f"{OPENAPI}/2022-10-16.json",
        f"{OPENAPI}/2999-01-01.json",
        f"{OPENAPI}/latest.json",
        f"{OPENAPI}/{NEWEST}",
        f"{OPENAPI}/x/{NEWEST}.json",
        f"{DOCS}/latest",
        f"{DOCS}/2022-10-16",
        f"/openapi/{NEWEST}.json",
    ],
)
def test_unknown_documents_are_not_found(client: Client, path: str) -> None:
    assert fetched(client, path).status == 404


@pytest.mark.parametrize("path", ["/_backroom/", "/_backroom/doc", "/_backroom//docs"])
def test_paths_beside_documents_need_a_token(client: Client, path: str) -> None:
    assert fetched(client, path).status == 401


@pytest.mark.slow
def test_listing_leads_to_all(client: Client) -> None:
    listed = fetched(client, f"{OPENAPI}/").json["revisions"]
    assert fetched(client, OPENAPI).json["revisions"] == listed
    assert [each["revision"] for each in listed] == list(REVISIONS)
    for each in listed:
        document = fetched(client, each["document"]).json
        assert document["info"]["version"] == each["revision"]
        assert each["revision"] in fetched(client, each["page"]).body.decode()


@pytest.mark.parametrize("path", [OPENAPI, f"{OPENAPI}/{NEWEST}.json", DOCS])
def test_documents_are_only_read(client: Client, path: str) -> None:
    answer = fetched(client, path, "POST")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert fetched(client, path, "HEAD").status == 200


def test_every_fault_is_told() -> None:
    documented = {type(each) for each in faults.FAULTS}
    assert documented == set(_leaves(errors.Fault))


def _leaves(family: type[errors.Fault]) -> list[type[errors.Fault]]:
    """The classes of the API's own errors that are raised: those that nothing inherits from."""
    heirs = [each for each in family.__subclasses__() if each.__module__ == errors.__name__]
    return [leaf for heir in heirs for leaf in _leaves(heir)] if heirs else [family]


class Page(HTMLParser):
    """What a page links to, what it loads, and whether its elements are closed in order."""

    EMPTY = frozenset({"meta", "br", "link", "img", "input"})
    LOADING = frozenset({"script", "link", "img", "iframe", "object", "embed", "audio", "video"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        named = dict(attrs)
        if tag in self.LOADING or {"src", "srcset", "style", "background"} & named.keys():
            self.loads.append(self.get_starttag_text() or tag)
        if "href" in named:
            assert tag == "a"
            self.links.append(named["href"])
        if "id" in named:
            self.ids.append(named["id"])
        if tag not in self.EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.slow
@every_revision
def test_page_loads_one_script_of_the_server(client: Client, revision: str) -> None:
    answer = fetched(client, f"{DOCS}/{revision}")
    html = answer.body.decode()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none';")
    page = Page(html)
    assert page.loads == ['<script src="/_backroom/docs/page.js" defer>']
    assert not re.search(r"url\(|@import|javascript:", html)
    assert {each for each in page.links if not each.startswith(("#", "/_backroom/"))} == set()


def test_script_is_served_as_one(client: Client) -> None:
    answer = fetched(client, f"{DOCS}/page.js")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert b"innerHTML" not in answer.body
    assert b"://" not in answer.body


def test_policy_allows_this_server_alone(client: Client) -> None:
    policy = fetched(client, DOCS).headers["Content-Security-Policy"]
    assert "script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'" in policy


@pytest.mark.slow
@every_revision
def test_page_shows_all_operations(client: Client, revision: str) -> None:
    page = Page(fetched(client, f"{DOCS}/{revision}").body.decode())
    assert len(page.ids) == len(set(page.ids))
    assert {each[1:] for each in page.links if each.startswith("#")} <= set(page.ids)
    for place, operation in described.operations(revision).items():
        assert operation["operationId"] in page.ids
        assert all(part in page.text for part in place)


@pytest.mark.slow
def test_page_leads_to_all_revisions(client: Client) -> None:
    page = Page(fetched(client, DOCS).body.decode())
    assert {f"{DOCS}/{each}" for each in REVISIONS} <= set(page.links)
    assert f"{OPENAPI}/{NEWEST}.json" in page.links


def test_page_tells_what_changed(client: Client) -> None:
    assert "job_id" in fetched(client, f"{DOCS}/2023-12-15").body.decode()
    assert (
        "What this revision changed"
        not in fetched(client, f"{DOCS}/{FIRST_REVISION}").body.decode()
    )
