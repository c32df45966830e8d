"""The controls for tests as a page: clock, pace, faults, snapshots, seed and reset.

Each form does what a request to the control API does. The page shows them only where the setting
`testing` says so: they change what a catalog of record should keep.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.routing import Route

from backroom.catalog.kinds import JOB_KINDS
from backroom.catalog.operations import OPERATIONS
from backroom.control.route import ControlError
from backroom.control.table import perform
from backroom.dashboard.mount import DASHBOARD_PATH
from backroom.dashboard.page import dashboard_of, form_of, page, redirect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from backroom.control.route import Control

TESTING_PATH = f"{DASHBOARD_PATH}/testing"
HARMS = {
    "": "no damage",
    "reset": "connection reset",
    "empty": "closed without an answer",
    "truncated": "closed in the middle of the body",
    "malformed": "not JSON",
    "drip": "in small pieces",
}
ENDS = {
    "": "at once",
    "after_seconds": "after so many seconds",
    "after_reads": "after so many reads",
    "stay": "when it is released",
    "never": "never",
}
DONE_MESSAGES = {
    "clock": "The clock is changed.",
    "wish": "The wish waits for its jobs.",
    "forgotten": "The wish is removed.",
    "released": "The job is released.",
    "fault": "The fault waits for its requests.",
    "mended": "The fault is removed.",
    "saved": "The snapshot is saved.",
    "restored": "The account is restored from the snapshot.",
    "discarded": "The snapshot is deleted.",
    "seeded": "The account has the demo shop.",
    "reset": "The account is empty.",
}
"""What the page says after each action, by the word in its query."""


def show_testing(request: Request) -> Response:
    """Show all controls with their present values."""
    control = dashboard_of(request).control
    if not control.settings.shows_testing:
        return page(request, "no_testing.html", section="testing")
    asked = request.query_params
    return page(
        request,
        "testing.html",
        section="testing",
        done=DONE_MESSAGES.get(asked.get("done", ""), ""),
        clock=perform(control, "GET", "/clock"),
        pace=perform(control, "GET", "/pace"),
        faults=perform(control, "GET", "/faults")["faults"],
        snapshots=perform(control, "GET", "/snapshots"),
        accounts=perform(control, "GET", "/accounts"),
        operations=sorted(each.name for each in OPERATIONS),
        job_types=[each.type for each in JOB_KINDS.values()],
        harms=HARMS,
        ends=ENDS,
        as_json=lambda value: msgspec.json.encode(value).decode(),
    )


def _given_fields(form: Mapping[str, str], *names: str) -> dict[str, Any]:
    """Give the fields of these names that are filled in."""
    return {name: form[name].strip() for name in names if form.get(name, "").strip()}


def _numbers(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """Make numbers of these fields. Raises `ControlError`."""
    for name in names:
        if name in values:
            values[name] = _as_number(name, values[name])
    return values


def _as_number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ControlError(400, f"{name} must be a number, not {text!r}.") from None
    return int(number) if number.is_integer() else number


def _change_clock(control: Control, form: Mapping[str, str]) -> None:
    perform(control, "PUT", "/clock", _given_fields(form, "clock"))


def _set_clock(control: Control, form: Mapping[str, str]) -> None:
    moment = form.get("to", "").strip()
    # A field for a date and a time gives neither a zone nor seconds that are zero.
    has_zone = re.search(r"(Z|[+-]\d\d:\d\d)$", moment)
    perform(control, "POST", "/clock/set", {"to": moment if has_zone else f"{moment}Z"})


def _advance_clock(control: Control, form: Mapping[str, str]) -> None:
    unit = form.get("unit", "days")
    by = {unit: _as_number("The time", form.get("amount", ""))}
    perform(control, "POST", "/clock/advance", by)


def _wish_of_form(control: Control, form: Mapping[str, str]) -> None:
    wish = _given_fields(form, "account", "type")
    end = form.get("end", "")
    if end in {"stay", "never"}:
        wish[end] = True
    elif end:
        wish[end] = _as_number("The seconds or reads", form.get("amount", ""))
    for flag in ("queued", "early_counts", "cancelled"):
        if form.get(flag):
            wish[flag] = True
    if form.get("times"):
        times = form["times"].strip()
        wish["times"] = times if times == "always" else _as_number("times", times)
    if form.get("fail"):
        wish["fail"] = _as_number("fail", form["fail"])
    perform(control, "POST", "/pace", wish)


def _forget_wish(control: Control, form: Mapping[str, str]) -> None:
    perform(control, "DELETE", f"/pace/{form.get('wish', '')}")


def _release(control: Control, form: Mapping[str, str]) -> None:
    perform(control, "POST", "/pace/release", _given_fields(form, "job"))


def _add_fault(control: Control, form: Mapping[str, str]) -> None:
    fault = _given_fields(form, "operation", "account", "damage")
    numbers = _given_fields(form, "status", "times", "delay", "retry_after")
    fault |= _numbers(numbers, *numbers)
    if form.get("after"):
        fault["after"] = True
    perform(control, "POST", "/faults", fault)


def _remove_fault(control: Control, form: Mapping[str, str]) -> None:
    perform(control, "DELETE", f"/faults/{form.get('fault', '')}")


def _save(control: Control, form: Mapping[str, str]) -> None:
    perform(control, "POST", "/snapshots", _given_fields(form, "name", "account"))


def _restore_snapshot(control: Control, form: Mapping[str, str]) -> None:
    path = f"/snapshots/{form.get('name', '')}/restore"
    perform(control, "POST", path, _given_fields(form, "account"))


def _discard(control: Control, form: Mapping[str, str]) -> None:
    path = f"/snapshots/{form.get('name', '')}"
    perform(control, "DELETE", path, query=_given_fields(form, "account"))


def _seed(control: Control, form: Mapping[str, str]) -> None:
    perform(control, "POST", "/seed", _given_fields(form, "account"))


def _empty_account(control: Control, form: Mapping[str, str]) -> None:
    perform(control, "POST", "/reset", _given_fields(form, "account"))


TESTING_FORMS: dict[str, tuple[Callable[[Control, Mapping[str, str]], None], str]] = {
    "clock": (_change_clock, "clock"),
    "clock-set": (_set_clock, "clock"),
    "clock-advance": (_advance_clock, "clock"),
    "wish": (_wish_of_form, "wish"),
    "forget-wish": (_forget_wish, "forgotten"),
    "release": (_release, "released"),
    "add-fault": (_add_fault, "fault"),
    "remove-fault": (_remove_fault, "mended"),
    "save": (_save, "saved"),
    "restore": (_restore_snapshot, "restored"),
    "discard": (_discard, "discarded"),
    "seed": (_seed, "seeded"),
    "reset": (_empty_account, "reset"),
}
"""What each form does, and which sentence of `DONE_MESSAGES` the page then says."""


def act(request: Request) -> Response:
    """Do what a form asks for, and show the page again."""
    control = dashboard_of(request).control
    if not control.settings.shows_testing:
        raise ControlError(409, "The controls for tests are off. --testing on shows them.")
    action = TESTING_FORMS.get(request.path_params["action"])
    if action is None:
        raise ControlError(404, "There is no such control.")
    do, done = action
    do(control, form_of(request))
    return redirect(request, f"{TESTING_PATH}?done={done}")


ROUTES = (
    Route(TESTING_PATH, show_testing),
    Route(f"{TESTING_PATH}/{{action}}", act, methods=["POST"]),
)
