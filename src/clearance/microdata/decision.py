"""What is to be done to the records, whatever the method, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from clearance.policy import Method


@dataclass(frozen=True, eq=False, kw_only=True)
class Rewritten:
    """What each distinct combination of quasi-identifiers is published as.

    ``keys``: the leaves, and the entity's value where units are not records; one row per
    distinct combination. ``published``: the labels, row by row, in the same variables.
    """

    keys: pd.DataFrame = field(repr=False)  # may name people: kept out of logs
    published: pd.DataFrame = field(repr=False)


@dataclass(frozen=True, eq=False, kw_only=True)
class Decision:
    """What is to be done to the records, and what it costs.

    ``method``: the one used, never ``auto``. ``levels``: by variable; None where records
    have levels of their own, which ``rewritten`` then tells. ``suppressed``: the keys of
    the records to leave out, for `Engine.without`: leaf combinations, or values of the
    entity where there is one. ``suppressed_values``: cells published as "*" for no reason
    but to be blank. ``k``: size of the smallest class that is published, in units of its
    scarcest kind.
    ``loss``: by metric (``granularity``, ``entropy_bits``, ...), whichever was minimised.
    ``nodes_checked`` of ``nodes`` recodings were evaluated; the others were ruled out.
    ``gap``: how much less the loss could be at most, in the metric that was minimised;
    0 where the optimum is proven.
    ``advice``: settings near by that lose less, in words, without any value of a record.
    """

    method: Method
    levels: Mapping[str, int] | None
    rewritten: Rewritten | None = None
    suppressed: pd.DataFrame = field(repr=False)  # names people: kept out of logs
    suppressed_records: int
    suppressed_units: int
    suppressed_values: int = 0
    records: int
    units: int
    k: int
    loss: Mapping[str, float]
    nodes_checked: int
    nodes: int
    gap: float = 0.0
    advice: tuple[str, ...] = ()
