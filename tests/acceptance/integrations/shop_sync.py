"""Products as Shopify exports them, kept in Klaviyo's catalog with the official SDK."""

from __future__ import annotations

import re
import time

ID = "$custom:::$default:::"
MOST_IN_A_JOB = 100
EXISTS = re.compile(r"with the external id `(.+)` already exists")


def item_of(product):
    return {
        "external_id": str(product["id"]),
        "title": product["title"],
        "description": product["body_html"],
        "url": f"https://shop.example/products/{product['handle']}",
        "published": product["status"] == "active",
    }


def variant_of(product, variant):
    return {
        "external_id": str(variant["id"]),
        "title": variant["title"],
        "description": product["body_html"],
        "sku": variant["sku"],
        "url": f"https://shop.example/products/{product['handle']}?variant={variant['id']}",
        "price": float(variant["price"]),
        "inventory_quantity": variant["inventory_quantity"],
    }


class Sync:
    """Creates what is new, updates what exists, and says what could not be written."""

    def __init__(self, klaviyo, pause=1.0):
        self.catalogs = klaviyo.Catalogs
        self.pause = pause
        self.failures = []

    def run(self, products):
        items = [{"type": "catalog-item", "attributes": item_of(each)} for each in products]
        self._write("item", items)
        variants = [
            {
                "type": "catalog-variant",
                "attributes": variant_of(product, variant),
                "relationships": {
                    "item": {"data": {"type": "catalog-item", "id": f"{ID}{product['id']}"}}
                },
            }
            for product in products
            for variant in product["variants"]
        ]
        self._write("variant", variants)
        return self.failures

    def _write(self, kind, resources):
        for start in range(0, len(resources), MOST_IN_A_JOB):
            batch = resources[start : start + MOST_IN_A_JOB]
            existing = {
                found[1]
                for detail in self._job("create", kind, batch)
                if (found := EXISTS.search(detail)) or self.failures.append(detail)
            }
            updates = [
                {
                    "type": each["type"],
                    "id": f"{ID}{each['attributes']['external_id']}",
                    "attributes": {
                        name: value
                        for name, value in each["attributes"].items()
                        if name != "external_id"
                    },
                }
                for each in batch
                if each["attributes"]["external_id"] in existing
            ]
            if updates:
                self.failures += self._job("update", kind, updates)

    def _job(self, verb, kind, resources):
        body = {
            "type": f"catalog-{kind}-bulk-{verb}-job",
            "attributes": {f"{kind}s": {"data": resources}},
        }
        send = getattr(self.catalogs, f"bulk_{verb}_catalog_{kind}s")
        # The SDK names the jobs of variants otherwise than those of items.
        looks = (f"get_bulk_{verb}_{name}s_job" for name in (f"catalog_{kind}", kind))
        look = next(getattr(self.catalogs, each) for each in looks if hasattr(self.catalogs, each))
        job = send({"data": body}).data
        while job.attributes.status in {"queued", "processing"}:
            time.sleep(self.pause)
            job = look(job.id).data
        if job.attributes.status == "cancelled":
            return [f"the job {job.id} was cancelled"]
        return [error.detail for error in job.attributes.errors or []]
