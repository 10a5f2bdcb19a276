"""The search in lattices too large to hold: nodes are made as they are needed.

From the coarsest node it first walks down to a good recoding. Then it takes nodes in the
order of their floor, the loss that they have without suppression, passing over those that
an earlier verdict rules out. Once a floor reaches the best loss, that one is the optimum;
before, the floor that was reached is what the answer is measured by.
"""

from __future__ import annotations

import math
from heapq import heappop, heappush

import numpy as np

from clearance.microdata.budget import Spending
from clearance.microdata.undecided import Limit
from clearance.microdata.verdicts import Evaluator, Levels, Verdict

MOST_CHECKED = 3_000  # nodes, where the budget names no number
MOST_PASSED = 300_000  # nodes whose floor was looked at


def search_wide(
    nodes: Evaluator, coarsest: Levels, limit: Limit, spending: Spending
) -> tuple[Verdict | None, float]:
    """The best node found, and a loss that none undercuts."""
    finest = nodes.verdict((0,) * len(coarsest))
    best = finest if limit.allows(finest) else None
    if best is None or best.loss > 0:
        found = [best, _walked_down(nodes, coarsest, limit, spending)]
        best = min((each for each in found if each is not None), key=_order, default=None)
    unreleasable = _DownSets(len(coarsest))
    queue: list[tuple[float, int, Levels, int]] = []
    heappush(queue, (0.0, 0, (0,) * len(coarsest), 0))
    passed = 0
    while queue:
        floor, _, levels, first = queue[0]
        if best is not None and floor >= best.loss:
            return best, math.inf
        if passed >= MOST_PASSED or _is_over(nodes, spending):
            return best, floor
        heappop(queue)
        passed += 1
        for finer in range(first, len(levels)):
            if levels[finer] < coarsest[finer]:
                successor = _moved(levels, finer, 1)
                heappush(queue, (nodes.floor(successor), sum(successor), successor, finer))
        if unreleasable.hold(levels):
            continue
        verdict = nodes.verdict(levels)
        if limit.rules_out_finer(verdict):
            unreleasable.add(_raised(nodes, levels, coarsest, limit, spending))
        elif limit.allows(verdict) and (best is None or _order(verdict) < _order(best)):
            best = verdict
    return best, math.inf


class _DownSets:
    """Nodes below which, themselves included, nothing can be released."""

    def __init__(self, variables: int) -> None:
        self._tops = np.empty((0, variables), dtype=np.int64)

    def add(self, levels: Levels) -> None:
        self._tops = np.vstack([self._tops, np.array(levels, dtype=np.int64)])

    def hold(self, levels: Levels) -> bool:
        return bool((self._tops >= np.array(levels, dtype=np.int64)).all(axis=1).any())


def _is_over(nodes: Evaluator, spending: Spending) -> bool:
    checked = len(nodes.found)
    if spending.budget.nodes is None and checked >= MOST_CHECKED:
        return True
    return spending.is_over(checked)


def _order(verdict: Verdict) -> tuple[float, int, Levels]:
    return verdict.loss, sum(verdict.levels), verdict.levels


def _moved(levels: Levels, variable: int, steps: int) -> Levels:
    return (*levels[:variable], levels[variable] + steps, *levels[variable + 1 :])


def _walked_down(
    nodes: Evaluator, coarsest: Levels, limit: Limit, spending: Spending
) -> Verdict | None:
    """The best releasable node on a way down that always takes the step of least loss."""
    here = nodes.verdict(coarsest)
    best = here if limit.allows(here) else None
    while not _is_over(nodes, spending):
        steps = [_moved(here.levels, j, -1) for j, level in enumerate(here.levels) if level]
        below = [nodes.verdict(levels) for levels in steps]
        possible = [each for each in below if not limit.rules_out_finer(each)]
        if not possible:
            break
        here = min(possible, key=_order)
        found = [each for each in possible if limit.allows(each)]
        best = min([*found, *([best] if best else [])], key=_order, default=None)
    return best


def _raised(
    nodes: Evaluator, levels: Levels, coarsest: Levels, limit: Limit, spending: Spending
) -> Levels:
    """A node that cannot be released either and rules out as many finer ones as can be had."""
    for variable, top in enumerate(coarsest):
        low, high = levels[variable], top
        while low < high and not _is_over(nodes, spending):
            middle = (low + high + 1) // 2
            raised = _moved(levels, variable, middle - levels[variable])
            if limit.rules_out_finer(nodes.verdict(raised)):
                low = middle
            else:
                high = middle - 1
        levels = _moved(levels, variable, low - levels[variable])
    return levels
