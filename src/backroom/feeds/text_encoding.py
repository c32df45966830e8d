"""The encoding of a text file, found by its bytes: a mark at its beginning, or what can be decoded.

UTF-8 proves itself: hardly any other text is valid UTF-8 by chance. UTF-16 without a mark shows by
its zero bytes. What is left is a code page of Windows, mostly Windows-1252, as Excel saves CSV in
western Europe. Where whole words are not ASCII, charset-normalizer weighs it against the others.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    from pathlib import Path

_DECODED_BYTES = 1 << 20
_SAMPLE_BYTES = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CODE_PAGES = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "mac_roman"),
    *("gb18030", "big5", "cp932", "cp949"),
]
_WORDS = re.compile(rb"[\xa1-\xff]{4,}")
"""Words without any letter of ASCII. Languages of Windows-1252 have none."""
_UNUSED_IN_1252 = b"\x81\x8d\x8f\x90\x9d"
_OF_1250 = re.compile(rb"[A-Za-z][\xb3\xb9\xbe\xbf][A-Za-z]")
"""Letters of Polish and Slovak words, which Windows-1252 has as digits and signs."""
_LETTERS_OF_CODE_PAGES = (
    # Czech, Slovene and Croatian. French may have a Škoda, with letters that these lack.
    ("cp1250", b"\x9a\x9e\x8a\x8e", b"\xe8\xec\xf8\xf2\xef\xf9\xe6", b"\xe0\xe2\xe7\xea"),
    # Hungarian. Portuguese and Estonian have one of them, and others that Hungarian lacks.
    ("cp1250", b"\xf5\xfb", b"\xf6\xfc", b"\xe3\xe7\xe4"),
    # Turkish. Icelandic has other vowels with these.
    ("cp1254", b"\xf0\xfd\xfe\xd0\xdd\xde", b"", b"\xe1\xe9\xed\xf3\xfa\xe6\xc1\xcd\xd3\xda\xc6"),
)
"""Code pages whose words look like Latin ones in Windows-1252: bytes of which some are there, bytes
of which some are there too, if given, and bytes that are not there."""
_ENCODING_TITLES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with BOM",
    "ascii": "ASCII",
    "iso8859-1": "ISO-8859-1",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "koi8-r": "KOI8-R",
    "mac-roman": "Mac Roman",
    "gb18030": "GB 18030",
    "big5": "Big5",
    "cp932": "Shift JIS",
    "cp949": "EUC-KR",
}


def shown_encoding(name: str) -> str:
    """Give the name of an encoding as people know it."""
    normal = codecs.lookup(name).name
    if normal.startswith("cp125"):
        return f"Windows-{normal[2:]}"
    return _ENCODING_TITLES.get(normal, normal)


def checked_encoding(name: str) -> str:
    """Give Python's name of an encoding that a user names. Raises `FeedError` if there is none."""
    try:
        found = codecs.lookup(name.strip().lower().replace("windows-", "cp"))
        "".encode(found.name)
    except (LookupError, TypeError):
        raise FeedError(f"can't be read: there is no text encoding {name!r}") from None
    return found.name


def encoding_of(path: Path) -> str:
    """Give the encoding of the file at `path`, by Python's name of it.

    Raises `FeedError` if the file is no text.
    """
    with path.open("rb") as file:
        first = file.read(_SAMPLE_BYTES)
        for mark, name in _MARKS:
            if first.startswith(mark):
                return name
        if b"\0" in first:
            return _utf_16_of(first)
        decoder = codecs.getincrementaldecoder("utf-8")()
        chunk = first
        before = b""
        while chunk:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return _code_page_of(before[-_SAMPLE_BYTES:] + chunk + file.read(_SAMPLE_BYTES))
            before, chunk = chunk, file.read(_DECODED_BYTES)
    return "utf-8"


def _utf_16_of(sample: bytes) -> str:
    """Tell the byte order by the zero bytes of ASCII characters."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 4 < len(sample) or min(even, odd) * 8 > max(even, odd):
        raise FeedError("is not a text file: it has zero bytes")
    return "utf-16-be" if even > odd else "utf-16-le"


def _code_page_of(sample: bytes) -> str:
    """Weigh the code pages by the lines that are not ASCII.

    UTF-8 with single wrong bytes is still UTF-8: the rows with such bytes are faults. Windows-1252
    is taken unless another code page reads clearly better.
    """
    lines = [line for line in sample.splitlines(keepends=True) if not line.isascii()]
    if sum(map(_is_utf_8, lines)) * 2 > len(lines):
        return "utf-8"
    text = b"".join(lines)[:_SAMPLE_BYTES]
    high = sum(byte > 0x7F for byte in text)  # noqa: PLR2004 - the last of ASCII
    if high * 2 < len(text) and sum(map(len, _WORDS.findall(text))) * 2 < high:
        if _OF_1250.search(text):
            return "cp1250"
        found = set(text)
        for name, some, others, none in _LETTERS_OF_CODE_PAGES:
            if found & set(some) and (not others or found & set(others)) and not found & set(none):
                return name
        if not found & set(_UNUSED_IN_1252):
            return "cp1252"
    # It takes longer to import than most files take to read.
    from charset_normalizer import from_bytes

    best = from_bytes(text, cp_isolation=_CODE_PAGES).best()
    return best.encoding if best else "cp1252"


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
