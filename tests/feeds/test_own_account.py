from __future__ import annotations

import pytest

from backroom.feeds.api_client import ApiClient
from backroom.feeds.client_errors import RefusedError
from backroom.feeds.own_account import account_of_key
from backroom.revisions import NEWEST
from feeds.scripted_server import Answer, scripted

REFUSED = {"errors": [{"detail": "no"}]}


@pytest.mark.parametrize(
    ("answer", "account"),
    [
        (Answer(200, {"data": [{"id": "Ab3dEf"}]}), "Ab3dEf"),
        (Answer(200, {"data": []}), ""),
        (Answer(403, REFUSED), ""),
        (Answer(404, REFUSED), ""),
    ],
    ids=["named", "none", "forbidden", "absent"],
)
def test_readable_account_of_key_is_given(answer: Answer, account: str) -> None:
    with scripted(answer) as script:
        assert account_of_key(ApiClient(script.url, "pk", NEWEST, 10)) == account


def test_wrong_key_is_refused() -> None:
    with scripted(Answer(401, REFUSED)) as script, pytest.raises(RefusedError):
        account_of_key(ApiClient(script.url, "pk", NEWEST, 10))
