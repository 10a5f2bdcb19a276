"""What a plan says about values that are changed by keyed chance or averaging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Additive normal noise of standard deviation ``sd``, or ``sd_share`` of the variable's.

    ``together``: further variables whose noise is correlated with this one's, so that means,
    variances and correlations hold; it goes with ``sd_share``.
    """

    sd: Decimal | None = None
    sd_share: Decimal | None = None
    together: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Microaggregation:
    """Means of groups of ``k`` similar units, similar in ``together`` as well."""

    k: int
    together: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RankSwapping:
    """Values change places within ``percent`` (0 to 100) of the ranks."""

    percent: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRandomisation:
    """PRAM: a category stays with probability ``stay`` or is drawn from all."""

    stay: Fraction


PerturbationMethod = Noise | Microaggregation | RankSwapping | PostRandomisation


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbation:
    """``of``: column of the stable id that keys the draws; None for the plan's first unit.

    ``decimals``: how many a published number has; None where none are made.
    """

    method: PerturbationMethod
    of: str | None = None
    decimals: int | None = None

    @property
    def together(self) -> tuple[str, ...]:
        """The variables that are perturbed with the one that says so."""
        return getattr(self.method, "together", ())

    @property
    def makes_numbers(self) -> bool:
        """Whether it publishes numbers that the source does not have."""
        return isinstance(self.method, Noise | Microaggregation)


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaSwap:
    """Units of kind ``unit`` change ``area`` with units that are alike in ``similar``.

    ``rate`` (0 to 1): how many of all units are moved at most.
    """

    area: str
    similar: tuple[str, ...]
    rate: Fraction
    unit: str


def parse_perturbation(section: Mapping[str, Any]) -> Perturbation:
    """From the section ``perturb`` of a variable, which the plan's schema has checked."""
    name = next(each for each in _METHODS if each in section)
    return Perturbation(
        method=_method(name, section[name]),
        of=section.get("of"),
        decimals=section.get("decimals"),
    )


def parse_swap(section: Mapping[str, Any]) -> AreaSwap:
    """From the section ``swap`` of a plan, which its schema has checked."""
    return AreaSwap(
        area=section["area"],
        similar=tuple(section["similar"]),
        rate=Fraction(str(section["rate"])),
        unit=section["unit"],
    )


_METHODS = ("noise", "microaggregate", "rank-swap", "pram")


def _method(name: str, section: Mapping[str, Any]) -> PerturbationMethod:
    together = tuple(section.get("with", ()))
    match name:
        case "noise":
            scale = {
                key: Decimal(str(section[key])) for key in ("sd", "sd_share") if key in section
            }
            return Noise(**scale, together=together)
        case "microaggregate":
            return Microaggregation(k=section["k"], together=together)
        case "rank-swap":
            return RankSwapping(percent=Fraction(str(section["percent"])))
        case _:
            return PostRandomisation(stay=Fraction(str(section["stay"])))
