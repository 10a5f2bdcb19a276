"""Cells that are unsafe once contributors of another kind are counted (THREATS 4)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from clearance.policy import Concentration, TableRules
from clearance.tables.primary import threshold_rule, unsafe_cells
from clearance.tables.protect import ProtectedTable
from clearance.tables.tabulate import Table


def overlooked(
    protected: ProtectedTable,
    others: Iterable[Table],
    rules: TableRules,
    concentration: Concentration | None,
) -> int:
    """How many cells the rules call unsafe in one of ``others`` and not in the table itself.

    ``others``: the same figure of the same records, with persons, say, as contributors where
    ``protected`` has households. Counts without a rule of concentration are judged by the
    threshold alone.
    """
    unsafe = np.zeros(protected.cells, dtype=np.bool_)
    for table in others:
        if concentration is None:
            judged = threshold_rule(
                table.cells, rules.minimum_frequency, zeros=rules.zeros
            ).to_numpy(dtype=np.bool_)
        else:
            judged = unsafe_cells(table, rules, concentration)
        unsafe |= judged
    return int((unsafe & ~protected.unsafe).sum())
