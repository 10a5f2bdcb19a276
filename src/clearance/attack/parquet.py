"""A Parquet file must hold the rows of the CSV beside it, and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clearance.attack.rows import Rows, codes, texts_of


def same_rows(rows: Rows, parquet: Rows) -> bool:
    """Whether both have the same columns, and the same rows of text in the same order.

    Where equal rows do not follow each other, their first places and numbers are compared; a
    file like that is refused for its order anyway.
    """
    return (
        list(rows.frame.columns) == list(parquet.frame.columns)
        and rows.adjacent == parquet.adjacent
        and np.array_equal(rows.records, parquet.records)
        and all(_same(rows.frame[name], parquet.frame[name]) for name in rows.frame)
    )


def _same(one: pd.Series, other: pd.Series) -> bool:
    return texts_of(one) == texts_of(other) and np.array_equal(codes(one), codes(other))
