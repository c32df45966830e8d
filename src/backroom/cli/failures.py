"""How commands end where the database can't be opened or used."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from backroom.settings import InvalidSetting
from backroom.store.database import StoreUnavailable, UnusablePlace
from backroom.store.migrate import WrongDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def reported(before: str = "") -> Iterator[None]:
    """End the command with the sentence of a failure, which `before` begins.

    The exit code is 2 where the setting `database` has to be another, else 1.
    """
    try:
        yield
    except UnusablePlace as error:
        raise click.UsageError(f"{before}{error}") from None
    except (InvalidSetting, StoreUnavailable, WrongDatabase) as error:
        raise click.ClickException(f"{before}{error}") from None
