"""Catalog ids: `$custom:::$default:::<external_id>`, and the external id within.

The integration and the catalog are constants: no revision allows any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

INTEGRATION_TYPE = "$custom"
CATALOG_TYPE = "$default"
_PREFIX = f"{INTEGRATION_TYPE}:::{CATALOG_TYPE}:::"


LONGEST_EXTERNAL_ID = 255
"""Characters, each of four bytes in UTF-8 at most."""
LONGEST_ID = len(_PREFIX) + LONGEST_EXTERNAL_ID


def resource_id(external_id: str) -> str:
    """Compose the id under which the API shows `external_id`."""
    return _PREFIX + external_id


def external_id(resource_id: str) -> str | None:
    """Give the external id within, or None where the id can name nothing that exists here."""
    if not resource_id.startswith(_PREFIX) or "\0" in resource_id:
        return None
    return resource_id[len(_PREFIX) :] or None


def external_ids(resource_ids: Collection[str]) -> list[str]:
    """Give the external ids within those that can name something, each once, in their order."""
    # A list of a hundred is cut at once: where there is one zero before each and none within,
    # every piece is what follows the beginning of one id.
    joined = "\0" + "\0".join(resource_ids)
    _, *named = joined.split("\0" + _PREFIX)
    if not len(named) == len(resource_ids) == joined.count("\0"):
        known = [each for each in resource_ids if each.startswith(_PREFIX) and "\0" not in each]
        named = [each[len(_PREFIX) :] for each in known]
    unique = dict.fromkeys(named)
    unique.pop("", None)
    return list(unique)
