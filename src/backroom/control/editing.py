"""Resources created, changed and deleted in this process, by the rules of the API.

The values go through the checks of the API, as the body of a call in the newest revision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import Verb
from backroom.catalog.rules import rules_of
from backroom.control.in_process import ApiCall, call_api, path_of_resource
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backroom.catalog.kinds import Kind
    from backroom.control.route import Control


def make_resource(
    control: Control,
    account: str,
    kind: Kind,
    attributes: Mapping[str, Any],
    related: Mapping[str, Sequence[str]],
) -> None:
    """Create a resource. `related` has external ids by the name of a relationship.

    Raises `CallRefused`.
    """
    data = {"type": kind.type, "attributes": attributes}
    linked = _linked_members(kind, Verb.CREATE, related)
    call_api(
        control, account, ApiCall("POST", path_of_resource(kind), body={"data": data | linked})
    )


def change_resource(
    control: Control,
    account: str,
    kind: Kind,
    external_id: str,
    attributes: Mapping[str, Any],
    related: Mapping[str, Sequence[str]],
) -> None:
    """Change the given attributes and relationships of a resource. Raises `CallRefused`."""
    data = {"type": kind.type, "id": resource_id(external_id), "attributes": attributes}
    linked = _linked_members(kind, Verb.UPDATE, related)
    call = ApiCall("PATCH", path_of_resource(kind, external_id), body={"data": data | linked})
    call_api(control, account, call)


def remove_resource(control: Control, account: str, kind: Kind, external_id: str) -> None:
    """Delete a resource, and with an item its variants. Raises `CallRefused`."""
    call_api(control, account, ApiCall("DELETE", path_of_resource(kind, external_id)))


def _linked_members(kind: Kind, verb: Verb, related: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Give the member of a body that links resources. Empty if nothing is linked."""
    rules = rules_of(verb, kind, NEWEST).relationships
    linked: dict[str, Any] = {}
    for name, external_ids in related.items():
        rule = rules[name]
        data = [{"type": rule.target.type, "id": resource_id(each)} for each in external_ids]
        linked[name] = {"data": data if rule.many else data[0]}
    return {"relationships": linked} if linked else {}
