"""Memory that a server has freed stays with its process."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other allocators have no such options"
)

PAGES = """
import os, resource, sys
from backroom.cli.allocator import keep_freed_memory

def page():
    return [bytes(100_000) for _ in range(5)]

kept = sys.argv[1] == "kept" and keep_freed_memory(os.environ)
page()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    page()
print(kept, (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 100)
"""


def faults(how: str, **variables: str) -> tuple[str, int]:
    """Give whether memory is kept, and how often each answer asks the system for a page of it."""
    run = subprocess.run(
        [sys.executable, "-c", PAGES, how],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | variables,
    )
    kept, count = run.stdout.split()
    return kept, int(count)


def test_freed_memory_is_used_again() -> None:
    assert faults("kept") == ("True", 0)


def test_glibc_gives_it_back_otherwise() -> None:
    kept, count = faults("as it is")
    assert kept == "False"
    assert count > 0


def test_variables_of_glibc_have_precedence() -> None:
    kept, count = faults("kept", MALLOC_TRIM_THRESHOLD_="131072")
    assert kept == "False"
    assert count > 0
