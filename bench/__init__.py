"""How fast backroom is: measured against floors and peers, in one run on one machine."""

from __future__ import annotations

import sys
from pathlib import Path

# Environments of peers, and a PostgreSQL, are made as the tests make theirs.
sys.path.append(str(Path(__file__).parents[1] / "tests"))
