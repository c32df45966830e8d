"""Fill a database through the server that is on the path, and keep it for the tests of upgrades.

Run with the source of the commit whose databases are to be kept, once for each of its engines:

    git worktree add /tmp/then COMMIT
    PYTHONPATH=/tmp/then/src python tests/store/keep_database.py NAME

makes `tests/store/databases/NAME.sqlite.gz`, and with `--postgres`, `NAME.postgres.sql.gz` from a
PostgreSQL of the tests' own package. What is in it, `tests/store/test_earlier_databases.py` says.
"""

from __future__ import annotations

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import urllib3

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
KEPT = HERE / "databases"
REVISION = "2026-10-15"
OWN = "$custom:::$default:::"
ONE_DAY = "86400"


@contextmanager
def running(*arguments: str) -> Iterator[Any]:
    """Run a command of backroom and give the line that it says when it is ready."""
    command = [sys.executable, "-m", "backroom", *arguments]
    environment = os.environ | {"BACKROOM_LIMITS": "off"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        yield process.stdout.readline()
        process.terminate()


@contextmanager
def serving(database: str, *flags: str) -> Iterator[Any]:
    """Serve a database and give what the server said."""
    arguments = ("serve", "--database", database, "--port", "0", "--format", "json", *flags)
    with running(*arguments) as line:
        yield msgspec.json.decode(line)


def identifier(kind: str, external_id: str) -> dict[str, str]:
    return {"type": f"catalog-{kind}", "id": OWN + external_id}


def creation(kind: str, external_id: str, **related: Any) -> dict[str, Any]:
    words = {"title": f"Shirt {external_id}", "description": "Fünf Hüte"}
    attributes: dict[str, Any] = {"external_id": external_id, **words, "url": "https://shop.test/"}
    if kind == "category":
        attributes = {"external_id": external_id, "name": f"Shelf {external_id}"}
    if kind == "variant":
        attributes |= {"sku": f"SKU-{external_id}", "inventory_quantity": 3, "price": 12.5}
    relationships = {name: {"data": data} for name, data in related.items()}
    return {
        "type": f"catalog-{kind}",
        "attributes": attributes,
        **({"relationships": relationships} if relationships else {}),
    }


def post(said: Any, key: str, kind: str, verb: str, *resources: Any, wait: bool = True) -> None:
    """Post a job, and wait for its end."""
    job = f"catalog-{kind}-bulk-{verb}-job"
    plural = {"item": "items", "variant": "variants", "category": "categories"}[kind]
    body = {"data": {"type": job, "attributes": {plural: {"data": list(resources)}}}}
    headers = {"Authorization": f"Klaviyo-API-Key {key}", "revision": REVISION}
    sent = headers | {"Content-Type": "application/vnd.api+json"}
    url = f"{said['url']}/api/{job}s"
    answer = urllib3.request("POST", url, body=msgspec.json.encode(body), headers=sent)
    assert answer.status == 202, answer.data
    one = f"{url}/{answer.json()['data']['id']}"
    while wait:
        shown = urllib3.request("GET", one, headers=headers).json()
        if shown["data"]["attributes"]["status"] == "complete":
            break


def fill(database: str, *, workers: bool) -> str:
    """Make all that a catalog can hold, and one job that waits. Give the key."""
    with serving(database) as said:
        key = str(said["key"])
        if workers:
            with running("work", "--database", database):
                _fill(said, key)
        else:
            _fill(said, key)
    # A queue worker would put its task off until the job is due, and the tests wait for the job.
    idle = ("--worker", "off") if workers else ()
    with serving(database, "--job-delay", ONE_DAY, *idle) as said:
        post(said, key, "item", "create", creation("item", "waiting"), wait=False)
    return key


def _fill(said: Any, key: str) -> None:
    shelves = [identifier("category", "tops"), identifier("category", "gone")]
    post(said, key, "category", "create", *(creation("category", n) for n in ("tops", "gone")))
    post(
        said,
        key,
        "item",
        "create",
        *(creation("item", f"item {n}", categories=shelves) for n in range(30)),
        creation("item", "item 1"),
    )
    parent = identifier("item", "item 1")
    post(
        said,
        key,
        "variant",
        "create",
        *(creation("variant", f"variant {n}", item=parent) for n in range(5)),
    )
    post(said, key, "category", "delete", identifier("category", "gone"))


def keep(name: str, content: bytes, key: str) -> None:
    """Write a database, compressed, and its key beside it."""
    KEPT.mkdir(exist_ok=True)
    with (KEPT / name).open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(content)
    (KEPT / name).with_suffix(".key").write_text(key + "\n")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("name")
    asked.add_argument("--postgres", action="store_true")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        if not given.postgres:
            path = Path(directory) / "kept.db"
            key = fill(str(path), workers=False)
            keep(f"{given.name}.sqlite.gz", path.read_bytes(), key)
            return
        sys.path.insert(0, str(HERE.parent))
        from support.engines import Cluster

        cluster = Cluster(Path(directory) / "cluster" / "postgres")
        with cluster.databases() as create:
            url = create()
            key = fill(url, workers=True)
            command = [cluster.program("pg_dump"), "--inserts", "--no-owner", url]
            dumped = subprocess.run(command, check=True, capture_output=True).stdout
        cluster.stop()
        keep(f"{given.name}.postgres.sql.gz", dumped, key)


if __name__ == "__main__":
    main()
