from __future__ import annotations

import ast
import shlex

import pytest

from backroom.catalog.kinds import ITEM, KINDS, VARIANT
from backroom.dashboard.sample_calls import sample_calls
from backroom.revisions import LADDER

BASE = "http://127.0.0.1:8000"
ODD = "a'b\"\\ /\n\u00e9\U0001f45f$(x)"


@pytest.mark.parametrize("revision", LADDER)
def test_every_call_names_its_revision_and_no_key(revision: str) -> None:
    curl, python, node = sample_calls(BASE, VARIANT, "v", revision)
    assert f"revision: {revision}" in curl.text
    assert f'["revision"] = "{revision}"' in python.text
    assert "YOUR_PRIVATE_KEY" in node.text
    assert ("ApiKeySession" in node.text) == (revision >= "2023-09-15")


def test_curl_is_what_a_shell_reads() -> None:
    words = shlex.split(sample_calls(BASE, ITEM, ODD, "2024-06-15")[0].text.replace("\\\n", ""))
    assert words[1].startswith(f"{BASE}/api/catalog-items/$custom:::$default:::a%27b")
    assert len(words) == 6


def test_python_names_the_resource_as_it_is() -> None:
    tree = ast.parse(sample_calls(BASE, ITEM, ODD, "2024-06-15")[1].text)
    texts = [each.value for each in ast.walk(tree) if isinstance(each, ast.Constant)]
    assert f"$custom:::$default:::{ODD}" in texts


def test_methods_are_those_of_the_kind() -> None:
    for kind in KINDS.values():
        _, python, node = sample_calls(BASE, kind, "x", "2026-07-15")
        assert f"Catalogs.get_catalog_{kind.name}(" in python.text
        assert f"catalogs.getCatalog{kind.name.capitalize()}(" in node.text
