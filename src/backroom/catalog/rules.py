"""The rules of right bodies: what a resource object may and must give, by verb, kind and revision.

The rules stand here once, worked out from the table of kinds, and three readers apply them:
`catalog/drafts.py` finds out what is wrong with a body and where, `api/bulk_types.py` makes types
that accept right bodies quickly, and `api/openapi/bodies.py` writes them down as JSON Schemas. None
of the three looks at revisions or verbs for itself, so that they can't disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from backroom.catalog.kinds import CONSTANTS, KINDS, NULLS_SINCE, Attribute, Kind, Verb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backroom.catalog.kinds import Relation


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """How a body may give one attribute.

    `needed` says that it must not be missing, `nullable` that null may stand for its default.
    """

    attribute: Attribute
    needed: bool
    nullable: bool


@dataclass(frozen=True, slots=True)
class RelationshipRule:
    """How a body may give one relationship.

    `needed` says that it must not be missing, `data_needed` that its `data` must not.
    """

    name: str
    target: Kind
    many: bool
    needed: bool
    data_needed: bool


@dataclass(frozen=True, slots=True)
class ResourceRules:
    """How a body may give one resource: its members, attributes and relationships by name.

    The server refuses all other members. All three are in the order of documents.
    """

    type: str
    members: tuple[str, ...]
    attributes: Mapping[str, AttributeRule]
    relationships: Mapping[str, RelationshipRule]

    def needs(self, member: str) -> bool:
        """Whether a member of the resource object must not be missing."""
        if member == "relationships":
            return any(each.needed for each in self.relationships.values())
        return member in self.members


_BODY_MEMBERS = {
    Verb.CREATE: ("type", "attributes", "relationships"),
    Verb.UPDATE: ("type", "id", "attributes", "relationships"),
    Verb.DELETE: ("type", "id"),
}


@cache
def rules_of(verb: Verb, kind: Kind, revision: str) -> ResourceRules:
    """Give the rules for a resource object of `kind` in a body of `verb`."""
    attributes = [*kind.attributes, *CONSTANTS] if verb is not Verb.DELETE else []
    return ResourceRules(
        kind.type,
        _BODY_MEMBERS[verb],
        {
            each.name: _attribute_rule(verb, each, revision)
            for each in attributes
            if _may_be_given(verb, each, revision)
        },
        {
            each.name: _relationship_rule(verb, each, revision)
            for each in kind.relations
            if verb in each.verbs
        },
    )


def _may_be_given(verb: Verb, attribute: Attribute, revision: str) -> bool:
    if not attribute.exists_in(revision):
        return False
    if verb is Verb.CREATE:
        return True
    return attribute.update != "absent" and revision >= attribute.update_since


def _attribute_rule(verb: Verb, attribute: Attribute, revision: str) -> AttributeRule:
    rule = attribute.create if verb is Verb.CREATE else attribute.update
    nullable = rule == "nullable" and revision >= NULLS_SINCE
    return AttributeRule(attribute, rule == "required", nullable)


def _relationship_rule(verb: Verb, relation: Relation, revision: str) -> RelationshipRule:
    return RelationshipRule(
        relation.name,
        KINDS[relation.target],
        relation.many,
        verb is Verb.CREATE and any(revision in each for each in relation.required),
        any(revision in each for each in relation.data_required),
    )
