"""What a policy can demand of every equivalence class beyond k, as a policy writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction
from typing import Any


class Distance(StrEnum):
    """How far apart two values of a sensitive attribute are."""

    EQUAL = "equal"
    ORDERED = "ordered"
    HIERARCHICAL = "hierarchical"


@dataclass(frozen=True, slots=True)
class DistinctL:
    """At least ``l`` distinct values of ``variable`` in every equivalence class."""

    variable: str
    l: int  # noqa: E741 - the literature's name


@dataclass(frozen=True, slots=True)
class EntropyL:
    """The entropy of ``variable`` in every class is at least log ``l``."""

    variable: str
    l: Fraction  # noqa: E741 - the literature's name


@dataclass(frozen=True, slots=True)
class RecursiveL:
    """In every class r1 < ``c`` (r_l + ... + r_m), r being the falling counts of the values."""

    variable: str
    c: Fraction
    l: int  # noqa: E741 - the literature's name


@dataclass(frozen=True, slots=True)
class TCloseness:
    """Every class's distribution of ``variable`` is within ``t`` (0 to 1) of the whole file's."""

    variable: str
    t: Fraction
    distance: Distance


@dataclass(frozen=True, slots=True)
class BetaLikeness:
    """In no class does a value's share exceed its share p in the file by more than ``beta`` * p.

    ``enhanced``: nor by more than min(beta, -ln p) * p, value by value.
    """

    variable: str
    beta: Fraction
    enhanced: bool


@dataclass(frozen=True, slots=True)
class DeltaDisclosure:
    """For every value of the file |ln(q / p)| < ``delta``; a value that a class lacks violates."""

    variable: str
    delta: Fraction


@dataclass(frozen=True, slots=True)
class KMap:
    """Every published class holds at least ``k`` units of the population table."""

    k: int


@dataclass(frozen=True, slots=True)
class DeltaPresence:
    """Units of the file in units of the population, class by class: between two shares (0 to 1)."""

    at_least: Fraction
    at_most: Fraction


@dataclass(frozen=True, slots=True)
class KOnSubsets:
    """Every combination of ``size`` quasi-identifiers has classes of at least ``k`` units."""

    size: int
    k: int


SensitiveModel = DistinctL | EntropyL | RecursiveL | TCloseness | BetaLikeness | DeltaDisclosure
Model = SensitiveModel | KMap | DeltaPresence | KOnSubsets

MODELS: Mapping[str, type[Model]] = {
    "distinct-l": DistinctL,
    "entropy-l": EntropyL,
    "recursive-l": RecursiveL,
    "t": TCloseness,
    "beta": BetaLikeness,
    "delta-disclosure": DeltaDisclosure,
    "k-map": KMap,
    "delta-presence": DeltaPresence,
    "k-subsets": KOnSubsets,
}


def exact(number: float) -> Fraction:
    """The number as it is written, not its nearest binary fraction."""
    return Fraction(str(number))


READ: Mapping[str, Callable[[Any], Any]] = {  # by the type of a model's field
    "str": str,
    "int": int,
    "bool": bool,
    "Fraction": exact,
    "Distance": Distance,
}


def parse_model(name: str, section: Mapping[str, Any]) -> Model:
    """The model called ``name`` with the parameters in ``section``, which match the schema."""
    kind = MODELS[name]
    return kind(**{each.name: READ[str(each.type)](section[each.name]) for each in fields(kind)})


def model_name(model: Model) -> str:
    return next(name for name, kind in MODELS.items() if isinstance(model, kind))


def model_document(model: Model) -> dict[str, Any]:
    """The model as a policy writes it, its name under ``model``; shares as JSON numbers."""
    values = {each.name: as_json(getattr(model, each.name)) for each in fields(model)}
    return {"model": model_name(model), **values}


def as_json(value: object) -> object:
    """A fraction as a JSON number, whole where it is whole; everything else as it is."""
    if not isinstance(value, Fraction):
        return value.value if isinstance(value, StrEnum) else value
    return value.numerator if value.denominator == 1 else float(value)


SENTENCES: Mapping[str, str] = {
    "distinct-l": "At least {l} distinct values of {variable} in each class",
    "entropy-l": "Entropy of {variable} in each class: at least that of {l} even values",
    "recursive-l": "Recursive ({c}, {l})-diversity of {variable} in each class",
    "t": "{variable} in each class: within {t} ({distance} distance) of the whole file",
    "beta": "In no class is a value of {variable} more than {beta} times its share more frequent",
    "delta-disclosure": "No share of a value of {variable} in a class differs by e^{delta} or more",
    "k-map": "At least {k} units of the population in each class",
    "delta-presence": "Of the population's units in each class, {at_least} to {at_most} are here",
    "k-subsets": "At least {k} units share the values of any {size} quasi-identifiers",
}


def model_sentence(model: Model) -> str:
    """What the model demands, for a reviewer."""
    document = model_document(model)
    return SENTENCES[document["model"]].format(**document)
