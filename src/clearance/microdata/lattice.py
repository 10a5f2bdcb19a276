"""Full-domain generalisation: the levels of least loss that satisfy the rules, provably.

The recodings form a lattice, one node per combination of levels. Four facts let a
verdict on one node settle many others:

1. Some models are monotone (see `monotony`): a unit suppressed by them at a node is
   suppressed at every finer one. So where they suppress too much, every finer node does.
2. The loss of a node is at least the sum of its variables' shares, known beforehand.
3. What these suppressed units add to the loss at a node, they add at every finer one at
   least.
4. A node whose lower bound exceeds the least loss found so far need not be looked at.

None of this takes a model for monotone that is not: such a model decides only whether
the very node that is looked at is within the limit. The search ends when no node is left
undecided, which proves the optimum, or when its budget is spent: then the least lower
bound of what is left says how far from the optimum the answer can be.
"""

from __future__ import annotations

import math
from dataclasses import replace

from clearance.errors import DisclosureRiskError
from clearance.microdata.advice import asked, nearest_settings, with_more_suppressed
from clearance.microdata.budget import Budget, Spending
from clearance.microdata.classes import Classes, classes_at
from clearance.microdata.decision import Decision
from clearance.microdata.grouping import Booleans
from clearance.microdata.histogram import Histogram
from clearance.microdata.loss import entropy_bits, granularity
from clearance.microdata.models import needs_labels, refuse_unfit, violating
from clearance.microdata.monotony import is_kept_by_merging
from clearance.microdata.undecided import Limit, Undecided
from clearance.microdata.verdicts import Evaluator, Levels, Verdict
from clearance.microdata.wide import search_wide
from clearance.policy import Method, MicrodataRules

LARGEST_LATTICE = 5_000_000  # nodes, of which all bounds are held in memory


def search(
    histogram: Histogram, rules: MicrodataRules, *, budget: Budget | None = None
) -> Decision:
    """The releasable recoding of least loss under ``rules``.

    Whole classes are suppressed, at most ``max_suppressed_share`` of the units (rounded
    down) and never all. Of recodings with the same loss the one with the smallest sum
    of levels is taken, then the first in lexicographic order of levels.
    `Decision.gap` is 0 where the optimum is proven. It may not be where ``budget`` was
    spent, or the lattice has more than `LARGEST_LATTICE` nodes.
    Raises `DisclosureRiskError` where no recoding satisfies the rules, or none was found
    within the budget; the message ends with the nearest settings that can be satisfied.
    """
    refuse_unfit(rules, histogram)
    spending = Spending(budget or Budget())
    nodes = Evaluator(histogram, rules, memo_bytes=spending.budget.memory_bytes)
    units = min(math.floor(rules.max_suppressed_share * histogram.units), histogram.units - 1)
    limit = Limit(units=units, inherited=units == 0 and is_kept_by_merging(rules))
    coarsest = tuple(hierarchy.height for hierarchy in histogram.hierarchies)
    count = math.prod(height + 1 for height in coarsest)
    best, bound = None, 0.0
    if not limit.rules_out_finer(nodes.verdict(coarsest)):
        look = _search_all if count <= LARGEST_LATTICE else search_wide
        best, bound = look(nodes, coarsest, limit, spending)
    checked = len(nodes.found)
    if best is None:
        raise DisclosureRiskError(
            "; ".join(
                [
                    _unreachable(histogram, rules, limit, spending),
                    *nearest_settings(
                        nodes.found.values(), coarsest, limit.units, histogram, rules
                    ),
                ]
            )
        )
    return replace(
        _decision(histogram, rules, best.levels),
        nodes_checked=checked,
        nodes=count,
        gap=max(best.loss - bound, 0.0),
        advice=with_more_suppressed(nodes.found.values(), best, histogram, rules),
    )


def _search_all(
    nodes: Evaluator, coarsest: Levels, limit: Limit, spending: Spending
) -> tuple[Verdict | None, float]:
    """The best node of the lattice, and a loss that none undercuts."""
    undecided = Undecided(nodes.shares, limit)
    undecided.settle(nodes.verdict(coarsest))
    while (levels := undecided.next()) is not None:
        if spending.is_over(len(nodes.found)):
            return undecided.best, undecided.least_lower_bound
        undecided.settle(nodes.verdict(levels))
    return undecided.best, math.inf


def _suppressed(
    histogram: Histogram, rules: MicrodataRules, levels: Levels
) -> tuple[Classes, Booleans, Booleans]:
    """The classes, which of them are suppressed, and which entries of the profiles with them."""
    classes = classes_at(histogram, levels, labelled=needs_labels(rules))
    unsafe = violating(classes, rules)
    return classes, unsafe, unsafe[classes.of_profile][histogram.profiles.entry_profile]


def _decision(histogram: Histogram, rules: MicrodataRules, levels: Levels) -> Decision:
    """What the rules ask for at these levels."""
    classes, unsafe, gone = _suppressed(histogram, rules, levels)
    suppressed = unsafe[classes.of_profile]
    return Decision(
        method=Method.GLOBAL,
        levels=dict(zip(histogram.variables, levels, strict=True)),
        suppressed=histogram.keys(suppressed),
        suppressed_records=int(histogram.entry_total[gone].sum()),
        suppressed_units=int(classes.units[unsafe].sum()),
        records=histogram.records,
        units=histogram.units,
        k=int(classes.strictest[~unsafe].min()),
        loss={
            "granularity": granularity(histogram, levels, suppressed, rules.weights),
            "entropy_bits": entropy_bits(histogram, levels, rules.weights),
        },
        nodes_checked=0,
        nodes=0,
    )


def _unreachable(
    histogram: Histogram, rules: MicrodataRules, limit: Limit, spending: Spending
) -> str:
    coarsest = tuple(hierarchy.height for hierarchy in histogram.hierarchies)
    _, _, gone = _suppressed(histogram, rules, coarsest)
    spent = " (the search's budget was spent)" if spending.was_over else ""
    return (
        f"{int(histogram.entry_total[gone].sum())} of {histogram.records} records lie in "
        f"equivalence classes that do not satisfy {asked(rules)} even at the coarsest levels, and "
        f"at most {limit.units} of {histogram.units} units may be suppressed{spent}; give coarser "
        f"hierarchies to {', '.join(histogram.variables) or 'none'} "
        "or allow a larger max_suppressed_share"
    )
