"""The heads of answers, as bytes."""

from backroom.api.answer_head import answer_head
from backroom.api.request import Answer


def test_length_is_the_last_header() -> None:
    head = answer_head(Answer(200, [b"{}"], [(b"x", b"y")]), b"connection: close\r\n", 2)
    assert head.startswith(b"HTTP/1.1 200 OK\r\nconnection: close\r\n")
    assert head.endswith(b"x: y\r\ncontent-length: 2\r\n\r\n")


def test_streams_have_no_length() -> None:
    assert b"content-length" not in answer_head(Answer(200, [], []), b"", None)


def test_no_content_has_no_length() -> None:
    assert b"content-length" not in answer_head(Answer(204, [], []), b"", 0)


def test_unknown_status_has_a_line() -> None:
    assert answer_head(Answer(299, [], []), b"", 0).startswith(b"HTTP/1.1 299 Unknown\r\n")
