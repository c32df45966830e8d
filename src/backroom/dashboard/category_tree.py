"""Categories as a tree. They have no parents in the API: imports write `A > B` in their names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.control.browse import Listed

_BETWEEN = ">"
_DEEPEST_SHOWN = 12
"""Steps of a path. What is deeper stands in the last one."""


@dataclass
class Branch:
    """One step of the tree, by its word. It may stand for no category, or for several alike."""

    name: str
    categories: list[Listed] = field(default_factory=list)
    branches: dict[str, Branch] = field(default_factory=dict)


def category_tree(categories: Iterable[Listed]) -> list[Branch]:
    """Arrange categories by the steps in their names, each step in alphabetical order."""
    root = Branch("")
    for each in categories:
        branch = root
        for step in steps_in_name(each.title):
            branch = branch.branches.setdefault(step, Branch(step))
        branch.categories.append(each)
    return _sorted(root)


def steps_in_name(name: str) -> list[str]:
    """Cut a name into its steps. A name with an empty step is no path."""
    steps = [each.strip() for each in name.split(_BETWEEN, _DEEPEST_SHOWN - 1)]
    return steps if all(steps) else [name]


def _sorted(branch: Branch) -> list[Branch]:
    below = sorted(branch.branches.values(), key=lambda each: each.name.casefold())
    for each in below:
        each.branches = {one.name: one for one in _sorted(each)}
    return below
