from __future__ import annotations

import click
import pytest

from backroom.cli.failures import reported
from backroom.store.database import StoreUnavailable, UnusablePlace
from backroom.store.migrate import WrongDatabase


@pytest.mark.parametrize(
    ("error", "code"), [(UnusablePlace, 2), (StoreUnavailable, 1), (WrongDatabase, 1)]
)
def test_failures_end_the_command(error: type[Exception], code: int) -> None:
    with pytest.raises(click.ClickException, match="SOURCE: gone") as ended, reported("SOURCE: "):
        raise error("gone")
    assert ended.value.exit_code == code
