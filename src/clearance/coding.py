"""Top and bottom coding and rounding of numeric attributes, on distinct values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

import pandas as pd

from clearance.columns import plain
from clearance.errors import PlanError
from clearance.hierarchy import MISSING
from clearance.plan import CodeAt, Variable


@dataclass(frozen=True, slots=True)
class Coded:
    """``lookup``: value to published value; the others are the values coded at each end.

    A value that is the end itself belongs to it.
    """

    lookup: Mapping[str, str]
    at_top: tuple[str, ...]
    at_bottom: tuple[str, ...]


def is_coded(variable: Variable) -> bool:
    """Whether the plan asks for any coding of ``variable``."""
    return bool(variable.top_code or variable.bottom_code or variable.round_to)


def code(variable: Variable, values: pd.DataFrame) -> Coded:
    """``variable``'s coding applied to ``values`` (``value`` canonical text, ``records``).

    Values above the top code become it, below the bottom code likewise; then all are
    rounded to the nearest multiple of ``round_to``, half to even. Missing stays missing.
    A percentile is of the records that hold a value. PlanError where the ends meet.
    """
    numbers = {value: Decimal(value) for value in values["value"] if value != MISSING}
    records = dict(zip(values["value"], values["records"], strict=True))
    top = _threshold(variable.top_code, numbers, records)
    bottom = _threshold(variable.bottom_code, numbers, records)
    if top is not None and bottom is not None and bottom >= top:
        raise PlanError(f"{variable.name}: its bottom_code is not below its top_code")
    published = {
        value: plain(_rounded(_clipped(number, bottom, top), variable.round_to))
        for value, number in numbers.items()
    }
    above = [value for value, number in numbers.items() if top is not None and number >= top]
    below = [value for value, number in numbers.items() if bottom is not None and number <= bottom]
    return Coded(
        {**published, **({MISSING: MISSING} if MISSING in records else {})},
        at_top=tuple(above),
        at_bottom=tuple(below),
    )


def _clipped(number: Decimal, bottom: Decimal | None, top: Decimal | None) -> Decimal:
    above = number if bottom is None else max(number, bottom)
    return above if top is None else min(above, top)


def _rounded(number: Decimal, base: Decimal | None) -> Decimal:
    if base is None:
        return number
    return (number / base).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) * base


def _threshold(
    at: CodeAt | None, numbers: Mapping[str, Decimal], records: Mapping[str, int]
) -> Decimal | None:
    """The value, or the smallest one that reaches the percentile of the records."""
    if at is None or not numbers:
        return None
    if at.value is not None:
        return at.value
    ordered = sorted(numbers, key=lambda value: numbers[value])
    needed = Decimal(sum(int(records[value]) for value in ordered)) * (at.percentile or 0) / 100
    reached = Decimal(0)
    for value in ordered:
        reached += int(records[value])
        if reached >= needed:
            break
    return numbers[value]
