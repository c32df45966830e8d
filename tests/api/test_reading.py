"""A request without a body, and what its work notes on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom import events
from backroom.api.admission import Known, Refusal
from backroom.api.reading import refusal_of
from backroom.errors import NotFound, ServerError, Unavailable
from backroom.store.database import StoreUnavailable
from support.factories import a_request

if TYPE_CHECKING:
    import pytest


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
