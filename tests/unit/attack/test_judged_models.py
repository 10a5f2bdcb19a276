"""Sensitive models judged over classes: their limits, worked examples and other programs."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import inf
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.forge import hierarchy

from clearance.attack.distributions import Ints, held
from clearance.attack.ground import Ground, ground_of
from clearance.attack.judged_models import (
    Classes,
    distances,
    figures,
    judge_models,
    violating,
)
from clearance.hierarchy import Hierarchy
from clearance.plan import ValueType
from clearance.policy import (
    BetaLikeness,
    DeltaDisclosure,
    Distance,
    DistinctL,
    EntropyL,
    RecursiveL,
    SensitiveModel,
    TCloseness,
)

EQUAL, ORDERED, HIERARCHICAL = Distance.EQUAL, Distance.ORDERED, Distance.HIERARCHICAL


def of_classes(
    *classes: str, kind: ValueType = ValueType.TEXT, along: Hierarchy | None = None
) -> tuple[Ints, Ints, Ints, Ground]:
    """Classes, codes and records of classes given as words, which are the whole input as well."""
    values = ["" if word == "." else word for each in classes for word in each.split()]
    numbers = [number for number, each in enumerate(classes) for _ in each.split()]
    ones = np.ones(len(values), dtype=np.int64)
    ground = ground_of(values, ones, kind=kind, hierarchy=along)
    return np.array(numbers), ground.codes(values), ones, ground


def broken(model: SensitiveModel, *classes: str, kind: ValueType = ValueType.TEXT) -> list[bool]:
    numbers, codes, records, ground = of_classes(*classes, kind=kind)
    return violating(model, numbers, codes, records, ground).tolist()


def figure(model: SensitiveModel, *classes: str) -> list[float]:
    numbers, codes, records, ground = of_classes(*classes)
    return figures(model, numbers, codes, records, ground).tolist()


def fractions(of: tuple[Ints, Ints, Ints, Ground], distance: Distance) -> list[Fraction]:
    numbers, codes, records, ground = of
    found = distances(held(numbers, codes, records), ground, distance)
    return [
        Fraction(int(above), int(below))
        for above, below in zip(found.numerator, found.denominator, strict=True)
    ]


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("values", "unsafe"),
    [("flu", True), ("flu flu hiv", False), ("flu .", True), (". .", True)],
)
def test_fewer_distinct_values_than_l_break_it_and_missing_is_none(values: str, unsafe: bool):
    assert broken(DistinctL("ill", 2), values) == [unsafe]


@pytest.mark.parametrize(
    ("values", "l", "unsafe"),
    [
        ("a b c", 3, False),  # equality holds: three values equally frequent
        ("a a b b c c", 3, False),
        ("a a b", 2, True),
        ("a a b . .", 2, True),
        (". .", 1, True),
        ("a", 1, False),
        ("a a b", Fraction("1.88"), False),  # exp(H) = 3 / 2^(2/3) = 1.8899
        ("a a b", Fraction("1.89"), True),
    ],
)
def test_entropy_l_holds_at_equality_without_rounding(values: str, l: int | Fraction, unsafe: bool):  # noqa: E741
    assert broken(EntropyL("ill", Fraction(l)), values) == [unsafe]


@pytest.mark.parametrize(
    ("values", "c", "l", "unsafe"),
    [
        ("a a b", "2", 2, True),  # 2 < 2 * 1 does not hold
        ("a a b", "2.001", 2, False),
        ("a a a b b c", "1.5", 2, False),
        ("a a a b b c", "3", 3, True),
        ("a a b", "100", 3, True),
        (". . .", "100", 2, True),
    ],
)
def test_recursive_l_is_strict(values: str, c: str, l: int, unsafe: bool):  # noqa: E741
    assert broken(RecursiveL("ill", Fraction(c), l), values) == [unsafe]


@pytest.mark.parametrize(
    ("t", "unsafe"), [("0.249999999999", True), ("0.25", False), ("0.26", False)]
)
def test_t_holds_at_equality_without_rounding(t: str, unsafe: bool):
    model = TCloseness("ill", Fraction(t), EQUAL)
    assert broken(model, "a a a b", "a b b b") == [unsafe, unsafe]


def test_a_missing_value_is_a_category_for_t_and_stands_before_all_others():
    of = of_classes("10 10", "9 9", ". .", kind=ValueType.INTEGER)
    assert of[3].names == ("", "9", "10")
    assert fractions(of, EQUAL) == [Fraction(2, 3)] * 3
    assert fractions(of, ORDERED) == [Fraction(1, 2), Fraction(1, 3), Fraction(1, 2)]


def test_values_of_type_text_are_ordered_by_their_hierarchy():
    grades = hierarchy("grade", {"low": ("any",), "middle": ("any",), "high": ("any",)})
    assert of_classes("high low middle", along=grades)[3].names == ("low", "middle", "high")


@pytest.mark.parametrize(("beta", "unsafe"), [("0.99", True), ("1", False)])
def test_basic_beta_bounds_the_gain_of_every_value(beta: str, unsafe: bool):
    model = BetaLikeness("ill", Fraction(beta), enhanced=False)
    assert broken(model, "a a", "b b") == [unsafe, unsafe]


def test_enhanced_beta_bounds_frequent_values_by_their_own_share():
    # p = 3/4 may gain -ln(3/4) = 0.288 of itself, p = 1/4 may gain ln 4 = 1.386 of itself
    basic = BetaLikeness("ill", Fraction(1), enhanced=False)
    assert broken(basic, "a a a a", "a a b b") == [False, False]
    assert broken(BetaLikeness("ill", Fraction(1), enhanced=True), "a a a a", "a a b b") == [
        True,
        False,
    ]


def test_a_value_that_all_have_gains_nothing():
    assert broken(BetaLikeness("ill", Fraction(1), enhanced=True), "a a", "a") == [False, False]


@pytest.mark.parametrize(("delta", "unsafe"), [("0.69", [True, False]), ("0.7", [False, False])])
def test_delta_disclosure_is_the_log_of_the_largest_change(delta: str, unsafe: list[bool]):
    # p(b) = 1/3: 1/6 in the first class is half of it, |ln(1/2)| = 0.693
    classes = "a a a a a b", "a a a b b a a b b"
    assert broken(DeltaDisclosure("ill", Fraction(delta)), *classes) == unsafe


def test_a_class_that_lacks_a_value_breaks_every_delta():
    assert figure(DeltaDisclosure("ill", Fraction(9)), "a a", "a b")[0] == inf


def test_a_published_value_that_the_input_lacks_breaks_beta_and_delta():
    ground = ground_of(["a"], [5], published=["a", "b"])
    row = np.zeros(1, dtype=np.int64), ground.codes(["b"]), np.ones(1, dtype=np.int64)
    for model in (
        BetaLikeness("ill", Fraction(99), enhanced=False),
        BetaLikeness("ill", Fraction(99), enhanced=True),
        DeltaDisclosure("ill", Fraction(99)),
    ):
        assert violating(model, *row, ground).tolist() == [True]


def test_a_level_of_everything_above_a_level_of_everything_does_not_shrink_distances():
    rows = {"flu": ("lung", "any"), "hiv": ("blood", "any")}
    twice = hierarchy("ill", rows)  # the level * comes after "any"
    once = hierarchy("ill", {leaf: labels[:1] for leaf, labels in rows.items()})
    for along in (twice, once):
        assert fractions(of_classes("flu", "hiv", along=along), HIERARCHICAL) == [
            Fraction(1, 2),
            Fraction(1, 2),
        ]


def test_figures_too_large_for_64_bits_are_exact():
    many = 2 * 10**9
    ground = ground_of(["1", "2", "3"], [many, many, many], kind=ValueType.INTEGER)
    of = np.zeros(3, dtype=np.int64), np.arange(3), np.array([many, many, many - 1]), ground
    assert fractions(of, ORDERED) == [Fraction(1, 2) * Fraction(2 + 1, 3 * (3 * many - 1))]
    small = Fraction(1, 3 * (3 * many - 1))
    assert fractions(of, EQUAL) == [2 * small]


# ---------------------------------------------------------------- worked examples


DISEASES = hierarchy(
    "disease",
    {
        "flu": ("respiratory-infection", "respiratory"),
        "pneumonia": ("respiratory-infection", "respiratory"),
        "bronchitis": ("respiratory-infection", "respiratory"),
        "pulmonary-edema": ("vascular-lung", "respiratory"),
        "pulmonary-embolism": ("vascular-lung", "respiratory"),
        "gastric-ulcer": ("stomach", "digestive"),
        "stomach-cancer": ("stomach", "digestive"),
        "gastritis": ("stomach", "digestive"),
        "colitis": ("colon", "digestive"),
        "colon-cancer": ("colon", "digestive"),
    },
)


def test_the_salaries_of_the_t_closeness_paper():
    """Li, Li, Venkatasubramanian 2007, section 5.3: 0.375 and 0.167."""
    of = of_classes("3 4 5", "6 11 8", "7 9 10", kind=ValueType.INTEGER)
    first, second, _ = fractions(of, ORDERED)
    assert (first, second) == (Fraction("0.375"), Fraction(1, 6))


def test_the_published_table_of_the_t_closeness_paper():
    """Li et al. 2007, table 5: 0.167-close in salary, 0.278-close in disease."""
    salaries = of_classes("3 5 9", "6 11 8", "4 7 10", kind=ValueType.INTEGER)
    assert max(fractions(salaries, ORDERED)) == Fraction(1, 6)


@pytest.mark.parametrize(
    ("other", "distance"), [("bronchitis", 1), ("pulmonary-embolism", 2), ("stomach-cancer", 3)]
)
def test_the_diseases_of_the_t_closeness_paper(other: str, distance: int) -> None:
    """Li et al. 2007, section 5.3: how far other diseases are from flu, in thirds."""
    ground = ground_of(["flu"], [1], published=[other], hierarchy=DISEASES)
    row = np.zeros(1, dtype=np.int64), ground.codes([other]), np.ones(1, dtype=np.int64), ground
    assert fractions(row, HIERARCHICAL) == [Fraction(distance, 3)]


def test_the_inpatients_of_the_l_diversity_paper():
    """Machanavajjhala et al. 2007, figure 3: every block has three diseases of four patients."""
    blocks = "heart heart viral viral", "cancer heart viral viral", "cancer cancer cancer cancer"
    assert figure(DistinctL("ill", 3), *blocks) == [2, 3, 1]
    # entropy of (1/4, 1/4, 1/2) is 1.5 bits, so that the second block is 2.83-diverse
    assert figure(EntropyL("ill", Fraction(2)), *blocks) == pytest.approx([2, 2**1.5, 1])


# ---------------------------------------------------------------- other programs


CLASSES_OF_THE_PAPER = (
    "gastric-ulcer gastritis stomach-cancer",
    "gastritis flu bronchitis",
    "bronchitis pneumonia stomach-cancer",
)


def test_the_figures_of_pycanon_on_a_small_table():
    """pycanon 1.3.5 on Li et al.'s table 3: t 0.4444, beta 2, entropy l 2, recursive (2, 3).

    Its entropy l is floor(exp(H)), which rounding makes 2 where exp(H) is 3. Its delta 1.0986
    leaves out the values that a class lacks: by Brickell and Shmatikov it is infinite.
    """
    of = of_classes(*CLASSES_OF_THE_PAPER)
    assert max(fractions(of, EQUAL)) == Fraction(4, 9)
    assert max(figure(BetaLikeness("ill", Fraction(2), enhanced=False), *CLASSES_OF_THE_PAPER)) == 2
    assert broken(EntropyL("ill", Fraction(3)), *CLASSES_OF_THE_PAPER) == [False] * 3
    assert broken(RecursiveL("ill", Fraction(2), 3), *CLASSES_OF_THE_PAPER) == [False] * 3
    assert broken(RecursiveL("ill", Fraction(1), 3), *CLASSES_OF_THE_PAPER) == [True] * 3
    assert max(figure(DeltaDisclosure("ill", Fraction(2)), *CLASSES_OF_THE_PAPER)) == inf


def adult(shared_data: Path, *columns: str) -> pd.DataFrame:
    return pd.read_csv(
        shared_data / "adult" / "adult.csv", sep=";", dtype=str, usecols=list(columns)
    )


@pytest.mark.parametrize(
    ("sensitive", "t", "beta"),
    [
        ("occupation", 0.8766328492805519, 36.23703703703704),
        ("workclass", 0.4133567623720796, 16.515679442508713),
    ],
)
def test_the_figures_of_pycanon_on_adult(
    shared_data: Path, sensitive: str, t: float, beta: float
) -> None:
    """pycanon 1.3.5, classes over sex, race and marital status.

    Its "enhanced beta" is min(largest beta, -ln of the smallest p), which bounds no value by
    its own share; Cao and Karras's rule is judged value by value instead.
    """
    keys = ["sex", "race", "marital-status"]
    rows = adult(shared_data, *keys, sensitive)
    classes = rows.groupby(keys).ngroup().to_numpy(dtype=np.int64)
    ones = np.ones(len(rows), dtype=np.int64)
    ground = ground_of(rows[sensitive].tolist(), ones)
    seen = classes, ground.codes(rows[sensitive].tolist()), ones, ground
    of_t, of_beta = (
        TCloseness(sensitive, Fraction(1), EQUAL),
        BetaLikeness(sensitive, Fraction(1), enhanced=False),
    )
    assert figures(of_t, *seen).max() == pytest.approx(t, abs=1e-12)
    assert figures(of_beta, *seen).max() == pytest.approx(beta, abs=1e-9)


def test_the_ordered_distance_of_pycanon_on_adult(shared_data: Path) -> None:
    """pycanon 1.3.5: t of age, as numbers, over sex, race and marital status."""
    keys = ["sex", "race", "marital-status"]
    rows = adult(shared_data, *keys, "age")
    classes = rows.groupby(keys).ngroup().to_numpy(dtype=np.int64)
    ones = np.ones(len(rows), dtype=np.int64)
    ground = ground_of(rows["age"].tolist(), ones, kind=ValueType.INTEGER)
    model = TCloseness("age", Fraction(1), ORDERED)
    found = figures(model, classes, ground.codes(rows["age"].tolist()), ones, ground)
    assert found.max() == pytest.approx(0.43808224321060635, abs=1e-12)


# ---------------------------------------------------------------- findings


def judged(
    models: Sequence[SensitiveModel], seen: Classes, values: Sequence[str], ground: Ground
) -> list[tuple[str, str, int]]:
    found = judge_models(models, seen, {"ill": values}, {"ill": ground}, where="data/x.csv")
    return [(each.rule, each.severity, each.count) for each in found]


def test_a_finding_counts_the_classes_and_quotes_no_value():
    seen = Classes(classes=np.array([0, 0, 1]), records=np.array([1, 1, 5]), counted="persons")
    ground = ground_of(["flu", "hiv"], [6, 1])
    (found,) = judge_models(
        [DistinctL("ill", 2)], seen, {"ill": ["flu", "hiv", "flu"]}, {"ill": ground}, where="f"
    )
    assert (found.rule, found.severity, found.where, found.count) == (
        "class-below-l",
        "block",
        "f: ill",
        1,
    )
    assert "1 of 2 classes, counted in persons" in found.message
    assert "hiv" not in found.message


@pytest.mark.parametrize(
    ("model", "rule"),
    [
        (DistinctL("ill", 2), "class-below-l"),
        (EntropyL("ill", Fraction(2)), "class-below-entropy-l"),
        (RecursiveL("ill", Fraction(2), 2), "class-below-recursive-l"),
        (TCloseness("ill", Fraction("0.1"), ORDERED), "class-beyond-t"),
        (BetaLikeness("ill", Fraction("0.1"), enhanced=True), "class-beyond-beta"),
        (DeltaDisclosure("ill", Fraction("0.1")), "class-beyond-delta"),
    ],
)
def test_every_model_has_a_rule_of_its_own(model: SensitiveModel, rule: str) -> None:
    seen = Classes(classes=np.array([0, 1]), records=np.array([3, 3]))
    found = judged([model], seen, ["flu", "hiv"], ground_of(["flu", "hiv"], [3, 3]))
    assert found[0] == (rule, "block", 2)


def test_the_policy_compares_with_the_input_and_the_published_distribution_is_told():
    seen = Classes(classes=np.array([0]), records=np.array([4]))
    model = TCloseness("ill", Fraction("0.4"), EQUAL)
    found = judged([model], seen, ["flu"], ground_of(["flu", "hiv"], [4, 4]))
    assert found == [
        ("class-beyond-t", "block", 1),
        ("against-published-distribution", "info", 0),
    ]


def test_sets_that_overlap_are_judged_as_pairs_of_a_target_and_a_row():
    """Somebody known as (30, A) may be a row (30, *) or (30, A): the set of both is his class."""
    target, row = np.array([0, 0, 1]), np.array([0, 1, 1])
    values, records = ["flu", "flu", "hiv"], np.array([4, 1])
    seen = Classes(classes=target, records=records[row], counted="records that a person may be")
    found = judged([DistinctL("ill", 2)], seen, values, ground_of(values, [4, 1, 1]))
    assert found == [("class-below-l", "block", 2)]


def test_entropy_is_not_lost_in_large_classes():
    counts = np.array([10**6, 10**6 + 1])
    ground = ground_of(["a", "b"], counts)
    row = np.zeros(2, dtype=np.int64), np.arange(2), counts, ground
    assert figures(EntropyL("ill", Fraction(2)), *row)[0] == pytest.approx(2)
    assert violating(EntropyL("ill", Fraction(2)), *row).tolist() == [True]
