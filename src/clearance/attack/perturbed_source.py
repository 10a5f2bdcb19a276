"""The source beside the source as protect says that it perturbed it, unit by unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from clearance.attack.result import Counts, blocked
from clearance.findings import Finding
from clearance.hierarchy import MISSING
from clearance.plan import AreaSwap, Perturbation, Plan
from clearance.ports import Dataset

MOST_UNIFORM = Fraction(9, 10)  # of the wider units, see `check_averages`


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The source, and the source as protect says that it perturbed it."""

    engine: Counts
    truth: Dataset
    shown: Dataset

    def true(self, *columns: str) -> pd.DataFrame:
        return _plain(self.engine.histogram(self.truth, columns))

    def perturbed(self, *columns: str) -> pd.DataFrame:
        return _plain(self.engine.histogram(self.shown, columns))

    def shown_values(self, column: str) -> pd.DataFrame:
        return _plain(self.engine.values(self.shown, column))


def groups(plan: Plan) -> Iterator[tuple[tuple[str, ...], Perturbation, str]]:
    """The variables that are perturbed together, how, and the column that keys their draws."""
    for variable in plan.variables:
        perturb = variable.perturb
        if perturb is not None:
            of = perturb.of if perturb.of is not None else plan.units[0].column
            yield (variable.name, *perturb.together), perturb, of


def paired(sides: Sides, of: str, names: Sequence[str]) -> tuple[pd.DataFrame, int]:
    """Units with one combination of values: ``names`` and ``shown <name>``, indexed by unit.

    And how many units with one true combination are shown with several, or with none.
    """
    before, after = sides.true(of, *names), sides.perturbed(of, *names)
    one = before[~before[of].duplicated(keep=False)].set_index(of)[list(names)]
    matched = after[after[of].isin(one.index)]
    single = matched[~matched[of].duplicated(keep=False)].set_index(of)[list(names)]
    pairs = one.join(single.add_prefix("shown "), how="inner")
    return pairs, len(one) - len(pairs)


def check_rest(plan: Plan, sides: Sides) -> Iterator[Finding]:
    """That nothing differs but what the plan perturbs, and areas only as it swaps them."""
    changed = {name for names, _, _ in groups(plan) for name in names}
    swap = plan.swap
    area = {swap.area} if swap is not None else set()
    key = plan.units[0].column if plan.units else next((of for _, _, of in groups(plan)), None)
    if key is None:
        return
    rest = [name for name in plan.names if name not in changed | area | {key}]
    different = [
        name for name in rest if not _same(sides.true(key, name), sides.perturbed(key, name))
    ]
    if different:
        yield blocked(
            "changed-without-plan",
            ", ".join(different),
            len(different),
            f"{len(different)} columns that the plan does not perturb differ from the source; "
            f"protect the data anew",
        )
    if swap is not None:
        yield from _swapped_otherwise(plan, swap, sides)


def _swapped_otherwise(plan: Plan, swap: AreaSwap, sides: Sides) -> Iterator[Finding]:
    """Areas of whole units, at most at the rate, that keep the counts by area and likeness."""
    (unit,) = (each.column for each in plan.units if each.kind == swap.unit)
    before, after = sides.true(unit, swap.area), sides.perturbed(unit, swap.area)
    both = before.merge(after, on=unit, suffixes=("", " shown"))
    moved = int((both[swap.area] != both[f"{swap.area} shown"]).sum())
    torn = len(both) != len(before) or len(after) != len(before)
    if torn or moved > swap.rate * len(before):
        yield blocked(
            "swapped-otherwise",
            swap.area,
            moved,
            f"{moved} of {len(before)} units have another area, or some have several; the plan's "
            f"rate is {float(swap.rate):g}; protect the data anew",
        )
    columns = (swap.area, *swap.similar)
    if not _same(sides.true(*columns), sides.perturbed(*columns)):
        yield blocked(
            "swap-between-unlike",
            swap.area,
            1,
            "the counts by area and the similar variables are not those of the source; "
            "protect the data anew",
        )
    if not moved:
        yield blocked(
            "hardly-perturbed",
            swap.area,
            len(before),
            "no unit has another area although the plan swaps them; raise the rate or drop it",
        )


def check_averages(plan: Plan, sides: Sides, of: str, name: str, where: str) -> Iterator[Finding]:
    """That what a wider unit has in common is not shown with other noise for each member.

    Blocked where nine in ten of the households with several members share one true value.
    """
    for wide in (unit.column for unit in plan.units if unit.column != of):
        true = sides.true(wide, of, name)
        counts = true[true[name] != MISSING].groupby(wide)[[of, name]].nunique()
        several = counts[of] > 1
        uniform = several & (counts[name] == 1)
        shown = sides.perturbed(wide, name)
        values = shown[shown[name] != MISSING].groupby(wide)[name].nunique()
        spread = int((uniform & (values.reindex(counts.index, fill_value=0) > 1)).sum())
        if spread and int(uniform.sum()) >= MOST_UNIFORM * int(several.sum()):
            yield blocked(
                "noise-averages-away",
                where,
                spread,
                f"{spread} units of {wide} have one true value that is shown with several "
                f"perturbations; key it by {wide}",
            )


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its text as plain objects."""
    return frame.astype({name: object for name in frame.columns if name != "records"})


def _same(first: pd.DataFrame, second: pd.DataFrame) -> bool:
    return first.reset_index(drop=True).equals(second.reset_index(drop=True))
