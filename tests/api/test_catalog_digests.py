from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from feeds.catalogs import create

if TYPE_CHECKING:
    from conftest import MakeClient
    from support.client import Client

PATH = "/_backroom/changes/items"


def test_block_names_its_resources(client: Client) -> None:
    create(client, "hat")
    blocks = client.get(PATH).json["blocks"]
    found = client.get(f"{PATH}?block={next(iter(blocks))}").json["resources"]
    assert [each[0] for each in found] == ["hat"]
    assert sum(each[1] for each in found) == sum(blocks.values())


def test_digests_are_of_the_own_account(client: Client, make_client: MakeClient) -> None:
    create(client, "hat")
    assert make_client().get(PATH).json["blocks"] == {}


@pytest.mark.parametrize("block", ["x", "-1", "9" * 19, "1" * 30])
def test_block_is_a_number(client: Client, block: str) -> None:
    assert client.get(f"{PATH}?block={block}").status == 400


def test_key_needs_the_scope(make_client: MakeClient) -> None:
    assert make_client("catalogs:write").get(PATH).status == 403
