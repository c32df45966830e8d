from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backroom.feeds.spooling import Spool, encoded_record

pairs = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "ü", "\ud800"]), st.binary(max_size=40)))


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(pairs, st.sampled_from([0, 200, 10**6]))
def test_records_are_joined_by_key(records: list[tuple[str, bytes]], in_memory: int) -> None:
    spool = Spool(in_memory)
    expected: dict[str, list[bytes]] = {}
    for key, encoded in records:
        spool.add(key, encoded)
        expected.setdefault(key, []).append(encoded)
    assert dict(spool.groups()) == dict(spool.groups()) == expected
    assert sorted(spool.records()) == sorted(encoded for _, encoded in records)
    assert sorted(spool.keyed()) == sorted(records)
    spool.close()


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "A", "b", "Ü", "ü"]), st.binary(max_size=9))),
    st.lists(st.tuples(st.sampled_from(["a", "A", "b", "ü"]), st.text(min_size=1, max_size=5))),
    st.sampled_from([0, 10**6]),
    st.sampled_from([0, 10**6]),
)
def test_keys_are_joined_with_names(
    records: list[tuple[str, bytes]], given_names: list[tuple[str, str]], ours: int, theirs: int
) -> None:
    spool, names = Spool(ours), Spool(theirs)
    first: dict[str, str] = {}
    for key, encoded in records:
        spool.add(key, encoded)
    for key, name in given_names:
        names.add(key, name.encode())
        first.setdefault(key, name)
    expected = [
        (key, encoded, first.get(key) or first.get(key.lower())) for key, encoded in records
    ]
    found = list(spool.joined_with(names))
    assert sorted(map(str, found)) == sorted(map(str, expected))
    if ours and theirs:
        assert found == expected
    for each in (spool, names):
        each.close()


def test_small_files_keep_their_order() -> None:
    spool = Spool()
    for key in "zab":
        spool.add(key, b"")
    assert [key for key, _ in spool.groups()] == ["z", "a", "b"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [("\ud800", "is not Unicode"), (2**70, "more than 64 bits")],
)
def test_some_values_can_not_be_kept(value: object, reason: str) -> None:
    found = encoded_record({"a": value})
    assert isinstance(found, str)
    assert reason in found
