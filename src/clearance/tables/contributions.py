"""Who contributes how much: what a table is made from, checked and in whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.errors import DisclosureRiskError, InputError, PlanError

Integers = npt.NDArray[np.int64]
Kind = Literal["frequency", "records", "amounts"]

RESERVED = frozenset({"contributor", "records", "amount"})
EXACT_LIMIT = 2**53  # above it a solver's floating-point numbers skip integers
EXACT_DIGITS = 16  # of that limit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contributions:
    """One entry per row: the contributor's number, and its amount times ``10**scale``.

    ``kind``: ``frequency`` where every contributor counts exactly once in the whole table,
    ``records`` for a count in which contributors count several times, ``amounts`` for sums.
    """

    holdings: Integers
    amounts: Integers
    scale: int
    kind: Kind


def checked(frame: pd.DataFrame, dimensions: tuple[str, ...], figure: str) -> Contributions:
    """What ``frame``'s rows contribute; see `clearance.tables.tabulate.tabulate`."""
    _refuse_clashing_names(dimensions, figure)
    _refuse_gaps(frame, figure)
    holdings = pd.factorize(frame["contributor"])[0].astype(np.int64)
    records = [int(count) for count in frame["records"]]
    kind: Kind = "frequency" if int(holdings.max()) + 1 == sum(records) else "records"
    units, scale = records, 0
    if "amount" in frame:
        kind = "amounts"
        units, scale = _scaled(frame["amount"].tolist(), figure)
    _refuse_negative(units, figure)
    if sum(units) >= EXACT_LIMIT:
        raise _too_large(figure, scale)
    amounts = np.array(units, dtype=np.int64)
    return Contributions(holdings=holdings, amounts=amounts, scale=scale, kind=kind)


def _refuse_clashing_names(dimensions: tuple[str, ...], figure: str) -> None:
    names = [*dimensions, figure, f"{figure}_status"]
    if not dimensions or len(set(names)) < len(names) or RESERVED & set(dimensions):
        raise PlanError(
            f"table of {figure}: it needs dimensions, whose names differ from each other, from "
            f"the figure's and its status column's, and from {', '.join(sorted(RESERVED))}"
        )


def _refuse_gaps(frame: pd.DataFrame, figure: str) -> None:
    if frame.empty:
        raise InputError(f"table of {figure}: there are no records to tabulate")
    contributor = frame["contributor"]
    missing = int((contributor.isna() | (contributor == "")).sum())
    if missing:
        raise InputError(
            f"table of {figure}: {missing} of {len(frame)} contributions do not say whose they "
            f"are; the column that names the contributor must be filled"
        )
    idle = int((~(frame["records"] >= 1)).sum())
    if idle:
        raise InputError(f"table of {figure}: {idle} of {len(frame)} contributions have no records")


def _refuse_negative(units: list[int], figure: str) -> None:
    negative = sum(unit < 0 for unit in units)
    if negative:
        raise DisclosureRiskError(
            f"table of {figure}: {negative} of {len(units)} contributions are negative, and no "
            f"rule says which sums of such are safe; split the figure into positive parts"
        )


def _scaled(amounts: list[Decimal], figure: str) -> tuple[list[int], int]:
    """Amounts in units of the last decimal that any of them needs, and that decimal."""
    missing = sum(not isinstance(amount, Decimal) or not amount.is_finite() for amount in amounts)
    if missing:
        raise InputError(
            f"table of {figure}: {missing} of {len(amounts)} amounts are missing or no decimals"
        )
    with localcontext() as context:
        context.prec = 100  # digits: more than any amount that is not refused has
        shortest = [amount.normalize() for amount in amounts]
        scale = max(max(0, -_exponent(amount)) for amount in shortest)
        if scale + max(max(1, amount.adjusted() + 1) for amount in shortest) > EXACT_DIGITS:
            raise _too_large(figure, scale)
        return [int(amount.scaleb(scale)) for amount in shortest], scale


def _exponent(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _too_large(figure: str, scale: int) -> InputError:
    return InputError(
        f"table of {figure}: amounts too large for {scale} decimals: their total must stay under "
        f"{EXACT_LIMIT} units of the last one; round the source first"
    )
