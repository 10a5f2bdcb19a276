"""What the choice of the finest safe level gives away."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines import PandasEngine
from tests.forge import (
    PERSONS,
    QUASI,
    SENSITIVE,
    STRUCTURAL,
    frame,
    hierarchy,
    plan,
    policy,
    variable,
)

from clearance.attack import Truth
from clearance.attack.levels import coverage
from clearance.attack.minimal_levels import check_minimality
from clearance.attack.minimality import Finer, guess, told_by_minimality
from clearance.attack.published import PublishedMicrodata
from clearance.attack.rows import distinct, texts_of
from clearance.findings import Finding
from clearance.plan import Unit

AGES = hierarchy("age", {"31": ("30-39",), "36": ("30-39",), "42": ("40-49",), "47": ("40-49",)})


def hiv_above_half(counts: Sequence[int]) -> bool:
    """Wong et al.'s rule: nobody is linked to HIV, the first value, with more than 1/2."""
    return 2 * counts[0] > sum(counts)


def uniform(counts: Sequence[int]) -> bool:
    return sum(count > 0 for count in counts) < 2


def test_the_example_of_the_minimality_paper():
    """Wong, Fu, Wang, Pei 2007, section 1: q1 of 2 and q2 of 5 people, recoded to Q, 2 have HIV.

    Q by itself says 2/7. That it was needed says that both of q1 have HIV.
    """
    found = guess((2, 5), (2, 5), hiv_above_half)
    assert found is not None
    assert found[0].broken == Fraction(1, 21)
    q1, *_ = found[0].belief(Fraction(0))
    assert q1 == (Fraction(2, 7), Fraction(1))
    example = Finer(counts=(2, 5), parts=(2, 5))
    assert told_by_minimality([example], hiv_above_half, Fraction(1, 2)) == (1, 0)


def test_another_class_may_explain_the_level():
    """Where 20 such classes were recoded together, one of them is reason enough."""
    classes = [Finer(counts=(2, 5), parts=(2, 5))] * 20
    assert told_by_minimality(classes, hiv_above_half, Fraction(1, 2)) == (0, 0)
    found = guess((2, 5), (2, 5), hiv_above_half)
    assert found is not None
    _, after = found[0].belief(1 - Fraction(20, 21) ** 19)[0]
    assert Fraction(2, 7) < after < Fraction(1, 2)


def test_a_class_that_breaks_the_rule_for_certain_explains_the_level():
    """One value only, whoever has it: the finer level was never possible."""
    certain, other = Finer(counts=(0, 4), parts=(2, 2)), Finer(counts=(2, 5), parts=(2, 5))
    assert told_by_minimality([certain, other], uniform, Fraction(1, 2)) == (0, 0)


def test_a_level_that_nothing_explains_tells_nothing():
    safe = Finer(counts=(1, 9), parts=(5, 5))
    assert told_by_minimality([safe], hiv_above_half, Fraction(1, 2)) == (0, 0)


def test_large_classes_are_counted_as_not_judged():
    large = Finer(counts=(50,) * 8, parts=(100, 100, 200))
    small = Finer(counts=(2, 5), parts=(2, 5))
    assert told_by_minimality([large, small], hiv_above_half, Fraction(1, 2)) == (1, 1)


values = st.lists(st.integers(0, 2), min_size=2, max_size=6)


@settings(max_examples=60, deadline=None)
@given(values, st.data())
def test_the_belief_is_a_count_of_all_ways(held: list[int], data: st.DataObject) -> None:
    first = data.draw(st.integers(1, len(held) - 1))
    parts = first, len(held) - first
    counts = [held.count(value) for value in range(3)]
    ways = [
        way
        for way in permutations(held)
        if any(len(set(each)) < 2 for each in (way[:first], way[first:]))
    ]
    found = guess(counts, parts, uniform)
    assert found is not None
    beliefs = found[0].belief(Fraction(0))
    assert bool(beliefs) == bool(ways)
    if ways:
        assert [after for _, after in beliefs] == [
            Fraction(sum(way[unit] == value for way in ways), len(ways))
            for unit in (0, first)
            for value in range(3)
        ]


# ---------------------------------------------------------------- a published file


def findings(
    *rows: str, shown: Sequence[str], level: int = 1, units: Sequence[Unit] = (), k: int = 3
) -> list[Finding]:
    source = frame("id age ill" if units else "age ill", *rows)
    published = distinct(frame("age ill", *shown))
    labels = texts_of(published.frame["age"])
    rules = policy(k=k, models={"ill": 2}).microdata
    assert rules is not None
    variables = [variable("age", QUASI), variable("ill", SENSITIVE)]
    engine = PandasEngine()
    return list(
        check_minimality(
            PublishedMicrodata(
                output=PERSONS,
                file="data/persons.csv",
                rows=published,
                coverage={"age": coverage(AGES, labels, [level] * len(labels))},
                levels={"age": level},
                rules=rules,
                plan=plan(*variables, variable("id", STRUCTURAL), units=units),
            ),
            Truth(engine, engine.hold(source), {}),
        )
    )


def test_a_level_that_was_needed_for_one_value_is_a_warning():
    """Three of 31 and five of 36, half of them with flu.

    Who knows that a part was uniform believes flu of the three with 4/5: of five ways to make
    them uniform four are with flu.
    """
    rows = ["31 flu | 3", "36 flu", "36 hiv | 3", "36 cold"]
    (found,) = findings(*rows, shown=["30-39 flu | 4", "30-39 hiv | 3", "30-39 cold"])
    assert (found.rule, found.severity, found.count) == ("level-tells-values", "warn", 1)
    assert found.where == "data/persons.csv: age, ill"


def test_a_level_that_tells_little_is_only_told():
    rows = ["31 flu | 3", "36 flu | 2", "36 hiv | 2"]
    (found,) = findings(*rows, shown=["30-39 flu | 5", "30-39 hiv | 2"])
    assert (found.severity, found.count) == ("info", 0)


def test_a_level_that_small_classes_explain_is_not_mentioned():
    rows = ["31 flu | 2", "36 flu | 2", "36 hiv | 2"]
    assert findings(*rows, shown=["30-39 flu | 4", "30-39 hiv | 2"]) == []


def test_the_finest_level_needs_no_explanation():
    assert findings("31 flu | 3", shown=["31 flu | 3"], level=0) == []


@pytest.mark.parametrize("units", [(), (Unit("person", "id"),)])
def test_what_was_not_worked_out_is_said(units: Sequence[Unit]) -> None:
    rows = ["31 flu | 4", "36 hiv | 4"]
    if units:
        found = findings(*("a " + row for row in rows), shown=["30-39 flu | 4"], units=units)
    else:
        found = findings(*rows, shown=["30-39 flu | 4"])
    assert [(each.rule, each.severity) for each in found] == [("minimality-not-judged", "info")]


def test_classes_with_missing_values_are_judged_by_those_they_have():
    rows = ["31 flu | 3", "36 flu", "36 hiv | 3", "36 ."]
    (found,) = findings(*rows, shown=["30-39 flu | 4", "30-39 hiv | 3", "30-39 ."])
    assert (found.rule, found.count) == ("level-tells-values", 1)
