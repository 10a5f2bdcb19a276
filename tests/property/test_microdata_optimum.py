"""The search against an enumeration of the whole lattice, written over rows in plain Python."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clearance.errors import DisclosureRiskError
from clearance.hierarchy import Hierarchy
from clearance.microdata.histogram import histogram_of
from clearance.microdata.lattice import Decision, search
from clearance.policy import DistinctL, Loss, MicrodataRules

HIERARCHIES = {
    "age": (tuple("12345"), ("1-2", "1-2", "3-4", "3-4", "5"), ("1-4",) * 4 + ("5",), ("*",) * 5),
    "place": (("N", "S", ""), ("NS", "NS", ""), ("*", "*", "*")),
    "sex": (("F", "M"), ("*", "*")),
    "fixed": (("x", "y", "z"),),
    "only": (("o",), ("*",)),
}

Record = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Records, and what of their columns is what."""

    records: tuple[Record, ...]
    variables: tuple[str, ...]
    sensitive: tuple[str, ...]
    entity: str | None
    holders: tuple[str, ...]

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
        ill = draw(st.sampled_from(["flu", "asthma", ""]))
        record["diagnosis"] = diagnosis.setdefault(record["person"], ill) if entity else ill
        records.append(record)
    return Case(
        records=tuple(records),
        variables=tuple(variables),
        sensitive=("diagnosis",) if draw(st.booleans()) else (),
        entity=entity,
        holders=("home",) if draw(st.booleans()) else (),
    )


@st.composite
def problems(draw: st.DrawFn) -> tuple[Case, MicrodataRules]:
    case = draw(cases())
    with_l = case.sensitive and draw(st.booleans())
    rules = MicrodataRules(
        k=draw(st.integers(1, 4)),
        max_suppressed_share=draw(st.sampled_from(["0", "1/10", "1/4", "1/2", "1"]).map(Fraction)),
        models=(DistinctL("diagnosis", draw(st.integers(1, 2))),) if with_l else (),
        loss=draw(st.sampled_from(Loss)),
    )
    return case, rules


def decide(case: Case, rules: MicrodataRules, frame: pd.DataFrame | None = None) -> Decision:
    known = {name: Hierarchy(name, HIERARCHIES[name]) for name in case.variables}
    histogram = histogram_of(
        case.frame() if frame is None else frame,
        variables=case.variables,
        hierarchies=known,
        sensitive=case.sensitive,
        entity=case.entity,
        holders=case.holders,
    )
    return search(histogram, rules)


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


def is_safe(case: Case, members: list[int], rules: MicrodataRules) -> bool:
    values = [{case.records[n][m.variable] for n in members} - {""} for m in rules.models]
    return min(sizes(case, members)) >= rules.k and all(
        len(distinct) >= model.l for distinct, model in zip(values, rules.models, strict=True)
    )


def granularity(case: Case, levels: dict[str, int], gone: set[int]) -> float:
    if not levels:
        return 0.0
    means = []
    for name, level in levels.items():
        leaves, labels = HIERARCHIES[name][0], HIERARCHIES[name][level]
        m = len(leaves)
        total = 0.0
        for number, record in enumerate(case.records):
            s = labels.count(labels[leaves.index(record[name])]) / m
            published = 0.0 if m == 1 else (s - 1 / m) / (1 - 1 / m)
            total += 1.0 if number in gone else published
        means.append(total / len(case.records))
    return sum(means) / len(means)


def entropy(case: Case, levels: dict[str, int]) -> float:
    bits = 0.0
    for name, level in levels.items():
        before = [record[name] for record in case.records]
        after = [recoded(record, {name: level}) for record in case.records]
        of_leaf, of_label = Counter(before), Counter(after)
        pairs = zip(before, after, strict=True)
        bits -= sum(math.log2(of_leaf[leaf] / of_label[label]) for leaf, label in pairs)
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
        classes = classes_of(case, everybody, levels)
        gone = {n for members in classes if not is_safe(case, members, rules) for n in members}
        lost_units = len({case.unit(n) for n in gone})
        if len(gone) < len(everybody) and lost_units <= rules.max_suppressed_share * units:
            by_entropy = rules.loss is Loss.ENTROPY
            loss = entropy(case, levels) if by_entropy else granularity(case, levels, gone)
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
    assert decision.suppressed_records == len(gone)
    assert decision.suppressed_units == len({case.unit(n) for n in gone})
    assert decision.loss["granularity"] == pytest.approx(granularity(case, decision.levels, gone))
    assert decision.loss["entropy_bits"] == pytest.approx(entropy(case, decision.levels))


def _loss(node: tuple[float, dict[str, int], set[int]]) -> float:
    return node[0]


def _key(loss: Loss) -> str:
    return "entropy_bits" if loss is Loss.ENTROPY else "granularity"


@settings(max_examples=150, deadline=None)
@given(problems())
def test_no_class_under_k_or_l_survives(problem: tuple[Case, MicrodataRules]):
    case, rules = problem
    decision = decided(case, rules)
    gone = suppressed_by(case, decision)
    published = [n for n in range(len(case.records)) if n not in gone]
    classes = classes_of(case, published, dict(decision.levels))
    assert all(is_safe(case, members, rules) for members in classes)
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
    smaller = MicrodataRules(
        k=rules.k,
        max_suppressed_share=min(share, rules.max_suppressed_share),
        models=rules.models,
        loss=rules.loss,
    )
    strict, loose = decided(case, smaller), decided(case, rules)
    assert strict.loss[_key(rules.loss)] >= loose.loss[_key(rules.loss)]
