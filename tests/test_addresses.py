"""The forms of addresses. Which of them a setting takes is tested with the settings."""

import pytest

from backroom.addresses import is_ipv6, wrong_with_database


@pytest.mark.parametrize("database", ["shop.db", "sqlite:///shop.db", "postgresql://db/shop"])
def test_paths_and_urls_are_databases(database: str) -> None:
    assert not wrong_with_database(database)


def test_other_schemes_are_no_databases() -> None:
    assert "mysql:// is neither" in wrong_with_database("mysql://db/shop")


def test_names_are_no_addresses_of_ipv6() -> None:
    assert is_ipv6("::1")
    assert not is_ipv6("localhost")
