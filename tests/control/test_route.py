from __future__ import annotations

from backroom.control.route import ControlError, ControlRoute


def test_errors_say_what_to_do() -> None:
    error = ControlError(404, "There is no account `a`. Make it first.")
    assert (str(error), error.status) == (error.detail, 404)


def test_routes_answer_200_by_default() -> None:
    route = ControlRoute("GET", "/info", "What runs.", lambda _, given: given.body)
    assert route.status == 200
