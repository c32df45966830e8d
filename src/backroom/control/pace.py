"""The pace of jobs over the control API: wish, list, forget, and release jobs that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.catalog.values import whole_number
from backroom.control.route import ControlError, ControlRoute
from backroom.store import is_postgres
from backroom.testing.pace import ScriptedPace
from backroom.testing.wishes import InvalidWish, read_wish

if TYPE_CHECKING:
    from backroom.control.route import Control, Given
    from backroom.testing.pace import Entry

_SHARED = (
    "Wishes hold for the jobs that this server accepts and applies. Other servers and workers on"
    " the same database don't know them, and may apply these jobs at once."
)


def list_wishes(control: Control, given: Given) -> dict[str, Any]:
    """List the wishes in order, and the jobs that they hold.

    With `unused=true` in the query only those that no job has taken are listed, with `account`
    those for this account.
    """
    pace = _pace_of(control)
    asked = _query(given, {"unused", "account"})
    account = asked.get("account")
    shown = {
        "wishes": [
            _wish_shown(each)
            for each in pace.entries()
            if not (asked.get("unused") == "true" and each.used)
            and account in (None, each.wish.given.get("account"))
        ],
        "jobs": [
            {"account": owner, "job": job_id, "wish": number, "next": step}
            for owner, job_id, number, step in pace.plans()
            if account in (None, owner)
        ],
    }
    return shown | _note(control)


def add_wish(control: Control, given: Given) -> dict[str, Any]:
    """Add a wish for the next job, or for as many jobs as `times` says."""
    pace = _pace_of(control)
    _check_worker(control)
    try:
        wish = read_wish(given.body)
    except InvalidWish as error:
        words = str(error)
        raise ControlError(400, f"{words[0].upper()}{words[1:]}.") from None
    return _wish_shown(pace.add(wish)) | _note(control)


def forget_wishes(control: Control, given: Given) -> None:
    """Forget all wishes, or those for an `account`. The jobs that they hold go on as usual."""
    pace = _pace_of(control)
    pace.forget(account=_query(given, {"account"}).get("account"))


def forget_wish(control: Control, given: Given) -> None:
    """Forget one wish. The jobs that it holds go on as usual."""
    pace = _pace_of(control)
    text = given.path["wish"]
    number = whole_number(text)
    if number is None or not pace.forget(number=number):
        raise ControlError(404, f"There is no wish {text}. GET /_backroom/pace lists them.")


def release_jobs(control: Control, given: Given) -> dict[str, Any]:
    """Have jobs go on to their end now: the one named `job`, those of an `account`, or all.

    Jobs that never finish stay, unless they are named.
    """
    pace = _pace_of(control)
    unknown = sorted(given.body.keys() - {"job", "account"})
    if unknown:
        raise ControlError(
            400, f"`{unknown[0]}` is not a member of this body: it has account, job."
        )
    job, account = given.body.get("job"), given.body.get("account")
    released = pace.release(job, account)
    if job is not None and not released:
        raise ControlError(404, f"No wish holds a job {job}. GET /_backroom/pace lists them.")
    pace.settle()
    return {"released": released}


def _pace_of(control: Control) -> ScriptedPace:
    pace = control.parts.get("pace")
    if not isinstance(pace, ScriptedPace):
        raise ControlError(409, "The jobs of this server have no pace that can be set.")
    return pace


def _check_worker(control: Control) -> None:
    if control.settings.worker == "off":
        raise ControlError(
            409,
            "Other processes apply the jobs of this server, and know no wishes. Start it with"
            " --worker on.",
        )


def _note(control: Control) -> dict[str, Any]:
    settings = control.settings
    shared = is_postgres(settings.database) and not settings.ephemeral
    return {"note": _SHARED} if shared else {}


def _query(given: Given, known: set[str]) -> dict[str, str]:
    unknown = sorted(given.query.keys() - known)
    if unknown:
        raise ControlError(
            400,
            f"`{unknown[0]}` is not a parameter of this path: there is {', '.join(sorted(known))}.",
        )
    return dict(given.query)


def _wish_shown(entry: Entry) -> dict[str, Any]:
    return {"id": entry.number, "used": entry.used, **entry.wish.given}


ROUTES: tuple[ControlRoute, ...] = (
    ControlRoute("GET", "/pace", "List wishes, and the jobs that they hold.", list_wishes),
    ControlRoute("POST", "/pace", "Add a wish for the next jobs.", add_wish, 201),
    ControlRoute("DELETE", "/pace", "Remove all wishes.", forget_wishes, 204),
    ControlRoute("DELETE", "/pace/{wish}", "Remove one wish.", forget_wish, 204),
    ControlRoute("POST", "/pace/release", "Release jobs that a wish holds.", release_jobs),
)
