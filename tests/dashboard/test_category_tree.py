from __future__ import annotations

from backroom.catalog.kinds import CATEGORY
from backroom.control.browse import Listed
from backroom.dashboard.category_tree import category_tree, steps_in_name


def named(*names: str) -> list[Listed]:
    return [Listed(CATEGORY, place, str(place), {"name": name}) for place, name in enumerate(names)]


def test_steps_are_between_arrows() -> None:
    assert steps_in_name("Home >Kitchen > Mugs") == ["Home", "Kitchen", "Mugs"]


def test_name_with_empty_step_is_no_path() -> None:
    assert [steps_in_name(each) for each in ("> 5 kg", "a >> b", ">")] == [
        ["> 5 kg"],
        ["a >> b"],
        [">"],
    ]


def test_branches_are_in_alphabetical_order() -> None:
    home, garden = category_tree(named("b > z", "A", "b > C"))
    assert (home.name, garden.name, list(garden.branches)) == ("A", "b", ["C", "z"])


def test_categories_of_one_name_share_a_branch() -> None:
    (branch,) = category_tree(named("Mugs", "Mugs"))
    assert [each.external_id for each in branch.categories] == ["0", "1"]


def test_deep_name_ends_in_one_step() -> None:
    (branch,) = category_tree(named(" > ".join("abcdefghijklmnopqrst")))
    depth = 1
    while branch.branches:
        (branch,) = branch.branches.values()
        depth += 1
    assert (depth, branch.name) == (12, "l > m > n > o > p > q > r > s > t")
