"""Targeted record swapping: units at risk change areas with similar units elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

import pandas as pd

from clearance.errors import DisclosureRiskError, InputError
from clearance.hierarchy import MISSING
from clearance.microdata.perturbation.draws import uniforms


@dataclass(frozen=True, slots=True)
class _Unit:
    """``likeness``: what its records are in the similar variables, and how many of each."""

    name: str
    area: str
    likeness: tuple[tuple[str, ...], ...]


def swapped_areas(
    frame: pd.DataFrame, *, unit: str, area: str, similar: Sequence[str], rate: Fraction, key: bytes
) -> pd.DataFrame:
    """``unit`` and ``area``: the area to publish for each unit, sorted by unit.

    ``frame``: text columns ``unit``, ``area``, ``similar`` and ``records``, distinct. Units swap
    with units of another area whose records agree in number and in all of ``similar``, so
    that the counts of units and records by area and ``similar`` hold exactly. First come those that
    are rarest in their area; at most ``rate`` (0 to 1) of all units are moved. A missing area
    stays. InputError where a unit is missing; DisclosureRiskError where a unit lies in several
    areas, or nobody can be moved.
    Source: the targeted swapping of the censuses of 2001 and 2011 of the United Kingdom; Shlomo,
    Tudor and Groom (2010), "Data swapping for protecting census tables".
    """
    units = _units(frame, unit, area, similar)
    moved = floor(rate * len(units))
    if moved < 2:
        raise DisclosureRiskError(
            f"swap: a rate of {float(rate):g} moves nobody among {len(units)} units; raise it"
        )
    names = [each.name for each in units]
    draws = uniforms(key, "record swapping", [[unit] * len(units), [area] * len(units), names])
    ranked = _by_risk(units, dict(zip(names, draws[:, 0].tolist(), strict=True)))
    swaps = _swaps(ranked, moved // 2)
    if not swaps:
        raise DisclosureRiskError(
            f"swap: no unit of {unit} has one like it elsewhere; name fewer similar variables"
        )
    areas = {each.name: each.area for each in units} | swaps
    return pd.DataFrame({unit: names, area: [areas[name] for name in names]}, dtype=object)


def _units(frame: pd.DataFrame, unit: str, area: str, similar: Sequence[str]) -> list[_Unit]:
    areas: dict[str, set[str]] = defaultdict(set)
    rows: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    columns = [frame[name].astype(object) for name in (unit, area, *similar)]
    for name, place, *values, records in zip(*columns, frame["records"], strict=True):
        areas[name].add(place)
        rows[name].append((*values, str(records)))
    if MISSING in areas:
        raise InputError(f"{unit}: records without their unit cannot be swapped; complete them")
    torn = sum(len(each) > 1 for each in areas.values())
    if torn:
        raise DisclosureRiskError(
            f"swap: {torn} units of {unit} have several values of {area}; name a unit with one"
        )
    return [_Unit(name, areas[name].pop(), tuple(sorted(rows[name]))) for name in sorted(rows)]


def _by_risk(units: Sequence[_Unit], draws: dict[str, float]) -> list[_Unit]:
    """The units that have an area, those with fewest like them in it first."""
    alike: dict[tuple[str, tuple[tuple[str, ...], ...]], int] = defaultdict(int)
    for each in units:
        alike[each.area, each.likeness] += 1
    placed = [each for each in units if each.area != MISSING]
    return sorted(placed, key=lambda each: (alike[each.area, each.likeness], draws[each.name]))


def _swaps(ranked: Sequence[_Unit], pairs: int) -> dict[str, str]:
    """New areas of the units that are moved, at most ``pairs`` of pairs."""
    waiting: dict[tuple[tuple[str, ...], ...], dict[str, list[tuple[int, _Unit]]]] = {}
    for rank, each in reversed(list(enumerate(ranked))):
        waiting.setdefault(each.likeness, {}).setdefault(each.area, []).append((rank, each))
    moved: dict[str, str] = {}
    for each in ranked:
        if len(moved) >= 2 * pairs:
            break
        places = waiting[each.likeness]
        others = [stack for place, stack in places.items() if place != each.area and stack]
        if each.name in moved or not others:
            continue
        _, partner = min(others, key=lambda stack: stack[-1][0]).pop()
        places[each.area].pop()  # itself: all before it have been moved or passed over
        moved[each.name], moved[partner.name] = partner.area, each.area
    return moved
