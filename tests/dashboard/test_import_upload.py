from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.control import imports
from backroom.dashboard import import_upload

if TYPE_CHECKING:
    import pytest

    from support.client import Client
    from support.visitor import Visitor

IMPORT_PATH = "/_backroom/dashboard/catalog/import"


def test_file_that_is_too_large_is_refused(
    visitor: Visitor, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_upload, "MOST_FILE_BYTES", 10)
    answer = visitor.ask(
        "POST",
        f"{IMPORT_PATH}?account={client.account}&name=f.csv",
        b"x" * 11,
        X_CSRF_Token=visitor.csrf_token(),
        Content_Type="application/octet-stream",
    )
    assert answer.status == 413
    assert b"backroom import" in answer.data


def test_names_are_safe() -> None:
    assert imports.safe_name("../../etc/pass\0wd") == "pass-wd"
    assert imports.safe_name("C:\\x\\a.csv") == "a.csv"
    assert [imports.safe_name(each) for each in ("", "..", "///")] == ["file"] * 3
    assert imports.safe_name("\u4e16" * 200 + ".csv").endswith(".csv")
    assert len(imports.safe_name("x" * 500).encode()) <= 120
