"""A script of 2023: prices from a file of the warehouse, over requests, in an old revision."""

from __future__ import annotations

import time

import requests

REVISION = "2023-02-22"


class Failed(Exception):
    """The night's work is not done."""


def export(url, key, prices, pause=5.0, patience=600.0):
    session = requests.Session()
    session.headers.update({"Authorization": f"Klaviyo-API-Key {key}", "revision": REVISION})
    items = [
        {
            "type": "catalog-item",
            "id": f"$custom:::$default:::{external_id}",
            "attributes": {"custom_metadata": {"price": price}},
        }
        for external_id, price in prices.items()
    ]
    body = {"type": "catalog-item-bulk-update-job", "attributes": {"items": items}}
    path = f"{url}/api/catalog-item-bulk-update-jobs"
    job = answered(session.post(f"{path}/", json={"data": body}))
    end = time.monotonic() + patience
    while job["attributes"]["status"] != "complete":
        if time.monotonic() > end:
            raise Failed(f"job {job['id']} is still {job['attributes']['status']}")
        time.sleep(pause)
        job = answered(session.get(f"{path}/{job['id']}/"))
    return job["attributes"]["failed_count"]


def answered(response):
    if response.status_code >= 400:
        error = response.json()["errors"][0]
        raise Failed(f"{response.status_code}: {error['detail']}")
    return response.json()["data"]
