from __future__ import annotations

import pytest

from backroom.feeds.client_errors import OperationRefusal, RefusedError

OPERATIONS = "/data/attributes/items"


def test_refusal_names_its_member() -> None:
    assert str(OperationRefusal("price", "is not a number")) == "price: is not a number"
    assert str(OperationRefusal("price", "'price' is not a number")) == "'price' is not a number"
    assert str(OperationRefusal("", "is too large")) == "is too large"


@pytest.mark.parametrize(
    ("error", "of_some"),
    [
        (RefusedError("Invalid", {}, 400, OPERATIONS), True),
        (RefusedError("Invalid", {0: OperationRefusal("", "")}, 400, OPERATIONS), False),
        (RefusedError("Invalid", {}, 400, "/data/type"), False),
        (RefusedError("Conflict", {}, 409, OPERATIONS), False),
    ],
)
def test_operations_at_fault_are_known(error: RefusedError, *, of_some: bool) -> None:
    assert error.is_of_some is of_some
