from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.environment import load
from backroom.settings import DEFAULT_PORT, InvalidSetting, read_fixed_key

if TYPE_CHECKING:
    from pathlib import Path


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
    ("name", "text", "right"),
    [
        ("PORT", "many", "a whole number, not 'many'"),
        ("PORT", "", "a whole number, not ''"),
        ("EPHEMERAL", "maybe", "1, true, yes or on"),
        ("JOB_DELAY", "soon", "a number, not 'soon'"),
    ],
)
def test_unreadable_variables_are_named(name: str, text: str, right: str) -> None:
    with pytest.raises(InvalidSetting, match=f"BACKROOM_{name} must be {right}"):
        load({}, {f"BACKROOM_{name}": text})


def test_wrong_values_name_where_they_are_from() -> None:
    with pytest.raises(InvalidSetting, match=r"^--log-level must be debug"):
        load({"log_level": "loud"}, {"BACKROOM_LOG_LEVEL": "info"})
    with pytest.raises(InvalidSetting, match=r"^BACKROOM_LOG_LEVEL must be debug"):
        load({}, {"BACKROOM_LOG_LEVEL": "loud"})


@pytest.mark.parametrize(
    ("database", "words"),
    [
        ("", "must be a path"),
        (":memory:", "--ephemeral"),
        ("sqlite:///:memory:", "--ephemeral"),
        ("sqlite://shop.db", "sqlite:///PATH"),
        ("mysql://user:hunter2@host/shop", "mysql:// is neither"),
        ("postgresql+psycopg://user:hunter2@host/shop", "is neither"),
        ("postgresql:user:hunter2@host", "begins with postgresql://"),
        ("host=db user=shop password=hunter2", "connection string"),
        ("file:shop.db?mode=ro", "without file:"),
        ("sqlite:///shop.db?mode=ro", "no parameters"),
    ],
)
def test_what_is_no_database_is_refused(database: str, words: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        load({"database": database}, {})
    assert str(refused.value).startswith("--database ")
    assert words in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_ephemeral_excludes_a_database() -> None:
    flags: dict[str, Any] = {"ephemeral": None, "database": "shop.db"}
    with pytest.raises(InvalidSetting, match="--database and --ephemeral exclude each other"):
        load({**flags, "ephemeral": True}, {})
    with pytest.raises(InvalidSetting, match="--database and BACKROOM_EPHEMERAL exclude"):
        load(flags, {"BACKROOM_EPHEMERAL": "1"})
    assert not load({**flags, "ephemeral": False}, {"BACKROOM_EPHEMERAL": "1"}).ephemeral


def test_image_may_be_ephemeral() -> None:
    """Its variable names a database."""
    environment = {"BACKROOM_DATABASE": "/data/backroom.db"}
    assert load({"ephemeral": True, "database": None}, environment).ephemeral
    assert load({}, environment | {"BACKROOM_EPHEMERAL": "1"}).ephemeral


@pytest.mark.parametrize(
    "url",
    [
        "pub.example",
        "ftp://pub.example",
        "https://",
        "https:///path",
        "https://pub.example?x",
        "https://pub.example/#x",
        "https://user:hunter2@pub.example",
        "https://pub.example:port",
        "https://pub.example:99999",
        "https://pub..example",
        "https://[:::::]",
        "https://pub.example/%zz",
        "https://pub.example/a b",
        "https://bücher.example",
        "https://pub.example/\n",
        " https://pub.example",
    ],
)
def test_other_public_urls_are_refused(url: str) -> None:
    with pytest.raises(InvalidSetting, match=r"such as https://shop.example/klaviyo") as refused:
        load({}, {"BACKROOM_PUBLIC_URL": url})
    assert str(refused.value).startswith("BACKROOM_PUBLIC_URL must be http")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("key", ["test", "sk_test", "pk_", "pk_a b", "=pk_test", "pk_tést"])
def test_fixed_key_must_begin_with_pk(key: str) -> None:
    with pytest.raises(InvalidSetting, match="--key must be pk_… or ACCOUNT=pk_…"):
        load({"key": (key,)}, {})


def test_variable_holds_several_keys() -> None:
    settings = load({"key": ()}, {"BACKROOM_KEY": "pk_test, shop=pk_shop"})
    assert list(map(read_fixed_key, settings.key)) == [("", "pk_test"), ("shop", "pk_shop")]


def test_token_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("a-token\n")
    assert load({}, {"BACKROOM_CONTROL_TOKEN_FILE": str(file)}).control_token == "a-token"
    flags = {"control_token_file": str(file)}
    assert load(flags, {"BACKROOM_CONTROL_TOKEN": "other"}).control_token == "a-token"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"control_token": "a", "control_token_file": "b"}, "exclude each other"),
        ({"control_token_file": "nowhere"}, "--control-token-file must name a file"),
    ],
)
def test_flag_for_a_token_file_is_checked(flags: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidSetting, match=words):
        load(flags, {})


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"BACKROOM_CONTROL_TOKEN_FILE": "nowhere"}, "must name a file that can be read"),
        ({"BACKROOM_CONTROL_TOKEN_FILE": "/dev/null"}, "must name a file that is not empty"),
        (
            {"BACKROOM_CONTROL_TOKEN_FILE": "a", "BACKROOM_CONTROL_TOKEN": "b"},
            "exclude each other",
        ),
        ({"BACKROOM_CONTROL_TOKEN": "a b"}, "BACKROOM_CONTROL_TOKEN must be ASCII"),
    ],
)
def test_wrong_token_is_refused(variables: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidSetting, match=words):
        load({}, variables)
