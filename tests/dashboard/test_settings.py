from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.control.table import perform
from backroom.dashboard import settings
from backroom.environment import load
from backroom.settings import SETTINGS
from backroom.store.database import StoreUnavailable
from conftest import running
from support.visitor import DASHBOARD_PATH, TOKEN, Visitor

if TYPE_CHECKING:
    import pytest

    from backroom.settings import Settings

PATH = f"{DASHBOARD_PATH}/settings"


def words_of(given_settings: Settings) -> str:
    given = {
        name: getattr(given_settings, name) for name in ("limits", "control_token", "job_delay")
    }
    with running(None, **given, origins=given_settings.origins) as server:
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
    assert "public_url - default" in words
    assert "Worker in this server" in words
    assert "job_delay 2.5 BACKROOM_JOB_DELAY" in words
    assert "show_queued no default" in words


def test_secrets_are_replaced(visitor: Visitor) -> None:
    page = visitor.read(PATH)
    assert TOKEN not in page
    assert "***" in page


def test_settings_need_no_database(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*given: Any) -> Any:
        if given[-1] == "/info":
            raise StoreUnavailable("nobody answers")
        return perform(*given)

    monkeypatch.setattr(settings, "perform", unreachable)
    words = visitor.words(PATH)
    assert "can't reach its database" in words
    assert "BACKROOM_LIMITS" in words
