"""Calls of the API within this process, with all rights: no key, and no rate limit.

A call goes the way of a request that was admitted: the same checks of its query and its body, the
same limits, the same writers, and the answer that a client would get.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from backroom.api.admission import Refusal
from backroom.api.bodies import read_body
from backroom.api.body_reader import BodyReader
from backroom.api.in_process import admitted_here
from backroom.api.observer import Exchange
from backroom.api.request import Answer, Request
from backroom.api.service import Service
from backroom.catalog.ids import resource_id
from backroom.errors import Fault
from backroom.revisions import NEWEST, REVISIONS

if TYPE_CHECKING:
    from backroom.api.admission import Admitted
    from backroom.catalog.kinds import Kind
    from backroom.control.route import Control

_MEDIA_TYPE = b"application/vnd.api+json"


class CallRefused(Exception):
    """The API refuses a call. `pointer` leads into the body, or is None."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.status = fault.status
        self.detail = fault.detail
        self.pointer = fault.pointer


@dataclass(frozen=True)
class ApiCall:
    """One call. `path` is percent-encoded. `base` is what the links of the answer begin with."""

    method: str
    path: str
    query: str = ""
    body: Any = None
    revision: str = NEWEST
    base: str = ""


def path_of_resource(kind: Kind, external_id: str = "") -> str:
    """Give the percent-encoded path of a resource, or without an external id that of its kind."""
    collection = f"/api/{kind.collection}"
    if not external_id:
        return collection
    return f"{collection}/{quote(resource_id(external_id), safe='$:')}"


def call_api(control: Control, account: str, call: ApiCall) -> bytes:
    """Give the document that answers a call, empty where there is none. Raises `CallRefused`.

    Bulk jobs are not among what can be called so.
    """
    try:
        admitted = _admitted(control, account, call)
        raw = _encoded_body(admitted, call.body)
        body = None
        if call.method != "GET":
            body = read_body(admitted.operation, admitted.revision, raw, admitted.resource_id)
    except Fault as fault:
        raise CallRefused(fault) from None
    if call.method == "GET":
        try:
            with control.database.read() as tx:
                return b"".join(Service.perform(admitted, None, tx).parts)
        except Refusal as refusal:
            raise CallRefused(refusal.fault) from None
    return b"".join(_written_answer(control, admitted, raw, body).parts)


def _admitted(control: Control, account: str, call: ApiCall) -> Admitted:
    """Make what a request with a key of the account would be admitted as. Raises `Fault`."""
    request = Request(
        call.method,
        call.path.encode(),
        call.query.encode(),
        {b"content-type": _MEDIA_TYPE},
        "http",
        call.base or control.settings.public_url,
    )
    return admitted_here(control.database, account, request, REVISIONS[call.revision])


def _encoded_body(admitted: Admitted, body: Any) -> bytes:
    """Encode a body, within the limit of its revision. Raises `Fault`."""
    if not admitted.operation.has_body:
        return b""
    reader = BodyReader(admitted.request, admitted.revision)
    reader.feed(msgspec.json.encode(body))
    return reader.end()


def _written_answer(control: Control, admitted: Admitted, raw: bytes, body: Any) -> Answer:
    """Carry out a call that writes. A journal has it, as any other. Raises `CallRefused`."""
    exchange = Exchange(admitted)
    exchange.body = raw
    journal = control.parts.get("journal")
    try:
        answer = control.database.write(partial(Service.perform, admitted, body)).result()
    except Refusal as refusal:
        raise CallRefused(refusal.fault) from None
    if "touches" in control.parts:
        control.parts["touches"].note(admitted, body)
    if journal is not None:
        exchange.end()
        journal.finished(exchange, answer)
    # A category that is gone leaves its links to the worker.
    control.parts.get("announce", lambda _: None)(admitted.account)
    return answer
