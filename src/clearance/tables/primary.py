"""Which cells are unsafe by themselves, and how uncertain the intruder must be left.

Every rule states the safe condition in whole numbers and answers its negation. Cells are
those of `clearance.tables.tabulate.Table`: contributions per contributor, the largest first.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.errors import DisclosureRiskError, PolicyError
from clearance.policy import Concentration, TableRules
from clearance.tables.tabulate import LARGEST, Table

Integers = npt.NDArray[np.int64]


def threshold_rule(
    cells: pd.DataFrame, minimum_frequency: int, *, zeros: Literal["safe", "unsafe"]
) -> pd.Series[bool]:
    """Unsafe: fewer than ``minimum_frequency`` distinct contributors.

    ``zeros``: ``safe`` lets a cell without contributors be shown; ``unsafe`` makes every cell
    of value 0 unsafe, however many contribute to it.
    Answers booleans indexed like ``cells``; a missing figure is unsafe.
    Source: SDC Handbook, ch. 4, "Minimum frequency rule".
    """
    safe = cells["contributors"] >= minimum_frequency
    if zeros == "safe":
        safe |= cells["contributors"] == 0
    else:
        safe &= cells["value"] > 0
    return ~safe


def p_percent_rule(cells: pd.DataFrame, p_percent: int) -> pd.Series[bool]:
    """Unsafe: the second contributor can estimate the first to within ``p_percent`` %.

    Answers booleans indexed like ``cells``; a missing figure is unsafe.
    Raises `DisclosureRiskError` if a contribution is negative.
    Source: SDC Handbook, ch. 4, "Sensitivity rules": unsafe if X - x1 - x2 < p/100 x1.
    """
    _refuse_negative(cells)
    rest = cells["value"] - cells["largest"] - cells["second_largest"]
    safe = 100 * rest >= p_percent * cells["largest"]
    return ~safe


def dominance_rule(cells: pd.DataFrame, n: int, k_percent: int) -> pd.Series[bool]:
    """Unsafe: the ``n`` largest contributors make up more than ``k_percent`` % of the cell.

    Answers booleans indexed like ``cells``; a missing figure is unsafe.
    Raises `DisclosureRiskError` if a contribution is negative.
    Source: SDC Handbook, ch. 4, "Sensitivity rules": unsafe if x1 + .. + xn > k/100 X.
    """
    _refuse_negative(cells)
    safe = 100 * _sum_of_largest(cells, n) <= k_percent * cells["value"]
    return ~safe


def unsafe_cells(
    table: Table, rules: TableRules, concentration: Concentration | None
) -> npt.NDArray[np.bool_]:
    """Cells that any of the rules calls unsafe, in the table's order.

    Raises `PolicyError` where contributors can dominate a cell and no rule of concentration
    is given, or one that can never apply.
    """
    if rules.minimum_frequency < 1:
        raise PolicyError("minimum_frequency must be at least 1")
    unsafe = threshold_rule(table.cells, rules.minimum_frequency, zeros=rules.zeros)
    if table.kind != "frequency":
        checked = _usable(concentration, table)
        if checked.p_percent is not None:
            unsafe |= p_percent_rule(table.cells, checked.p_percent)
        if checked.n is not None and checked.k_percent is not None:
            unsafe |= dominance_rule(table.cells, checked.n, checked.k_percent)
    return unsafe.to_numpy(dtype=np.bool_)


def protection_levels(table: Table, concentration: Concentration | None) -> Integers:
    """By how much the intruder's bounds must miss an unsafe cell's value, to either side.

    In units of the last decimal, rounded up, at least 1; in the table's order, and of meaning
    for unsafe cells only. The p%-rule asks for p/100 x1 - (X - x1 - x2), dominance for
    100/k (x1 + .. + xn) - X. For a cell that only the threshold makes unsafe the largest
    contribution must not be estimated to within p %, where p is 100 (100 - k)/k if the policy
    has dominance only. A frequency table has no such levels: its cells must reach the
    threshold instead.
    Source: SDC Handbook, ch. 4, "Protection levels".
    """
    level = np.zeros(len(table.cells), dtype=np.int64)
    if table.kind == "frequency":
        return level + 1
    rule = _usable(concentration, table)
    value, largest = _column(table.cells, "value"), _column(table.cells, "largest")
    share = level
    if rule.n is not None and rule.k_percent is not None:
        total = _sum_of_largest(table.cells, rule.n).to_numpy(dtype=np.int64)
        level = np.maximum(level, _divided_up(100 * total, rule.k_percent) - value)
        share = _divided_up((100 - rule.k_percent) * largest, rule.k_percent)
    if rule.p_percent is not None:
        rest = value - largest - _column(table.cells, "second_largest")
        share = _divided_up(rule.p_percent * largest, 100)
        level = np.maximum(level, share - rest)
    return np.maximum(np.where(level > 0, level, share), 1)


def _usable(concentration: Concentration | None, table: Table) -> Concentration:
    """The rule of concentration, if it is one: whole, able to apply, within what is counted."""
    if concentration is None:
        reason = (
            "its contributors count several records each"
            if table.kind == "records"
            else "it holds sums"
        )
        raise PolicyError(
            f"table of {table.figure}: {reason}, so one contributor can dominate a cell; "
            f"the policy needs a rule of concentration (tables: concentration)"
        )
    p, n, k = concentration.p_percent, concentration.n, concentration.k_percent
    dominance_usable = n is not None and k is not None and 1 <= n <= len(LARGEST) and 0 < k < 100
    dominance_absent = n is None and k is None
    p_usable = p is None or 0 < p <= 100
    if not p_usable or not (dominance_usable or (dominance_absent and p is not None)):
        raise PolicyError(
            f"the policy's rule of concentration needs p from 1 to 100 percent, or n from 1 to "
            f"{len(LARGEST)} with k from 1 to 99 percent, or both"
        )
    return concentration


def _sum_of_largest(cells: pd.DataFrame, n: int) -> pd.Series[int]:
    return cells[list(LARGEST[:n])].sum(axis=1, skipna=False)


def _column(cells: pd.DataFrame, name: str) -> Integers:
    return cells[name].to_numpy(dtype=np.int64)


def _divided_up(numerator: npt.NDArray[Any], denominator: int) -> Integers:
    """The quotient, rounded up, without leaving the whole numbers."""
    return -(-numerator // denominator)


def _refuse_negative(cells: pd.DataFrame) -> None:
    negative = int((cells[list(LARGEST)] < 0).any(axis=1).sum())
    if negative:
        raise DisclosureRiskError(
            f"{negative} of {len(cells)} cells have negative contributions: no rule of "
            f"concentration is defined for them"
        )
