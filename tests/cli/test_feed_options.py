from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner, Result

from backroom.cli.feed_options import FeedChoice, FeedPlace, with_feed_options

if TYPE_CHECKING:
    from pathlib import Path

SHOP = "Handle,Title,Price\ncap,Cap,3\n"


@click.command
@click.argument("file", type=FeedPlace())
@with_feed_options()
def show(file: Any, feed: FeedChoice) -> None:
    opened = feed.opened(file)
    rows = list(opened.rows())
    click.echo(f"{opened.described}: {len(rows)}")


def run(*arguments: str | Path, given: str | bytes = "") -> Result:
    return CliRunner().invoke(show, [str(each) for each in arguments], input=given)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop").write_text(SHOP)
    return tmp_path / "shop"


def test_feed_is_recognised(shop: Path) -> None:
    assert run(shop).stdout.startswith("Shopify CSV, 3 columns, UTF-8, commas: ")


def test_standard_input_is_a_feed() -> None:
    assert run("-", given=SHOP).stdout.startswith("Shopify CSV")


def test_mapping_is_shown(shop: Path) -> None:
    result = run(shop, "--show-mapping")
    assert result.exit_code == 0
    assert '"Handle" = "handle"' in result.stdout


def test_all_that_is_said_is_used(tmp_path: Path) -> None:
    (tmp_path / "shop").write_bytes("Nom^Prix\nÉté^3\n".encode("cp1252"))
    (tmp_path / "map").write_text(
        'format = "shopify"\ncolumns = {Nom = "title", Prix = "price", Id = "handle"}'
    )
    result = run(
        tmp_path / "shop", "--encoding", "windows-1252", "--delimiter", "^", "--numbers", "point",
        "--compression", "none", "--mapping", tmp_path / "map", "--shop-url", "https://a.example/{handle}",
    )  # fmt: skip
    assert result.exit_code == 1
    assert "shop has columns and lacks those of Shopify (handle, title or" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--shop-url", "shop.example/{handle}"], "does not begin with http"),
        (["--shop-url", "https://shop.example/"], "needs {handle}, {id} or {sku}"),
        (["--input-format", "magento"], "is not one of"),
    ],
)
def test_wrong_options_exit_with_2(shop: Path, arguments: list[str], reason: str) -> None:
    result = run(shop, *arguments)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_wrong_mapping_exits_with_1(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "map").write_text("=")
    result = run(shop, "--mapping", tmp_path / "map")
    assert (result.exit_code, "is not TOML" in result.stderr) == (1, True)


def test_errors_send_no_escapes(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("\x1b[31mred,b\n")
    result = run(tmp_path / "shop")
    assert result.exit_code == 1
    assert "\x1b" not in result.stderr


def test_private_addresses_are_off() -> None:
    result = run("http://127.0.0.1:9/shop.csv?key=secret")
    assert result.exit_code == 1
    assert "is the private address" in result.stderr
    assert "secret" not in result.stderr


def test_mapping_of_unknown_columns_is_shown(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("Nom,Prix\nCap,5\n")
    result = run(tmp_path / "shop", "--input-format", "woocommerce", "--show-mapping")
    assert result.exit_code == 0
    assert '"Prix" = "metadata"' in result.output
