"""Microdata protection: what to recode and suppress, decided on a histogram alone.

The public functions take and give pandas frames:

>>> import pandas as pd
>>> from clearance import microdata
>>> people = pd.DataFrame({
...     "age": [21, 22, 23, 24, 61, 62, 63, 64],
...     "place": ["N", "N", "N", "N", "S", "S", "S", "S"],
... })
>>> result = microdata.protect(
...     people, quasi_identifiers={"age": [10, 20], "place": None}, k=4, method="global"
... )
>>> result.frame.drop_duplicates().values.tolist()
[['20-29', 'N'], ['60-69', 'S']]
>>> result.k, result.suppressed_records
(4, 0)

They are loaded when they are first asked for, so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clearance.microdata.api import (
        Hierarchy,
        Result,
        RiskReport,
        Utility,
        hierarchy,
        protect,
        risk,
        suda,
        utility,
    )
    from clearance.policy import (
        BetaLikeness,
        DeltaDisclosure,
        DeltaPresence,
        Distance,
        DistinctL,
        EntropyL,
        KMap,
        KOnSubsets,
        RecursiveL,
        TCloseness,
    )

__all__ = [
    "BetaLikeness",
    "DeltaDisclosure",
    "DeltaPresence",
    "Distance",
    "DistinctL",
    "EntropyL",
    "Hierarchy",
    "KMap",
    "KOnSubsets",
    "RecursiveL",
    "Result",
    "RiskReport",
    "TCloseness",
    "Utility",
    "hierarchy",
    "protect",
    "risk",
    "suda",
    "utility",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from clearance import policy
    from clearance.microdata import api

    return getattr(api if hasattr(api, name) else policy, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
