"""What an equivalence class must satisfy.

A model answers for each class whether it *violates* it: the safe condition is written
and negated, so that what cannot be compared is unsafe. Nothing is changed here.

Both models are monotone: where classes merge, distinct units and distinct values can
only become more, so a unit that is safe stays safe under every coarser recoding. The
search relies on it; a model that is not (entropy l, t) needs a search that does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import numpy as np

from clearance.errors import PolicyError
from clearance.microdata.classes import Classes
from clearance.microdata.grouping import Booleans, Ints
from clearance.policy import DistinctL, MicrodataRules


def below_k(units: Ints, k: int) -> Booleans:
    """Violating: fewer than ``k`` distinct units of a kind.

    Source: Samarati and Sweeney 1998, "Protecting privacy when disclosing information".
    """
    return ~(units >= k)


def below_distinct_l(values: Ints, l: int) -> Booleans:  # noqa: E741 - the literature's name
    """Violating: fewer than ``l`` distinct values of a sensitive attribute.

    Source: Machanavajjhala et al. 2007, "l-diversity", section 4.
    """
    return ~(values >= l)


def violating(classes: Classes, rules: MicrodataRules) -> Booleans:
    """The classes that violate k, counted in units of any kind, or one of the models."""
    k_violated = [below_k(units, rules.k) for units in (classes.units, *classes.holders.values())]
    l_violated = [below_distinct_l(classes.sensitive[m.variable], m.l) for m in rules.models]
    return reduce(np.logical_or, [*k_violated, *l_violated])


def refuse_unknown(models: Iterable[DistinctL], sensitive: Iterable[str]) -> None:
    """Raises `PolicyError` where a model is about a variable that was not counted."""
    unknown = sorted({model.variable for model in models} - set(sensitive))
    if unknown:
        raise PolicyError(f"a model names what is no sensitive attribute: {', '.join(unknown)}")
