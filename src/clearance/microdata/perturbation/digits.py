"""Numbers of perturbed variables: read from text, written with a fixed number of decimals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np

from clearance.columns import plain
from clearance.errors import InputError
from clearance.hierarchy import MISSING
from clearance.microdata.perturbation.draws import Floats

LARGEST = 2.0**53  # beyond it a double does not hold every step of the last decimal


def numbers(values: Sequence[str]) -> Floats:
    """The numbers that canonical texts are; a missing value is NaN."""
    return np.array([np.nan if value == MISSING else float(value) for value in values])


def written(values: Floats, decimals: int, *, variable: str) -> list[str]:
    """Canonical texts, rounded half to even to ``decimals``; NaN is a missing value.

    InputError where a number is too large to be rounded exactly.
    """
    unit = Decimal(1).scaleb(-decimals)
    too_large = int((np.abs(values) * 10.0**decimals >= LARGEST).sum())
    if too_large:
        raise InputError(
            f"{variable}: {too_large} values are too large to be perturbed with {decimals} "
            f"decimals; publish it in larger units or with fewer decimals"
        )
    return [
        MISSING if value != value else _text(value, unit)  # noqa: PLR0124 - only NaN differs
        for value in values.tolist()
    ]


def _text(value: float, unit: Decimal) -> str:
    return plain(Decimal(repr(value)).quantize(unit, rounding=ROUND_HALF_EVEN))
