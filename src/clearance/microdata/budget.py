"""How much a search may cost before it answers with the best that it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clearance.errors import PolicyError

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """``nodes``: recodings that may be evaluated; ``at_most_seconds`` by the clock ``seconds``.

    None: no limit. ``memory_bytes``: of the histograms that are kept to roll others up from;
    the source's own histogram is not counted.
    """

    nodes: int | None = None
    at_most_seconds: float | None = None
    seconds: Callable[[], float] | None = None
    memory_bytes: int = 256 * MEGABYTE


class Spending:
    """A budget, being spent. PolicyError where seconds are limited and no clock is given."""

    def __init__(self, budget: Budget) -> None:
        if budget.at_most_seconds is not None and budget.seconds is None:
            raise PolicyError("a limit in seconds needs a clock to read them from")
        self.budget = budget
        self.was_over = False
        self._start = budget.seconds() if budget.seconds else 0.0

    def is_over(self, checked: int) -> bool:
        """Whether nothing more may be evaluated."""
        budget = self.budget
        self.was_over = budget.nodes is not None and checked >= budget.nodes
        if budget.seconds is not None and budget.at_most_seconds is not None:
            self.was_over |= budget.seconds() - self._start >= budget.at_most_seconds
        return self.was_over
