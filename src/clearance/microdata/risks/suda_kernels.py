"""The search of SUDA2 by refining partitions; numba is imported here and nowhere else of it.

Sets of attributes are visited depth first, later attributes before earlier ones, so that
every true subset of a set is visited before the set. A group of rows that one unit holds
alone is unique; its rows are left out of everything below, which changes no other group.
So what is carried down are only the rows that are not unique yet.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np
import numpy.typing as npt

from clearance.microdata.grouping import Booleans, Ints

Rows = npt.NDArray[np.int32]

MISSING_CODE = 0  # of a missing value: no set with it is ever unique
NOT_KEPT, SINGLE = -2, -1  # places of groups that are not carried down


@numba.njit(cache=True)
def refined(  # type: ignore[no-untyped-def]
    rows, starts, column, owner, alone, unique, place, held, first, mixed, wanted
):
    """Rows and starts of the groups to carry down, and the rows that are unique.

    ``place``, ``held``, ``first``, ``mixed`` and ``wanted`` are working space, one per code;
    ``held`` is all 0 before and after.
    """
    kept = np.empty(len(rows), np.int32)
    new_starts = np.empty(len(rows) + 1, np.int64)
    singles = np.empty(len(rows), np.int32)
    touched = np.empty(len(held), np.int32)
    groups, filled, found = 0, 0, 0
    for group in range(len(starts) - 1):
        members = rows[starts[group] : starts[group + 1]]
        codes = _counted(members, column, owner, alone, unique, held, first, mixed, wanted, touched)
        for code in touched[:codes]:
            place[code] = NOT_KEPT if mixed[code] else SINGLE
            if mixed[code] and wanted[code]:
                new_starts[groups] = filled
                groups += 1
                place[code] = filled
                filled += held[code]
            held[code] = 0
        found = _distributed(members, column, place, kept, singles, found)
    new_starts[groups] = filled
    return kept[:filled].copy(), new_starts[: groups + 1].copy(), singles[:found].copy()


@numba.njit(cache=True)
def _counted(  # type: ignore[no-untyped-def]
    members, column, owner, alone, unique, held, first, mixed, wanted, touched
):
    """How many codes the members have: listed in ``touched``, what is known of each set."""
    codes = 0
    for row in members:
        code = column[row]
        if code == MISSING_CODE:
            continue
        if held[code] == 0:
            touched[codes] = code
            codes += 1
            first[code] = owner[row]
            mixed[code] = not alone[row]
            wanted[code] = False
        elif owner[row] != first[code]:
            mixed[code] = True
        held[code] += 1
        wanted[code] |= unique[row]
    return codes


@numba.njit(cache=True)
def _distributed(members, column, place, kept, singles, found):  # type: ignore[no-untyped-def]
    """Puts each member where its code has its place; the new number of ``singles``."""
    for row in members:
        code = column[row]
        if code == MISSING_CODE or place[code] == NOT_KEPT:
            continue
        if place[code] == SINGLE:
            singles[found] = row
            found += 1
        else:
            kept[place[code]] = row
            place[code] += 1
    return found


@numba.njit(cache=True)
def settled(singles, chosen, weight, score, head, link, known, used):  # type: ignore[no-untyped-def]
    """How many of ``singles`` have no smaller MSU within the set ``chosen``, and new ``used``.

    ``head``, ``link`` and ``known`` are lists of the sets that are MSUs of each row.
    """
    minimal = 0
    for row in singles:
        at = head[row]
        while at >= 0 and known[at] & chosen != known[at]:
            at = link[at]
        if at < 0:
            known[used] = chosen
            link[used] = head[row]
            head[row] = used
            used += 1
            score[row] += weight
            minimal += 1
    return minimal, used


class Search:
    """The running search; ``score`` and ``sets`` grow as it goes."""

    def __init__(
        self,
        *,
        columns: Sequence[Rows],
        owner: Ints,
        alone: Booleans,
        unique: Booleans,
        weights: Sequence[float],
    ) -> None:
        """``weights``: what an MSU of 1, 2, ... attributes adds to a score."""
        self._columns = columns
        self._rows = owner, alone, unique
        self._weights = weights
        codes = max((int(column.max(initial=0)) for column in columns), default=0) + 1
        self._space = tuple(np.zeros(codes, dtype=np.int64) for _ in range(3))
        self._flags = tuple(np.zeros(codes, dtype=np.bool_) for _ in range(2))
        self._head = np.full(len(owner), -1, dtype=np.int64)
        self._link = np.empty(2 * len(owner), dtype=np.int64)
        self._known = np.empty(2 * len(owner), dtype=np.int64)
        self._used = 0
        self.score = np.zeros(len(owner))
        self.sets: dict[tuple[int, ...], int] = {}

    def below(self, rows: Rows, starts: Ints, chosen: tuple[int, ...]) -> None:
        """Looks at ``chosen`` with one attribute more, and at what lies below that."""
        if len(chosen) == len(self._weights) or len(rows) == 0:
            return
        for attribute in reversed(range(chosen[-1] + 1 if chosen else 0, len(self._columns))):
            finer, finer_starts, singles = refined(
                rows, starts, self._columns[attribute], *self._rows, *self._space, *self._flags
            )
            self._settle(singles, (*chosen, attribute))
            self.below(finer, finer_starts, (*chosen, attribute))

    def _settle(self, singles: Rows, chosen: tuple[int, ...]) -> None:
        room = self._used + len(singles)
        if room > len(self._known):
            self._link = np.concatenate([self._link, np.empty(room, dtype=np.int64)])
            self._known = np.concatenate([self._known, np.empty(room, dtype=np.int64)])
        minimal, self._used = settled(
            singles,
            sum(1 << attribute for attribute in chosen),
            self._weights[len(chosen) - 1],
            self.score,
            self._head,
            self._link,
            self._known,
            self._used,
        )
        if minimal:
            self.sets[chosen] = minimal
