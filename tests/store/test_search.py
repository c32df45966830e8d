from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backroom import clock
from backroom.catalog.kinds import ITEM, KINDS, Kind
from backroom.store import open_database, pages, records, search
from backroom.store.pages import Columns, RecordQuestion
from backroom.store.records import Values
from support.strategies import thorough

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database, Transaction
    from conftest import NewDatabase

# Case is not what tells them apart: full-text words have theirs folded.
ACCOUNT, OTHER = "AbCdEf", "aBcDeF"
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)

AWKWARD = (
    "aA%_\\\"'*^:-+(){}|&\t\n\x01\x02\x1e\x1f\x7f "
    "ßẞİ\u0131\u017fKéÉ\u0301\u0308\u200d\u200b\u00ad\ufeffאبش\u202eあ漢한"
    "👩👧🏽🇩🇪\ue000\ufffd\uffff\U000e0001\U0010ffff"
)
texts = st.text(st.sampled_from(AWKWARD), max_size=12) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
)


@pytest.fixture(scope="module")
def shared(new_store: NewDatabase) -> Iterator[Database]:
    """A database for many examples, none of which leaves anything."""
    opened = open_database(new_store())
    yield opened
    opened.close()


def record(kind: Kind, text: str, number: int | None = None) -> Values:
    columns: dict[str, Any] = dict.fromkeys(kind.columns, text) | dict.fromkeys(kind.nullable, 1)
    if "published" in columns:
        columns["published"] = 1
    made = clock.new_number() if number is None else number
    return Values(made, f"r{made}", "{}", columns, search.folded(text))


def found(tx: Transaction, kind: Kind, part: str, account: str = ACCOUNT) -> list[int]:
    """The numbers of what `contains` finds."""
    asked = RecordQuestion(size=100, parts=[search.folded(part)])
    return [row[0] for row in pages.records_page(tx, kind, account, asked, Columns())]


class Undone(Exception):
    pass


def finds(database: Database, texts: list[str], part: str) -> list[bool]:
    """Whether each of some texts, stored together, is found by a part."""
    made = [record(ITEM, text) for text in texts]
    result: list[bool] = []

    def work(tx: Transaction) -> None:
        records.insert(tx, ITEM, ACCOUNT, made)
        numbers = found(tx, ITEM, part)
        result.extend(each.number in numbers for each in made)
        raise Undone

    with pytest.raises(Undone):
        database.write(work).result()
    return result


@thorough(1000)
@given(text=texts, part=texts.filter(bool))
def test_contains_is_python_in(shared: Database, text: str, part: str) -> None:
    assert finds(shared, [text], part) == [part.casefold() in text.casefold()]


@given(before=texts, part=texts.filter(bool), after=texts)
def test_every_part_is_found(shared: Database, before: str, part: str, after: str) -> None:
    text = before + part + after
    assume(part.casefold() in text.casefold())
    assert finds(shared, [text, before], part)[0]


@given(held=st.lists(texts, max_size=5), part=texts.filter(bool))
def test_only_holders_are_found(shared: Database, held: list[str], part: str) -> None:
    assert finds(shared, held, part) == [part.casefold() in each.casefold() for each in held]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 100, 1000, 49_000])
def test_parts_may_be_long(database: Database, length: int) -> None:
    text = ("Shirt no. 12345, " * 3000)[:length]
    assert finds(database, ["a " + text + " z", text[1:]], text) == [True, False]


@given(
    length=st.integers(search.INDEXED_CHARACTERS - 4, search.INDEXED_CHARACTERS + 4),
    part=texts.filter(bool),
)
@thorough(100)
def test_ends_of_long_texts_are_found(shared: Database, length: int, part: str) -> None:
    held = ["x" * length + part, "x" * length]
    assert finds(shared, held, part) == [True, part.casefold() in held[1]]


def test_long_text_has_few_words() -> None:
    texts = ("".join(map(chr, range(0x4E00, 0x4E00 + size))) for size in (2_000, 20_000))
    counts = [len(search.grams(ACCOUNT, text)) for text in texts]
    assert counts == [search.INDEXED_CHARACTERS - 1] * 2


@pytest.mark.parametrize("part", ["漢", "漢字", "漢字で"])
def test_huge_text_can_be_stored(database: Database, part: str) -> None:
    huge = "".join(map(chr, range(0x3400, 0xD000))) * 4 + part
    assert finds(database, [huge, "a hat"], part) == [True, False]


def test_texts_of_earlier_versions_are_found(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = record(ITEM, "x" * 1000 + "shirt")
    with monkeypatch.context() as earlier:
        earlier.setattr(search, "INDEXED_CHARACTERS", 10_000)
        database.write(lambda tx: records.insert(tx, ITEM, ACCOUNT, [made])).result()
    with database.read() as tx:
        assert found(tx, ITEM, "shirt") == [made.number]


@every_kind
def test_new_text_is_found(database: Database, kind: Kind) -> None:
    made = record(kind, "Red shirt")
    database.write(lambda tx: records.insert(tx, kind, ACCOUNT, [made])).result()
    renamed = record(kind, "Blue hat", made.number)
    database.write(lambda tx: records.update(tx, kind, ACCOUNT, [renamed], {made.number})).result()
    with database.read() as tx:
        assert [found(tx, kind, part) for part in ("shirt", "r", "hat", "h", "BLUE HAT")] == [
            [],
            [],
            [made.number],
            [made.number],
            [made.number],
        ]


@every_kind
def test_unchanged_text_stays_found(database: Database, kind: Kind) -> None:
    made = record(kind, "Red shirt")
    database.write(lambda tx: records.insert(tx, kind, ACCOUNT, [made])).result()
    database.write(lambda tx: records.update(tx, kind, ACCOUNT, [made], set())).result()
    with database.read() as tx:
        assert found(tx, kind, "shirt") == [made.number]


@every_kind
def test_deleted_text_leaves_no_words(database: Database, kind: Kind) -> None:
    made = record(kind, "Red shirt")
    database.write(lambda tx: records.insert(tx, kind, ACCOUNT, [made])).result()
    database.write(lambda tx: records.delete(tx, kind, ACCOUNT, [made.number])).result()
    with database.read() as tx:
        grams = f"{kind.table}_grams"
        words = search.words_query(tx.dialect, ACCOUNT, ["shirt"])
        found = tx.dialect.search.match.format(table=grams)
        assert tx.all(f"select 1 from {grams} where {found}", account=ACCOUNT, grams=words) == []


@every_kind
def test_accounts_never_meet(database: Database, kind: Kind) -> None:
    own, others = record(kind, "Red shirt"), record(kind, "Red shirt")
    database.write(lambda tx: records.insert(tx, kind, ACCOUNT, [own])).result()
    database.write(lambda tx: records.insert(tx, kind, OTHER, [others])).result()
    with database.read() as tx:
        for part in ("r", "re", "red", "red shirt"):
            assert found(tx, kind, part) == [own.number]
            assert found(tx, kind, part, OTHER) == [others.number]
