"""Which suppressed cells the public figures and rules give away, and how nearly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from clearance.attack.cells import Cell, Equation, PublishedTable, System, system
from clearance.attack.contributions import (
    TrueCell,
    TrueTable,
    needed_above,
    unsafe,
    without_contributors,
)
from clearance.attack.solver import Row, Split, Unknowns, explore, one_value, reached
from clearance.policy import Concentration, TableRules


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """A table, the rules of its policy and, for the judge, its true cells.

    ``applying``: the rule of concentration, where contributions can differ at all.
    ``beforehand``: bounds on cells that other public files give. ``split``: how many of its
    blanks something public calls primary.
    """

    table: PublishedTable
    rules: TableRules
    truth: TrueTable
    applying: Concentration | None
    beforehand: Mapping[Cell, tuple[int, int | None]]
    split: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """``exposed`` cells by table. ``consistent``: whether any table at all fits."""

    exposed: Mapping[str, frozenset[Cell]]
    consistent: bool


def exposed_cells(group: Sequence[Asked]) -> Verdict:
    """The suppressed cells of tables of one figure that an intruder learns too much about.

    A count is exposed if all its feasible values, whole and with the public rules taken as
    known, lie within 1 to n - 1 (0 to n - 1 where zeros are unsafe), a sum if its greatest
    feasible value misses what the rule of concentration asks for, and either if one value
    only is feasible. What an intruder knows beforehand is not held against the table: where
    the policy says that he can exclude n himself, his own bound must remain reachable.
    """
    found = system([asked.table for asked in group])
    exposed, consistent = _attacked(found, group, None)
    for asked in group:
        if asked.split is not None:
            alone = system([asked.table])
            more, fits = _attacked(alone, [asked], asked.split)
            exposed |= more if fits else set()
    shown = {cell for asked in group for cell in asked.table.blanks if cell in found.known}
    return Verdict(
        {
            asked.table.output.name: frozenset(
                cell for cell in asked.table.blanks if cell in exposed or cell in shown
            )
            for asked in group
        },
        consistent,
    )


def _attacked(found: System, group: Sequence[Asked], split: int | None) -> tuple[set[Cell], bool]:
    if not found.unknown:
        return set(), True
    scale = max(_digits(found), *(asked.truth.scale for asked in group))
    cap = _cap(found, group, scale)
    bounds = [_bounds(cell, group, scale, cap) for cell in found.unknown]
    unknowns = Unknowns(
        lower=np.array([lower for lower, _, _ in bounds]),
        upper=np.array([upper for _, upper, _ in bounds]),
        rows=_rows(found, scale),
        integral=group[0].table.output.sum_of is None,
        split=None if split is None else Split(group[0].rules.minimum_frequency, split),
    )
    return _missed(unknowns, found, [reach for _, _, reach in bounds])


def _missed(
    unknowns: Unknowns, found: System, asked_for: Sequence[float]
) -> tuple[set[Cell], bool]:
    reach = np.array(asked_for)
    explored = explore(unknowns, reach)
    if not explored.consistent:
        return set(found.unknown), False
    missed = ~reached(explored.greatest, reach) | one_value(explored.least, explored.greatest)
    return {cell for cell, each in zip(found.unknown, missed, strict=True) if each}, True


def _bounds(
    cell: Cell, group: Sequence[Asked], scale: int, cap: float
) -> tuple[float, float, float]:
    """What is known of a cell beforehand, from below and above, and what it must reach."""
    lower, upper, reach = 0.0, cap, 0.0
    for asked in group:
        if asked.table.figures.get(cell, Decimal(0)) is not None:
            continue
        shift = 10 ** (scale - asked.truth.scale)
        true = without_contributors(asked.truth.cells, cell)
        at_least, at_most = asked.beforehand.get(cell, (0, None))
        attacker, value = asked.rules.attacker, true.value * shift
        lower = max(lower, at_least, np.ceil(attacker.at_least_percent * value / 100))
        if at_most is not None:
            upper = min(upper, at_most)
        if attacker.at_most_percent is not None:
            upper = min(upper, np.floor(attacker.at_most_percent * value / 100))
        if asked.table.output.sum_of is None:
            lower = max(lower, 1.0) if asked.rules.zeros == "safe" else lower
            reach = max(reach, asked.rules.minimum_frequency)
        reach = max(reach, value + _above(true, asked) * shift)
    prior = _own_upper(cell, group, scale)
    return lower, max(upper, lower), min(reach, prior)


def _own_upper(cell: Cell, group: Sequence[Asked], scale: int) -> float:
    """The upper bound that the policies concede to the intruder, without any table."""
    bounds = [
        np.floor(
            asked.rules.attacker.at_most_percent
            * without_contributors(asked.truth.cells, cell).value
            * 10 ** (scale - asked.truth.scale)
            / 100
        )
        for asked in group
        if asked.rules.attacker.at_most_percent is not None
        and asked.table.figures.get(cell, Decimal(0)) is None
    ]
    return float(min(bounds, default=np.inf))


def _above(true: TrueCell, asked: Asked) -> float:
    """How far above its value an unsafe cell's bound must lie, by the rule of concentration."""
    rule = asked.applying
    if rule is None or not unsafe(
        true,
        minimum_frequency=asked.rules.minimum_frequency,
        zeros=asked.rules.zeros,
        concentration=rule,
    ):
        return 0.0
    needed = needed_above(true, rule)
    if needed > 0 or rule.p_percent is None:
        return needed
    return rule.p_percent * max(true.largest, default=0) / 100


def _cap(found: System, group: Sequence[Asked], scale: int) -> float:
    """A bound that no question comes near: it keeps programs bounded, and says nothing."""
    known = max((float(abs(each)) for each in found.known.values()), default=0.0) * 10.0**scale
    true = max(
        (
            cell.value * 10.0 ** (scale - asked.truth.scale)
            for asked in group
            for cell in asked.truth.cells.values()
        ),
        default=0.0,
    )
    threshold = max(asked.rules.minimum_frequency for asked in group)
    return 1000.0 * (known + true + threshold + 1)


def _rows(found: System, scale: int) -> tuple[Row, ...]:
    place = {cell: column for column, cell in enumerate(found.unknown)}
    return tuple(
        row for equation in found.equations if (row := _row(equation, found, place, scale))
    )


def _row(equation: Equation, found: System, place: Mapping[Cell, int], scale: int) -> Row | None:
    """Unknown parts less an unknown total, against what is known; a cell not listed is 0."""
    terms = [(1, part) for part in equation.parts] + [(-1, equation.total)]
    open_terms = [(place[cell], sign) for sign, cell in terms if cell in place]
    if not open_terms:
        return None
    known = sum(-sign * found.known.get(cell, Decimal(0)) for sign, cell in terms)
    return Row(
        tuple(column for column, _ in open_terms),
        tuple(float(sign) for _, sign in open_terms),
        float(Decimal(known).scaleb(scale)),
    )


def _digits(found: System) -> int:
    return max((-int(each.as_tuple().exponent) for each in found.known.values()), default=0)
