"""What all pages share: the dashboard that a request belongs to, and how a template is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jinja2
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from backroom import __version__, clock
from backroom.control.route import EVENT_STREAM
from backroom.dashboard import formats
from backroom.dashboard.applied import AppliedLately
from backroom.dashboard.mount import DASHBOARD_PATH, HOME
from backroom.dashboard.sizes import CatalogSizes
from backroom.dashboard.still_failed import Failures
from backroom.dashboard.streams import Streams

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from backroom.control.route import Control
    from backroom.dashboard.live import LiveParts
    from backroom.dashboard.sessions import Sessions
    from backroom.dashboard.traffic import Traffic

FOLDER = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page may load, and from where, unless it says so itself."""
HTMX = "HX-Request"
"""The header of requests for a part of a page."""
_SEE_OTHER = 303
_FIRST_ERROR_STATUS = 400


class Section(NamedTuple):
    """A part of the dashboard that the navigation leads to. `key` is the second key of `g …`."""

    name: str
    path: str
    words: str
    key: str


SECTIONS = (
    Section("overview", HOME, "Overview", "o"),
    Section("jobs", f"{DASHBOARD_PATH}/jobs", "Jobs", "j"),
    Section("catalog", f"{DASHBOARD_PATH}/catalog", "Catalog", "c"),
    Section("requests", f"{DASHBOARD_PATH}/requests", "Requests", "r"),
    Section("testing", f"{DASHBOARD_PATH}/testing", "Testing", "t"),
    Section("accounts", f"{DASHBOARD_PATH}/accounts", "Accounts", "a"),
    Section("settings", f"{DASHBOARD_PATH}/settings", "Settings", "s"),
)


@dataclass
class Dashboard:
    """What pages are made from. `root` is the path of `public_url`, before which links begin."""

    control: Control
    sessions: Sessions
    traffic: Traffic
    live: LiveParts
    root: str = ""
    is_token: Callable[[str], bool] = lambda _: False
    applied: AppliedLately = field(default_factory=AppliedLately)
    streams: Streams = field(default_factory=Streams)
    sizes: CatalogSizes = field(default_factory=CatalogSizes)
    failures: Failures = field(default_factory=Failures)
    templates: jinja2.Environment = field(init=False)

    def __post_init__(self) -> None:
        """Load the templates. All values in them are escaped, and a missing one is an error."""
        self.templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.filters.update(formats.FILTERS)
        self.templates.globals.update(
            root=self.root,
            pages=self.root + DASHBOARD_PATH,
            home=self.root + HOME,
            sections=SECTIONS,
            version=__version__,
            server_now=clock.now,
            is_shared=self.is_shared,
            server_pace=_pace,
        )

    @property
    def is_shared(self) -> bool:
        """Whether other servers may have the same database, so that figures say whose they are."""
        return self.control.database.dialect.name != "sqlite"

    def rendered(self, template: str, **values: Any) -> str:
        """Fill in a template that is a part of a page."""
        return self.templates.get_template(template).render(values)


def _pace() -> float:
    """Give how many seconds of the server's clock pass in one of the system."""
    return 1 / clock.real_seconds(1)


def dashboard_of(request: Request) -> Dashboard:
    """Give the dashboard that a request belongs to."""
    found: Dashboard = request.app.state.dashboard
    return found


def form_of(request: Request) -> Mapping[str, str]:
    """Give the fields of the form that was sent, texts only."""
    return {name: value for name, value in request.scope["form"].items() if isinstance(value, str)}


def page(
    request: Request,
    template: str,
    *,
    section: str = "",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """Answer with a page, or with a part of one.

    Templates of pages extend `base.html`; `section` is the part of the navigation they belong to.
    """
    dashboard = dashboard_of(request)
    session = request.scope.get("session_id")
    html = dashboard.rendered(
        template,
        section=section,
        csrf_token=dashboard.sessions.csrf_token(session) if session else "",
        signed_in=bool(session),
        ephemeral=dashboard.control.settings.ephemeral,
        **values,
    )
    if status >= _FIRST_ERROR_STATUS and HTMX in request.headers:
        # The page that is there stays, and so does its address.
        headers = {"HX-Push-Url": "false", **(headers or {})}
    return HTMLResponse(html, status, headers)


def live_response(request: Request, name: str, make: Callable[[], str]) -> StreamingResponse:
    """Keep a part of a page up to date by events. `name` has all that it depends on."""
    dashboard = dashboard_of(request)
    watching = dashboard.live.watch(name, make)
    left = dashboard.sessions.seconds_left(request)
    followed = dashboard.streams.follow(request.scope["session_id"], left, watching)
    return StreamingResponse(followed, media_type=EVENT_STREAM)


def redirect(request: Request, path: str) -> Response:
    """Answer a form with the page to see next. `path` begins with `HOME` or `DASHBOARD_PATH`.

    For a form that a script has sent, the script goes there.
    """
    location = dashboard_of(request).root + path
    if HTMX in request.headers:
        return Response(status_code=204, headers={"HX-Location": location})
    return RedirectResponse(location, _SEE_OTHER)
