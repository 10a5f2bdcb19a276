"""Codes of a dimension: unique over its levels, with total and unknown."""

from __future__ import annotations

import pytest

from clearance.errors import PlanError
from clearance.hierarchy import Hierarchy
from clearance.tables.codes import CodeTree, code_tree


def tree(*levels: str, occurring: str = "") -> CodeTree:
    """Levels as words, leaves first, ``-`` for a missing value."""
    split = tuple(tuple(label.strip("-") for label in level.split()) for level in levels)
    return code_tree("place", Hierarchy("place", split), occurring.split() or split[0])


def sums(codes: CodeTree) -> dict[str, str]:
    name = codes.codes
    return {
        name[parent]: " ".join(name[child] for child in children)
        for parent, children in codes.children
    }


def test_a_flat_hierarchy_gets_a_total() -> None:
    assert sums(tree("a b c")) == {"_T": "a b c"}


def test_the_covering_label_becomes_the_total() -> None:
    assert sums(tree("a b c", "N N S", "* * *")) == {"N": "a b", "S": "c", "_T": "N S"}


def test_a_label_that_recurs_with_the_same_leaves_is_one_code() -> None:
    assert sums(tree("a b c", "N N c", "N N S")) == {"N": "a b", "S": "c", "_T": "N S"}


def test_a_missing_value_is_the_category_unknown() -> None:
    assert sums(tree("a b -", "N N -", "* * *")) == {"N": "a b", "_T": "N _U"}


def test_a_missing_value_needs_no_place_in_the_hierarchy() -> None:
    codes = code_tree("place", Hierarchy("place", (("a", "b"), ("*", "*"))), ["b", ""])
    assert (codes.codes, sums(codes)) == (("_T", "_U", "b"), {"_T": "_U b"})


def test_leaves_that_do_not_occur_are_not_shown() -> None:
    assert sums(tree("a b c", "N N S", occurring="a")) == {"N": "a", "_T": "N"}


@pytest.mark.parametrize(
    "levels",
    [
        ["a b c", "a a c"],  # a group called like one of its leaves
        ["a b c", "N N S", "S S S"],  # a group called like a part of it
        ["a b c", "b b c"],
        ["a b", "A B", "a b"],  # recurs, but not at the next level
        ["_T b", "* *"],  # the total is no category
        ["_U -"],  # two categories under one code
    ],
)
def test_one_code_for_different_leaves_is_refused(levels: list[str]) -> None:
    with pytest.raises(PlanError, match=r"dimension place .* different leaves"):
        tree(*levels)


def test_a_value_outside_the_hierarchy_is_refused_without_being_quoted() -> None:
    with pytest.raises(PlanError, match="1 of 2 values of dimension place") as refused:
        tree("a b", occurring="a zebra")
    assert "zebra" not in str(refused.value)
