"""Operations that are only accepted: their requests are kept, and can be listed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from backroom import clock
from backroom.api.paging import Ordering, Pager
from backroom.api.published_answers import published_answer
from backroom.catalog.values import too_long
from backroom.errors import DuplicateProfile
from backroom.store import kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backroom.api.admission import Admitted
    from backroom.api.bodies import Kept
    from backroom.api.wire import Document, Parts
    from backroom.store.database import Transaction
    from backroom.store.kept import KeptResource

_CREATED = 201
_IDENTIFIERS = ("email", "phone_number", "external_id")
_METRIC_ID_LETTERS = 6


def keep(admitted: Admitted, sent: Kept, tx: Transaction) -> None:
    """Keep a request, and the metrics that its events name."""
    _keep_request(admitted, sent, tx)
    moment = clock.coarse_timestamp(clock.now())
    for name in dict.fromkeys(_metric_names(sent.body)):
        metric_id = hashlib.sha256(name.encode()).hexdigest()[:_METRIC_ID_LETTERS]
        if kept.find_resource(tx, admitted.account, kept.METRIC, metric_id) is None:
            attributes = {"name": name, "created": moment, "updated": moment, "integration": None}
            kept.put_resource(tx, admitted.account, kept.METRIC, metric_id, attributes)


def _keep_request(admitted: Admitted, sent: Kept, tx: Transaction) -> None:
    operation, revision = admitted.operation.name, admitted.revision.date
    kept.keep_request(tx, admitted.account, operation, revision, sent.text)


def _metric_names(value: Any) -> Iterator[str]:
    """Give the names of the metrics of all events in a body, wherever its revision has them."""
    if isinstance(value, list):
        for each in value:
            yield from _metric_names(each)
    elif isinstance(value, dict):
        metric = value.get("metric")
        if isinstance(metric, dict):
            named = (metric.get("data") or {}).get("attributes", metric)
            if isinstance(named.get("name"), str):
                yield named["name"]
        for name, each in value.items():
            # What is the client's own has no events in it.
            if name != "properties":
                yield from _metric_names(each)


def keep_profile(admitted: Admitted, sent: Kept, tx: Transaction) -> Parts:
    """Keep a profile, and answer with it.

    A create raises `DuplicateProfile` where a profile has one of the identifiers. An import changes
    that profile.
    """
    account, data = admitted.account, sent.body["data"]
    given = data["attributes"]
    identifiers = [_kept_identifier(name, given[name]) for name in _IDENTIFIERS if given.get(name)]
    known = kept.profile_of(tx, account, identifiers)
    if admitted.operation.status == _CREATED:
        if known is not None:
            raise DuplicateProfile(known)
    else:
        known = _right_id(data.get("id")) or known
    profile_id = known or clock.new_ulid(clock.now())
    moment = clock.coarse_timestamp(clock.now())
    found = kept.find_resource(tx, account, kept.PROFILE, profile_id)
    before: dict[str, Any] = {"created": moment} if found is None else found.attributes
    properties = (before.get("properties") or {}) | (given.get("properties") or {})
    attributes = {**before, **given, "properties": properties, "updated": moment}
    kept.put_resource(tx, account, kept.PROFILE, profile_id, attributes)
    kept.identify(tx, account, profile_id, identifiers)
    _keep_request(admitted, sent, tx)
    shown = _kept_object(admitted, profile_id, attributes)
    return published_answer(admitted, {"data": shown, "links": {"self": admitted.request.url}})


def _kept_identifier(name: str, value: str) -> str:
    """Give an identifier as it is kept. An index of PostgreSQL takes no text of any length."""
    return f"{name} {hashlib.sha256(value.encode()).hexdigest()}"


def _right_id(given: str | None) -> str | None:
    if given is not None and len(given) > kept.LONGEST_KEPT_ID:
        raise too_long(kept.LONGEST_KEPT_ID, "characters", "/data/id")
    return given


def _kept_object(admitted: Admitted, resource_id: str, attributes: dict[str, Any]) -> Document:
    type_ = admitted.operation.resource_type
    own = f"{admitted.request.base}/api/{type_}s/{quote(resource_id, safe='')}/"
    return {"type": type_, "id": resource_id, "attributes": attributes, "links": {"self": own}}


def list_kept(admitted: Admitted, tx: Transaction) -> Parts:
    """Answer with a page of profiles, lists or metrics, in the order of their creation."""
    query = admitted.query
    pager = Pager(admitted, Ordering(descending=query.descending))
    rows = kept.kept_resources(
        tx,
        admitted.account,
        admitted.operation.resource_type,
        pager.place.border,
        ascending=pager.ascending,
        most=None if query.conditions else pager.wanted,
    )
    chosen = [each for each in rows if _fits(each, query.conditions)][: pager.wanted]
    page, links = pager.cut(chosen, chosen[: pager.size], lambda each: each.number)
    data = [_kept_object(admitted, each.resource_id, each.attributes) for each in page]
    return published_answer(admitted, {"data": data, "links": links})


def _fits(resource: KeptResource, conditions: Sequence[tuple[Any, Any]]) -> bool:
    """Whether a resource meets all conditions, each of which names the values that would do."""
    held = resource.attributes | {"id": resource.resource_id}
    return all(
        held.get(each.name) in (value if isinstance(value, list) else [value])
        for each, value in conditions
    )
