from __future__ import annotations

import traceback

import pytest

from backroom.store.database import UnusablePlace
from backroom.store.postgresql.address import check_address

SECRET = "hunter2"
"""A piece of each password."""


@pytest.mark.parametrize(
    "password",
    [
        "p@hunter2",
        "hunter2@p",
        "p/hunter2",
        "hunter2/p",
        "p%hunter2",
        "12/hunter2",
    ],
)
def test_wrong_urls_show_no_password(password: str) -> None:
    with pytest.raises(UnusablePlace) as refused:
        check_address(f"postgresql://user:{password}@host:5432/shop")
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    assert "postgresql://USER:PASSWORD@HOST:PORT/DATABASE" in str(refused.value)


@pytest.mark.parametrize("port", ["port", "5432x", "hunter2"])
def test_ports_are_numbers(port: str) -> None:
    with pytest.raises(UnusablePlace, match="port in the URL"):
        check_address(f"postgresql://user:hunter2@host:{port}/shop")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:hunter%402@host/shop",
        "postgres://user%40tenant:hunter2@one:5432,two:5433/shop?target_session_attrs=read-write",
        "postgresql://user:hun?ter2@host/shop",
        "postgresql:///shop?host=/run/postgresql",
        "postgresql://user@[::1]:5432/shop",
    ],
)
def test_right_urls_are_taken(url: str) -> None:
    check_address(url)
