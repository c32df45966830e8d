from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from backroom.catalog.kinds import ITEM, JobKind, Verb
from backroom.cli.api_options import checked_key
from backroom.cli.sending import (
    Ended,
    explained,
    largest_of,
    opened_ledger,
)
from backroom.control.import_check import checked_by
from backroom.feeds.client_errors import RefusedError, UnreachableError
from backroom.feeds.comparing import MODES
from backroom.feeds.ledger import Ledger
from backroom.feeds.reporting import Report
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = click.Command("import")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnreachableError("away"), 4),
        (RefusedError("no", {}), 1),
        (KeyboardInterrupt(), 130),
    ],
    ids=["away", "refused", "Ctrl-C"],
)
def test_errors_have_exit_codes(error: BaseException, code: int) -> None:
    with pytest.raises(Ended) as ended, explained(Report("f", "u", MODES["create"])):
        raise error
    assert ended.value.exit_code == code


@pytest.mark.parametrize(("status", "advice"), [(401, "Check the key"), (403, "needs the scopes")])
def test_refused_keys_get_advice(status: int, advice: str) -> None:
    with (
        pytest.raises(Ended, match=advice),
        explained(Report("f", "u", MODES["create"])),
    ):
        raise RefusedError("No.", {}, status)


def test_ledger_in_use_ends_it(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "state")
    with pytest.raises(Ended, match="in use"):
        opened_ledger(tmp_path / "state")
    first.close()


def test_operation_is_checked_as_the_server_does() -> None:
    check = checked_by(NEWEST)
    refusal = check(JobKind(ITEM, Verb.CREATE), b'{"type": "catalog-item", "attributes": {}}')
    assert refusal
    assert refusal.member == "external_id"


def test_key_is_not_shown() -> None:
    with pytest.raises(click.BadParameter) as error:
        checked_key(click.Context(COMMAND), click.Option(["--key"]), "pk secret")
    assert "secret" not in str(error.value)


def test_older_revisions_take_less() -> None:
    assert largest_of("2023-07-15") < 4_000_000 < largest_of(NEWEST)
