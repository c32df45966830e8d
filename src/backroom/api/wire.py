"""The types in which answers are written: documents, their parts, and fields asked for."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
"""A JSON:API document or a part of one, before it is encoded."""
Parts = list[bytes]
"""An encoded document in pieces that follow each other: a page is too large to be copied again."""
Fields = tuple[tuple[str, tuple[str, ...]], ...]
"""The attributes to show of each resource type, in the order asked for; of other types, all."""
