"""Stock levels, pushed as they change: asynchronous, over httpx, in the newest revision."""

from __future__ import annotations

import asyncio

import httpx

REVISION = "2026-10-15"
TOO_MANY, UNAVAILABLE, CONFLICT = 429, 503, 409


class StockPush:
    """Creates or updates variants, some at a time, and tries again what can be tried again."""

    def __init__(self, url, key, *, at_once=5, tries=4, pause=0.5):
        headers = {"Authorization": f"Klaviyo-API-Key {key}", "revision": REVISION}
        self.client = httpx.AsyncClient(base_url=url, headers=headers, timeout=5)
        self.turns = asyncio.Semaphore(at_once)
        self.tries = tries
        self.pause = pause

    async def push(self, levels):
        async with self.client:
            await asyncio.gather(*(self._set(sku, level) for sku, level in levels.items()))

    async def _set(self, sku, level):
        async with self.turns:
            data = {
                "type": "catalog-variant",
                "id": f"$custom:::$default:::{sku}",
                "attributes": {"inventory_quantity": level},
            }
            path = f"/api/catalog-variants/{data['id']}"
            (await self._send("PATCH", path, {"data": data})).raise_for_status()

    async def _send(self, method, path, body):
        for turn in range(self.tries):
            last = turn == self.tries - 1
            try:
                answer = await self.client.request(method, path, json=body)
            except httpx.TransportError:
                if last:
                    raise
                await asyncio.sleep(self.pause)
                continue
            if answer.status_code not in {TOO_MANY, UNAVAILABLE} or last:
                return answer
            await asyncio.sleep(float(answer.headers.get("Retry-After", self.pause)))
        raise AssertionError
