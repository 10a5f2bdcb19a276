"""pandas frames of any types as the text that everything is decided on, and back."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from numbers import Integral, Real

import pandas as pd

from clearance.columns import plain
from clearance.errors import InputError, PlanError
from clearance.hierarchy import MISSING
from clearance.microdata.decision import Decision
from clearance.plan import ValueType

RECORDS = "records"  # the column of counts in a histogram


def text_frame(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """The ``columns`` of ``frame`` as text, in their order, rows numbered anew.

    ``39``, ``39.0`` and ``"39"`` are one value; dates are YYYY-MM-DD; text is in Unicode's
    form NFC without outer white space; what pandas takes as missing is the empty text.
    PlanError where a column is absent or stands twice, InputError of no rows or of an
    infinite number.
    """
    names = list(columns)
    present = frame.columns.tolist()
    wrong = [name for name in names if present.count(name) != 1 or name == RECORDS]
    if wrong:
        raise PlanError(
            f"columns that are absent, stand twice or are called '{RECORDS}': {', '.join(wrong)}"
        )
    if not len(frame):
        raise InputError("the frame has no rows")
    texts = {name: _texts(name, frame[name]) for name in names}
    return pd.DataFrame(texts, index=range(len(frame)))


def _texts(name: str, column: pd.Series) -> pd.Series:
    """One look at each distinct value."""
    row, values = pd.factorize(column.astype(object), use_na_sentinel=True)
    texts = [_text(name, value) for value in values]
    return pd.Series([texts[number] if number >= 0 else MISSING for number in row], dtype=object)


def _text(name: str, value: Hashable) -> str:
    match value:
        case bool():
            return str(value)
        case Integral():
            return str(int(value))
        case Decimal() | Real():
            number = Decimal(str(value))
            if not number.is_finite():
                raise InputError(f"'{name}' holds an infinite number")
            return plain(number)
        case date():
            return value.isoformat().removesuffix("T00:00:00")
    return unicodedata.normalize("NFC", str(value)).strip()


def kind_of(column: pd.Series) -> ValueType:
    """What a column's order is by: its numbers, its dates, or nothing (text)."""
    if pd.api.types.is_bool_dtype(column):
        return ValueType.TEXT
    if pd.api.types.is_integer_dtype(column):
        return ValueType.INTEGER
    if pd.api.types.is_numeric_dtype(column):
        return ValueType.NUMBER
    return ValueType.DATE if pd.api.types.is_datetime64_any_dtype(column) else ValueType.TEXT


def counted(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The distinct rows of a text frame over ``columns``, with their number of ``records``."""
    if not columns:
        return pd.DataFrame({RECORDS: [len(frame)]})
    groups = frame.groupby(list(columns), dropna=False, observed=True)
    return groups.size().rename(RECORDS).reset_index()


def applied(
    frame: pd.DataFrame, decision: Decision, recoding: dict[str, list[dict[str, str]]]
) -> pd.DataFrame:
    """The text ``frame`` without the suppressed records, the others as they are published.

    ``recoding``: for each quasi-identifier what its leaves become, by level.
    """
    kept = _without(frame, decision.suppressed)
    if decision.rewritten is not None:
        keys, published = decision.rewritten.keys, decision.rewritten.published
        found = kept[list(keys.columns)].merge(
            pd.concat([keys.astype(object), published.add_prefix("published ")], axis=1),
            how="left",
            validate="many_to_one",
        )
        labels = {str(n): found[f"published {n}"].to_numpy(object) for n in published}
        return kept.assign(**labels)
    levels = decision.levels or {}
    return kept.assign(**{n: kept[n].map(recoding[n][level]) for n, level in levels.items()})


def _without(frame: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    if not len(keys) or not len(keys.columns):
        return frame.iloc[: 0 if len(keys) else None].copy()
    found = frame[list(keys.columns)].merge(
        keys.astype(object).drop_duplicates(), how="left", indicator=True
    )
    return frame[(found["_merge"] == "left_only").to_numpy()].reset_index(drop=True)


def released(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The ``columns``, rows sorted by what they show: the source's order can identify."""
    shown = frame[list(columns)]
    if columns:
        shown = shown.sort_values(list(columns), kind="stable")
    return shown.reset_index(drop=True)
