from __future__ import annotations

from typing import Any

import pytest

from backroom.settings import (
    DEFAULT_PORT,
    SETTINGS,
    InvalidSetting,
    Settings,
    variable,
)


def test_defaults_are_safe() -> None:
    settings = Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", DEFAULT_PORT)
    assert (settings.limits, settings.ephemeral) == ("real", False)


def test_variables_are_prefixed() -> None:
    assert variable("show_queued") == "BACKROOM_SHOW_QUEUED"


def test_every_setting_has_help() -> None:
    for each in SETTINGS:
        assert each.metadata["help"].endswith(".")
        assert each.metadata["metavar"] or each.type == "bool"


@pytest.mark.parametrize(
    "database",
    ["shop.db", "/data/a b.db", "sqlite:////data/shop.db", "postgresql:///shop", "C:\\x"],
)
def test_databases_are_paths_and_urls(database: str) -> None:
    assert Settings(database=database).database == database


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "http://localhost:7227/",
        "https://shop.example/klaviyo/a%20b",
        "http://[::1]:80",
        "http://back_room",
    ],
)
def test_public_urls_begin_links(url: str) -> None:
    assert Settings(public_url=url).public_url == url


@pytest.mark.parametrize(
    "store",
    [
        "host:6379",
        "memcached://host",
        "redis://",
        "http://host",
        "redis://host:port",
        "redis://:hunter2/x@host:6379",
        "redis://:x@hunter2@host",
        "redis://:x?hunter2@host",
    ],
)
def test_limits_are_stored_in_redis(store: str) -> None:
    with pytest.raises(InvalidSetting, match="limits_store must be redis://HOST:PORT") as refused:
        Settings(limits_store=store)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "store",
    [
        "redis://localhost:6379",
        "redis://user:secret@valkey:6379/1",
        "valkeys://[::1]:6379",
        "redis+unix:///run/redis.sock",
        "redis+cluster://one:1,two:2",
        "rediss://:a%40b@host?ssl_cert_reqs=none",
    ],
)
def test_right_stores_are_taken(store: str) -> None:
    assert Settings(limits_store=store).limits_store == store


@pytest.mark.parametrize(
    ("limits", "scale"), [("off", None), ("real", 1.0), ("2", 2.0), ("0.5", 0.5), ("1e3", 1000.0)]
)
def test_limits_are_scaled(limits: str, scale: float | None) -> None:
    assert Settings(limits=limits).limits_scale == scale


@pytest.mark.parametrize("limits", ["", "fast", "0", "-1", "nan", "inf", "Real"])
def test_other_limits_are_refused(limits: str) -> None:
    with pytest.raises(InvalidSetting, match="limits must be real, off or a number above 0"):
        Settings(limits=limits)


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": -1},
        {"port": 65536},
        {"job_delay": -0.1},
        {"job_delay": float("nan")},
        {"job_delay": float("inf")},
        {"pipeline": "sometimes"},
        {"log_level": "loud"},
        {"http": "h2"},
        {"default_revision": "yesterday"},
    ],
    ids=str,
)
def test_impossible_values_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting, match=next(iter(wrong))):
        Settings(**wrong)


def test_settings_never_change() -> None:
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]
