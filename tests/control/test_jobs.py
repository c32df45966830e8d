from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.kinds import JOB_KINDS
from backroom.control.route import ControlError
from backroom.control.table import perform
from backroom.jobs import submit
from backroom.jobs.lifecycle import Status
from backroom.revisions import NEWEST, OLDEST
from backroom.store import job_requests, jobs, keys
from support.factories import a_body, a_resource
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.control.route import Control
    from backroom.server import Server
    from conftest import MakeClient
    from support.client import Client

CREATES = "catalog-item-bulk-create-job"


def test_jobs_of_one_account_are_listed(control: Control, call: Callable[..., Any]) -> None:
    with control.database.read() as tx:
        account = keys.account_of(tx, "default")
    job_kind = next(iter(JOB_KINDS.values()))
    new = submit.new_job(account or "", job_kind, "[]", 3, Status.PROCESSING)
    control.database.write(lambda tx: jobs.accept(tx, new, 10)).result()
    call("POST", "/accounts", {"name": "shop"})
    assert [each["job_id"] for each in call("GET", "/jobs")] == [new.job.job_id]
    assert call("GET", "/jobs", status="complete") == call("GET", "/jobs", account="shop") == []


def test_unknown_status_is_refused(call: Callable[..., Any]) -> None:
    with pytest.raises(ControlError, match="processing"):
        call("GET", "/jobs", status="done")


def test_unknown_account_is_404(call: Callable[..., Any]) -> None:
    with pytest.raises(ControlError, match="no account 'shop'"):
        call("GET", "/jobs", account="shop")


# One job, with a server


class Shop:
    """An account of a live server, which a test steers by the control API."""

    def __init__(self, server: Server, client: Client) -> None:
        self.server = server
        self.client = client
        self.account = client.account

    def call(self, method: str, path: str, body: Any = None) -> Any:
        given = {"account": self.account} | (body or {})
        asked = {"query": given} if method == "GET" else {"body": given}
        return perform(self.server.control, method, path, **asked)

    def post(self, *names: str) -> str:
        """Send a job that creates items, and wait until it has ended."""
        body = a_body(JOB_KINDS[CREATES], *(a_resource("item", name) for name in names))
        job_id: str = self.client.post(f"/api/{CREATES}s", body).json["data"]["id"]
        until(lambda: self.show(job_id)["status"] == "complete", "the job is complete")
        return job_id

    def show(self, job_id: str) -> Any:
        return self.call("GET", f"/jobs/{job_id}")


@pytest.fixture
def shop(live_server: Server, make_client: MakeClient) -> Shop:
    return Shop(live_server, make_client())


def test_shown_job_has_its_operations(shop: Shop) -> None:
    shop.post("a")
    shown = shop.show(shop.post("a", "b"))
    failed, created = shown["operations"]
    assert (failed["result"], created["result"]) == ("failed", "created")
    assert "already exists" in failed["error"]["detail"]
    assert failed["operation"]["attributes"]["external_id"] == "a"


def test_failed_operations_are_sent_again(shop: Shop) -> None:
    shop.post("a")
    failed = shop.post("a", "b")
    sent = shop.call("POST", f"/jobs/{failed}/retry")
    assert (sent["account"], sent["retries"]) == (shop.account, failed)
    assert [
        each["operation"]["attributes"]["external_id"]
        for each in shop.show(sent["job_id"])["operations"]
    ] == ["a"]


def test_corrected_operations_are_sent(shop: Shop) -> None:
    shop.post("a")
    failed = shop.post("a")
    corrected = {"operations": [a_resource("item", "c")]}
    job_id = shop.call("POST", f"/jobs/{failed}/retry", corrected)["job_id"]
    until(lambda: shop.show(job_id)["completed_count"] == 1, "the job is complete")


def test_wrong_correction_has_a_pointer(shop: Shop) -> None:
    shop.post("a")
    wrong = {"operations": [a_resource("item", "c", title=7)]}
    with pytest.raises(ControlError, match="at /data/attributes/items/data/0/attributes/title"):
        shop.call("POST", f"/jobs/{shop.post('a')}/retry", wrong)


def test_job_without_failures_is_not_retried(shop: Shop) -> None:
    with pytest.raises(ControlError, match="No operation of this job has failed"):
        shop.call("POST", f"/jobs/{shop.post('a')}/retry")


def test_dropped_operations_are_not_retried(shop: Shop) -> None:
    shop.post("a")
    failed = shop.post("a")
    key = [(shop.account, failed)]
    shop.server.database.write(lambda tx: job_requests.drop_operations(tx, key)).result()
    assert shop.show(failed)["operations"] is None
    with pytest.raises(ControlError, match="no longer has the operations"):
        shop.call("POST", f"/jobs/{failed}/retry")


def test_waiting_job_is_cancelled_on_the_wire(shop: Shop) -> None:
    wish = {"account": shop.account, "never": True}
    perform(shop.server.control, "POST", "/pace", wish)
    body = a_body(JOB_KINDS[CREATES], a_resource("item", "a"))
    job_id = shop.client.post(f"/api/{CREATES}s", body).json["data"]["id"]
    assert shop.call("POST", f"/jobs/{job_id}/cancel")["status"] == "cancelled"
    for revision in (OLDEST, NEWEST):
        shown = shop.client.get(f"/api/{CREATES}s/{job_id}", revision=revision).json["data"]
        counts = [shown["attributes"][f"{each}_count"] for each in ("completed", "failed", "total")]
        assert (shown["attributes"]["status"], counts) == ("cancelled", [0, 0, 1])
    # The server has other accounts, whose jobs may be held.
    assert job_id not in [held for _, held, _, _ in shop.server.pace.plans()]
    with pytest.raises(ControlError, match="is cancelled"):
        shop.call("POST", f"/jobs/{job_id}/cancel")


@pytest.mark.parametrize("path", ["/jobs/none", "/jobs/a\0b"])
def test_unknown_job_is_404(shop: Shop, path: str) -> None:
    with pytest.raises(ControlError, match="no job"):
        shop.call("GET", path)
