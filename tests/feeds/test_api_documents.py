from __future__ import annotations

import msgspec
import pytest

from backroom.feeds.api_documents import ErrorDocument, IncludingDocument, PageDocument


def test_errors_have_at_least_one() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"errors":[]}', type=ErrorDocument)


def test_last_page_has_no_next() -> None:
    page = msgspec.json.decode(b'{"data":[{"id":"1"}],"links":{"next":null}}', type=PageDocument)
    assert page.links is not None
    assert page.links.next is None


def test_nothing_may_be_included() -> None:
    assert msgspec.json.decode(b'{"data":{}}', type=IncludingDocument).included == []
