"""One try to send a delivery, signed as Standard Webhooks says, and bounded in time and size.

The signature is that of https://www.standardwebhooks.com, version `v1`: HMAC-SHA256 over the id,
the moment of this try and the body.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
import time
from base64 import b64decode, b64encode
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from backroom import __version__, clock, outgoing
from backroom.store.webhooks import SECRET_PREFIX

if TYPE_CHECKING:
    from urllib3 import HTTPResponse
    from urllib3.connection import HTTPConnection

    from backroom.store.webhooks import Delivery, Webhook

ATTEMPT_SECONDS = 15.0
"""How long a whole try may take, after the name is resolved."""
_CONNECT_SECONDS = 5.0
_SHOWN_BYTES = 500
"""How much of an answer is read, and kept, to help to find a fault."""
_GOOD = range(200, 300)
_REDIRECT_STATUSES = range(300, 400)
_GONE_STATUS = 410
_BUSY_STATUSES = frozenset({429, 503})
_LONGEST_WISH = 3600.0
"""Seconds. A receiver may wish for a longer pause in `Retry-After`, up to so much."""


class TryOutcome(NamedTuple):
    """The outcome of a try. `status` and `answer` are the receiver's, `error` says what failed.

    `pause` is how many seconds the receiver wishes to be left alone, `gone` that it wants no more.
    """

    at: str
    seconds: float
    status: int | None
    error: str | None
    answer: str
    pause: float = 0.0
    gone: bool = False

    @property
    def delivered(self) -> bool:
        """Whether the receiver has the delivery."""
        return self.status is not None and self.error is None


class Attempt:
    """A try that can be broken off by another thread."""

    def __init__(self, webhook: Webhook, delivery: Delivery, *, private: bool) -> None:
        self.delivery = delivery
        self._webhook = webhook
        self._private = private
        self._connection: HTTPConnection | None = None
        self.ends_at = float("inf")
        """When the try must be over, in seconds of the monotonic clock."""
        self.broken_off = False

    def about(self) -> list[tuple[str, str]]:
        """Give the values for lines of the log: the account, and the job whose end is sent."""
        found = [("account", self._webhook.account)]
        job = msgspec.json.decode(self.delivery.body).get("data", {}).get("job")
        return [*found, ("job_id", job["id"])] if job else found

    def make(self) -> TryOutcome:
        """Send the delivery once. The outcome has any failure."""
        # Not `clock.now`: receivers compare the moment with their own time.
        at, began = clock.timestamp(clock.system_now()), time.monotonic()
        try:
            status, answer, wish = self._send()
        except Exception as error:  # noqa: BLE001 - a receiver may fail in any way
            words = (
                f"it took longer than {ATTEMPT_SECONDS:g} seconds"
                if self.broken_off
                else _reason_of(error)
            )
            return TryOutcome(at, _seconds_since(began), None, words, "")
        if status in _GOOD:
            error_words = None
        elif status in _REDIRECT_STATUSES:
            error_words = f"the receiver answered {status}, and redirects are not followed"
        else:
            error_words = f"the receiver answered {status}"
        pause = wish if status in _BUSY_STATUSES else 0.0
        return TryOutcome(
            at,
            _seconds_since(began),
            status,
            error_words,
            answer,
            pause,
            gone=status == _GONE_STATUS,
        )

    def break_off(self) -> None:
        """End the try, which then fails."""
        self.broken_off = True
        used = self._connection.sock if self._connection is not None else None
        if used is not None:
            with suppress(OSError):
                used.shutdown(socket.SHUT_RDWR)

    def _send(self) -> tuple[int, str, float]:
        target = outgoing.target_of(self._webhook.url)
        address = outgoing.resolved(target, private=self._private)
        self.ends_at = time.monotonic() + ATTEMPT_SECONDS
        body = self.delivery.body.encode()
        # Not one of a pool: another thread may have to end it.
        connection = outgoing.connection_to(target, address)
        connection.timeout = _CONNECT_SECONDS
        self._connection = connection
        try:
            connection.connect()
            if self.broken_off:
                raise TimeoutError
            connection.sock.settimeout(ATTEMPT_SECONDS)
            headers = self._headers(body) | {"Host": target.named}
            connection.request(
                "POST", target.path, body=body, headers=headers, preload_content=False
            )
            response = connection.getresponse()
            shown = response.read(_SHOWN_BYTES, decode_content=False)
            text = shown.decode("utf-8", errors="replace")
            return response.status, text, _wish(response)
        finally:
            connection.close()

    def _headers(self, body: bytes) -> dict[str, str]:
        moment = str(int(clock.epoch()))
        return {
            "Content-Type": "application/json",
            "User-Agent": f"backroom/{__version__}",
            "Accept-Encoding": "identity",
            "webhook-id": self.delivery.delivery_id,
            "webhook-timestamp": moment,
            "webhook-signature": signature(
                self._webhook.secret, self.delivery.delivery_id, moment, body
            ),
        }


def signature(secret: str, delivery_id: str, moment: str, body: bytes) -> str:
    """Sign a delivery that is sent at a moment, in seconds since 1970."""
    signed = f"{delivery_id}.{moment}.".encode() + body
    key = b64decode(secret.removeprefix(SECRET_PREFIX))
    return "v1," + b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _wish(response: HTTPResponse) -> float:
    wished = response.headers.get("Retry-After", "")
    return min(float(wished), _LONGEST_WISH) if wished.isascii() and wished.isdecimal() else 0.0


def _seconds_since(began: float) -> float:
    return round(time.monotonic() - began, 3)


def _reason_of(error: Exception) -> str:
    if isinstance(error, outgoing.PrivateAddress):
        return f"not sent: {error}; the setting webhook_private allows it"
    return str(error) or type(error).__name__
