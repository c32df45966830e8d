"""Whoever is never asked for metrics never imports what writes them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from backroom.signals.metrics import Metrics
from backroom.signals.scrapes import Scrapes

if TYPE_CHECKING:
    from backroom.store.database import Database


def test_scrapes_are_texts_of_prometheus(database: Database) -> None:
    media_type, text = Scrapes(Metrics(database, "server")).text()
    assert media_type.startswith("text/plain")
    assert b"# TYPE backroom_build_info gauge" in text


@pytest.mark.slow
def test_library_is_imported_for_the_first_scrape() -> None:
    said = "import backroom.server, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "backroom.signals.metrics" in modules
    assert not {"prometheus_client", "opentelemetry"} & set(modules)
