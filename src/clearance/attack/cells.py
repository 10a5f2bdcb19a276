"""Published tables as cells of one system: what is known, what is blank, what adds up.

A cell is named by its categories in all dimensions that any of the tables has; the total
of a dimension is the same as not having it. So a margin that two tables share is one cell,
and what one of them shows completes the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pandas as pd

from clearance.attack.categories import Categories, Members
from clearance.attack.coded import number
from clearance.attack.reading import UnreadableFileError
from clearance.plan import TableOutput

CONFIDENTIAL = "c"  # SDMX: confidential

Cell = tuple[Members, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PublishedTable:
    """One table's file. ``figures``: its cells, in the file's order; None where suppressed.

    ``axes``: the dimensions of the system, in their order; ``categories`` are the table's own.
    """

    output: TableOutput
    file: str
    frame: pd.DataFrame
    axes: tuple[str, ...]
    categories: Mapping[str, Categories]
    figures: Mapping[Cell, Decimal | None]

    @property
    def blanks(self) -> tuple[Cell, ...]:
        return tuple(cell for cell, figure in self.figures.items() if figure is None)


@dataclass(frozen=True, slots=True)
class Equation:
    """The parts add up to the total."""

    total: Cell
    parts: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class System:
    """All tables of one figure: known cells, unknown cells, and the equations that have any.

    ``equations`` are over known and unknown cells alike; a cell that no table lists is 0.
    """

    known: Mapping[Cell, Decimal]
    unknown: tuple[Cell, ...]
    equations: tuple[Equation, ...] = field(repr=False)


def read_table(
    output: TableOutput,
    file: str,
    frame: pd.DataFrame,
    categories: Mapping[str, Categories],
    axes: Sequence[str],
) -> PublishedTable:
    """The cells of a table's file.

    Raises `UnreadableFileError` for other columns than the dimensions, the figure and its status,
    codes that the hierarchies do not have or that are ambiguous, a cell twice, a figure that
    is no number, and an empty one without the status ``c``.
    """
    status = f"{output.figure}_status"
    if list(frame.columns) != [*output.dimensions, output.figure, status]:
        raise UnreadableFileError("must have the dimensions, the figure and its status as columns")
    for name in output.dimensions:
        strangers = set(frame[name]) - set(categories[name].members)
        if strangers or categories[name].ambiguous & set(frame[name]):
            raise UnreadableFileError(f"has codes in {name} that its hierarchy does not settle")
    figures: dict[Cell, Decimal | None] = {}
    for row in frame.itertuples(index=False, name=None):
        codes = dict(zip(output.dimensions, row, strict=False))
        cell = tuple(
            _members(categories[axis], codes[axis]) if axis in codes else frozenset()
            for axis in axes
        )
        figures[cell] = _figure(row[-2], row[-1])
    if len(figures) < len(frame) - _repeated_codes(frame, output, categories):
        raise UnreadableFileError("has a cell twice")
    return PublishedTable(
        output=output,
        file=file,
        frame=frame,
        axes=tuple(axes),
        categories=categories,
        figures=figures,
    )


def system(tables: Sequence[PublishedTable]) -> System:
    """One system of the tables, all of the same figure.

    What any of them shows is known everywhere.
    """
    known = {
        cell: figure
        for table in tables
        for cell, figure in table.figures.items()
        if figure is not None
    }
    blank = (cell for table in tables for cell in table.blanks if cell not in known)
    unknown = tuple(dict.fromkeys(blank))
    found: dict[Equation, None] = {}
    for table in tables:
        lookup = _splits_by_member(table)
        covered = [axis in table.output.dimensions for axis in table.axes]
        for cell in unknown:
            if all(within or not part for within, part in zip(covered, cell, strict=True)):
                found.update(dict.fromkeys(_equations(cell, lookup, table)))
    return System(known=known, unknown=unknown, equations=tuple(found))


def _members(dimension: Categories, code: str) -> Members:
    """The leaves of a code; the total is the empty set, as in tables without the dimension."""
    members = dimension.members[code]
    return frozenset() if members == dimension.all else members


def _figure(text: str, status: str) -> Decimal | None:
    if text == "" and status == CONFIDENTIAL:
        return None
    figure = number(text)
    if figure is None or status != "":
        raise UnreadableFileError("has a figure that is no number, or a status that does not fit")
    return figure


def _repeated_codes(
    frame: pd.DataFrame, output: TableOutput, categories: Mapping[str, Categories]
) -> int:
    """Rows that repeat a cell under another code of the same leaves, which is no mistake."""
    distinct = frame.drop_duplicates(list(output.dimensions))
    if len(distinct) < len(frame):
        return 0
    same = pd.DataFrame(
        {
            name: [_members(categories[name], code) for code in frame[name]]
            for name in output.dimensions
        }
    )
    return int(same.duplicated().sum())


Splits = Mapping[Members, Sequence[tuple[Members, tuple[Members, ...]]]]


def _splits_by_member(table: PublishedTable) -> Mapping[str, Splits]:
    """For each dimension: each category and the splits that it is the total or a part of."""
    found: dict[str, dict[Members, list[tuple[Members, tuple[Members, ...]]]]] = {}
    for name, dimension in table.categories.items():
        lookup = found.setdefault(name, {})
        for parent, parts in dimension.splits:
            total = frozenset() if parent == dimension.all else parent
            for each in (total, *parts):
                lookup.setdefault(each, []).append((total, parts))
    return found


def _equations(
    cell: Cell, lookup: Mapping[str, Splits], table: PublishedTable
) -> Iterator[Equation]:
    for axis, name in enumerate(table.axes):
        for total, parts in lookup.get(name, {}).get(cell[axis], ()):
            yield Equation(
                _with(cell, axis, total), tuple(_with(cell, axis, part) for part in parts)
            )


def _with(cell: Cell, axis: int, members: Members) -> Cell:
    return (*cell[:axis], members, *cell[axis + 1 :])
