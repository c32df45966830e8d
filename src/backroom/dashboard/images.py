"""Pictures of the catalog, which come from other hosts. These hosts learn who looks at a page.

So pages load pictures only for a reader who has allowed it by a switch. The switch is kept in a
cookie, and is off at first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from backroom.api.control import PREFIX
from backroom.dashboard.catalog_links import CATALOG_PATH
from backroom.dashboard.formats import web_address
from backroom.dashboard.page import POLICY, dashboard_of, form_of, redirect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

IMAGES_COOKIE = "backroom_images"
_CHOICE_KEPT_SECONDS = 365 * 24 * 3600
_SHOWN_COOKIE = "shown"
_WITH_IMAGES = POLICY.replace("img-src 'self' data:", "img-src 'self' data: https: http:")


def images_allowed(request: Request) -> bool:
    """Whether the reader allows images of other hosts."""
    return request.cookies.get(IMAGES_COOKIE) == _SHOWN_COOKIE


def image_headers(request: Request) -> dict[str, str]:
    """Give the headers of a page that may have images."""
    return {"Content-Security-Policy": _WITH_IMAGES} if images_allowed(request) else {}


def pictures_of(attributes: Mapping[str, Any]) -> list[str]:
    """Give the addresses of a resource's pictures, each once, the small one first."""
    named = [attributes.get(each) for each in ("image_thumbnail_url", "image_full_url")]
    found = [web_address(each) for each in [*named, *(attributes.get("images") or ())]]
    return list(dict.fromkeys(each for each in found if each is not None))


def switch(request: Request) -> Response:
    """Allow images, or no longer, and go back to the page with the switch."""
    form = form_of(request)
    back = form.get("back", "")
    # A path of this catalog and no other: the form says where it came from.
    response = redirect(request, back if back.startswith(CATALOG_PATH) else CATALOG_PATH)
    dashboard = dashboard_of(request)
    response.set_cookie(
        IMAGES_COOKIE,
        _SHOWN_COOKIE if form.get("images") == "on" else "",
        max_age=_CHOICE_KEPT_SECONDS,
        path=dashboard.root + PREFIX,
        secure=dashboard.control.settings.public_url.startswith("https:"),
        httponly=True,
        samesite="strict",
    )
    return response


ROUTES = (Route(f"{CATALOG_PATH}/images", switch, methods=["POST"]),)
