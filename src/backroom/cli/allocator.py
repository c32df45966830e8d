"""How a server's process keeps memory that it has freed, where glibc allocates it.

glibc gives freed memory back to the system once some hundred kB of it lie at the end of the heap. A
page of a hundred items takes and frees more than that. So with some layouts of the heap each such
answer asked the system for fifty pages of memory, which took half as long as all the rest of it.
"""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""The numbers of these options in `malloc.h`."""
_FREED_BYTES = 32 * 2**20
"""So much of freed memory stays with the process."""
_MAPPED_BLOCK_BYTES = 4 * 2**20
"""A block of so many bytes, larger than nearly all answers, goes back as soon as it is freed."""
_TAKEN_BYTES = 2**20
"""So much more than is needed is taken from the system at a time."""
_VARIABLES = ("GLIBC_TUNABLES", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")
"""Who sets one of these has chosen for himself."""


def keep_freed_memory(variables: Mapping[str, str]) -> bool:
    """Have glibc keep some freed memory, unless its own variables say how much. Give if it does."""
    if sys.platform != "linux" or any(name in variables for name in _VARIABLES):
        return False
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is None:
        # musl has no options.
        return False
    options = (
        (_TRIM_THRESHOLD, _FREED_BYTES),
        (_TOP_PAD, _TAKEN_BYTES),
        (_MMAP_THRESHOLD, _MAPPED_BLOCK_BYTES),
    )
    return all(set_option(option, size) == 1 for option, size in options)
