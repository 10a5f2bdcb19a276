"""The models at their limits."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.errors import PolicyError
from clearance.hierarchy import Hierarchy
from clearance.microdata.classes import Classes, Held, classes_at
from clearance.microdata.histogram import Histogram, histogram_of
from clearance.microdata.models import (
    below_distinct_l,
    below_entropy_l,
    below_k,
    below_k_map,
    below_recursive_l,
    beyond_beta,
    beyond_delta,
    beyond_delta_presence,
    beyond_t,
    needs_labels,
    refuse_unfit,
    violating,
)
from clearance.microdata.scales import Nature, Scale, scale_of
from clearance.plan import ValueType
from clearance.policy import (
    DeltaPresence,
    Distance,
    DistinctL,
    EntropyL,
    KMap,
    KOnSubsets,
    MicrodataRules,
    Missing,
    TCloseness,
)


def held(
    *counts: list[int],
    whole: list[int] | None = None,
    missing: int = -1,
    scale: Scale | None = None,
) -> Held:
    """One row per class, one column per value."""
    table = np.array(counts, dtype=np.int64)
    group, value = np.nonzero(table)
    return Held(
        group=group,
        value=value,
        units=table[group, value],
        groups=len(table),
        whole=table.sum(axis=0) if whole is None else np.array(whole),
        missing=missing,
        scale=scale or Scale(),
    )


def classes(units: list[int], *, households: list[int], diagnoses: list[list[int]]) -> Classes:
    return Classes(
        of_profile=np.arange(len(units)),
        units=np.array(units),
        holders={"household": np.array(households)},
        sensitive={"diagnosis": held(*diagnoses)},
    )


# ---------------------------------------------------------------- sizes and distinct values


@pytest.mark.parametrize(("units", "unsafe"), [(1, True), (4, True), (5, False), (6, False)])
def test_a_class_of_fewer_than_k_units_violates_k(units: int, unsafe: bool):
    assert below_k(np.array([units]), 5).tolist() == [unsafe]


@pytest.mark.parametrize(
    ("counts", "unsafe"), [([0, 0, 0], True), ([9, 0, 0], True), ([1, 8, 0], False)]
)
def test_a_class_of_fewer_than_l_values_violates_distinct_l(counts: list[int], unsafe: bool):
    assert below_distinct_l(held(counts), 2).tolist() == [unsafe]


def test_what_cannot_be_compared_is_unsafe():
    assert below_k(np.array([np.nan]), 5).tolist() == [True]
    assert below_k_map(np.array([np.nan]), 5).tolist() == [True]


def test_a_class_violates_the_rules_if_any_unit_or_model_is_violated():
    given = classes(
        [5, 4, 5, 5], households=[5, 4, 4, 5], diagnoses=[[3, 2], [2, 2], [4, 1], [5, 0]]
    )
    rules = MicrodataRules(
        k=5, max_suppressed_share=Fraction(0), models=(DistinctL("diagnosis", 2),)
    )
    assert violating(given, rules).tolist() == [False, True, True, True]


def test_a_class_is_as_large_as_its_scarcest_unit():
    given = classes([5, 9], households=[3, 20], diagnoses=[[5], [9]])
    assert given.strictest.tolist() == [3, 9]


# ---------------------------------------------------------------- entropy and recursive l


@pytest.mark.parametrize(
    ("counts", "least", "unsafe"),
    [
        ([7, 7, 7], "3", False),  # exactly log 3, which floats miss
        ([7, 7, 7], "3.000001", True),
        ([7, 7, 8], "3", True),
        ([9, 0, 0], "1", False),
        ([9, 0, 0], "1.01", True),
        ([3, 1, 0], "1.75", False),  # exp(H) = 4 / 27**(1/4) = 1.7548
        ([3, 1, 0], "1.76", True),
    ],
)
def test_entropy_l_is_met_where_the_entropy_is_that_of_l_even_values(
    counts: list[int], least: str, unsafe: bool
):
    assert below_entropy_l(held(counts), Fraction(least)).tolist() == [unsafe]


@pytest.mark.parametrize(
    ("counts", "c", "rank", "unsafe"),
    [
        ([4, 2, 1], "2", 2, False),  # 4 < 2 * (2 + 1)
        ([4, 2, 1], "4/3", 2, True),  # 4 < 4 is not
        ([4, 2, 1], "4", 3, True),
        ([4, 2, 1], "4.1", 3, False),
        ([4, 0, 0], "100", 2, True),  # fewer than l values
        ([4, 0, 0], "1", 1, True),
        ([4, 0, 0], "1.1", 1, False),
    ],
)
def test_recursive_l_wants_the_commonest_value_rarer_than_the_rare_ones_together(
    counts: list[int], c: str, rank: int, unsafe: bool
):
    assert below_recursive_l(held(counts), Fraction(c), rank).tolist() == [unsafe]


def test_a_missing_value_is_none_to_the_l_models_and_a_class_of_them_alone_violates():
    some, only = [3, 4, 4], [5, 0, 0]  # the first value is the missing one
    given = held(some, only, missing=0)
    assert below_distinct_l(given, 3).tolist() == [True, True]
    assert below_distinct_l(given, 2).tolist() == [False, True]
    assert below_entropy_l(given, Fraction(2)).tolist() == [False, True]
    assert below_recursive_l(given, Fraction("1.1"), 2).tolist() == [False, True]
    assert below_entropy_l(given, Fraction(1)).tolist() == [False, True]


# ---------------------------------------------------------------- distributions


def t_of(held: Held, distance: Distance, *candidates: str) -> list[bool]:
    return [beyond_t(held, TCloseness("d", Fraction(t), distance)).tolist()[0] for t in candidates]


SALARIES = [3, 4, 5, 6, 7, 8, 9, 10, 11]  # thousands; Li et al. 2007, table 3
ORDERED = Scale(rank=np.arange(9))


@pytest.mark.parametrize(
    ("salaries", "just_below", "just_enough"),
    [([3, 4, 5], "0.374", "0.375"), ([6, 8, 11], "0.166", "0.167")],
)
def test_the_ordered_distance_is_that_of_the_papers_example(
    salaries: list[int], just_below: str, just_enough: str
):
    """Li et al. 2007, section 4: D(P1, Q) = 0.375 and D(P2, Q) = 0.167."""
    counts = [int(each in salaries) for each in SALARIES]
    given = held(counts, whole=[1] * 9, scale=ORDERED)
    assert t_of(given, Distance.ORDERED, just_below, just_enough) == [True, False]


@pytest.mark.parametrize("t", ["1/3", "2/3", "1/6"])
def test_a_distance_that_equals_t_is_within_it_exactly(t: str):
    """Shares 1 and 0 against 1-t and t."""
    share = Fraction(t)
    whole = [share.denominator - share.numerator, share.numerator]
    given = held([5, 0], whole=whole)
    above = share - Fraction(1, 10**12)
    assert t_of(given, Distance.EQUAL, t, str(above)) == [False, True]


DISEASES = Hierarchy(
    "disease",
    (
        ("flu", "cold", "ulcer", "cancer"),
        ("lung", "lung", "stomach", "stomach"),
        ("*", "*", "*", "*"),
    ),
)


@pytest.mark.parametrize(
    ("counts", "distance"),
    [
        ([1, 1, 1, 1], "0"),
        ([2, 0, 1, 1], "1/8"),  # a quarter is moved to a neighbour, at 1/2
        ([1, 1, 0, 0], "1/2"),  # a half is moved all the way
        ([1, 0, 0, 0], "5/8"),  # a quarter to the neighbour, a half all the way
    ],
)
def test_the_hierarchical_distance_moves_what_it_can_to_neighbours(
    counts: list[int], distance: str
):
    scale = scale_of("d", pd.Index(DISEASES.leaves), Nature(hierarchy=DISEASES))
    given = held(counts, whole=[1, 1, 1, 1], scale=scale)
    less = str(Fraction(distance) - Fraction(1, 10**9))
    assert t_of(given, Distance.HIERARCHICAL, distance, less) == [False, True]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=2, max_size=6))
def test_with_no_groups_between_leaves_and_top_the_hierarchical_distance_is_the_equal_one(
    counts: list[tuple[int, int]],
):
    here = [count for count, _ in counts]
    whole = [count + more for count, more in counts]
    if not sum(here):
        return
    flat = Scale(tree=np.array([list(range(len(here))), [0] * len(here)]))
    given = held(here, whole=whole, scale=flat)
    gap = [
        Fraction(a, sum(here)) - Fraction(b, sum(whole)) for a, b in zip(here, whole, strict=True)
    ]
    exact = sum(map(abs, gap)) / 2
    nearby = [str(exact), str(exact - Fraction(1, 10**10))]
    for distance in (Distance.EQUAL, Distance.HIERARCHICAL):
        assert t_of(given, distance, *nearby) == [False, True]


def test_t_needs_the_scale_that_its_distance_is_about():
    for distance in (Distance.ORDERED, Distance.HIERARCHICAL):
        with pytest.raises(PolicyError, match=f"distance {distance}"):
            t_of(held([1, 1]), distance, "1/2")


@pytest.mark.parametrize(
    ("beta", "enhanced", "unsafe"),
    [("1", False, False), ("0.99", False, True), ("1", True, True), ("0.01", True, True)],
)
def test_beta_bounds_the_relative_gain_of_each_value(beta: str, enhanced: bool, unsafe: bool):
    """A value of half of all that everybody has: gain 1, and -ln 1/2 = 0.69."""
    given = held([5, 0], whole=[5, 5])
    assert beyond_beta(given, Fraction(beta), enhanced=enhanced).tolist() == [unsafe]


def test_beta_is_not_overrun_by_a_large_population():
    given = held([10**9, 0], whole=[10**9, 10**9])
    assert beyond_beta(given, Fraction("0.9999999"), enhanced=False).tolist() == [True]
    assert beyond_beta(given, Fraction(1), enhanced=False).tolist() == [False]


@pytest.mark.parametrize(
    ("counts", "delta", "unsafe"),
    [
        ([2, 2], "0.7", False),  # ln 2 = 0.693: 1/2 against 1/4
        ([2, 2], "0.69", True),
        ([4, 0], "100", True),  # a value that the class lacks
    ],
)
def test_delta_disclosure_bounds_gain_and_loss(counts: list[int], delta: str, unsafe: bool):
    given = held(counts, whole=[1, 3])
    assert beyond_delta(given, Fraction(delta)).tolist() == [unsafe]


def test_a_class_of_nobody_violates_what_compares_distributions():
    nobody = held([0, 0], whole=[1, 1])
    assert t_of(nobody, Distance.EQUAL, "1") == [True]
    assert beyond_beta(nobody, Fraction(9), enhanced=False).tolist() == [True]
    assert beyond_delta(nobody, Fraction(9)).tolist() == [True]


# ---------------------------------------------------------------- scales


def test_numbers_are_ordered_as_numbers_and_missing_before_all():
    values = pd.Index(["", "-3", "10", "9"])
    scale = scale_of("d", values, Nature(kind=ValueType.INTEGER))
    assert scale.rank.tolist() == [0, 1, 3, 2]


def test_text_is_ordered_as_the_leaves_of_its_hierarchy():
    values = pd.Index(["", "cancer", "flu", "ulcer"])
    scale = scale_of("d", values, Nature(hierarchy=DISEASES))
    assert scale.rank.tolist() == [0, 3, 1, 2]
    [leaves, groups, top] = scale.tree.tolist()
    assert len(set(leaves)) == 4 and groups[1] == groups[3] != groups[2] and len(set(groups)) == 3
    assert set(top) == {0}


def test_text_alone_has_neither_order_nor_tree():
    scale = scale_of("d", pd.Index(["a", "b"]), Nature())
    assert (scale.rank, scale.tree) == (None, None)


# ---------------------------------------------------------------- population and subsets

SEX = Hierarchy("sex", (("F", "M", ""), ("*", "*", "*")))
PLACE = Hierarchy("place", (("A", "B", "C"), ("AB", "AB", "C"), ("*", "*", "*")))


def histogram(
    *rows: tuple[str | int, ...],
    population: list[tuple[str | int, ...]] | None = None,
    entity: bool = False,
) -> Histogram:
    extra = ["person"] if entity else []
    frame = pd.DataFrame(rows, columns=["sex", "place", "d", *extra, "records"])
    people = [] if population is None else population
    return histogram_of(
        frame,
        variables=["sex", "place"],
        hierarchies={"sex": SEX, "place": PLACE},
        sensitive=["d"],
        entity="person" if entity else None,
        population=None
        if population is None
        else pd.DataFrame(people, columns=["sex", "place", "records"]),
    )


def rules(*models: object, k: int = 1, missing: Missing = Missing.OWN_CATEGORY) -> MicrodataRules:
    return MicrodataRules(k=k, max_suppressed_share=Fraction(1), models=models, missing=missing)


def judged(data: Histogram, levels: list[int], asked: MicrodataRules) -> list[bool]:
    return violating(classes_at(data, levels, labelled=needs_labels(asked)), asked).tolist()


def test_k_map_counts_the_units_of_the_population_that_the_labels_cover():
    data = histogram(
        ("F", "A", "x", 1),
        ("M", "C", "x", 1),
        population=[("F", "A", 2), ("F", "B", 3), ("M", "C", 4), ("M", "A", 9)],
    )
    assert judged(data, [0, 0], rules(KMap(4))) == [True, False]
    assert judged(data, [0, 1], rules(KMap(5))) == [False, True]
    assert judged(data, [1, 2], rules(KMap(18))) == [False]


@pytest.mark.parametrize(
    ("units", "population", "unsafe"),
    [(0, 10, True), (1, 10, False), (5, 10, False), (6, 10, True), (1, 0, True), (0, 0, True)],
)
def test_delta_presence_bounds_the_share_of_the_population_that_is_here(
    units: int, population: int, unsafe: bool
):
    model = DeltaPresence(Fraction("0.1"), Fraction("0.5"))
    found = beyond_delta_presence(np.array([units]), np.array([population]), model)
    assert found.tolist() == [unsafe]


def test_k_on_subsets_counts_only_what_is_published():
    rows = [("F", "A", "x", 3), ("F", "B", "x", 3), ("M", "A", "x", 3), ("M", "C", "x", 1)]
    data = histogram(*rows)
    assert judged(data, [0, 0], rules(KOnSubsets(1, 3))) == [False, False, False, True]
    # without the last, M has 3 units, and without those A has 3; without them F has 3
    assert judged(data, [0, 0], rules(KOnSubsets(1, 4))) == [True, True, True, True]
    assert judged(data, [0, 1], rules(KOnSubsets(1, 4))) == [False, True, True]
    assert judged(data, [0, 1], rules(KOnSubsets(1, 3))) == [False, False, True]


def test_k_on_subsets_of_persons_with_several_records_compares_all_their_records():
    rows = [
        *[("F", "A", "x", f"p{i}", 1) for i in range(3)],
        *[("F", "B", "x", f"p{i}", 1) for i in range(3)],
        *[("F", "A", "x", f"q{i}", 2) for i in range(3)],
    ]
    data = histogram(*rows, entity=True)
    assert judged(data, [0, 0], rules(KOnSubsets(1, 3))) == [False, False]
    assert judged(data, [0, 0], rules(KOnSubsets(1, 4))) == [True, True]  # A+B is not A+A
    assert judged(data, [0, 1], rules(KOnSubsets(1, 6))) == [False]


def test_a_wildcard_asks_no_more_of_classes_that_satisfy_sensitive_models_each():
    """Whoever is (F, A) may be in the class (missing, A): 11 of 13 have x there, 1 of 2 here."""
    rows = [("F", "A", "x", 1), ("F", "A", "y", 1), ("", "A", "x", 10), ("", "A", "y", 1)]
    data = histogram(*rows)
    for least, unsafe in [("1.3", [False, False]), ("1.4", [False, True])]:
        for missing in Missing:
            model = EntropyL("d", Fraction(least))
            assert judged(data, [0, 0], rules(model, missing=missing)) == unsafe


# ---------------------------------------------------------------- what is refused


def test_a_model_about_an_uncounted_variable_is_refused():
    with pytest.raises(PolicyError, match="religion"):
        refuse_unfit(rules(DistinctL("religion", 2)), histogram(("F", "A", "x", 1)))


@pytest.mark.parametrize("model", [KMap(5), DeltaPresence(Fraction(0), Fraction(1, 2))])
def test_population_models_need_a_population_and_one_record_per_unit(model: object):
    with pytest.raises(PolicyError, match="population table"):
        refuse_unfit(rules(model), histogram(("F", "A", "x", 1)))
    persons = histogram(("F", "A", "x", "anna", 1), population=[("F", "A", 1)], entity=True)
    with pytest.raises(PolicyError, match="one record per unit"):
        refuse_unfit(rules(model), persons)


def test_classes_that_were_not_given_their_labels_are_not_judged_by_them():
    data = histogram(("F", "A", "x", 1))
    with pytest.raises(PolicyError, match="labels"):
        violating(classes_at(data, [0, 0]), rules(KOnSubsets(1, 3)))


# ---------------------------------------------------------------- what merging keeps


@given(
    st.lists(st.lists(st.integers(0, 4), min_size=4, max_size=4), min_size=2, max_size=5),
    st.sampled_from(["entropy", "recursive", "t", "beta", "enhanced", "delta"]),
)
def test_where_all_classes_satisfy_a_model_the_merged_class_does(
    counts: list[list[int]], name: str
):
    kept = [each for each in counts if sum(each)]
    if not kept:
        return
    whole = [sum(column) + 1 for column in zip(*kept, strict=True)]
    scale = Scale(rank=np.arange(4), tree=np.array([[0, 1, 2, 3], [0, 0, 1, 1], [0, 0, 0, 0]]))

    def violated(*tables: list[int]) -> bool:
        given = held(*tables, whole=whole, scale=scale)
        models = {
            "entropy": lambda: below_entropy_l(given, Fraction("1.8")),
            "recursive": lambda: below_recursive_l(given, Fraction(2), 2),
            "t": lambda: np.logical_or.reduce(
                [beyond_t(given, TCloseness("d", Fraction("0.3"), each)) for each in Distance]
            ),
            "beta": lambda: beyond_beta(given, Fraction("0.5"), enhanced=False),
            "enhanced": lambda: beyond_beta(given, Fraction(3), enhanced=True),
            "delta": lambda: beyond_delta(given, Fraction("0.7")),
        }
        return bool(models[name]().any())

    for one, other in pairwise(kept):
        if not violated(one, other):
            assert not violated([a + b for a, b in zip(one, other, strict=True)])
