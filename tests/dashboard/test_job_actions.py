"""What is done to jobs, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
import pytest

from backroom.api.in_process import Answered
from backroom.dashboard.job_actions import outcome_of_operation
from dashboard.conftest import signed_in
from support.factories import a_resource
from support.job_shop import CREATES, JOBS_PATH, Shop
from support.process import until

if TYPE_CHECKING:
    from backroom.server import Server
    from support.visitor import Visitor


@pytest.fixture
def visitor(live_server: Server) -> Visitor:
    """Somebody who has signed in."""
    return signed_in(live_server)


def send(visitor: Visitor, path: str, *fields: tuple[str, str]) -> tuple[int, str, str]:
    """Send a form, of which fields may come again. Give the status, the way on, and the page."""
    body = urlencode([("csrf_token", visitor.csrf_token()), *fields]).encode()
    answer = visitor.ask("POST", path, body, content_type="application/x-www-form-urlencoded")
    return answer.status, answer.headers.get("location", ""), answer.data.decode()


def test_corrected_operations_lead_to_the_new_job(shop: Shop, visitor: Visitor) -> None:
    shop.ended("a")
    path = shop.path(shop.ended("a"))
    corrected = msgspec.json.encode([a_resource("item", "c")]).decode()
    status, made, _ = send(visitor, f"{path}/retry", ("operations", corrected))
    assert status == 303
    assert made.startswith(shop.path(""))
    until(lambda: "Created 1" in visitor.words(made), "the job is complete")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("operations", "words"),
    [
        ("[", "This is not a JSON list"),
        ("{}", "This is not a JSON list"),
        ("[]", "This list may not be empty."),
        ('[{"type":"catalog-item"}]', "/data/attributes/items/data/0"),
        (f'["{"x" * 5_300_000}"]', "bytes"),
    ],
    ids=["broken", "object", "empty", "wrong", "too large"],
)
def test_wrong_operations_are_shown_again(
    shop: Shop, visitor: Visitor, operations: str, words: str
) -> None:
    shop.ended("a")
    path = shop.path(shop.ended("a"))
    status, _, page = send(visitor, f"{path}/retry", ("operations", operations))
    assert status == 200
    assert words in page.partition('role="alert"')[2].partition("</div>")[0]


def test_preview_changes_nothing(shop: Shop, visitor: Visitor) -> None:
    shop.hold()
    job_id = shop.send("a")
    query = urlencode([("action", "cancel"), ("job", f"{shop.account}/{job_id}")])
    words = visitor.words(f"{JOBS_PATH}/chosen?{query}")
    assert "The server will not apply its operations" in words
    assert shop.state(job_id) == "processing"


def test_chosen_jobs_are_cancelled(shop: Shop, visitor: Visitor) -> None:
    ended = shop.ended("a")
    shop.hold()
    waiting = shop.send("b")
    chosen = [("job", f"{shop.account}/{each}") for each in (ended, waiting, "none")]
    status, _, page = send(visitor, f"{JOBS_PATH}/chosen", ("action", "cancel"), *chosen)
    assert (status, "1 job was cancelled" in page) == (200, True)
    assert "only one that waits is cancelled" in page
    assert "has no job none" in page
    assert shop.state(waiting) == "cancelled"


def test_chosen_jobs_are_retried(shop: Shop, visitor: Visitor) -> None:
    shop.ended("a")
    failed = ("job", f"{shop.account}/{shop.ended('a', 'b')}")
    words = visitor.words(f"{JOBS_PATH}/chosen?{urlencode([('action', 'retry'), failed])}")
    assert "This retries 1 of 1 job:" in words
    assert "The server will send 1 operation of 2 again, unchanged, as a new job." in words
    _, _, page = send(visitor, f"{JOBS_PATH}/chosen", ("action", "retry"), failed, failed)
    assert page.count("The new job") == 1
    assert "The server has sent 1 operation again, as a new job." in page


@pytest.mark.parametrize("action", ["", "delete"])
def test_other_actions_are_refused(visitor: Visitor, action: str) -> None:
    assert visitor.ask("GET", f"{JOBS_PATH}/chosen?action={action}").status == 400
    assert send(visitor, f"{JOBS_PATH}/chosen", ("action", action))[0] == 400


def test_complete_job_is_not_cancelled(shop: Shop, visitor: Visitor) -> None:
    status, _, page = send(visitor, f"{shop.path(shop.ended('a'))}/cancel")
    assert (status, "only one that waits is cancelled" in page) == (409, True)


def test_forms_need_their_token(shop: Shop, visitor: Visitor) -> None:
    shop.hold()
    job_id = shop.send("a")
    answer = visitor.ask("POST", f"{shop.path(job_id)}/cancel", b"")
    assert (answer.status, shop.state(job_id)) == (403, "processing")
    shop.release()


def test_refusal_without_errors_is_said() -> None:
    assert outcome_of_operation(Answered(429, {}, b""), CREATES)[1][0].detail.endswith(
        "answered 429."
    )
