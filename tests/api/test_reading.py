"""A request without a body, and what its work notes on the way."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from backroom import events
from backroom.api.admission import Known, Refusal
from backroom.api.reading import refusal_of
from backroom.errors import NotFound, ServerError, Unavailable
from backroom.store.database import StoreUnavailable
from conftest import client_of, running
from support.factories import a_request, a_resource

if TYPE_CHECKING:
    from conftest import NewDatabase


def known() -> Known:
    return Known(a_request("/api/catalog-items"))


def test_each_failure_has_its_fault(caplog: pytest.LogCaptureFixture) -> None:
    fault = NotFound("it")
    assert refusal_of(fault, known()).fault is fault
    assert isinstance(refusal_of(StoreUnavailable("away"), known()).fault, Unavailable)
    refusal = Refusal(fault, known())
    assert refusal_of(refusal, known()) is refusal
    about = known()
    assert isinstance(refusal_of(ValueError(), about).fault, ServerError)
    assert caplog.records[-1].msg is events.REQUEST_FAILED
    assert caplog.records[-1].args == (about.request.request_id,)


class Subjects(logging.Handler):
    """Keeps what each line is about when it is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[dict[str, str]] = []

    def emit(self, _: logging.LogRecord) -> None:
        self.kept.append(dict(events.ABOUT.get()))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_lines_within_a_request_name_it(new_store: NewDatabase, method: str) -> None:
    heard, body = Subjects(), {"data": a_resource("item")}
    with running(new_store(), limits="off") as server:
        client = client_of(server)
        client.get("/api/catalog-items")
        server.database.write(lambda tx: tx.run("alter table items rename to gone")).result()
        log = logging.getLogger("backroom")
        log.addHandler(heard)
        asked: dict[str, Any] = {"json": body} if method == "POST" else {}
        answer = client.request(method, "/api/catalog-items", **asked)
        log.removeHandler(heard)
    assert answer.status == 500
    assert {"request_id": answer.headers["X-Klaviyo-Req-Id"]} in heard.kept
    assert answer.error["id"] == answer.headers["X-Klaviyo-Req-Id"]
