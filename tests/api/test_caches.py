from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backroom.api import layouts
from backroom.api.caches import BoundedCache
from backroom.revisions import NEWEST, REVISIONS
from support.factories import a_row, an_operation
from support.strategies import thorough

MOST = 1000


def filled(*sizes: int) -> BoundedCache[int]:
    cache = BoundedCache[int](MOST)
    for key, size in enumerate(sizes):
        cache.keep(key, key, size)
    return cache


@given(st.lists(st.integers(1, MOST)))
@thorough(200)
def test_cache_is_bounded_in_bytes(sizes: list[int]) -> None:
    assert filled(*sizes).bytes <= MOST


def test_what_is_used_stays() -> None:
    cache = filled(10)
    for key in range(1, 1000):
        cache.keep(key, key, 10)
        assert cache.get(0) == 0
    assert cache.get(1) is None


def test_large_values_are_not_kept() -> None:
    cache = filled(10, MOST)
    assert (cache.get(0), cache.get(1), len(cache)) == (0, None, 1)


def test_a_key_is_counted_once() -> None:
    cache = filled(400)
    for _ in range(10):
        cache.keep(0, 0, 400)
    assert (cache.bytes, len(cache)) == (400, 1)


def test_long_hosts_are_kept_in_bounds() -> None:
    revision = REVISIONS[NEWEST]
    for size, count in ((10, 20), (60_000, 60), (5_000_000, 1)):
        for number in range(count):
            base = f"http://{number:0{size}}"
            layouts.of_records(a_row("get_catalog_items"), revision, (), base, False)  # noqa: FBT003
    layouts.of_jobs(an_operation(), revision, (), "x" * 5_000_000, False)  # noqa: FBT003
    for cache in (layouts._records_kept, layouts._jobs_kept):  # noqa: SLF001
        assert cache.bytes <= layouts._KEPT_BYTES  # noqa: SLF001
        texts = [key[3] for kept in (cache._young, cache._old) for key in kept]  # type: ignore[index]  # noqa: SLF001
        assert sum(map(len, texts)) <= layouts._KEPT_BYTES  # noqa: SLF001
