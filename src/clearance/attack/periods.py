"""Two releases of different periods, judged by what is published of both (THREATS 13).

The people of two periods are mostly the same, their records are not. What an intruder can do
with the two files follows from the columns that do not change; see `releases`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil

from clearance.attack.coded import is_coded
from clearance.attack.distributions import Ints
from clearance.attack.levels import wildcards
from clearance.attack.linked_values import Values, comers, linked, table, values_of
from clearance.attack.meeting import NotComparableError, Side
from clearance.attack.meeting_cells import Cells, Pairs, cells, class_pairs, overlapping, remainders
from clearance.attack.result import Truth, blocked, told
from clearance.findings import Finding
from clearance.plan import Plan, Role
from clearance.policy import DistinctL, EntropyL, MicrodataRules, Missing, RecursiveL

UNCHANGING = (Role.ATTRIBUTE, Role.SENSITIVE_ATTRIBUTE)
ANY_SIZE = 2**62
LEAST_VALUES = 2


def judge_periods(
    old: Side, new: Side, plan: Plan, rules: MicrodataRules, truth: Truth, *, where: str
) -> Iterator[Finding]:
    """What two files of different periods give away together. NotComparableError: cannot tell."""
    if rules.missing is Missing.WILDCARD:
        old, new = _wild(old), _wild(new)
    same = [name for name in old.coverage if name in new.coverage]
    stable = [name for name in same if not plan.variable(name).changes]
    unchanging = _unchanging(old, new, plan)
    of_old, of_new = cells(old, stable), cells(new, stable)
    pairs = overlapping(of_old, of_new)
    differences = _differences(of_old, of_new, pairs, rules.k)
    several = _repeating(plan, truth)
    if several and (unchanging or _differences(of_old, of_new, pairs, ANY_SIZE)):
        raise NotComparableError(
            1,
            "units have several records, and how many units two classes have in common cannot "
            "be seen from records; keep the levels, and say which values change over time",
        )
    yield told(
        "other-period-than-earlier",
        where,
        len(unchanging),
        f"compared by what was published of both periods, on {len(stable)} quasi-identifiers and "
        f"{len(unchanging)} further columns that do not change",
    )
    if differences:
        yield blocked(
            "difference-below-k",
            where,
            differences,
            f"{differences} classes hold fewer than k={rules.k} records more than the published "
            f"classes of parts of them; keep the levels of the earlier release, or recode so that "
            f"classes are whole",
        )
    if unchanging:
        values = values_of(old, new, unchanging, _sensitive(plan, unchanging))
        asked = _Asked(
            pairs=pairs,
            values=values,
            k=rules.k,
            least={name: _least(rules, name) for name in values.sensitive},
            where=where,
        )
        yield from _people_in_both(_Part(old, of_old), _Part(new, of_new), asked)
        yield from _people_in_one(_Part(old, of_old), _Part(new, of_new), asked)


def _wild(side: Side) -> Side:
    return replace(side, coverage={name: wildcards(of) for name, of in side.coverage.items()})


def _unchanging(old: Side, new: Side, plan: Plan) -> list[str]:
    """Columns beside the quasi-identifiers that are the same in both files for one person."""
    names = [
        each.name
        for each in plan.with_role(*UNCHANGING)
        if not each.changes and each.name in old.names and each.name in new.names
    ]
    hidden = [
        name
        for name in names
        if is_coded(plan.variable(name)) or plan.perturbation(name) is not None
    ]
    if hidden:
        raise NotComparableError(
            len(hidden),
            f"{', '.join(hidden)}: coded or perturbed, so that it cannot be seen whose values "
            f"agree; if the values change from period to period, say so in the plan with a reason",
        )
    return names


def _sensitive(plan: Plan, names: list[str]) -> list[str]:
    return [name for name in names if plan.variable(name).role is Role.SENSITIVE_ATTRIBUTE]


def _least(rules: MicrodataRules, name: str) -> int:
    """How many values of a sensitive attribute have to stay possible."""
    wanted = [
        ceil(model.l)
        for model in rules.of_sensitive
        if isinstance(model, DistinctL | EntropyL | RecursiveL) and model.variable == name
    ]
    return max([LEAST_VALUES, *wanted])


def _repeating(plan: Plan, truth: Truth) -> bool:
    """Whether any kind of unit has several records, or records that name none."""
    return any(
        bool((held["records"] > 1).any() or (held["value"].astype(object) == "").any())
        for held in (truth.engine.values(truth.dataset, unit.column) for unit in plan.units)
    )


def _differences(old: Cells, new: Cells, pairs: Pairs, k: int) -> int:
    return remainders(old, new, pairs, k) + remainders(new, old, pairs.turned, k)


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the files, and its cells over the quasi-identifiers that do not change."""

    side: Side
    cells: Cells

    @property
    def classes(self) -> Ints:
        return self.side.classes(list(self.side.coverage))

    @property
    def records(self) -> Ints:
        return self.side.rows.records


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """``pairs`` of cells that overlap, the unchanging ``values``, and what has to be left."""

    pairs: Pairs
    values: Values
    k: int
    least: Mapping[str, int]
    where: str


def _people_in_both(old: _Part, new: _Part, asked: _Asked) -> Iterator[Finding]:
    values, k, least = asked.values, asked.k, asked.least
    one, two = old.classes, new.classes
    found = linked(
        table(one, values.old, old.records, values.count),
        table(two, values.new, new.records, values.count),
        class_pairs(one, two, old.cells.of_row, new.cells.of_row, asked.pairs),
        values,
        k=k,
        least=least,
    )
    if found.below_k:
        yield blocked(
            "linked-class-below-k",
            asked.where,
            found.below_k,
            f"for {found.below_k} pairs of classes fewer than k={k} records of one agree with any "
            f"of the other in the values that do not change; recode more coarsely, publish fewer "
            f"columns, or say with a reason which of them change over time",
        )
    for name, below in found.below_l.items():
        if below:
            yield blocked(
                "linked-class-below-l",
                f"{asked.where}: {name}",
                below,
                f"for {below} pairs of classes fewer than l={least[name]} values of {name} stand "
                f"in both; recode more coarsely, or say with a reason that {name} changes",
            )


def _people_in_one(old: _Part, new: _Part, asked: _Asked) -> Iterator[Finding]:
    values, k, least = asked.values, asked.k, asked.least
    before = table(old.cells.of_row, values.old, old.records, values.count)
    after = table(new.cells.of_row, values.new, new.records, values.count)
    exposed = comers(after, before, asked.pairs.turned, values, k=k, least=least)
    exposed += comers(before, after, asked.pairs, values, k=k, least=least)
    if exposed:
        yield blocked(
            "comers-exposed",
            asked.where,
            exposed,
            f"in {exposed} classes the records that nobody of the other release can be are fewer "
            f"than k={k}, or too alike: they are of people who came or left; recode more coarsely, "
            f"or say with a reason which values change over time",
        )
