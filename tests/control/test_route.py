from __future__ import annotations

from typing import Any, cast

import pytest

from backroom.control.route import Control, ControlError, ControlRoute, Given, Member, given_members
from backroom.settings import Settings

NOBODY = Control(cast("Any", None), Settings())


def test_errors_say_what_to_do() -> None:
    error = ControlError(404, "There is no account `a`. Make it first.")
    assert (str(error), error.status) == (error.detail, 404)


def test_routes_answer_200_by_default() -> None:
    route = ControlRoute("GET", "/info", "What runs.", lambda _, given: given.body)
    assert route.status == 200


def limited_route() -> ControlRoute:
    members = (Member("name", "A name.", required=True), Member("count", "", form="integer"))
    return ControlRoute("POST", "/a", "", lambda _, given: given.body, body=members, query=())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Given(body={"nam": "a"}), "no member 'nam'. It may have name, count"),
        (Given(body={}), "needs 'name': A name."),
        (Given(body={"name": 1}), "'name' must be of the type string"),
        (Given(body={"name": "a", "count": True}), "'count' must be of the type integer"),
        (Given(body={"name": "a"}, query={"x": "1"}), "The query has no member 'x'. It has none"),
    ],
)
def test_wrong_members_are_refused(given: Given, words: str) -> None:
    with pytest.raises(ControlError, match=words):
        limited_route().call(NOBODY, given)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (Given(path={"job": "a\0"}, body={"name": "a"}), 404),
        (Given(body={"name": "a\0"}), 400),
    ],
)
def test_null_characters_are_refused(given: Given, status: int) -> None:
    with pytest.raises(ControlError) as raised:
        limited_route().call(NOBODY, given)
    assert raised.value.status == status


def test_feeds_may_have_null_characters() -> None:
    members = (Member("feed", "A feed.", any_text=True),)
    route = ControlRoute("POST", "/a", "", lambda _, given: given.body, body=members)
    assert route.call(NOBODY, Given(body={"feed": "a\0"})) == {"feed": "a\0"}


def test_right_members_reach_the_function() -> None:
    given = Given(body={"name": "a", "count": 2})
    assert limited_route().call(NOBODY, given) == {"name": "a", "count": 2}


def test_members_without_a_value_are_left_out() -> None:
    assert given_members(account="a", status=None, count=0) == {"account": "a", "count": 0}
