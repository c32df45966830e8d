from __future__ import annotations

from backroom.catalog.kinds import ITEM, JobKind, Verb
from backroom.control.import_check import checked_by
from backroom.revisions import NEWEST

CREATE = JobKind(ITEM, Verb.CREATE)


def test_right_operation_is_not_refused() -> None:
    operation = (
        b'{"type":"catalog-item","attributes":'
        b'{"external_id":"a","title":"A","description":"d","url":"u"}}'
    )
    assert checked_by(NEWEST)(CREATE, operation) is None


def test_refusal_names_the_member() -> None:
    refusal = checked_by(NEWEST)(CREATE, b'{"type":"catalog-item","attributes":{"title":1}}')
    assert refusal is not None
    assert refusal.member == "title"
