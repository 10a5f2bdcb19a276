"""The source's histograms, each asked for once: smaller ones are summed from larger ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from clearance.attack.result import Counts, Truth
from clearance.attack.rows import categorical, codes, summed, texts_of
from clearance.ports import Dataset


def remembering(truth: Truth) -> Truth:
    """The same truth, which asks its engine only for what does not follow from earlier answers."""
    return replace(truth, engine=_Remembered(truth.engine))


@dataclass(frozen=True, slots=True, eq=False)
class _Remembered:
    """Answers like its engine, in Categorical columns."""

    engine: Counts
    held: dict[str, list[pd.DataFrame]] = field(default_factory=dict)

    def values(self, dataset: Dataset, column: str) -> pd.DataFrame:
        found = self._known(dataset, [column])
        if found is None:
            asked = self.engine.values(dataset, column).rename(columns={"value": column})
            found = self._kept(dataset, asked)
        summed = _summed(found, [column])
        return pd.DataFrame({"value": summed[column].astype(object), "records": summed["records"]})

    def histogram(self, dataset: Dataset, columns: Sequence[str]) -> pd.DataFrame:
        found = self._known(dataset, columns)
        if found is None:
            found = self._kept(dataset, self.engine.histogram(dataset, columns))
        if set(found.columns) - {"records"} == set(columns):
            return found[[*columns, "records"]]
        return self._kept(dataset, _summed(found, columns))

    def _known(self, dataset: Dataset, columns: Sequence[str]) -> pd.DataFrame | None:
        """The smallest of the earlier answers that has all of the columns."""
        fitting = [
            each for each in self.held.get(dataset.name, ()) if set(columns) <= set(each.columns)
        ]
        return min(fitting, key=len, default=None)

    def _kept(self, dataset: Dataset, answer: pd.DataFrame) -> pd.DataFrame:
        found = categorical(answer).astype({"records": "int64"})
        self.held.setdefault(dataset.name, []).append(found)
        return found


def _summed(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """``columns`` and ``records``: one row per distinct combination, sorted."""
    records = frame["records"].to_numpy(dtype=np.int64)
    places, counts = summed([codes(frame[name]) for name in columns], records)
    found = {
        name: pd.Categorical.from_codes(place, pd.Index(texts_of(frame[name])))
        for name, place in zip(columns, places, strict=True)
    }
    return pd.DataFrame({**found, "records": counts})
