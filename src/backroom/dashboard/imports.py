"""Imports of files: the page where one is dropped, and the page of each, which keeps up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from backroom.control.import_run import REPORT_CSV, REPORT_JSON, SENDS_AGAIN, ImportOptions
from backroom.control.imports import MOST_FILE_BYTES, MOST_IMPORTS_KEPT, Import, imports_of
from backroom.control.route import ControlError
from backroom.dashboard.catalog import chosen_account
from backroom.dashboard.catalog_links import list_path, resource_path
from backroom.dashboard.import_upload import IMPORT_PATH, receive
from backroom.dashboard.mount import DASHBOARD_PATH
from backroom.dashboard.page import dashboard_of, form_of, live_response, page, redirect
from backroom.feeds.comparing import MODES
from backroom.feeds.number_style import STYLES
from backroom.store.imports import imports_of_account

if TYPE_CHECKING:
    from starlette.requests import Request

    from backroom.dashboard.page import Dashboard

MODE_WORDS = {
    "upsert": "create rows that are new, and update those that exist",
    "create": "create rows that are new, and leave others alone",
    "update": "update rows that exist, and leave others out",
    "mirror": "the same as upsert, and delete the resources that are not in the file",
    "delete": "delete the resources that the file names",
}
_REPORTS = {"json": (REPORT_JSON, "application/json"), "csv": (REPORT_CSV, "text/csv")}


def list_imports(request: Request) -> Response:
    """Show where a file can be dropped, and the imports that are kept."""
    dashboard = dashboard_of(request)
    with dashboard.control.database.read() as tx:
        chosen = chosen_account(tx, request.query_params.get("account", ""))
    if chosen is None:
        return page(request, "catalog_empty.html", section="catalog")
    return page(
        request,
        "imports.html",
        section="catalog",
        chosen=chosen,
        **_listed_imports(dashboard, chosen.account),
        most_bytes=MOST_FILE_BYTES,
        most_kept=MOST_IMPORTS_KEPT,
        list_path=list_path,
    )


def live_list(request: Request) -> StreamingResponse:
    """Keep the list of imports up to date."""
    dashboard, account = dashboard_of(request), request.path_params["account"]

    def part() -> str:
        return dashboard.rendered("imports_live.html", **_listed_imports(dashboard, account))

    return live_response(request, f"imports of {account}", part)


def _listed_imports(dashboard: Dashboard, account: str) -> dict[str, Any]:
    """Give the imports that this server has at hand, and the reports of others of an account."""
    control = dashboard.control
    with control.database.read() as tx:
        kept = imports_of_account(tx, account)
    imports = imports_of(control).all()
    here = {each.import_id for each in imports}
    return {"imports": imports, "kept": [each for each in kept if each.import_id not in here]}


def show_import(request: Request) -> Response:
    """Show one import."""
    dashboard = dashboard_of(request)
    found = _found_import(request)
    return page(
        request,
        "import.html",
        section="catalog",
        modes={name: MODE_WORDS[name] for name in MODE_WORDS if name in MODES},
        styles=list(STYLES),
        sends_again=SENDS_AGAIN,
        list_path=list_path,
        **_shown_import(dashboard, found),
    )


def live(request: Request) -> StreamingResponse:
    """Keep the page of an import up to date."""
    dashboard, found = dashboard_of(request), _found_import(request)
    name = f"import {found.import_id}"
    return live_response(request, name, lambda: _part(dashboard, found))


def _found_import(request: Request) -> Import:
    control = dashboard_of(request).control
    return imports_of(control).find(request.path_params["import_id"])


def _part(dashboard: Dashboard, found: Import) -> str:
    return dashboard.rendered("import_live.html", **_shown_import(dashboard, found))


def _shown_import(dashboard: Dashboard, found: Import) -> dict[str, Any]:
    progress = found.run.progress if found.run is not None else None
    bars = []
    if progress is not None:
        settled = progress.settled
        bars = [(kind, settled.get(kind, 0), all_) for kind, all_ in progress.totals.items()]
    return {
        "each": found,
        "progress": progress,
        "bars": bars,
        "outcome": found.loaded or found.tried,
        "was_loaded": found.loaded is not None,
        "catalog": dashboard.root + list_path(found.account, "item"),
        "correct": f"{dashboard.root}{IMPORT_PATH}/{found.import_id}/correct",
        "resource_path": resource_path,
    }


def check(request: Request) -> Response:
    """Try a file again, with the options of a form."""
    sent = form_of(request)
    mode = sent.get("mode", "")
    if mode not in MODES:
        raise ControlError(400, "There is no such mode.")
    options = ImportOptions(
        mode,
        sent.get("shop_url", "").strip(),
        next((each for each in STYLES if each == sent.get("numbers")), None),
        sent.get("max_delete", "").strip() or ImportOptions.max_delete,
        "retry_refused" in sent,
    )
    import_id = request.path_params["import_id"]
    imports_of(dashboard_of(request).control).check(import_id, options)
    return redirect(request, f"{IMPORT_PATH}/{import_id}")


def load_import(request: Request) -> Response:
    """Load a file that was tried, and lead to the page that shows its progress."""
    dashboard = dashboard_of(request)
    found = imports_of(dashboard.control).load(request.path_params["import_id"])
    return HTMLResponse(_part(dashboard, found))


def cancel_import(request: Request) -> Response:
    """End a run, and show its outcome."""
    dashboard = dashboard_of(request)
    found = imports_of(dashboard.control).cancel(request.path_params["import_id"])
    return HTMLResponse(_part(dashboard, found))


def forget_import(request: Request) -> Response:
    """Forget an import."""
    found = _found_import(request)
    imports_of(dashboard_of(request).control).remove(found.import_id)
    return redirect(request, f"{IMPORT_PATH}?account={found.account}")


def report(request: Request) -> Response:
    """Give the whole report, as a file."""
    found = _found_import(request)
    name, media_type = _REPORTS.get(request.path_params["form"], ("", ""))
    path = found.folder / name
    if not path.is_file():
        raise ControlError(404, "There is no report yet.")
    return FileResponse(path, media_type=media_type, filename=name)


_ONE = f"{IMPORT_PATH}/{{import_id}}"
ROUTES = (
    Route(IMPORT_PATH, list_imports),
    Route(IMPORT_PATH, receive, methods=["POST"]),
    Route(f"{DASHBOARD_PATH}/live/imports/{{account}}", live_list),
    Route(f"{DASHBOARD_PATH}/live/import/{{import_id}}", live),
    Route(_ONE, show_import),
    Route(f"{_ONE}/check", check, methods=["POST"]),
    Route(f"{_ONE}/load", load_import, methods=["POST"]),
    Route(f"{_ONE}/cancel", cancel_import, methods=["POST"]),
    Route(f"{_ONE}/remove", forget_import, methods=["POST"]),
    Route(f"{_ONE}/report.{{form}}", report),
)
