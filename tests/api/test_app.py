"""The application as uvicorn calls it, and over real sockets with whatever may arrive there."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.api.cursors import Cursor, Cursors
from backroom.api.query import allowed_filters
from backroom.store import keys, open_database
from support.client import Client
from support.factories import NEWEST, Site, a_body, a_kind_of_job, a_resource
from support.strategies import altered_bodies, job_kinds, json_values, operations, quoted, thorough
from support.strategies import revisions as every_rung

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.catalog.kinds import JobKind
    from backroom.catalog.operations import Operation
    from backroom.revisions import Revision
    from backroom.store.database import Database
    from conftest import NewDatabase
    from support.factories import Answered
    from support.strategies import Sent
    from support.wire_jobs import MakeClient

ITEMS = a_kind_of_job("item", "create")
PATH = f"/api/{ITEMS.collection}"
BODY = msgspec.json.encode(a_body(ITEMS, a_resource("item")))
LIMIT = 5_000_000
OWN = "$custom:::$default:::"
MEGABYTE = b" " * 1_000_000


@pytest.fixture
def site(database: Database) -> Site:
    return Site(database)


@pytest.fixture(scope="module")
def lasting_site(new_store: NewDatabase) -> Iterator[Site]:
    """One for property tests, which may not have one for each example."""
    database = open_database(new_store())
    yield Site(database)
    database.close()


@pytest.fixture(scope="module")
def lasting_key(make_client: MakeClient) -> str:
    return make_client().key


# Without a socket


def test_job_is_accepted_and_told(site: Site) -> None:
    assert site.post(PATH, BODY).status == 202
    assert site.announced == 1
    assert site.get(PATH).status == 200
    assert site.announced == 1


def test_accepted_job_is_on_disk(site: Site) -> None:
    job_id = site.post(PATH, BODY).json["data"]["id"]
    with site.database.read() as tx:
        assert tx.one("select job_id from jobs") == (job_id,)


def test_refused_job_is_not_announced(site: Site) -> None:
    assert site.post(PATH, b"{}").status == 400
    assert site.announced == 0


@pytest.mark.parametrize("end", ["", "/"])
def test_both_slash_forms_are_served(site: Site, end: str) -> None:
    job_id = site.post(PATH + end, BODY).json["data"]["id"]
    assert site.get(PATH + end).status == 200
    assert site.get(f"{PATH}/{job_id}{end}").json["data"]["id"] == job_id


def test_escaped_job_id_is_found(site: Site) -> None:
    job_id = site.post(PATH, BODY).json["data"]["id"]
    escaped = "".join(f"%{ord(letter):02x}" for letter in job_id)
    assert site.get(f"{PATH}/{escaped}").json["data"]["id"] == job_id


def test_body_comes_in_chunks(site: Site) -> None:
    assert site.post(PATH, *(BODY[n : n + 7] for n in range(0, len(BODY), 7))).status == 202


def test_packed_body_is_taken(site: Site) -> None:
    assert site.post(PATH, gzip.compress(BODY), content_encoding="gzip").status == 202
    assert site.post(PATH, BODY, content_encoding="gzip").status == 400


def test_large_body_is_not_read_out(site: Site) -> None:
    answered = site.post(PATH, *[MEGABYTE] * 100)
    assert (answered.status, answered.error["code"]) == (413, "request_too_large")
    assert site.chunks_taken == LIMIT // len(MEGABYTE) + 1


def test_declared_large_body_is_not_read(site: Site) -> None:
    answered = site.post(PATH, *[MEGABYTE] * 6, content_length=str(6 * len(MEGABYTE)))
    assert answered.status == 413
    assert site.chunks_taken == 0


def test_other_media_type_is_not_read(site: Site) -> None:
    answered = site.post(PATH, BODY, content_type="text/plain")
    assert (answered.status, answered.error["code"]) == (415, "unsupported_media_type")
    assert site.chunks_taken == 0


def test_options_tell_what_is_allowed(site: Site) -> None:
    answered = site.call("OPTIONS", PATH)
    assert (answered.status, answered.body) == (200, b"")
    assert answered.headers["allow"] == "GET, POST, HEAD, OPTIONS"
    assert site.call("OPTIONS", PATH, headers={"authorization": None}).status == 401


def test_head_runs_as_get(site: Site) -> None:
    assert site.call("HEAD", PATH).status == 200
    assert site.call("HEAD", f"{PATH}/nothing").status == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "get", "BREW"])
def test_other_methods_are_refused(site: Site, method: str) -> None:
    answered = site.call(method, PATH)
    assert (answered.status, answered.error["code"]) == (405, "method_not_allowed")
    assert answered.error["title"] == f'Method "{method}" not allowed.'


@pytest.mark.parametrize("path", ["/", "/api", "/api/", "/favicon.ico", "/api/profile", "//"])
def test_other_paths_are_not_found(site: Site, path: str) -> None:
    answered = site.get(path)
    assert (answered.status, answered.error["code"]) == (404, "not_found")
    assert answered.error["detail"] == "The requested path does not exist."


def test_health_needs_no_key(site: Site) -> None:
    answered = site.get("/health", authorization=None, revision=None)
    assert answered.json["status"] == "ok"


def test_left_clients_get_no_answer(site: Site) -> None:
    scope = {"type": "http", "method": "POST", "scheme": "http", "query_string": b""}
    key = f"Klaviyo-API-Key {site.key.key}".encode()
    headers = [(b"authorization", key), (b"revision", NEWEST.encode())]
    scope |= {
        "raw_path": PATH.encode(),
        "headers": [*headers, (b"content-type", b"application/json")],
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(site.app(scope, receive, send))
    assert sent == []
    assert site.get(PATH).json["data"] == []


def test_other_scopes_are_left_alone(site: Site) -> None:
    async def never(*_: Any) -> Any:
        raise AssertionError

    asyncio.run(site.app({"type": "lifespan"}, never, never))


def test_closed_store_is_unavailable() -> None:
    database = open_database(None)
    site = Site(database)
    database.close()
    answered = site.get(PATH)
    assert (answered.status, answered.error["code"]) == (503, "service_unavailable")
    assert answered.headers["retry-after"] == "1"


def test_own_faults_say_little(database: Database) -> None:
    class Broken:
        inline = True

        def take(self, *_: Any) -> None:
            raise ZeroDivisionError("a secret of the house")

    answered = Site(database, limiter=Broken()).get(PATH)  # type: ignore[arg-type]
    assert (answered.status, answered.error["code"]) == (500, "error")
    assert b"secret" not in answered.body


# Whatever arrives


@pytest.mark.slow
@given(altered_bodies())
@thorough(100)
def test_any_body_is_answered(lasting_site: Site, sent: Sent) -> None:
    operation = sent.operation
    path = operation.path.replace("{id}", quote(sent.resource_id, safe=""))
    headers = {"content_type": "application/json", "revision": sent.revision.date}
    raw = json.dumps(sent.body).encode()
    hold(lasting_site.call(operation.method, path, headers=headers, chunks=[raw]))


@given(operations, st.text(max_size=8), st.text(max_size=8))
@thorough(100)
def test_any_lookup_is_answered(
    lasting_site: Site, operation: Operation, own: str, wanted: str
) -> None:
    own, wanted = (OWN + each.encode(errors="replace").decode() for each in (own, wanted))
    path = operation.path.replace("{id}", quote(own, safe=""))
    for each in allowed_filters(operation, NEWEST) if operation.paged else []:
        value = f"[{quoted(wanted)}]" if each.operator == "any" else quoted(wanted)
        query = urlencode({"filter": f"{each.operator}({each.name},{value})"})
        hold(lasting_site.call("GET", path, query))
    hold(lasting_site.call(operation.method, path, headers={"content_type": "application/json"}))


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", f"/api/catalog-items/{OWN}%00", ""),
        ("GET", f"/api/catalog-items/{OWN}%00/variants", ""),
        ("GET", f"{PATH}/%00", ""),
        ("DELETE", f"/api/catalog-items/{OWN}%00", ""),
        ("GET", "/api/catalog-items", f"filter=any(ids,[%22{OWN}%00%22])"),
        ("GET", "/api/catalog-items", f"filter=equals(category.id,%22{OWN}%00%22)"),
        ("GET", "/api/catalog-items", "filter=contains(title,%22%00%22)"),
        ("GET", "/api/catalog-items", "filter=contains(title,%22abc%00def%22)"),
        ("GET", "/api/catalog-variants", "filter=equals(sku,%22%00%22)"),
    ],
)
def test_null_characters_find_nothing(site: Site, method: str, path: str, query: str) -> None:
    answered = site.call(method, path, query)
    assert answered.status in {200, 400, 404}
    assert answered.status != 200 or answered.json["data"] == []


@pytest.mark.parametrize(
    ("sort", "onward", "within"),
    [
        ("created", True, {0, 1, 2**63 - 2, 2**63 - 1}),
        ("created", False, {1, 2**63 - 2, 2**63 - 1}),
        ("-created", True, {0, 1, 2**63 - 2, 2**63 - 1}),
        ("-created", False, {0, 1, 2**63 - 2}),
    ],
)
def test_borders_beyond_the_list_are_refused(
    site: Site, sort: str, within: set[int], *, onward: bool
) -> None:
    signed = Cursors(keys.cursor_secret(site.database))
    subject = f"{site.account} get_catalog_items '' {sort} []"
    for border in (0, 1, 2**63 - 2, 2**63 - 1, 2**63, 2**64, 2**128 - 1):
        cursor = signed.write(Cursor(border, onward=onward), subject)
        answered = site.get("/api/catalog-items", f"sort={sort}&page[cursor]={cursor}")
        assert answered.status == (200 if border in within else 400), border


@pytest.mark.parametrize("secret", [b"backroom page cursor 1", b"x", bytes(32)])
def test_forged_cursors_are_refused(site: Site, secret: bytes) -> None:
    for path, name, bits in (
        ("/api/catalog-items", "get_catalog_items", 63),
        ("/api/catalog-item-bulk-create-jobs", "get_bulk_create_catalog_items_jobs", 128),
    ):
        subject = f"{site.account} {name} '' created []"
        for border in (0, 1, 2**bits - 1, 2**128 - 1):
            for onward in (True, False):
                cursor = Cursors(secret).write(Cursor(border, onward=onward), subject)
                answered = site.get(path, f"page[cursor]={cursor}")
                assert (answered.status, answered.error["detail"]) == (
                    400,
                    "Invalid cursor provided.",
                )


latin = st.text(st.characters(max_codepoint=255), max_size=20)
queries = st.text("fieldsncuagr[]=&%(),'\"?:/@_- +catalog-item", max_size=30) | latin
cursors = latin.map(lambda text: f"page[cursor]=//{text}page?")


@given(
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT", ""]) | latin,
    st.sampled_from([PATH, f"{PATH}/", "/api/", "/"]),
    latin,
    queries | cursors,
    st.dictionaries(
        st.sampled_from(
            ["revision", "content-type", "content-encoding", "content-length", "host", "cookie"]
        ),
        latin,
    ),
)
@thorough(200)
def test_any_head_is_answered(
    lasting_site: Site, method: str, path: str, end: str, query: str, headers: dict[str, str]
) -> None:
    hold(lasting_site.call(method, path + end, query, headers=headers, chunks=[b"{}"]))


def hold(answered: Answered) -> None:
    """The answer is one of the API's own and no fault of ours."""
    assert answered.status < 500, answered.body
    if answered.status >= 400 and "allow" in answered.headers:
        assert set(answered.error) >= {"id", "status", "code", "title", "detail", "source"}


# Over a socket


def exchanged(url: str, *parts: bytes, leave: bool = False) -> bytes:
    """Send raw bytes and give what comes back until the server hangs up, or leave after sending."""
    place = urlsplit(url)
    answer = b""
    with closing(socket.create_connection((place.hostname, place.port), 10.0)) as connection:
        with suppress(OSError):
            for part in parts:
                connection.sendall(part)
            if leave:
                connection.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while chunk := connection.recv(65536):
                answer += chunk
    return answer


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0


def head(key: str, method: bytes = b"GET", target: bytes = PATH.encode(), *more: bytes) -> bytes:
    lines = [
        method + b" " + target + b" HTTP/1.1",
        b"Host: shop.test",
        b"Connection: close",
        f"Authorization: Klaviyo-API-Key {key}".encode(),
        f"revision: {NEWEST}".encode(),
        *more,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def test_plain_request_is_answered(client: Client) -> None:
    answer = exchanged(client.url, head(client.key))
    assert status_of(answer) == 200
    assert b'"self":"http://shop.test/api/catalog-item-bulk-create-jobs"' in answer


def test_head_has_no_body(client: Client) -> None:
    answer = exchanged(client.url, head(client.key, b"HEAD"))
    assert status_of(answer) == 200
    assert answer.endswith(b"\r\n\r\n")
    assert b"content-length: 0" not in answer.lower()


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))


def test_chunked_body_is_taken(client: Client) -> None:
    more = (b"Content-Type: application/json", b"Transfer-Encoding: chunked")
    sent = chunked(BODY[:100], BODY[100:])
    answer = exchanged(client.url, head(client.key, b"POST", PATH.encode(), *more), sent)
    assert status_of(answer) == 202


def test_chunked_body_has_a_limit(client: Client) -> None:
    more = (b"Content-Type: application/json", b"Transfer-Encoding: chunked")
    parts = (chunked(MEGABYTE)[:-5] for _ in range(20))
    answer = exchanged(client.url, head(client.key, b"POST", PATH.encode(), *more), *parts)
    assert status_of(answer) in {413, 0}
    assert client.get(PATH).status == 200


def test_cut_body_stores_nothing(client: Client) -> None:
    more = (b"Content-Type: application/json", b"Content-Length: %d" % len(BODY))
    exchanged(client.url, head(client.key, b"POST", PATH.encode(), *more), BODY[:-1], leave=True)
    assert client.get(PATH).json["data"] == []


def test_refusal_keeps_the_connection(client: Client) -> None:
    for _ in range(3):
        answer = client.post(PATH, body=b"x" * (LIMIT + 1))
        assert answer.status == 413
        assert client.get(PATH).status == 200


@given(st.binary(max_size=60))
@thorough(40)
def test_any_bytes_are_answered(server_url: str, sent: bytes) -> None:
    assert status_of(exchanged(server_url, sent + b"\r\n\r\n", leave=True)) < 500


@given(st.binary(max_size=40))
@thorough(40)
def test_any_target_is_answered(server_url: str, lasting_key: str, target: bytes) -> None:
    sent = head(lasting_key, b"GET", PATH.encode() + target.translate(None, b" \r\n"))
    assert 200 <= status_of(exchanged(server_url, sent)) < 500


@given(st.binary(max_size=20), st.binary(max_size=40))
@thorough(20)
def test_any_header_is_answered(
    server_url: str, lasting_key: str, name: bytes, value: bytes
) -> None:
    for line in (name + b": " + value, b"revision: " + value, b"Authorization: " + value):
        sent = head(lasting_key, b"GET", PATH.encode(), line)
        assert status_of(exchanged(server_url, sent, leave=True)) < 500


@given(job_kinds, every_rung, json_values)
@thorough(40)
def test_any_posted_json_is_answered(
    server_url: str, lasting_key: str, job_kind: JobKind, revision: Revision, body: Any
) -> None:
    raw = json.dumps(body).encode()
    client = Client(server_url, lasting_key, revision.date)
    assert client.post(f"/api/{job_kind.collection}", body=raw).status == 400
    client.pool.clear()
