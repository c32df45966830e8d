"""The journal of a failed test as text, for the report of the test run."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.testing.account import Account
    from backroom.testing.account_requests import SentRequest

_MOST_REQUESTS = 50
_MOST_CHARACTERS = 1_000
_MOST_OF_REFUSED = 4_000
_LEAST_REFUSED = 400
"""The least status of a refusal."""


def journal_section(account: Account) -> str:
    """Write the last requests of an account, with what was answered, and what was never used."""
    sent = account.requests.find()
    left_out = len(sent) - _MOST_REQUESTS
    lines = [f"account {account.account} on {account.url}"]
    if left_out > 0:
        lines.append(f"({left_out} earlier requests are left out)")
    lines += chain.from_iterable(_request_lines(each) for each in sent[-_MOST_REQUESTS:])
    if not sent:
        lines.append("no request came")
    unused = [*account.faults.unused(), *account.pace.unused()]
    lines += [f"never used: {each}" for each in unused]
    return "\n".join(lines)


def _request_lines(sent: SentRequest) -> Iterator[str]:
    known = [each or "-" for each in (sent.operation, sent.revision)]
    yield (
        f"{sent.status} {sent.method:<6} {sent.path}  {' '.join(known)}  {sent.milliseconds:.2f} ms"
    )
    if sent.fault is not None:
        yield f"    fault {sent.fault} struck it"
    for words, value in (("refused", sent.reason), ("near", sent.near)):
        if value:
            yield f"    {words}: {value}"
    most = _MOST_OF_REFUSED if sent.status >= _LEAST_REFUSED else _MOST_CHARACTERS
    for arrow, body in ((">", sent.body), ("<", sent.answer)):
        if body is not None:
            yield f"    {arrow} {_shortened(body, most)}"


def _shortened(body: Any, most: int) -> str:
    text = body if isinstance(body, str) else msgspec.json.encode(body).decode()
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"
