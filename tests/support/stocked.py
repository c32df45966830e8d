"""Resources that tests put into the catalog of a client through the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import KINDS
from support.factories import REQUIRED

if TYPE_CHECKING:
    from support.client import Client

HOSTILE = "<img src=x onerror=alert(1)>\"'&</script>\u202e\U0001f45f\n{{ 7*7 }}"


def put(client: Client, kind: str, external_id: str, /, **given: Any) -> str:
    """Create a resource; `item`, `items` and `categories` name what it belongs to."""
    relations = {each.name: each for each in KINDS[kind].relations}
    related = {name: given.pop(name) for name in list(given) if name in relations}
    linked: dict[str, Any] = {}
    for name, value in related.items():
        type_ = KINDS[relations[name].target].type
        names = [value] if isinstance(value, str) else value
        data: list[Any] = [{"type": type_, "id": resource_id(each)} for each in names]
        linked[name] = {"data": data if relations[name].many else data[0]}
    resource = {
        "type": KINDS[kind].type,
        "attributes": {**REQUIRED[kind], "external_id": external_id, **given},
        **({"relationships": linked} if linked else {}),
    }
    answer = client.post(f"/api/{KINDS[kind].collection}", {"data": resource})
    assert answer.status == 201, answer.body
    return external_id


def run_job(client: Client, kind: str, verb: str, *resources: dict[str, Any]) -> str:
    """Have a bulk job done, and give its id."""
    chosen = KINDS[kind]
    name = f"{chosen.type}-bulk-{verb}-job"
    data = [{"type": chosen.type, **each} for each in resources]
    body = {"type": name, "attributes": {chosen.plural: {"data": data}}}
    answer = client.post(f"/api/{name}s", {"data": body})
    assert answer.status == 202, answer.body
    client.completed(f"/api/{name}s", answer.job_id)
    return answer.job_id
