"""Subscriptions to the stock of a variant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom.catalog import ids
from backroom.catalog.jsonapi import check_id, missing_member
from backroom.errors import VariantNotFound
from backroom.store import records, subscriptions
from backroom.store.subscriptions import NewSubscription

if TYPE_CHECKING:
    from backroom.api.admission import Admitted
    from backroom.api.bodies import Kept
    from backroom.store.database import Transaction

_VARIANT = "/data/relationships/variant"


def subscribe(admitted: Admitted, kept: Kept, tx: Transaction) -> None:
    """Keep a subscription to a variant. Raises `VariantNotFound` if there is no such variant."""
    data = kept.body["data"]
    variant_id = _variant_id(data, admitted.operation.resource_type)
    external_id = ids.external_id(variant_id)
    kind, account = admitted.operation.kind, admitted.account
    number = None if external_id is None else records.record_number(tx, kind, account, external_id)
    if number is None:
        raise VariantNotFound
    subscriptions.insert(
        tx,
        account,
        NewSubscription(
            number,
            variant_id,
            _json(data["attributes"]["channels"]),
            _json((data["attributes"].get("profile") or {}).get("data")),
        ),
    )


def _variant_id(data: dict[str, Any], resource: str) -> str:
    """Give the id of the variant. Raises `Invalid` if the body names no variant.

    The documents of some revisions allow a body without a variant. This server refuses it.
    """
    variant = data.get("relationships", {}).get("variant")
    if variant is None:
        raise missing_member("variant", resource, _VARIANT)
    if "data" not in variant:
        raise missing_member("data", resource, f"{_VARIANT}/data")
    check_id(variant["data"], resource, f"{_VARIANT}/data")
    return str(variant["data"]["id"])


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
