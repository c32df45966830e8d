"""The faults of a server over the control API."""

from __future__ import annotations

from typing import Any, cast

from backroom.catalog.values import whole_number
from backroom.control.route import Control, ControlError, ControlRoute, Given, Member
from backroom.testing.faults import Faults, InjectedFault, InvalidFault

_ACCOUNT = Member("account", "Only faults for this account, by its id.")


def _faults(control: Control) -> Faults:
    faults = control.parts.get("faults")
    if faults is None:
        raise ControlError(409, "The server injects no faults. `backroom serve` does.")
    return cast("Faults", faults)


def _add(control: Control, given: Given) -> Any:
    try:
        return _faults(control).add(**given.body).as_json()
    except InvalidFault as error:
        raise ControlError(400, f"The fault can't be injected: {error}.") from None


def _listed_fault(control: Control, given: Given) -> Any:
    faults = _faults(control)
    unused = given.query.get("unused", "").lower() in {"1", "true", "yes"}
    account = given.query.get("account")
    return {
        "faults": [
            each.as_json()
            for each in (faults.unused() if unused else faults.all())
            if account in {None, each.wish.account}
        ]
    }


def _asked_fault(control: Control, given: Given) -> InjectedFault:
    number = given.path["number"]
    place = whole_number(number)
    found = None if place is None else _faults(control).find(place)
    if found is None:
        raise ControlError(404, f"There is no fault {number}. `GET /faults` lists them.")
    return found


def _one_fault(control: Control, given: Given) -> Any:
    return _asked_fault(control, given).as_json()


def _remove(control: Control, given: Given) -> None:
    _faults(control).remove(_asked_fault(control, given).number)


def _remove_all(control: Control, given: Given) -> None:
    _faults(control).clear(given.query.get("account"))


ROUTES: tuple[ControlRoute, ...] = (
    ControlRoute(
        "GET",
        "/faults",
        "All faults.",
        _listed_fault,
        query=(Member("unused", "`true` for the faults that were never used."), _ACCOUNT),
    ),
    ControlRoute("POST", "/faults", "Add a fault.", _add, 201),
    ControlRoute("DELETE", "/faults", "Remove all faults.", _remove_all, 204, query=(_ACCOUNT,)),
    ControlRoute("GET", "/faults/{number}", "One fault, and how often it was used.", _one_fault),
    ControlRoute("DELETE", "/faults/{number}", "Remove a fault.", _remove, 204),
)
