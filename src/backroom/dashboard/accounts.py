"""The page of accounts and keys, which makes and revokes them. A key is shown once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from backroom.control.route import ControlError
from backroom.control.table import perform
from backroom.dashboard.mount import DASHBOARD_PATH
from backroom.dashboard.page import dashboard_of, form_of, page, redirect
from backroom.settings import read_fixed_key
from backroom.store.keys import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

ACCOUNTS_PATH = f"{DASHBOARD_PATH}/accounts"
SCOPES = {
    "": "Everything",
    "catalogs:read": "Read catalogs",
    "catalogs:read catalogs:write": "Read and write catalogs",
}


def show_accounts(request: Request) -> Response:
    """Show all accounts with their keys."""
    return _accounts_page(request)


def _accounts_page(request: Request, made: dict[str, str] | None = None) -> Response:
    control = dashboard_of(request).control
    keys = perform(control, "GET", "/keys")
    return page(
        request,
        "accounts.html",
        section="accounts",
        accounts=perform(control, "GET", "/accounts"),
        keys=keys,
        made=made,
        scopes=SCOPES,
        fixed=[read_fixed_key(each)[0] or DEFAULT_ACCOUNT for each in control.settings.key],
        is_open=control.settings.open,
    )


def account_form(request: Request) -> Response:
    """Make an account, and show its key this once."""
    name = form_of(request).get("name", "").strip()
    if not name:
        raise ControlError(400, "An account needs a name.")
    made = perform(dashboard_of(request).control, "POST", "/accounts", {"name": name})
    return _accounts_page(request, {"key": made["key"], "account": made["name"]})


def key_form(request: Request) -> Response:
    """Make a key, and show it this once."""
    form = form_of(request)
    body = {
        "account": form.get("account", ""),
        "name": form.get("name", "").strip() or "key",
        "scopes": form.get("scopes", "").split(),
    }
    made = perform(dashboard_of(request).control, "POST", "/keys", body)
    return _accounts_page(request, {"key": made["key"], "account": made["account_name"]})


def revocation_form(request: Request) -> Response:
    """Revoke a key."""
    perform(dashboard_of(request).control, "DELETE", f"/keys/{request.path_params['key_id']}")
    return redirect(request, ACCOUNTS_PATH)


ROUTES = (
    Route(ACCOUNTS_PATH, show_accounts),
    Route(ACCOUNTS_PATH, account_form, methods=["POST"]),
    Route(f"{ACCOUNTS_PATH}/keys", key_form, methods=["POST"]),
    Route(f"{ACCOUNTS_PATH}/keys/{{key_id}}/revoke", revocation_form, methods=["POST"]),
)
