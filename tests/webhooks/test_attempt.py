from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from backroom.store.webhooks import Delivery, Webhook
from backroom.webhooks.attempt import Attempt
from support.process import until
from support.receiver import Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backroom.webhooks.attempt import TryOutcome

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "A" * 32
BODY = '{"type":"job.completed","data":{"name":"Mütze"}}'


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def an_attempt(url: str, *, private: bool = True) -> Attempt:
    webhook = Webhook("wh_1", "shop", url, "[]", SECRET, "")
    delivery = Delivery("msg_1", "wh_1", "job.completed", BODY, "", "waiting", 0, 0, "[]")
    return Attempt(webhook, delivery, private=private)


def tried(url: str, *, private: bool = True) -> TryOutcome:
    return an_attempt(url, private=private).make()


def test_signature_is_right_for_a_library(receiver: Receiver) -> None:
    outcome = tried(receiver.url)
    assert (outcome.delivered, outcome.status, outcome.error) == (True, 204, None)
    (got,) = receiver.received
    assert got.verified(SECRET) == {"type": "job.completed", "data": {"name": "Mütze"}}
    assert (got.path, got.body) == ("/hook?a=1", BODY.encode())
    assert got.headers["webhook-id"] == "msg_1"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == receiver.url.split("/")[2]


def test_other_secrets_do_not_verify(receiver: Receiver) -> None:
    tried(receiver.url)
    with pytest.raises(WebhookVerificationError):
        receiver.received[0].verified(OTHER)


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.answer = lambda _: (302, {"Location": receiver.url})
    outcome = tried(receiver.url)
    assert outcome.error == "the receiver answered 302, and redirects are not followed"
    assert not outcome.delivered
    assert len(receiver.received) == 1


def test_wish_for_a_pause_is_read(receiver: Receiver) -> None:
    receiver.answer = lambda _: (503, {"Retry-After": "120"})
    assert tried(receiver.url).pause == 120
    receiver.answer = lambda _: (503, {"Retry-After": "9" * 400})
    assert tried(receiver.url).pause == 3600
    receiver.answer = lambda _: (500, {"Retry-After": "120"})
    assert tried(receiver.url).pause == 0


def test_gone_receiver_is_noticed(receiver: Receiver) -> None:
    receiver.answer = lambda _: 410
    assert tried(receiver.url).gone


def test_private_address_gets_nothing(receiver: Receiver) -> None:
    outcome = tried(receiver.url, private=False)
    assert outcome.error is not None
    assert "is the private address 127.0.0.1; the setting webhook_private" in outcome.error
    assert receiver.received == []


def test_name_is_resolved_once(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolving_names_here(monkeypatch)
    assert tried(receiver.url.replace("127.0.0.1", "shop.example")).delivered
    assert asked == ["shop.example"]
    assert receiver.received[0].headers["host"].startswith("shop.example:")


def test_closed_port_is_an_outcome() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    outcome = tried(url)
    assert outcome.status is None
    assert outcome.error


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of shop.example that nobody trusts, with its key."""
    path = tmp_path / "shop.pem"
    made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    named = "-subj /CN=shop.example -addext subjectAltName=DNS:shop.example"
    files = ["-keyout", str(path), "-out", str(tmp_path / "cert.pem")]
    subprocess.run(["openssl", *made.split(), *named.split(), *files], check=True, timeout=30)
    path.write_text(path.read_text() + (tmp_path / "cert.pem").read_text())
    return path


@pytest.mark.skipif(which("openssl") is None, reason="openssl is not installed")
def test_certificate_has_to_be_the_name_s(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate)
    resolving_names_here(monkeypatch)
    with receiving(tls=served) as receiver:
        url = receiver.url.replace("127.0.0.1", "shop.example")
        untrusted = tried(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        other = tried(url.replace("shop.example", "other.example"))
        right = tried(url)
    assert "self-signed certificate" in (untrusted.error or "")
    assert "other.example" in (other.error or "")
    assert right.delivered
    assert len(receiver.received) == 1


def resolving_names_here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have each name under `.example` mean this machine; gives which were asked for."""
    asked: list[str] = []
    resolve = socket.getaddrinfo

    def here(host: str, *more: Any, **options: Any) -> Any:
        # Connections resolve too, but only addresses.
        if not host.endswith(".example"):
            return resolve(host, *more, **options)
        asked.append(host)
        return resolve("127.0.0.1", *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    return asked


def test_slow_try_is_broken_off(receiver: Receiver) -> None:
    ends = threading.Event()
    receiver.answer = lambda _: ends.wait(10) and 204
    attempt = an_attempt(receiver.url)
    outcomes: list[TryOutcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(attempt.make()))
    thread.start()
    receiver.wait()
    attempt.break_off()
    thread.join(5)
    ends.set()
    (outcome,) = outcomes
    assert outcome.error == "it took longer than 15 seconds"


def test_long_answers_are_cut() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(b"HTTP/1.1 400 no\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 9000)
                with suppress(ConnectionError):
                    until(lambda: not peer.recv(65536), "the sender to close")

        thread = threading.Thread(target=answer)
        thread.start()
        outcome = tried(f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join()
    assert outcome.answer == "x" * 500
    assert outcome.error == "the receiver answered 400"
