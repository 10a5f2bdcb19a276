"""The search against an enumeration of the whole lattice, written over rows in plain Python."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clearance.errors import DisclosureRiskError
from clearance.hierarchy import Hierarchy
from clearance.microdata import lattice
from clearance.microdata.budget import Budget
from clearance.microdata.decision import Decision
from clearance.microdata.histogram import histogram_of
from clearance.microdata.lattice import search
from clearance.microdata.monotony import monotone_part
from clearance.microdata.scales import Nature
from clearance.policy import (
    BetaLikeness,
    DeltaDisclosure,
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

HIERARCHIES = {
    "age": (tuple("12345"), ("1-2", "1-2", "3-4", "3-4", "5"), ("1-4",) * 4 + ("5",), ("*",) * 5),
    "place": (("N", "S", ""), ("NS", "NS", ""), ("*", "*", "*")),
    "sex": (("F", "M"), ("*", "*")),
    "fixed": (("x", "y", "z"),),
    "only": (("o",), ("*",)),
}

DISEASES = (  # in this order; the first two are neighbours
    ("flu", "burn", "asthma"),
    ("acute", "acute", "chronic"),
    ("*", "*", "*"),
)

Record = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Records, and what of their columns is what."""

    records: tuple[Record, ...]
    variables: tuple[str, ...]
    sensitive: tuple[str, ...]
    entity: str | None
    holders: tuple[str, ...]
    population: tuple[Record, ...] = ()

    @property
    def columns(self) -> list[str]:
        entity = [] if self.entity is None else [self.entity]
        return [*self.variables, *self.sensitive, *entity, *self.holders]

    def frame(self) -> pd.DataFrame:
        counts = Counter(tuple(r[c] for c in self.columns) for r in self.records)
        rows = [(*values, count) for values, count in sorted(counts.items())]
        return pd.DataFrame(rows, columns=[*self.columns, "records"])

    def unit(self, number: int) -> str | int:
        return number if self.entity is None else self.records[number][self.entity]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    variables = draw(st.lists(st.sampled_from(list(HIERARCHIES)), unique=True, max_size=3))
    records = []
    diagnosis: dict[str, str] = {}
    entity = draw(st.sampled_from([None, "person"]))
    for _ in range(draw(st.integers(1, 24))):
        record = {v: draw(st.sampled_from(HIERARCHIES[v][0])) for v in variables}
        record["person"] = draw(st.sampled_from("abcdefghij"))
        record["home"] = draw(st.sampled_from("pqrs"))
        ill = draw(st.sampled_from(["flu", "flu", "burn", "asthma", ""]))
        record["diagnosis"] = diagnosis.setdefault(record["person"], ill) if entity else ill
        records.append(record)
    return Case(
        records=tuple(records),
        variables=tuple(variables),
        sensitive=("diagnosis",) if draw(st.booleans()) else (),
        entity=entity,
        holders=("home",) if draw(st.booleans()) else (),
        population=tuple(records) + tuple(draw(st.lists(st.sampled_from(records), max_size=9))),
    )


def number(*texts: str) -> st.SearchStrategy[Fraction]:
    return st.sampled_from([Fraction(text) for text in texts])


D = st.just("diagnosis")
OF_SENSITIVE = [
    st.builds(DistinctL, D, st.integers(1, 3)),
    st.builds(EntropyL, D, number("1.2", "1.5", "2", "2.5")),
    st.builds(RecursiveL, D, number("0.8", "1", "2", "3"), st.integers(1, 3)),
    st.builds(TCloseness, D, number("0", "0.1", "0.25", "1/3", "1/2"), st.sampled_from(Distance)),
    st.builds(BetaLikeness, D, number("0.1", "0.5", "1", "3"), st.booleans()),
    st.builds(DeltaDisclosure, D, number("0.3", "0.7", "1.3")),
]
OF_POPULATION = [
    st.builds(KMap, st.integers(1, 5)),
    st.builds(DeltaPresence, number("0", "0.2", "0.5"), number("0.5", "0.8", "1")),
]


@st.composite
def problems(draw: st.DrawFn) -> tuple[Case, MicrodataRules]:
    case = draw(cases())
    models: list[st.SearchStrategy[Model]] = []
    if case.sensitive:
        models += OF_SENSITIVE
    if case.entity is None:
        models += OF_POPULATION
    if case.variables:
        size = st.integers(1, len(case.variables))
        models.append(st.builds(KOnSubsets, size, st.integers(1, 5)))
    rules = MicrodataRules(
        k=draw(st.integers(1, 4)),
        max_suppressed_share=draw(st.sampled_from(["0", "1/10", "1/4", "1/2", "1"]).map(Fraction)),
        models=tuple(draw(st.lists(st.one_of(models), max_size=2))) if models else (),
        loss=draw(st.sampled_from(Loss)),
        missing=draw(st.sampled_from(Missing)),
        weights=draw(st.dictionaries(st.sampled_from(list(HIERARCHIES)), number("0.5", "1", "3"))),
    )
    return case, rules


def decide(
    case: Case,
    rules: MicrodataRules,
    frame: pd.DataFrame | None = None,
    budget: Budget | None = None,
    known: dict[str, Hierarchy] | None = None,
) -> Decision:
    known = known or {name: Hierarchy(name, HIERARCHIES[name]) for name in case.variables}
    histogram = histogram_of(
        case.frame() if frame is None else frame,
        variables=case.variables,
        hierarchies=known,
        sensitive=case.sensitive,
        entity=case.entity,
        holders=case.holders,
        natures={"diagnosis": Nature(hierarchy=Hierarchy("diagnosis", DISEASES))},
        population=pd.DataFrame(
            [[each[name] for name in case.variables] for each in case.population],
            columns=list(case.variables),
            index=range(len(case.population)),
        ).assign(records=1)
        if case.population
        else None,
    )
    return search(histogram, rules, budget=budget)


def decided(case: Case, rules: MicrodataRules) -> Decision:
    """The decision, of cases that have one."""
    try:
        return decide(case, rules)
    except DisclosureRiskError:
        assume(False)
        raise


# ---------------------------------------------------------------- the same, over rows


def recoded(record: Record, levels: dict[str, int]) -> tuple[str, ...]:
    return tuple(
        HIERARCHIES[name][level][HIERARCHIES[name][0].index(record[name])]
        for name, level in levels.items()
    )


def classes_of(case: Case, numbers: list[int], levels: dict[str, int]) -> list[list[int]]:
    """Records by the multiset of recoded combinations of their unit."""
    held = defaultdict(list)
    for number in numbers:
        held[case.unit(number)].append(number)
    classes = defaultdict(list)
    for mine in held.values():
        profile = tuple(sorted(recoded(case.records[n], levels) for n in mine))
        classes[profile].extend(mine)
    return list(classes.values())


def sizes(case: Case, members: list[int]) -> list[int]:
    """Distinct units of each kind."""
    units = {case.unit(n) for n in members}
    return [len(units), *(len({case.records[n][h] for n in members}) for h in case.holders)]


def is_safe(case: Case, members: list[int], rules: MicrodataRules, levels: dict[str, int]) -> bool:
    """Whether the class satisfies what is asked of it alone."""
    alone = [model for model in rules.models if not isinstance(model, KOnSubsets)]
    return min(sizes(case, members)) >= rules.k and all(
        satisfies(case, members, model, levels) for model in alone
    )


def shares(counts: Counter[str]) -> dict[str, Fraction]:
    return {value: Fraction(count, sum(counts.values())) for value, count in counts.items()}


def diagnoses(case: Case, members: list[int]) -> Counter[str]:
    """Of units, not of records."""
    return Counter({case.unit(n): case.records[n]["diagnosis"] for n in members}.values())


def satisfies(case: Case, members: list[int], model: Model, levels: dict[str, int]) -> bool:
    if isinstance(model, KMap | DeltaPresence):
        shown = recoded(case.records[members[0]], levels)
        people = sum(recoded(each, levels) == shown for each in case.population)
        if isinstance(model, KMap):
            return people >= model.k
        return model.at_least * people <= len(members) <= model.at_most * people
    counts = diagnoses(case, members)
    if isinstance(model, DistinctL | EntropyL | RecursiveL):
        return is_diverse(sorted((n for v, n in counts.items() if v), reverse=True), model)
    everybody = diagnoses(case, list(range(len(case.records))))
    return is_near(shares(everybody), shares(counts), model)


def is_diverse(falling: list[int], model: Model) -> bool:
    match model:
        case DistinctL(_, least):
            return len(falling) >= least
        case EntropyL(_, least):
            units = sum(falling)
            spread = math.prod(n**n for n in falling)
            return bool(falling) and units**units >= least**units * spread
        case RecursiveL(_, c, rank):
            return bool(falling) and falling[0] < c * sum(falling[rank - 1 :])
    raise NotImplementedError


def is_near(p: dict[str, Fraction], q: dict[str, Fraction], model: Model) -> bool:
    match model:
        case TCloseness(_, t, distance):
            return distance_of(p, q, distance) <= t
        case BetaLikeness(_, beta, enhanced):
            bounds = {v: min(beta, -math.log(p[v])) if enhanced else beta for v in p}
            return all(q.get(v, 0) - p[v] <= bounds[v] * p[v] for v in p)
        case DeltaDisclosure(_, delta):
            return all(v in q and abs(math.log(q[v] / p[v])) < delta for v in p)
    raise NotImplementedError


def distance_of(p: dict[str, Fraction], q: dict[str, Fraction], distance: Distance) -> Fraction:
    """Between two distributions of a diagnosis, as the definitions have it."""
    order = [value for value in ("", *DISEASES[0]) if value in p]
    gap = {value: q.get(value, Fraction(0)) - p[value] for value in order}
    if distance is Distance.EQUAL:
        return sum(map(abs, gap.values()), Fraction(0)) / 2
    if distance is Distance.ORDERED:
        carried = itertools.accumulate(gap[value] for value in order)
        return sum(map(abs, carried), Fraction(0)) / max(len(order) - 1, 1)
    acute = [gap.get("flu", Fraction(0)), gap.get("burn", Fraction(0))]
    branches = [sum(acute), gap.get("asthma", Fraction(0)), gap.get("", Fraction(0))]
    low = min(sum(max(g, 0) for g in acute), sum(max(-g, 0) for g in acute))
    high = min(sum(max(g, 0) for g in branches), sum(max(-g, 0) for g in branches))
    return low * Fraction(1, 2) + high * 1


def safe_classes(
    case: Case, rules: MicrodataRules, levels: dict[str, int], numbers: list[int]
) -> list[list[int]]:
    """The classes that can be published together."""
    kept = [c for c in classes_of(case, numbers, levels) if is_safe(case, c, rules, levels)]
    subsets = [
        (dict(chosen), model.k)
        for model in rules.models
        if isinstance(model, KOnSubsets)
        for chosen in itertools.combinations(levels.items(), model.size)
    ]
    while True:
        published = [n for members in kept for n in members]
        small: set[int] = set()
        for chosen, k in subsets:
            for members in classes_of(case, published, chosen):
                if sizes(case, members)[0] < k:
                    small.update(members)
        left = [members for members in kept if not small.intersection(members)]
        if len(left) == len(kept):
            return kept
        kept = left


def granularity(case: Case, levels: dict[str, int], gone: set[int], rules: MicrodataRules) -> float:
    if not levels:
        return 0.0
    total = 0.0
    for name, level in levels.items():
        leaves, labels = HIERARCHIES[name][0], HIERARCHIES[name][level]
        m = len(leaves)
        costs = 0.0
        for number, record in enumerate(case.records):
            s = labels.count(labels[leaves.index(record[name])]) / m
            published = 0.0 if m == 1 else (s - 1 / m) / (1 - 1 / m)
            costs += 1.0 if number in gone else published
        total += float(rules.weight(name)) * costs / len(case.records)
    return total / sum(float(rules.weight(name)) for name in levels)


def entropy(case: Case, levels: dict[str, int], rules: MicrodataRules) -> float:
    bits = 0.0
    for name, level in levels.items():
        before = [record[name] for record in case.records]
        after = [recoded(record, {name: level}) for record in case.records]
        of_leaf, of_label = Counter(before), Counter(after)
        pairs = zip(before, after, strict=True)
        lost = sum(math.log2(of_leaf[leaf] / of_label[label]) for leaf, label in pairs)
        bits -= float(rules.weight(name)) * lost
    return bits


def releasable(
    case: Case, rules: MicrodataRules
) -> Iterator[tuple[float, dict[str, int], set[int]]]:
    """Loss, levels and suppressed records of every node that satisfies the rules."""
    everybody = list(range(len(case.records)))
    units = len({case.unit(n) for n in everybody})
    heights = [range(len(HIERARCHIES[name])) for name in case.variables]
    for node in itertools.product(*heights):
        levels = dict(zip(case.variables, node, strict=True))
        safe = safe_classes(case, rules, levels, everybody)
        gone = set(everybody) - {n for members in safe for n in members}
        lost_units = len({case.unit(n) for n in gone})
        if len(gone) < len(everybody) and lost_units <= rules.max_suppressed_share * units:
            by_entropy = rules.loss is Loss.ENTROPY
            loss = (
                entropy(case, levels, rules)
                if by_entropy
                else granularity(case, levels, gone, rules)
            )
            yield loss, levels, gone


def suppressed_by(case: Case, decision: Decision) -> set[int]:
    columns = list(decision.suppressed.columns)
    keys = set(decision.suppressed.itertuples(index=False, name=None))
    records = enumerate(case.records)
    return {n for n, record in records if tuple(record[c] for c in columns) in keys}


# ---------------------------------------------------------------- properties


@settings(max_examples=250, deadline=None)
@given(problems())
def test_the_decision_is_the_best_of_the_whole_lattice(problem: tuple[Case, MicrodataRules]):
    case, rules = problem
    nodes = list(releasable(case, rules))
    if not nodes:
        with pytest.raises(DisclosureRiskError):
            decide(case, rules)
        return
    decision = decide(case, rules)
    assert decision.loss[_key(rules.loss)] == pytest.approx(min(nodes, key=_loss)[0], abs=1e-9)
    [gone] = [gone for _, levels, gone in nodes if levels == decision.levels]
    assert suppressed_by(case, decision) == gone
    assert decision.gap == 0.0
    assert decision.suppressed_records == len(gone)
    assert decision.suppressed_units == len({case.unit(n) for n in gone})
    assert decision.loss["granularity"] == pytest.approx(
        granularity(case, decision.levels, gone, rules)
    )
    assert decision.loss["entropy_bits"] == pytest.approx(entropy(case, decision.levels, rules))


def _loss(node: tuple[float, dict[str, int], set[int]]) -> float:
    return node[0]


def _key(loss: Loss) -> str:
    return "entropy_bits" if loss is Loss.ENTROPY else "granularity"


@settings(max_examples=100, deadline=None)
@given(problems(), st.integers(1, 20), st.booleans())
def test_a_spent_budget_never_claims_more_than_it_has_found(
    problem: tuple[Case, MicrodataRules], nodes: int, wide: bool
):
    """Also in the way of lattices that are too large to hold."""
    case, rules = problem
    losses = [loss for loss, _, _ in releasable(case, rules)]
    largest = 0 if wide else lattice.LARGEST_LATTICE
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lattice, "LARGEST_LATTICE", largest)
        try:
            decision = decide(case, rules, budget=Budget(nodes=nodes, memory_bytes=0))
        except DisclosureRiskError:
            return
    found = decision.loss[_key(rules.loss)]
    assert min(losses) - 1e-9 <= found
    assert found - decision.gap <= min(losses) + 1e-9


@settings(max_examples=150, deadline=None)
@given(problems())
def test_what_is_searched_node_by_node_has_the_same_optimum(problem: tuple[Case, MicrodataRules]):
    case, rules = problem
    held = decided(case, rules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lattice, "LARGEST_LATTICE", 0)
        made = decide(case, rules)
    assert made.loss[_key(rules.loss)] == held.loss[_key(rules.loss)]
    assert (made.gap, made.nodes) == (0.0, held.nodes)


@settings(max_examples=50, deadline=None)
@given(problems())
def test_protecting_twice_changes_nothing(problem: tuple[Case, MicrodataRules]):
    """Where the rules are monotone: what is published satisfies them as it is."""
    case, rules = problem
    rules = monotone_part(rules)
    assume(not any(isinstance(model, KMap) for model in rules.models))
    decision = decided(case, rules)
    gone, levels = suppressed_by(case, decision), dict(decision.levels)
    published = [
        {**record, **dict(zip(levels, recoded(record, levels), strict=True))}
        for number, record in enumerate(case.records)
        if number not in gone
    ]
    coarser = {
        name: Hierarchy(
            name, tuple(zip(*dict.fromkeys(zip(*levels_left, strict=True)), strict=True))
        )
        for name, level in levels.items()
        for levels_left in [HIERARCHIES[name][level:]]
    }
    again = decide(replace(case, records=tuple(published), population=()), rules, known=coarser)
    assert set(again.levels.values()) <= {0}
    assert (again.suppressed_records, again.loss["granularity"]) == (0, 0.0)


@settings(max_examples=150, deadline=None)
@given(problems())
def test_no_class_that_violates_the_rules_survives(problem: tuple[Case, MicrodataRules]):
    case, rules = problem
    decision = decided(case, rules)
    gone = suppressed_by(case, decision)
    published = [n for n in range(len(case.records)) if n not in gone]
    levels = dict(decision.levels)
    classes = classes_of(case, published, levels)
    whole = [members for members in safe_classes(case, rules, levels, published)]
    assert sorted(map(sorted, whole)) == sorted(map(sorted, classes))
    assert decision.k == min(min(sizes(case, members)) for members in classes)
    assert decision.suppressed_units <= rules.max_suppressed_share * decision.units


@settings(max_examples=100, deadline=None)
@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(
    problem: tuple[Case, MicrodataRules], source: random.Random
):
    case, rules = problem
    decision = decided(case, rules)
    frame = case.frame()
    order = list(range(len(frame)))
    source.shuffle(order)
    other = decide(case, rules, frame.iloc[order])
    assert other.suppressed.equals(decision.suppressed)
    assert {**vars(other), "suppressed": None} == {**vars(decision), "suppressed": None}


@settings(max_examples=50, deadline=None)
@given(problems())
def test_the_frame_is_unchanged(problem: tuple[Case, MicrodataRules]):
    case, rules = problem
    frame = case.frame()
    before = frame.copy(deep=True)
    with suppress(DisclosureRiskError):
        decide(case, rules, frame)
    pd.testing.assert_frame_equal(frame, before)


@settings(max_examples=100, deadline=None)
@given(problems(), st.sampled_from(["0", "1/10", "1/5", "1/3"]).map(Fraction))
def test_a_smaller_limit_never_gives_a_smaller_loss(
    problem: tuple[Case, MicrodataRules], share: Fraction
):
    case, rules = problem
    smaller = replace(rules, max_suppressed_share=min(share, rules.max_suppressed_share))
    strict, loose = decided(case, smaller), decided(case, rules)
    assert strict.loss[_key(rules.loss)] >= loose.loss[_key(rules.loss)]
