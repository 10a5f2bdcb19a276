"""Two releases as an intruder with all patience would compare them, in plain Python."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines import PandasEngine
from tests.forge import QUASI, SENSITIVE, ForgedRows, csv_bytes, hierarchy, plan, policy, variable

from clearance.attack import Truth
from clearance.attack.releases import check_earlier
from clearance.candidate import ReleaseId
from clearance.findings import blocking
from clearance.hierarchy import Hierarchy
from clearance.plan import Plan

AGES = hierarchy("age", {"31": ("30s",), "36": ("30s",), "42": ("40s",), "47": ("40s",)})
PLACES = hierarchy("place", ["A", "B"])
TREES = {"age": AGES, "place": PLACES}
NAMES = ["age", "place"]
K, L = 3, 2
RULES = policy(k=K, models={"ill": L})
LABELS = {
    name: sorted({label for level in tree.levels for label in level})
    for name, tree in TREES.items()
}
Row = tuple[str, ...]


def found(old: list[Row], new: list[Row], of: Plan, source: list[Row], again: bool) -> set[str]:
    engine = PandasEngine()
    columns = [each.name for each in of.variables]
    one, two, truth = (
        pd.DataFrame(sorted(rows), columns=columns, dtype=object) for rows in (old, new, source)
    )
    findings = check_earlier(
        {"data/persons.csv": csv_bytes(two)},
        {ReleaseId("survey", "2026", 1): {"data/persons.csv": csv_bytes(one)}},
        release=ReleaseId("survey", "2026" if again else "2027", 2),
        plan=of,
        policies={"open": RULES},
        hierarchies=TREES,
        truth=Truth(engine, engine.hold(truth), {}),
        rows=ForgedRows(pd.DataFrame()),
    )
    return {each.rule for each in blocking(findings)}


def covers(tree: Hierarchy, label: str) -> set[str]:
    return {
        leaf
        for level in tree.levels
        for leaf, name in zip(tree.leaves, level, strict=True)
        if name == label
    }


def cell(row: Row) -> set[Row]:
    """The combinations of leaves that a row's labels stand for."""
    return set(product(*(covers(TREES[name], label) for name, label in zip(NAMES, row))))  # noqa: B905


# ---------------------------------------------------------------- the same data


people = st.lists(
    st.tuples(
        st.sampled_from(AGES.leaves),
        st.sampled_from(PLACES.leaves),
        st.sampled_from(["flu", "hiv"]),
    ),
    min_size=1,
    max_size=30,
)
levels = st.tuples(st.integers(0, 2), st.integers(0, 1))


def coded(source: list[Row], at: tuple[int, int]) -> tuple[list[Row], list[Row | None]]:
    """The file at these levels without its small classes, and what became of each person."""
    maps = [TREES[name].recoding(level) for name, level in zip(NAMES, at, strict=True)]
    labels = [(maps[0][age], maps[1][place], ill) for age, place, ill in source]
    sizes = Counter(row[:2] for row in labels)
    kept = [row if sizes[row[:2]] >= K else None for row in labels]
    return [row for row in kept if row is not None], kept


@settings(max_examples=150, deadline=None)
@given(people, levels, levels)
def test_two_codings_are_safe_if_their_join_is(
    source: list[Row], one: tuple[int, int], two: tuple[int, int]
) -> None:
    of = plan(variable("age", QUASI), variable("place", QUASI), variable("ill", SENSITIVE))
    (old, became), (new, becomes) = coded(source, one), coded(source, two)
    if not old or not new or sorted(old) == sorted(new):
        return
    classes: dict[object, list[str]] = {}
    for person, before, after in zip(source, became, becomes, strict=True):
        if before or after:
            key = before and before[:2], after and after[:2]
            classes.setdefault(key, []).append(person[2])
    expected = set()
    if min(map(len, classes.values())) < K:
        expected.add("joined-class-below-k")
    if min(len(set(held)) for held in classes.values()) < L:
        expected.add("class-below-l")
    assert found(old, new, of, source, again=True) == expected


# ---------------------------------------------------------------- other periods


rows_of = st.lists(
    st.tuples(
        st.sampled_from(LABELS["age"]),
        st.sampled_from(LABELS["place"]),
        st.sampled_from(["flu", "hiv", "cold"]),
    ),
    min_size=1,
    max_size=12,
)


def unsafe_in_both(old: list[Row], new: list[Row]) -> tuple[int, int]:
    """Pairs of classes that can hold one person, with too few records or values for him."""
    below_k = below_l = 0
    for one, two in product({row[:2] for row in old}, {row[:2] for row in new}):
        if cell(one) & cell(two):
            before = [row[2] for row in old if row[:2] == one]
            after = [row[2] for row in new if row[:2] == two]
            common = set(before) & set(after)
            mine = [value for value in before if value in common]
            his = [value for value in after if value in common]
            below_k += bool(common) and min(len(mine), len(his)) < K
            below_l += bool(common) and len(common) < L
    return below_k, below_l


def unsafe_comers(here: list[Row], there: list[Row]) -> bool:
    """Whether some class has records of newcomers that are few, or alike."""
    for one in {row[:2] for row in here}:
        possible = Counter(row[2] for row in there if cell(row[:2]) & cell(one))
        left = Counter(row[2] for row in here if row[:2] == one) - possible
        if left and (left.total() < K or len(left) < L):
            return True
    return False


def small_rest(whole: list[Row], parts: list[Row]) -> bool:
    for one, held in Counter(row[:2] for row in whole).items():
        inside = [row for row in parts if cell(row[:2]) <= cell(one)]
        size = sum(len(cell(each)) for each in {row[:2] for row in inside})
        if inside and size < len(cell(one)) and 0 < held - len(inside) < K:
            return True
    return False


@settings(max_examples=200, deadline=None)
@given(rows_of, rows_of)
def test_two_periods_are_safe_if_no_comparison_singles_out(old: list[Row], new: list[Row]) -> None:
    of = plan(variable("age", QUASI), variable("place", QUASI), variable("ill", SENSITIVE))
    if sorted(old) == sorted(new):
        return
    below_k, below_l = unsafe_in_both(old, new)
    expected = {
        rule
        for rule, unsafe in (
            ("linked-class-below-k", below_k),
            ("linked-class-below-l", below_l),
            ("comers-exposed", unsafe_comers(new, old) or unsafe_comers(old, new)),
            ("difference-below-k", small_rest(old, new) or small_rest(new, old)),
        )
        if unsafe
    }
    nobody = [("31", "A", "none")]
    assert found(old, new, of, nobody, again=False) == expected
