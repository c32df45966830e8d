from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.feeds.rows import FeedError
from backroom.feeds.text_encoding import checked_encoding, encoding_of, shown_encoding

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "Handle;Title\nmütze;„Größe“ \u2013 rot, 5 €\n"


@pytest.mark.parametrize(
    "name", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_encodings_are_found(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(TEXT.encode(name))
    assert path.read_text(encoding_of(path)) == TEXT


def test_late_letters_count(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"plain text\n" * 300_000 + "Größe\n".encode("cp1252"))
    assert encoding_of(path) == "cp1252"


def test_single_wrong_bytes_leave_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes("Größe\n".encode() * 10 + b"caf\xe9\n")
    assert encoding_of(path) == "utf-8"


def test_cyrillic_is_told_from_latin(tmp_path: Path) -> None:
    path = tmp_path / "a"
    text = "Тёплая шапка из шерсти для зимы и осени, красная или синяя\n" * 5
    path.write_bytes(text.encode("cp1251"))
    assert path.read_text(encoding_of(path)) == text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cp1251", "тёплая шапка из шерсти, цвет"),
        ("cp1253", "Καλημέρα κόσμε, βαμβακερή μπλούζα"),
        ("cp1255", "כובע חם מצמר, שלושה גדלים"),
        ("cp1256", "مجموعة ممسحة سهلة الدوران مصنوعة من البلاستيك"),
        ("gb18030", "经典风味碳酸饮料冰凉畅快解渴"),
        ("big5", "經典風味碳酸可樂冰涼暢快解渴"),
        ("cp932", "これは暖かい帽子です。素材はウール"),
        ("cp949", "따뜻한 모자입니다. 소재는 울"),
    ],
)
def test_words_among_markup_tell_the_code_page(tmp_path: Path, name: str, words: str) -> None:
    text = f'<p class="a-list-item a-spacing-mini" style="width: 100%">{words}</p>\n' * 3
    path = tmp_path / "feed.csv"
    path.write_bytes(b"Handle,Title,Body (HTML)\n" + text.encode(name))
    assert text in path.read_text(encoding_of(path))


def test_polish_is_told_from_german(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for text, name in (("czapka żółta, wełna", "cp1250"), ("Mütze, größer, naïve", "cp1252")):
        path.write_bytes(text.encode(name))
        assert path.read_text(encoding_of(path)) == text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cp1250", "Nabíječka pro větší šířku, příslušenství"),
        ("cp1250", "Torbica za šport, črna, večja"),
        ("cp1250", "Erős, gyűjtői sapka, kötött, piros"),
        ("cp1254", "Yaş Grubu, Hayvan Türü, değer"),
        ("cp1252", "Húfa úr ull, þykk og hlý, góð gæði"),
        ("cp1252", "Limões e botões, opções médias, são"),
        ("cp1252", "Crème brûlée à l'œuvre, où déjà, noël"),
        ("cp1252", "Pièces de Škoda, à l'arrière"),
        ("cp1252", "Blå hætte, større størrelse"),
        ("cp1252", "Müts, õhuke, väike, šokolaad"),
    ],
)
def test_letters_tell_latin_code_pages_apart(tmp_path: Path, name: str, words: str) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(f"Handle,Title\n1,{words}\n".encode(name))
    assert words in path.read_text(encoding_of(path))


def test_bytes_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(256)) * 10)
    with pytest.raises(FeedError, match="has zero bytes"):
        encoding_of(path)


def test_names_may_be_windows() -> None:
    assert checked_encoding("Windows-1252") == "cp1252"
    assert shown_encoding("cp1252") == "Windows-1252"


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(FeedError, match="there is no text encoding"):
        checked_encoding(name)
