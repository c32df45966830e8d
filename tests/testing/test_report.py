"""The journal of a failed test as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.testing import report
from backroom.testing.report import journal_section
from testing.held import ITEMS, item, send

if TYPE_CHECKING:
    import pytest

    from backroom.testing import Server


def test_requests_are_shown_with_their_bodies(in_thread: Server) -> None:
    account = in_thread.account()
    send(account, "POST", ITEMS, {"data": item("cap")})
    text = journal_section(account)
    assert f"201 POST   /api/catalog-items  create_catalog_item {account.revision}" in text
    assert '    > {"data":{"type":"catalog-item"' in text
    assert account.key not in text


def test_refusals_say_why(in_thread: Server) -> None:
    account = in_thread.account()
    fault = account.faults.add(status=503)
    send(account, "GET", ITEMS)
    send(account, "GET", "/api/catalog-itms")
    text = journal_section(account)
    assert f"    fault {fault.number} struck it" in text
    assert "    near: not an operation; nearest is GET /api/catalog-items" in text


def test_what_was_never_used_is_shown(in_thread: Server) -> None:
    account = in_thread.account()
    wish = account.pace.add(after_reads=2)
    text = journal_section(account)
    assert "no request came" in text
    assert f"never used: wish {wish.number} {{'after_reads': 2}}" in text


def test_long_journals_are_cut(in_thread: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "_MOST_REQUESTS", 1)
    account = in_thread.account()
    send(account, "GET", ITEMS)
    send(account, "POST", ITEMS, {"data": item("cap", description="x" * 9_000)})
    text = journal_section(account)
    assert "(1 earlier requests are left out)" in text
    assert len(text) < 3_000
