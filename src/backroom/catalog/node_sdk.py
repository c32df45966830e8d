"""What versions of the official SDK for Node are like: each of them speaks one revision."""

from __future__ import annotations

SESSIONS_SINCE = "2023-09-15"
"""From this revision on, it is opened with a session. Before that, with a function."""
VERSIONS = {
    "2023-02-22": "3.0.0",
    "2023-09-15": "6.0.1",
    "2023-10-15": "7.1.0",
    "2024-06-15": "10.1.0",
    "2026-07-15": "23.0.0",
}
"""Versions by the revision that they speak. Other revisions have versions too."""
