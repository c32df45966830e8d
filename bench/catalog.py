"""Items as a shop has them, jobs that make them, and requests of the API as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom.revisions import NEWEST, OLDEST
from bench.load import Question

if TYPE_CHECKING:
    from bench.servers import Answer, Served

JOBS = "/api/catalog-item-bulk-create-jobs"
JOB_TYPE = "catalog-item-bulk-create-job"
ITEMS = "/api/catalog-items"
OPERATIONS = 100
"""Operations of a full job, and resources on a full page."""
MEDIA_TYPE = "application/vnd.api+json"

_COLOURS = ("green", "ochre", "indigo", "crimson", "sand", "slate", "ivory")
_NOUNS = ("shirt", "jacket", "trousers", "dress", "scarf", "belt", "boots", "umbrella", "hat")
_STYLES = ("classic", "summer", "evening", "outdoor", "everyday")
_WORDS = (
    "Made to last from cloth that was chosen with care. Wash it cold and hang it up to dry."
    " It comes in a bag of cotton with a needle, thread and two spare buttons."
    " We send it within two days; you can give it back within thirty."
    " The seams are doubled where it wears most, and what does wear can be mended."
    " Ask us for the sheet of sizes if you are between two of them."
)


def attributes(place: int) -> dict[str, Any]:
    """Make the item at a place, about 1 kB as it is sent."""
    style, noun = _STYLES[place % 5], _NOUNS[place // 5 % 9]
    title = f"{style.title()} {_COLOURS[place % 7]} {noun} no. {place % 100_000}"
    name = f"sku-{place:08}"
    return {
        "external_id": name,
        "title": title,
        "description": f"{title}. {_WORDS} {title}, size {place % 40}.",
        "url": f"https://shop.example/products/{name}",
        "price": 10 + place % 5000 / 20,
        "image_full_url": f"https://images.shop.example/{name}/full.jpg",
        "image_thumbnail_url": f"https://images.shop.example/{name}/thumbnail.jpg",
        "images": [f"https://images.shop.example/{name}/{view}.jpg" for view in ("front", "back")],
        "custom_metadata": {"season": place % 4, "material": "cotton", "rating": place % 50 / 10},
        "published": place % 8 != 0,
    }


def job_body(first: int, count: int = OPERATIONS) -> bytes:
    """Write the body of a job that creates items from a place on, in the newest revision."""
    items = [
        {"type": "catalog-item", "attributes": attributes(place)}
        for place in range(first, first + count)
    ]
    data = {
        "type": JOB_TYPE,
        "attributes": {"items": {"data": items}},
    }
    return msgspec.json.encode({"data": data})


def headers(key: str, revision: str = NEWEST) -> dict[str, str]:
    """Give the headers that an official SDK of a revision sends, those that matter."""
    return {
        "Authorization": f"Klaviyo-API-Key {key}",
        "revision": revision,
        "Accept": MEDIA_TYPE,
        "Content-Type": MEDIA_TYPE,
    }


def written(
    method: str, port: int, path: str, given: dict[str, str], body: bytes | None = None
) -> bytes:
    """Write a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"{name}: {value}" for name, value in given.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def reading(served: Served, path: str, key: str, revision: str = NEWEST) -> tuple[Question, Answer]:
    """Give the question for something that can be read, with the right answer, asked once."""
    given = headers(key, revision)
    answer = served.get(path, given)
    if answer.status != 200:
        raise RuntimeError(f"GET {path}: {answer.status} {answer.body[:500]!r}")
    return Question(written("GET", served.port, path, given), body=answer.body), answer


def posting(port: int, key: str, first: int, count: int = OPERATIONS) -> Question:
    """Give the question that submits a job, with what its answer holds."""
    return Question(
        written("POST", port, JOBS, headers(key), job_body(first, count)),
        status=202,
        holds={
            "data.type": JOB_TYPE,
            "data.attributes.status": "processing",
            "data.attributes.total_count": count,
        },
    )


REVISIONS = {"newest": NEWEST, "oldest": OLDEST}
