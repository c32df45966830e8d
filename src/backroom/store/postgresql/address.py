"""The URL of a PostgreSQL server: refused early where it can't be right.

libpq cuts a URL at the wrong place if the password has a bare `@`, `/` or `?`. Its errors then name
a piece of the password as a host or a port. So such a URL never gets there, and no error shows it.
"""

from __future__ import annotations

import re

import psycopg
from psycopg.conninfo import conninfo_to_dict

from backroom.store.database import UnusablePlace

_RIGHT = "Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
_PORT = re.compile(r"[0-9]{1,5}")


def check_address(url: str) -> None:
    """Raise `UnusablePlace` if a URL can't be read. The error shows nothing of the URL."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        # Its text quotes the URL. `from None` also keeps it out of a traceback.
        raise UnusablePlace(f"The URL of the PostgreSQL server can't be read. {_RIGHT}") from None
    # libpq shows these when it can't connect. A user may well be named with an @.
    shown = [str(parts.get(name) or "") for name in ("host", "hostaddr", "port", "dbname")]
    if any("@" in each for each in shown):
        raise UnusablePlace(
            "The URL of the PostgreSQL server has an @ where its host, port or database stands."
            f" {_RIGHT}, with %40 for each @ in a name or a password, %2F for / and %3F for ?"
        )
    ports = [each for each in str(parts.get("port") or "").split(",") if each]
    if not all(_PORT.fullmatch(each) for each in ports):
        raise UnusablePlace(
            "The port in the URL of the PostgreSQL server is not a number."
            f" {_RIGHT}, with %2F for each / in a password and %3A for each :"
        )
