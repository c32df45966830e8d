from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from backroom.cli.export import export_command
from backroom.cli.imports import import_command
from backroom.feeds.api_client import ApiClient
from backroom.feeds.catalog_reading import read_catalog
from backroom.feeds.catalog_spool import CatalogSpool
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from pathlib import Path

    from click import Command

    from conftest import MakeClient
    from support.client import Client

ROWS = """\
{"type": "category", "external_id": "empty?/ ", "name": "Empty"}
{"type": "category", "external_id": "A > B", "name": "B"}
{"type": "item", "external_id": " =cap", "title": "=1+1", "description": "", "url": "u", "price": null, "categories": ["A > B"], "published": false, "custom_metadata": {"deep": [{"a": null}], "text": "a\\r\\nb \\u0001"}}
{"type": "item", "external_id": "hat", "title": "Hat", "description": "  ", "url": "u", "price": 2}
{"type": "variant", "external_id": "\\"\\"", "item": "hat", "title": "Hat", "description": "\\"\\"", "sku": "", "url": "", "price": 1.5, "inventory_quantity": 3}
"""  # noqa: E501


def run(command: Command, client: Client, *arguments: object) -> Result:
    environment = {"BACKROOM_URL": client.url, "BACKROOM_KEY": client.key}
    return CliRunner(env=environment).invoke(command, [str(each) for each in arguments])


def catalog_of(client: Client) -> list[object]:
    spool = CatalogSpool()
    read_catalog(ApiClient(client.url, client.key, NEWEST, 60), spool, lambda *_: None)
    items = sorted(spool.items(), key=lambda each: each.external_id)
    return [*items, *sorted(spool.categories())]


@pytest.fixture
def filled(client: Client, tmp_path: Path) -> Client:
    path = tmp_path / "source.jsonl"
    path.write_text(ROWS)
    assert run(import_command, client, path).exit_code == 0
    return client


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.csv.gz", "a.json"])
def test_import_of_export_is_equal(
    filled: Client, make_client: MakeClient, tmp_path: Path, name: str
) -> None:
    result = run(export_command, filled, "--strict", tmp_path / name)
    assert result.exit_code == 0, result.output
    other = make_client()
    assert run(import_command, other, tmp_path / name).exit_code == 0
    assert catalog_of(other) == catalog_of(filled)


def test_existing_file_is_refused(filled: Client, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("mine")
    result = run(export_command, filled, path)
    assert (result.exit_code, path.read_text()) == (1, "mine")
    assert "--overwrite" in result.stderr
    assert run(export_command, filled, "--overwrite", path).exit_code == 0


def test_losses_are_named(filled: Client, tmp_path: Path) -> None:
    path = tmp_path / "shopify.csv"
    result = run(export_command, filled, "--format", "json", "--strict", path)
    assert result.exit_code == 3
    (file,) = json.loads(result.stdout)["files"]
    lost = {(each["type"], each["attribute"]) for each in file["losses"]}
    assert ("catalog-category", "external_id") in lost


def test_standard_output_has_the_file_alone(filled: Client) -> None:
    result = run(export_command, filled, "--output-format", "jsonl", "-")
    assert len(result.stdout.splitlines()) == 5
    assert "2 items" in result.stderr


@pytest.mark.slow
def test_absent_server_exits_with_4(tmp_path: Path, client: Client) -> None:
    absent = run(export_command, client, "--url", "http://127.0.0.1:9", tmp_path / "a.csv")
    assert absent.exit_code == 4
    assert list(tmp_path.iterdir()) == []


def test_old_revision_is_refused(tmp_path: Path, client: Client) -> None:
    result = run(export_command, client, "--revision", "2022-10-17", tmp_path / "a.csv")
    assert result.exit_code == 1
    assert "2023-07-15" in result.stderr
