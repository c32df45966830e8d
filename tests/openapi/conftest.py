"""Helpers whose assertions shall say what they saw."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("openapi.tour", "wire_answers", "wire_shown")
