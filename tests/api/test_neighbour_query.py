from __future__ import annotations

import pytest

from backroom.api.neighbour_query import parse_neighbour_query
from backroom.api.query import Query
from backroom.catalog.neighbours import NEIGHBOURS, Neighbour
from backroom.errors import UnknownParameter
from backroom.revisions import NEWEST


def a_neighbour(name: str) -> Neighbour:
    return next(each for each in NEIGHBOURS if each.name == name)


SUBSCRIBE = a_neighbour("create_back_in_stock_subscription")
FROM_BROWSER = a_neighbour("create_client_back_in_stock_subscription")


def test_account_is_named_in_public() -> None:
    assert parse_neighbour_query(FROM_BROWSER, NEWEST, "company_id=a") == Query()


@pytest.mark.parametrize("sent", ["company_id=a", "sort=created", "page%5Bsize%5D=1"])
def test_unknown_parameters_are_refused(sent: str) -> None:
    with pytest.raises(UnknownParameter, match="for the resource 'back-in-stock-subscription'"):
        parse_neighbour_query(SUBSCRIBE, NEWEST, sent)
