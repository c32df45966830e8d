"""An account of a live server whose jobs a test sends, holds and lets go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import JOB_KINDS
from backroom.control.table import perform
from support.factories import a_body, a_resource
from support.process import until

if TYPE_CHECKING:
    from backroom.server import Server
    from support.client import Client

CREATES = "catalog-item-bulk-create-job"
JOBS_PATH = "/_backroom/dashboard/jobs"


class Shop:
    """An account whose jobs a test sends, holds, and lets go on."""

    def __init__(self, server: Server, client: Client) -> None:
        self.server = server
        self.client = client
        self.account = client.account
        self.list = f"{JOBS_PATH}?account={self.account}"

    def path(self, job_id: str) -> str:
        return f"{JOBS_PATH}/{self.account}/{job_id}"

    def send(self, *names: str, **attributes: Any) -> str:
        resources = [a_resource("item", name, **attributes) for name in names]
        body = a_body(JOB_KINDS[CREATES], *resources)
        job_id: str = self.client.post(f"/api/{CREATES}s", body).json["data"]["id"]
        return job_id

    def ended(self, *names: str) -> str:
        job_id = self.send(*names)
        until(lambda: self.state(job_id) == "complete", "the job is complete")
        return job_id

    def state(self, job_id: str) -> str:
        shown = perform(self.server.control, "GET", f"/jobs/{job_id}", None, self._whose())
        return str(shown["status"])

    def hold(self, **wish: Any) -> None:
        perform(self.server.control, "POST", "/pace", {**self._whose(), "stay": True, **wish})

    def release(self) -> None:
        perform(self.server.control, "POST", "/pace/release", self._whose())

    def _whose(self) -> dict[str, str]:
        return {"account": self.account}
