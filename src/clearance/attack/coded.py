"""Published values of attributes that are top-coded, bottom-coded or rounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from clearance.attack.result import blocked
from clearance.findings import Finding
from clearance.hierarchy import MISSING
from clearance.plan import CodeAt, Variable


def number(text: str) -> Decimal | None:
    """The number that a text is, if it is a finite one."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def is_coded(variable: Variable) -> bool:
    return bool(variable.top_code or variable.bottom_code or variable.round_to)


def as_published(variable: Variable, values: Sequence[str], published: Iterable[str]) -> list[str]:
    """What each of ``values`` of the source looks like in a file that shows ``published``.

    Where the ends were coded they are read off the file: beyond its largest value is its
    largest value. Values of a column that is not coded stay as they are.
    """
    if not is_coded(variable):
        return list(values)
    shown = [each for each in map(number, published) if each is not None]
    if not shown:
        return list(values)
    low, high = min(shown), max(shown)
    return [_shown(variable, value, low, high) for value in values]


def check_coding(
    variable: Variable,
    published: Mapping[str, int],
    source: Sequence[str],
    k: int,
    *,
    where: str,
) -> Iterator[Finding]:
    """That a coded column is coded as the plan says, and no coded end is a small group.

    ``published``: records of each value. ``source``: the distinct values before protection.
    """
    shown: Counter[Decimal] = Counter()
    for value, records in published.items():
        found = number(value)
        if found is not None:
            shown[found] += records
    strange = sum(records for each, records in shown.items() if _beyond(variable, each))
    if strange:
        yield blocked(
            "not-coded-as-planned",
            where,
            strange,
            f"{strange} published values are not rounded or coded as the plan says; "
            f"apply top_code, bottom_code and round_to",
        )
    for name, end, beyond in _ends(variable, [*shown], source):
        records = shown[end]
        if beyond and records < k:
            yield blocked(
                "coded-end-too-small",
                where,
                records,
                f"{records} records lie at the {name}, fewer than k={k}; move it further in",
            )


def _shown(variable: Variable, value: str, low: Decimal, high: Decimal) -> str:
    found = number(value)
    if value == MISSING or found is None:
        return value
    rounded = _rounded(found, variable.round_to)
    if variable.top_code:
        rounded = min(rounded, high)
    if variable.bottom_code:
        rounded = max(rounded, low)
    return str(rounded.normalize())


def _rounded(value: Decimal, base: Decimal | None) -> Decimal:
    if base is None:
        return value
    return (value / base).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) * base


def _beyond(variable: Variable, shown: Decimal) -> bool:
    """Whether a published value cannot come of the plan's coding."""
    if variable.round_to and shown % variable.round_to != 0:
        return True
    top = variable.top_code.value if variable.top_code else None
    bottom = variable.bottom_code.value if variable.bottom_code else None
    too_large = top is not None and shown > _rounded(top, variable.round_to)
    too_small = bottom is not None and shown < _rounded(bottom, variable.round_to)
    return too_large or too_small


def _ends(
    variable: Variable, shown: Sequence[Decimal], source: Sequence[str]
) -> Iterator[tuple[str, Decimal, int]]:
    """Each coded end that is shown, and how many values of the source lie beyond it."""
    if not shown:
        return
    before = [_rounded(each, variable.round_to) for each in map(number, source) if each is not None]
    high, low = max(shown), min(shown)
    if variable.top_code and _is_end(variable.top_code, high, variable):
        yield "top_code", high, sum(each > high for each in before)
    if variable.bottom_code and _is_end(variable.bottom_code, low, variable):
        yield "bottom_code", low, sum(each < low for each in before)


def _is_end(code: CodeAt, extreme: Decimal, variable: Variable) -> bool:
    """Whether the extreme published value is the code; of a percentile it is taken to be."""
    return code.value is None or extreme == _rounded(code.value, variable.round_to)
