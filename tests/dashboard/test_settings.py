from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.environment import load
from backroom.settings import SETTINGS
from conftest import running
from support.visitor import DASHBOARD_PATH, TOKEN, Visitor

if TYPE_CHECKING:
    from backroom.settings import Settings

PATH = f"{DASHBOARD_PATH}/settings"


def words_of(settings: Settings) -> str:
    given = {name: getattr(settings, name) for name in ("limits", "control_token", "job_delay")}
    with running(None, **given, origins=settings.origins) as server:
        visitor = Visitor(server.url)
        visitor.sign_in(TOKEN)
        return visitor.words(PATH)


def test_every_setting_is_listed(visitor: Visitor) -> None:
    page = visitor.read(PATH)
    for each in SETTINGS:
        assert f'<th scope="row" class="whole"><code>{each.name}</code></th>' in page


def test_settings_say_where_from() -> None:
    flags = {"limits": "off", "control_token": TOKEN}
    words = words_of(load(flags, {"BACKROOM_JOB_DELAY": "2.5"}))
    assert "limits off --limits" in words
    assert "job_delay 2.5 BACKROOM_JOB_DELAY" in words
    assert "show_queued False default" in words


def test_secrets_are_replaced(visitor: Visitor) -> None:
    page = visitor.read(PATH)
    assert TOKEN not in page
    assert "***" in page
