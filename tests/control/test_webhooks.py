from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.control.route import ControlError
from backroom.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.control.route import Control

    Call = Callable[..., Any]

URL = "http://127.0.0.1:9/hook"


@pytest.fixture(autouse=True)
def allowed(control: Control) -> None:
    control.settings = Settings(webhook_private=True)


def test_secret_is_shown_once(call: Call) -> None:
    made = call("POST", "/webhooks", {"url": URL})
    assert made.pop("secret").startswith("whsec_")
    assert made["events"] == ["job.cancelled", "job.completed", "job.operations_failed"]
    assert call("GET", "/webhooks") == [made]
    assert call("GET", "/webhooks", account="default") == [made]


def test_events_are_chosen(call: Call) -> None:
    made = call("POST", "/webhooks", {"url": URL, "events": ["job.completed"]})
    assert made["events"] == ["job.completed"]
    with pytest.raises(ControlError, match=r"'job\.begun' is not an event"):
        call("POST", "/webhooks", {"url": URL, "events": ["job.begun"]})
    with pytest.raises(ControlError, match=r"\['job\.begun'\] is not an event"):
        call("POST", "/webhooks", {"url": URL, "events": [["job.begun"]]})


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example/",
        "http://user:word@shop.example/",
        "http://shop.example/#part",
        "http:///hook",
        "http://shop.example/\r\nX: y",
        "http://shop.example/" + "x" * 2000,
        "http://schön.example/",
    ],
)
def test_unusable_urls_are_refused(call: Call, url: str) -> None:
    with pytest.raises(ControlError) as refused:
        call("POST", "/webhooks", {"url": url})
    assert refused.value.status == 400
    assert call("GET", "/webhooks") == []


def test_private_addresses_are_refused(call: Call, control: Control) -> None:
    control.settings = Settings()
    with pytest.raises(ControlError, match=r"private address 127\.0\.0\.1\. The setting"):
        call("POST", "/webhooks", {"url": URL})


def test_account_has_ten_at_most(call: Call) -> None:
    for _ in range(10):
        call("POST", "/webhooks", {"url": URL})
    with pytest.raises(ControlError, match="most that it can have") as refused:
        call("POST", "/webhooks", {"url": URL})
    assert refused.value.status == 409


def test_test_is_delivered_again(call: Call) -> None:
    webhook = call("POST", "/webhooks", {"url": URL})
    path = f"/webhooks/{webhook['id']}"
    made = call("POST", f"{path}/test", {})
    assert (made["event"], made["state"], made["attempts"]) == ("webhook.test", "waiting", [])
    assert made["body"]["data"] == {"account": webhook["account"]}
    assert call("GET", f"{path}/deliveries") == [made]
    assert call("GET", f"{path}/deliveries", state="delivered") == []
    again = call("POST", f"{path}/deliveries/{made['id']}/send", {})
    assert again["id"] == made["id"]
    with pytest.raises(ControlError, match="has no delivery 'msg_0'"):
        call("POST", f"{path}/deliveries/msg_0/send", {})


def test_removed_webhook_is_unknown(call: Call) -> None:
    path = f"/webhooks/{call('POST', '/webhooks', {'url': URL})['id']}"
    assert call("DELETE", path) is None
    for method, end in (("DELETE", ""), ("GET", "/deliveries"), ("POST", "/test")):
        with pytest.raises(ControlError, match="There is no webhook"):
            call(method, path + end)


def test_unknown_state_is_an_error(call: Call) -> None:
    path = f"/webhooks/{call('POST', '/webhooks', {'url': URL})['id']}"
    with pytest.raises(ControlError, match="waiting, delivered, given up"):
        call("GET", f"{path}/deliveries", state="lost")
