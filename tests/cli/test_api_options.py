from __future__ import annotations

import click
import pytest

from backroom.cli.api_options import checked_key, checked_revision

CONTEXT = click.Context(click.Command("x"))
OPTION = click.Option(["--x"])


def test_words_of_headers_are_taken() -> None:
    assert checked_key(CONTEXT, OPTION, "pk_1") == "pk_1"
    assert checked_revision(CONTEXT, OPTION, "2026-10-15") == "2026-10-15"


@pytest.mark.parametrize("check", [checked_key, checked_revision])
def test_blanks_are_refused(check: object) -> None:
    assert callable(check)
    with pytest.raises(click.BadParameter):
        check(CONTEXT, OPTION, "a b")
