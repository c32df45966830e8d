from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.feeds import xml_elements
from backroom.feeds.rows import FeedError
from backroom.feeds.xml_elements import root_of, xml_records

if TYPE_CHECKING:
    from pathlib import Path

RSS = '<rss xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>\n<item>{}</item></channel></rss>'


def read(path: Path, text: str) -> list[object]:
    path.write_text(text, encoding="utf-8")
    return list(xml_records(path))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feed.xml"


def test_direct_children_are_read(path: Path) -> None:
    found = read(path, RSS.format("<g:id>1</g:id><g:shipping><g:price>4</g:price></g:shipping>"))
    assert found == [(2, [("id", "1"), ("shipping", {"price": "4"})])]


def test_namespace_beats_plain_names(path: Path) -> None:
    assert read(path, RSS.format("<title>Plain</title><g:title>Google</g:title>")) == [
        (2, [("title", "Google")])
    ]


def test_other_namespaces_are_named(path: Path) -> None:
    assert read(path, RSS.format('<a:id xmlns:a="urn:a">1</a:id>')) == [(2, [("{urn:a}id", "1")])]


def test_repeated_elements_are_kept(path: Path) -> None:
    assert read(path, RSS.format("<g:a>1</g:a><g:a>2</g:a>")) == [(2, [("a", "1"), ("a", "2")])]


def test_records_may_span_chunks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_elements, "_XML_READ_BYTES", 7)
    assert read(path, RSS.format("<g:id>ü</g:id>")) == [(2, [("id", "ü")])]


def test_document_types_are_refused(path: Path) -> None:
    with pytest.raises(FeedError, match=r"has a document type \(DTD\) in line 2"):
        read(path, "<?xml version='1.0'?>\n<!DOCTYPE rss><rss/>")


def test_broken_files_say_where(path: Path) -> None:
    with pytest.raises(
        FeedError, match="is not well-formed XML: mismatched tag, in line 2, column 16"
    ):
        read(path, RSS.format("<g:id>1</g:b>"))


def test_cut_files_say_so(path: Path) -> None:
    with pytest.raises(FeedError, match="is cut off"):
        read(path, RSS.format("<g:id>1</g:id>")[:-20])


def test_deep_elements_are_refused(path: Path) -> None:
    with pytest.raises(FeedError, match="is nested too deep in line 2"):
        read(path, RSS.format("<a>" * 60 + "</a>" * 60))


def test_huge_elements_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_elements, "LONGEST_LINE", 100)
    with pytest.raises(FeedError, match="has an element in line 2"):
        read(path, RSS.format("<g:id>" + "x" * 101 + "</g:id>"))


@pytest.mark.parametrize("chunk", [7, 1 << 18])
def test_many_empty_children_are_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(xml_elements, "LONGEST_LINE", 100)
    monkeypatch.setattr(xml_elements, "_XML_READ_BYTES", chunk)
    with pytest.raises(FeedError, match="has an element in line 2"):
        read(path, RSS.format("<g:a/>" * 20))


def test_text_before_a_child_is_dropped(path: Path) -> None:
    text = "stray<g:a>no<g:b>1</g:b>no<g:b>2</g:b></g:a>stray<g:c>3</g:c>"
    assert read(path, RSS.format(text)) == [(2, [("a", {"b": "1, 2"}), ("c", "3")])]


def test_names_are_remembered_up_to_a_bound(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_elements, "_MOST_NAMES", 1)
    found = read(path, RSS.format("<g:a>1</g:a><g:b>2</g:b><g:a>3</g:a>"))
    assert found == [(2, [("a", "1"), ("b", "2"), ("a", "3")])]


def test_unknown_encodings_are_refused(path: Path) -> None:
    with pytest.raises(FeedError, match="unknown encoding"):
        read(path, '<?xml version="1.0" encoding="klingon"?><rss/>')


def test_root_is_found_in_the_beginning() -> None:
    assert root_of(b'<a:feed xmlns:a="urn:a"><entry>') == ("urn:a", "feed")
    with pytest.raises(FeedError, match="not well-formed"):
        root_of(b"<<")
