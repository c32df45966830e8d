"""The official client for an account; tests/acceptance has programs that use the real one."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from backroom.testing.klaviyo import official_client

if TYPE_CHECKING:
    from backroom.testing import Server


def test_missing_client_is_an_import_error(in_thread: Server) -> None:
    with pytest.raises(ImportError):
        official_client(in_thread.account())


def test_revision_replaces_that_of_the_client(
    in_thread: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def client(key: str, test_host: str) -> SimpleNamespace:
        headers = {"revision": "2026-10-15"}
        return SimpleNamespace(
            key=key, host=test_host, api_client=SimpleNamespace(default_headers=headers)
        )

    module = ModuleType("klaviyo_api")
    module.KlaviyoAPI = client  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "klaviyo_api", module)
    account = in_thread.account()
    usual, other = official_client(account), official_client(account, "2023-02-22")
    assert (usual.key, usual.host) == (account.key, account.url)
    assert usual.api_client.default_headers["revision"] == "2026-10-15"
    assert other.api_client.default_headers["revision"] == "2023-02-22"
