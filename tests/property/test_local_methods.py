"""Local recoding and local suppression against an oracle over records, in plain Python."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from clearance.errors import DisclosureRiskError
from clearance.hierarchy import Hierarchy
from clearance.microdata.decision import Decision
from clearance.microdata.histogram import Histogram, histogram_of
from clearance.microdata.local_recoding import local_recoding
from clearance.microdata.local_suppression import local_suppression
from clearance.policy import (
    BetaLikeness,
    DeltaPresence,
    Distance,
    DistinctL,
    EntropyL,
    KMap,
    KOnSubsets,
    Loss,
    MicrodataRules,
    Missing,
    Model,
    RecursiveL,
    TCloseness,
)

LEVELS = {
    "age": (tuple("12345"), ("1-2", "1-2", "3-4", "3-4", "5"), ("1-4",) * 4 + ("5",), ("*",) * 5),
    "place": (("N", "S", ""), ("NS", "NS", ""), ("*", "*", "*")),
    "sex": (("F", "M"), ("*", "*")),
    "only": (("o",), ("*",)),
}
SENSITIVE: tuple[Model, ...] = (
    DistinctL("diagnosis", 2),
    EntropyL("diagnosis", Fraction(3, 2)),
    RecursiveL("diagnosis", Fraction(2), 2),
    TCloseness("diagnosis", Fraction(1, 3), Distance.EQUAL),
    BetaLikeness("diagnosis", Fraction(1), enhanced=False),
)
OF_POPULATION: tuple[Model, ...] = (KMap(4), DeltaPresence(Fraction(1, 5), Fraction(4, 5)))

Record = dict[str, str]
Method = Callable[[Histogram, MicrodataRules], Decision]
METHODS = (local_recoding, local_suppression)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Records, and what of their columns is what."""

    records: tuple[Record, ...]
    variables: tuple[str, ...]
    entity: str | None
    holders: tuple[str, ...]
    population: tuple[Record, ...]

    def frame(self) -> pd.DataFrame:
        entity = [] if self.entity is None else [self.entity]
        return counted(self.records, [*self.variables, "diagnosis", *entity, *self.holders])

    def histogram(self, frame: pd.DataFrame | None = None) -> Histogram:
        return histogram_of(
            self.frame() if frame is None else frame,
            variables=self.variables,
            hierarchies={name: Hierarchy(name, LEVELS[name]) for name in self.variables},
            sensitive=["diagnosis"],
            entity=self.entity,
            holders=self.holders,
            population=counted(self.population, self.variables) if self.population else None,
        )

    def units(self) -> dict[str | int, list[int]]:
        held = defaultdict(list)
        for number, record in enumerate(self.records):
            held[number if self.entity is None else record[self.entity]].append(number)
        return dict(held)


def counted(records: Iterable[Record], columns: Sequence[str]) -> pd.DataFrame:
    counts = Counter(tuple(record[name] for name in columns) for record in records)
    rows = [(*values, count) for values, count in sorted(counts.items())]
    return pd.DataFrame(rows, columns=[*columns, "records"])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    variables = draw(st.lists(st.sampled_from(list(LEVELS)), unique=True, max_size=3))
    entity = draw(st.sampled_from([None, None, "person"]))
    records = []
    diagnosis: dict[str, str] = {}
    for _ in range(draw(st.integers(1, 24))):
        record = {name: draw(st.sampled_from(LEVELS[name][0])) for name in variables}
        record["person"] = draw(st.sampled_from("abcdefghij"))
        record["home"] = draw(st.sampled_from("pqrs"))
        ill = draw(st.sampled_from(["flu", "asthma", ""]))
        record["diagnosis"] = diagnosis.setdefault(record["person"], ill) if entity else ill
        records.append(record)
    others = st.fixed_dictionaries({name: st.sampled_from(LEVELS[name][0]) for name in variables})
    return Case(
        records=tuple(records),
        variables=tuple(variables),
        entity=entity,
        holders=("home",) if draw(st.booleans()) else (),
        population=() if entity else (*records, *draw(st.lists(others, max_size=12))),
    )


@st.composite
def problems(draw: st.DrawFn) -> tuple[Case, MicrodataRules, Method]:
    case = draw(cases())
    possible = [*SENSITIVE, *(OF_POPULATION if case.population else ())]
    if case.variables:
        possible.append(KOnSubsets(draw(st.integers(1, len(case.variables))), 5))
    rules = MicrodataRules(
        k=draw(st.integers(1, 4)),
        max_suppressed_share=Fraction(0),
        models=tuple(draw(st.lists(st.sampled_from(possible), unique=True, max_size=2))),
        loss=draw(st.sampled_from(Loss)),
        weights=draw(st.sampled_from([{}, {"age": Fraction(3, 2), "sex": Fraction(1, 3)}])),
    )
    return case, rules, draw(st.sampled_from(METHODS))


# ---------------------------------------------------------------- the same, over records


def published(case: Case, decision: Decision) -> list[tuple[str, ...]]:
    """What each record is published as; every record has exactly one row of the keys."""
    assert decision.rewritten is not None
    keys = list(decision.rewritten.keys.columns)
    rows = zip(
        decision.rewritten.keys.itertuples(index=False, name=None),
        decision.rewritten.published.itertuples(index=False, name=None),
        strict=True,
    )
    new = dict(rows)
    assert len(new) == len(decision.rewritten.keys)
    assert list(decision.rewritten.published.columns) == list(case.variables)
    return [new[tuple(record[name] for name in keys)] for record in case.records]


def covered(name: str, label: str) -> frozenset[str]:
    sets = {
        frozenset(leaf for leaf, text in zip(LEVELS[name][0], level, strict=True) if text == label)
        for level in LEVELS[name]
    }
    [leaves] = sets - {frozenset()}
    return leaves


def unit_classes(case: Case, rows: list[tuple[str, ...]]) -> list[list[str | int]]:
    classes = defaultdict(list)
    for unit, held in case.units().items():
        classes[tuple(sorted(rows[number] for number in held))].append(unit)
    return list(classes.values())


def is_safe(case: Case, members: Iterable[str | int], rules: MicrodataRules) -> bool:
    """k in units of all kinds, and the models of sensitive attributes."""
    units, chosen = case.units(), list(members)
    numbers = [number for unit in chosen for number in units[unit]]
    homes = len({case.records[number]["home"] for number in numbers})
    if len(chosen) < rules.k or (case.holders and homes < rules.k):
        return False
    values = [case.records[units[unit][0]]["diagnosis"] for unit in chosen]
    whole = [case.records[held[0]]["diagnosis"] for held in units.values()]
    return all(satisfied(model, values, whole) for model in rules.of_sensitive)


def satisfied(model: Model, values: list[str], whole: list[str]) -> bool:
    known = sorted(Counter(v for v in values if v).values(), reverse=True)
    q = {v: Fraction(values.count(v), len(values)) for v in set(whole)}
    p = {v: Fraction(whole.count(v), len(whole)) for v in set(whole)}
    match model:
        case DistinctL(_, l):
            return len(known) >= l
        case EntropyL(_, l):
            bits = -sum(n / sum(known) * math.log(n / sum(known)) for n in known)
            return bool(known) and bits >= math.log(l) - 1e-9
        case RecursiveL(_, c, l):
            return bool(known) and known[0] < c * sum(known[l - 1 :])
        case TCloseness(_, t, _):
            return sum(abs(q[v] - p[v]) for v in p) / 2 <= t
        case BetaLikeness(_, beta, _):
            return all(q[v] - p[v] <= beta * p[v] for v in p)
    raise AssertionError(model)


def in_population(case: Case, row: tuple[str, ...]) -> int:
    sets = [covered(name, label) for name, label in zip(case.variables, row, strict=True)]
    return sum(
        all(record[name] in held for name, held in zip(case.variables, sets, strict=True))
        for record in case.population
    )


def suits_population(case: Case, row: tuple[str, ...], units: int, model: Model) -> bool:
    there = in_population(case, row)
    if isinstance(model, KMap):
        return there >= model.k
    assert isinstance(model, DeltaPresence)
    return model.at_least * there <= units <= model.at_most * there


def all_together(case: Case, rules: MicrodataRules) -> bool:
    """Whether the rules hold where all units with as many records are published as one."""
    by_number = defaultdict(list)
    for unit, held in case.units().items():
        by_number[len(held)].append(unit)
    return all(is_safe(case, members, at_subset_k(rules)) for members in by_number.values())


def at_subset_k(rules: MicrodataRules) -> MicrodataRules:
    asked = [model.k for model in rules.models if isinstance(model, KOnSubsets)]
    return replace(rules, k=max([rules.k, *asked]))


def decided(problem: tuple[Case, MicrodataRules, Method]) -> Decision:
    """The decision, of cases that have one; labels are never coarser than their class needs,
    so who is alone in the file may be too few in the population for k-map."""
    case, rules, method = problem
    assume(all_together(case, rules))
    try:
        return method(case.histogram(), rules)
    except DisclosureRiskError:
        assume(not of_population(rules))
        raise


def of_population(rules: MicrodataRules) -> bool:
    return any(isinstance(model, KMap | DeltaPresence) for model in rules.models)


# ---------------------------------------------------------------- properties

often = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
seldom = settings(often, max_examples=60)


@often
@given(problems())
def test_every_published_class_is_safe(problem: tuple[Case, MicrodataRules, Method]):
    case, rules, _ = problem
    decision = decided(problem)
    rows = published(case, decision)
    classes = unit_classes(case, rows)
    assert all(is_safe(case, members, rules) for members in classes)
    sizes = [len(members) for members in classes]
    if not case.holders:
        assert decision.k == min(sizes)
    assert decision.suppressed_records == 0
    assert len(decision.suppressed) == 0
    for model in rules.models:
        if isinstance(model, KMap | DeltaPresence):
            counts = Counter(rows)
            assert all(suits_population(case, row, n, model) for row, n in counts.items())


@often
@given(problems())
def test_it_is_refused_only_where_not_even_everything_together_is_safe(
    problem: tuple[Case, MicrodataRules, Method],
):
    case, rules, method = problem
    assume(not of_population(rules))
    if all_together(case, rules):
        method(case.histogram(), rules)
    else:
        with pytest.raises(DisclosureRiskError):
            method(case.histogram(), rules)


@often
@given(problems())
def test_whoever_may_be_in_several_classes_is_safe_in_all_of_them_together(
    problem: tuple[Case, MicrodataRules, Method],
):
    """A known person's leaves are compatible with several published rows (THREATS 15)."""
    case, rules, _ = problem
    assume(case.entity is None)
    rows = published(case, decided(problem))
    sets = {row: [covered(n, t) for n, t in zip(case.variables, row, strict=True)] for row in rows}
    for person in itertools.product(*(LEVELS[name][0] for name in case.variables)):
        compatible = [
            number
            for number, row in enumerate(rows)
            if all(leaf in held for leaf, held in zip(person, sets[row], strict=True))
        ]
        assert not compatible or is_safe(case, compatible, rules)


@often
@given(problems())
def test_missing_values_may_as_well_be_wildcards(problem: tuple[Case, MicrodataRules, Method]):
    case, rules, method = problem
    assume(case.entity is None)
    decision = decided(problem)
    rows = published(case, decision)
    for row in set(rows):
        compatible = [
            number
            for number, other in enumerate(rows)
            if all(mine == its or "" in (mine, its) for mine, its in zip(row, other, strict=True))
        ]
        assert is_safe(case, compatible, rules)
    wild = method(case.histogram(), replace(rules, missing=Missing.WILDCARD))
    assert published(case, wild) == rows


@often
@given(problems())
def test_every_choice_of_so_many_variables_has_k_units(
    problem: tuple[Case, MicrodataRules, Method],
):
    case, rules, _ = problem
    rows = published(case, decided(problem))
    for model in rules.models:
        if isinstance(model, KOnSubsets):
            for chosen in itertools.combinations(range(len(case.variables)), model.size):
                part = [tuple(row[column] for column in chosen) for row in rows]
                assert min(map(len, unit_classes(case, part))) >= model.k


@often
@given(problems())
def test_every_label_covers_its_leaf_and_the_losses_are_those_of_the_labels(
    problem: tuple[Case, MicrodataRules, Method],
):
    case, rules, method = problem
    decision = decided(problem)
    rows = published(case, decision)
    granularity, bits, blanks, whole = Fraction(0), 0.0, 0, Fraction(0)
    for column, name in enumerate(case.variables):
        leaves = [record[name] for record in case.records]
        held, total = Counter(leaves), Fraction(0)
        for leaf, row in zip(leaves, rows, strict=True):
            label = covered(name, row[column])
            assert leaf in label
            blanks += len(label) == len(LEVELS[name][0]) > 1
            if method is local_suppression:
                assert row[column] in (leaf, "*")
            total += Fraction(len(label) - 1, max(len(LEVELS[name][0]) - 1, 1))
            weight = float(rules.weight(name))
            bits -= weight * math.log2(held[leaf] / sum(held[each] for each in label))
        granularity += rules.weight(name) * total / len(rows)
        whole += rules.weight(name)
    assert decision.loss["granularity"] == float(granularity / whole if whole else 0)
    assert decision.loss["entropy_bits"] == pytest.approx(bits, abs=1e-9)
    assert decision.suppressed_values == blanks
    assert 0 <= decision.gap <= decision.loss[METRIC[rules.loss]]


METRIC = {Loss.GRANULARITY: "granularity", Loss.ENTROPY: "entropy_bits"}


@often
@given(problems())
def test_no_label_is_coarser_than_its_class_needs(problem: tuple[Case, MicrodataRules, Method]):
    case, _, method = problem
    assume(case.entity is None)
    rows = published(case, decided(problem))
    for members in unit_classes(case, rows):
        for column, name in enumerate(case.variables):
            leaves = {case.records[int(number)][name] for number in members}
            label = rows[int(members[0])][column]
            if method is local_suppression:
                assert (label == "*") == (len(leaves) > 1)
            else:
                finer = [
                    covered(name, text)
                    for level in LEVELS[name]
                    for text in set(level)
                    if leaves <= covered(name, text)
                ]
                assert len(covered(name, label)) == min(map(len, finer))


@seldom
@given(problems(), st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_a_second_run_changes_anything(
    problem: tuple[Case, MicrodataRules, Method], source: random.Random
):
    case, rules, method = problem
    decision = decided(problem)
    frame = case.frame()
    order = list(range(len(frame)))
    source.shuffle(order)
    other = method(case.histogram(frame.iloc[order]), rules)
    assert published(case, other) == published(case, decision)
    assert other.loss == decision.loss


@seldom
@given(problems())
def test_what_is_protected_is_left_as_it_is(problem: tuple[Case, MicrodataRules, Method]):
    case, rules, method = problem
    assume(not of_population(rules))
    rows = published(case, decided(problem))
    texts = [tuple(f"<{text}>" for text in row) for row in rows]  # a leaf may not be called "*"
    frame = pd.DataFrame(
        [
            {**record, **dict(zip(case.variables, text, strict=True))}
            for record, text in zip(case.records, texts, strict=True)
        ]
    ).assign(records=1)
    known = [sorted(set(column)) for column in zip(*texts, strict=True)]
    histogram = histogram_of(
        frame,
        variables=case.variables,
        hierarchies={
            name: Hierarchy(name, (tuple(leaves), ("*",) * len(leaves)))
            for name, leaves in zip(case.variables, known, strict=True)
        },
        sensitive=["diagnosis"],
        entity=case.entity,
        holders=case.holders,
    )
    again = method(histogram, rules)
    assert again.loss == {"granularity": 0, "entropy_bits": 0}
    assert again.suppressed_values == 0


@seldom
@given(problems())
def test_the_arguments_are_unchanged(problem: tuple[Case, MicrodataRules, Method]):
    case, rules, method = problem
    assume(all_together(case, rules) and not of_population(rules))
    histogram = case.histogram()
    before = [histogram.combinations.copy(), histogram.profiles.units.copy()]
    method(histogram, rules)
    assert (histogram.combinations == before[0]).all()
    assert (histogram.profiles.units == before[1]).all()
