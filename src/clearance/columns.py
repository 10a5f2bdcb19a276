"""The types of columns: text read as the plan says, into one canonical text a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pandas as pd

from clearance.hierarchy import MISSING
from clearance.plan import ValueType

INTEGER = re.compile(r"[+-]?\d{1,30}")
NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,2})?")
DATE = re.compile(r"(\d{4}-\d{2}-\d{2})([ T]00:00:00(\.0+)?)?")
MOST_INTEGER = 2**63  # what 64 bits hold
MOST_NUMBER, MOST_DECIMALS = Decimal(10) ** 18, 18  # what is still summed exactly


@dataclass(frozen=True, slots=True)
class Typed:
    """``lookup``: value to canonical ``replacement``; ``unreadable``: values of another type."""

    lookup: pd.DataFrame
    unreadable: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether any value is not in its canonical text already."""
        return bool((self.lookup["value"] != self.lookup["replacement"]).any())


def typed(values: Sequence[str], kind: ValueType) -> Typed:
    """The canonical text of each distinct value: ``007`` is 7 and ``1.50`` is 1.5.

    Integers (of 64 bits) and numbers (that a double holds exactly as they are written, under
    10^18, of at most 18 decimals) in plain digits with a point; dates as YYYY-MM-DD, also from
    their midnight. A missing value stays missing. What cannot be read is answered, not
    raised: the caller knows the column.
    """
    canonical = [value if value == MISSING else _READERS[kind](value) for value in values]
    unreadable = tuple(value for value, text in zip(values, canonical, strict=True) if text is None)
    lookup = pd.DataFrame({"value": list(values), "replacement": canonical}, dtype=object)
    return Typed(lookup, unreadable)


def plain(number: Decimal) -> str:
    """A number without exponent, trailing zeros or a minus before zero."""
    if number == 0:
        return "0"
    whole = number.to_integral_value()
    return f"{whole:f}" if number == whole else f"{number.normalize():f}"


def _integer(text: str) -> str | None:
    if not INTEGER.fullmatch(text):
        return None
    number = int(text)
    return str(number) if -MOST_INTEGER <= number < MOST_INTEGER else None


def _number(text: str) -> str | None:
    if not NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    if abs(number) >= MOST_NUMBER or Decimal(repr(float(text))) != number:
        return None
    canonical = plain(number)
    _, _, decimals = canonical.partition(".")
    return canonical if len(decimals) <= MOST_DECIMALS else None


def _date(text: str) -> str | None:
    found = DATE.fullmatch(text)
    if not found:
        return None
    try:
        return date.fromisoformat(found[1]).isoformat()
    except ValueError:
        return None


_READERS: dict[ValueType, Callable[[str], str | None]] = {
    ValueType.TEXT: lambda text: text,
    ValueType.INTEGER: _integer,
    ValueType.NUMBER: _number,
    ValueType.DATE: _date,
}
