from __future__ import annotations

import numpy as np
import pytest
from tests.forge import hierarchy

from clearance.attack.levels import Settled, consistent_levels, settle, wildcards

PLACES = hierarchy(
    "place", {"Bern": ("west", "CH"), "Basel": ("west", "CH"), "Chur": ("Chur", "CH")}
)
AMBIGUOUS = hierarchy("place", {"Zug": ("Zug",), "Chur": ("Chur",), "Thun": ("Zug",)})


def settled(*labels: str, stated: int | None = None, local: bool = True) -> Settled:
    return settle(PLACES, labels, stated=stated, local=local, where="file: place")


def rules(found: Settled) -> list[str]:
    return [finding.rule for finding in found.findings]


def covered(found: Settled) -> dict[str, set[str]]:
    """What each label stands for, asked leaf by leaf."""
    assert found.coverage is not None
    of = found.coverage
    leaves = np.arange(len(of.leaves))
    return {
        label: {
            of.leaves[leaf]
            for leaf in leaves[of.covers(np.full(len(leaves), number), leaves)].tolist()
        }
        for number, label in enumerate(of.labels)
    }


def test_the_level_is_read_off_the_labels() -> None:
    assert consistent_levels(PLACES, {"Bern", "Chur"}) == (0,)
    assert consistent_levels(PLACES, {"west", "Chur"}) == (1,)
    assert consistent_levels(PLACES, {"*"}) == (3,)
    assert consistent_levels(PLACES, {"Bern", "west"}) == ()


def test_where_a_label_recurs_the_report_decides() -> None:
    for stated in (0, 1):
        found = settled("Chur", stated=stated, local=False)
        assert (found.level, rules(found)) == (stated, [])


def test_a_report_that_the_labels_do_not_bear_out_blocks() -> None:
    found = settled("Bern", stated=2)
    assert (found.level, rules(found)) == (0, ["level-not-as-stated"])
    assert rules(settled("Bern", local=False)) == ["level-not-as-stated"]


def test_labels_of_no_level_block() -> None:
    found = settled("Bern", "west", local=False)
    assert (found.coverage, rules(found)) == (None, ["label-of-no-level"])
    assert found.findings[0].count == 1
    assert rules(settled("Bern", "west", "Rome")) == ["label-of-no-level"]


def test_records_may_have_levels_of_their_own_where_the_policy_says_so() -> None:
    found = settled("Bern", "west", "Chur", "*")
    assert (found.level, rules(found)) == (None, [])
    assert covered(found) == {
        "Bern": {"Bern"},
        "west": {"Bern", "Basel"},
        "Chur": {"Chur"},
        "*": {"Bern", "Basel", "Chur"},
    }


@pytest.mark.parametrize(
    ("labels", "expected"),
    [(["Zug"], "ambiguous-label"), (["Zug", "Thun", "*"], "ambiguous-label"), (["Chur"], None)],
    ids=["two levels have it", "levels are mixed", "the same leaves at both levels"],
)
def test_a_label_with_two_meanings_blocks(labels: list[str], expected: str | None) -> None:
    found = settle(AMBIGUOUS, labels, stated=None, local=True, where="file: place")
    assert rules(found) == ([expected] if expected else [])


def test_as_a_wildcard_a_missing_value_stands_for_everything() -> None:
    places = hierarchy("place", {"Bern": ("CH",), "": ("",)})
    found = settle(places, ["", "Bern"], stated=0, local=False, where="file: place")
    assert covered(found) == {"": {""}, "Bern": {"Bern"}}
    assert found.coverage is not None
    wild = Settled(wildcards(found.coverage), None, ())
    assert covered(wild) == {"": {"", "Bern"}, "Bern": {"Bern"}}


def test_a_value_that_no_hierarchy_knows_is_covered_by_nothing() -> None:
    found = settled("*").coverage
    assert found is not None
    leaves = found.leaf_numbers(["Bern", "Rome"])
    assert found.covers(np.array([0, 0]), leaves).tolist() == [True, False]
