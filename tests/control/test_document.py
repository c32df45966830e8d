from __future__ import annotations

from collections import Counter

from openapi_spec_validator import validate

from backroom.api.control import PREFIX
from backroom.control.document import control_document, operation_id
from backroom.control.table import ROUTES


def test_document_is_right() -> None:
    validate(control_document(ROUTES, PREFIX))


def test_every_route_is_described() -> None:
    paths = control_document(ROUTES, PREFIX)["paths"]
    assert all(each.method.lower() in paths[PREFIX + each.path] for each in ROUTES)


def test_operation_ids_differ() -> None:
    assert max(Counter(map(operation_id, ROUTES)).values()) == 1
