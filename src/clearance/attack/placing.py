"""Every combination of leaves of a table, placed in the classes of a published file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clearance.attack.compatible import Column, Incidence, incidence
from clearance.attack.levels import UNKNOWN, Coverage
from clearance.attack.published import PublishedMicrodata
from clearance.attack.recount import Classes
from clearance.attack.result import Counts
from clearance.attack.rows import Ints, categorical, codes, first_of, numbered, texts_of
from clearance.ports import Dataset


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """Distinct combinations of a table's leaves and further columns.

    ``held``: Categorical columns; ``records``: of each row; ``target``: its combination of
    leaves; ``leaves``: by column, of each target.
    """

    held: pd.DataFrame
    records: Ints
    target: Ints
    leaves: Mapping[str, Ints]

    @property
    def targets(self) -> int:
        return int(self.target.max(initial=-1)) + 1


def source_of(
    engine: Counts, dataset: Dataset, coverage: Mapping[str, Coverage], also: Sequence[str] = ()
) -> Source:
    """The distinct combinations of the covered columns' leaves, and of those ``also`` named."""
    columns = list(dict.fromkeys([*coverage, *also]))
    rows = engine.histogram(dataset, columns)
    records = rows["records"].to_numpy(dtype=np.int64)
    held = categorical(rows[columns])
    leaves = {
        name: _of_categories(held[name], of.leaf_numbers(texts_of(held[name])))
        for name, of in coverage.items()
    }
    target = numbered([each + 1 for each in leaves.values()], len(held))
    first = first_of(target)
    return Source(
        held=held,
        records=records,
        target=target,
        leaves={name: each[first] for name, each in leaves.items()},
    )


def lying_in(
    published: PublishedMicrodata,
    classes: Classes,
    source: Source,
    coverage: Mapping[str, Coverage],
) -> Incidence:
    """Which published classes each target of ``source`` lies in."""
    columns = [
        Column(source.leaves[name], codes(published.frame[name])[classes.first], of)
        for name, of in coverage.items()
    ]
    return incidence(columns, source.targets, len(classes.first))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """Pair by pair, by target: a target and a class that it lies in.

    A target that lies in no class has one of its kind, numbered after the file's ``classes``;
    they are told apart as the columns' levels tell them, by leaves where levels are mixed.
    """

    target: Ints
    of_class: Ints
    classes: int
    incidence: Incidence

    def rows(self, of_row: Ints) -> tuple[Ints, Ints]:
        """Row and pair for every row and every pair of its target."""
        sizes = np.bincount(self.target, minlength=int(of_row.max(initial=-1)) + 1)
        starts, times = np.cumsum(sizes) - sizes, sizes[of_row]
        row = np.repeat(np.arange(len(of_row)), times)
        inside = np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
        return row, starts[of_row][row] + inside


def placed(published: PublishedMicrodata, classes: Classes, source: Source) -> Placed:
    """Every target of ``source`` in the classes of a published file."""
    lies = lying_in(published, classes, source, published.coverage)
    absent = np.ones(source.targets, dtype=np.bool_)
    absent[lies.target] = False
    alone = np.flatnonzero(absent)
    parts = []
    for name, of in published.coverage.items():
        leaves = source.leaves[name][alone]
        known = of.groups[published.levels[name]][leaves] if name in published.levels else leaves
        parts.append(np.where(leaves == UNKNOWN, 0, known.astype(np.int64) + 1))
    number = len(classes.records) + numbered(parts, len(alone))
    target = np.concatenate([lies.target, alone])
    order = np.argsort(target, kind="stable")
    return Placed(
        target=target[order],
        of_class=np.concatenate([lies.of_class, number])[order],
        classes=int(number.max(initial=len(classes.records) - 1)) + 1,
        incidence=lies,
    )


def _of_categories(column: pd.Series, numbers: Ints) -> Ints:
    return numbers[codes(column)] if len(numbers) else codes(column)
