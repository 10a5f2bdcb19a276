"""Which method protects: the one that the policy names, or the one that loses least."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clearance.errors import DisclosureRiskError, PlanError, PolicyError
from clearance.microdata.decision import Decision
from clearance.microdata.histogram import Histogram
from clearance.microdata.lattice import search
from clearance.microdata.local_recoding import local_recoding
from clearance.microdata.local_suppression import local_suppression
from clearance.policy import Loss, Method, MicrodataRules

METHODS: Mapping[Method, Callable[[Histogram, MicrodataRules], Decision]] = {
    Method.GLOBAL: search,
    Method.LOCAL_RECODING: local_recoding,
    Method.LOCAL_SUPPRESSION: local_suppression,
}
METRICS = {Loss.GRANULARITY: "granularity", Loss.ENTROPY: "entropy_bits"}


def decide(histogram: Histogram, rules: MicrodataRules) -> Decision:
    """What the policy's method makes of the units; of `Method.AUTO` what loses least.

    Losses are compared in the metric that ``rules`` minimise; of equal ones the first of
    global, local recoding, local suppression is taken. A method that cannot satisfy the
    rules is passed over. Raises what the first of them raised where none can.
    """
    if rules.method is not Method.AUTO:
        return METHODS[rules.method](histogram, rules)
    made, refused = [], []
    for method in METHODS.values():
        try:
            made.append(method(histogram, rules))
        except (DisclosureRiskError, PlanError, PolicyError) as problem:
            refused.append(problem)
    if not made:
        raise refused[0]
    return min(made, key=lambda decision: decision.loss[METRICS[rules.loss]])
