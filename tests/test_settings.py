from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from backroom.settings import DEFAULT_PORT, InvalidSetting, Settings, load, variable


def test_defaults_are_safe() -> None:
    settings = Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", DEFAULT_PORT)
    assert (settings.limits, settings.ephemeral) == ("real", False)


def test_variables_are_prefixed() -> None:
    assert variable("show_queued") == "BACKROOM_SHOW_QUEUED"


def test_every_setting_has_help() -> None:
    for each in fields(Settings):
        assert each.metadata["help"].endswith(".")
        assert each.metadata["metavar"] or each.type == "bool"


@pytest.mark.parametrize(
    ("flags", "environment", "port"),
    [
        ({}, {}, DEFAULT_PORT),
        ({"port": 1}, {"BACKROOM_PORT": "2"}, 1),
        ({"port": 0}, {"BACKROOM_PORT": "2"}, 0),
        ({"port": None}, {"BACKROOM_PORT": "2"}, 2),
        ({}, {"BACKROOM_PORT": " 2 "}, 2),
        ({}, {"PORT": "2", "backroom_port": "3"}, DEFAULT_PORT),
    ],
)
def test_flags_win_over_environment(
    flags: dict[str, Any], environment: dict[str, str], port: int
) -> None:
    assert load(flags, environment).port == port


@pytest.mark.parametrize("text", ["1", "true", "YES", " on "])
def test_truths_are_read(text: str) -> None:
    assert load({}, {"BACKROOM_SHOW_QUEUED": text}).show_queued is True


@pytest.mark.parametrize("text", ["0", "false", "No", "off", ""])
def test_falsehoods_are_read(text: str) -> None:
    assert load({}, {"BACKROOM_SHOW_QUEUED": text}).show_queued is False


@pytest.mark.parametrize(
    ("name", "text"),
    [("PORT", "many"), ("PORT", ""), ("EPHEMERAL", "maybe"), ("JOB_DELAY", "soon")],
)
def test_unreadable_variables_are_named(name: str, text: str) -> None:
    with pytest.raises(InvalidSetting, match=f"BACKROOM_{name} has a value that can't be read"):
        load({}, {f"BACKROOM_{name}": text})


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
