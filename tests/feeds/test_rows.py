from __future__ import annotations

from backroom.catalog.kinds import KINDS
from backroom.feeds.rows import ORDER, relation_of


def test_relations_point_to_earlier_kinds() -> None:
    relations = {kind.name: relation_of(kind) for kind in ORDER}
    names = {kind: relation.name if relation else None for kind, relation in relations.items()}
    assert names == {"category": None, "item": "categories", "variant": "item"}


def test_order_holds_every_kind() -> None:
    assert {kind.name for kind in ORDER} == set(KINDS)
