"""The forms of addresses that settings and requests have: databases, URLs, hosts."""

from __future__ import annotations

import re
from ipaddress import IPv6Address

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_CONNECTION_STRING = re.compile(r"\b(host|dbname|user|password)\s*=")
_PUBLIC_URL = re.compile(
    r"https?://([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{1,5}))?"
    r"(/([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?"
)
MOST_PORT = 65535
_LIMITS_STORE = re.compile(
    r"(redis|rediss|valkey|valkeys)(\+\w+)?://([^@/?]*@)?[^@/?:\[\]]*(\[[0-9A-Fa-f:.]+\])?(:[0-9]{1,5})?"
    r"([,/?][^@]*)?"
)
"""What the library would show of another URL in an error may be a part of the password."""


def is_public_url(url: str) -> bool:
    """Whether a text is a URL that links can begin with."""
    found = _PUBLIC_URL.fullmatch(url)
    if found is None or int(found[3] or 0) > MOST_PORT:
        return False
    return found[2] is None or is_ipv6(found[2])


def is_ipv6(text: str) -> bool:
    """Whether a text is an address of IPv6."""
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def is_limits_store(url: str) -> bool:
    """Whether a text is a URL of Redis or Valkey."""
    _, _, rest = url.partition("://")
    return bool(rest) and _LIMITS_STORE.fullmatch(url) is not None


def wrong_with_database(database: str) -> str:
    """Say why a text names no database. Empty if it may name one. Passwords are not shown."""
    found = _SCHEME.match(database)
    scheme = found[1] if found else ""
    not_one = "database must be a path or a postgresql:// URL"
    checks = (
        (not database.strip(), not_one),
        (
            database in {":memory:", "sqlite://", "sqlite:///", "sqlite:///:memory:"},
            (
                "database can't be in memory, where each connection has its own:"
                " `backroom serve --ephemeral` keeps nothing, and any other database is a path"
            ),
        ),
        (
            scheme not in {"", "postgresql", "postgres", "sqlite"},
            f"{not_one}, and {scheme}:// is neither",
        ),
        (
            scheme == "sqlite" and "?" in database,
            "database must be a path: a URL of SQLite has no parameters here",
        ),
        (
            scheme == "sqlite" and not database.startswith("sqlite:///"),
            "database must be a path: write sqlite:///PATH, or PATH alone",
        ),
        (database.startswith("file:"), "database must be a path: write it without file:"),
        (
            not scheme and _CONNECTION_STRING.search(database),
            f"{not_one}: write a connection string as postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
        ),
        (
            re.match("postgres(ql)?:(?!//)", database),
            "database must be a path or a URL that begins with postgresql://",
        ),
    )
    return next((words for wrong, words in checks if wrong), "")
