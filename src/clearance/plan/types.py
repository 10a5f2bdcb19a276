"""What a plan consists of: frozen types that only parsing makes from a document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from clearance.plan.perturbation import AreaSwap, Perturbation


class Role(StrEnum):
    """What a column is in disclosure control; every column has exactly one."""

    DIRECT_IDENTIFIER = "direct-identifier"
    QUASI_IDENTIFIER = "quasi-identifier"
    SENSITIVE_ATTRIBUTE = "sensitive-attribute"
    ATTRIBUTE = "attribute"
    STRUCTURAL = "structural"


class Treatment(StrEnum):
    """What becomes of a direct identifier."""

    DROP = "drop"
    PSEUDONYM = "pseudonym"
    FAKE = "fake"


class ValueType(StrEnum):
    """How the text of a column is read."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"


class Material(StrEnum):
    """What kind of material a dataset is; no kind switches protection off."""

    PERSONAL_DATA = "personal-data"
    POLICY_DOCUMENT = "policy-document"
    SECURITY = "security"
    NON_PERSONAL = "non-personal"


@dataclass(frozen=True, slots=True)
class HierarchyFile:
    """A CSV with one row per leaf, one column per level, the leaf first."""

    path: str


@dataclass(frozen=True, slots=True)
class Intervals:
    """Numeric intervals of the given widths, each a multiple of the one before."""

    widths: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first ``lengths`` characters of a code, longest first."""

    lengths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DateLevels:
    """Calendar levels above the day, finest first: month, quarter, year."""

    levels: tuple[Literal["month", "quarter", "year"], ...]


HierarchySource = HierarchyFile | Intervals | Prefix | DateLevels


@dataclass(frozen=True, slots=True)
class CodeAt:
    """Where top or bottom coding begins: a value of the variable, or a percentile (0 to 100)."""

    value: Decimal | None = None
    percentile: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One column of the source. ``changes``: a person's value is another in another period."""

    name: str
    role: Role
    type: ValueType = ValueType.TEXT
    treatment: Treatment | None = None
    hierarchy: HierarchySource | None = None
    top_code: CodeAt | None = None
    bottom_code: CodeAt | None = None
    round_to: Decimal | None = None
    perturb: Perturbation | None = None
    reason: str | None = None
    changes: bool = False
    label: str | None = None

    @property
    def published(self) -> bool:
        """Whether microdata carry this column."""
        if self.role is Role.STRUCTURAL:
            return False
        return self.role is not Role.DIRECT_IDENTIFIER or self.treatment is not Treatment.DROP


@dataclass(frozen=True, slots=True)
class Unit:
    """A kind of unit that is protected, e.g. ``person``, and the column that names it."""

    kind: str
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrodataOutput:
    """Records of the source, protected."""

    name: str
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOutput:
    """Counts or sums over dimensions, with margins.

    ``sum_of``: the summed variable, or None for counts.
    ``source``: name of the microdata output that it is tabulated from, or None for the source.
    ``holding``: column that names the contributor, or None for the first unit.
    """

    name: str
    policy: str
    dimensions: tuple[str, ...]
    sum_of: str | None = None
    source: str | None = None
    holding: str | None = None

    @property
    def figure(self) -> str:
        """Name of the published figure's column."""
        return self.sum_of or "count"


Output = MicrodataOutput | TableOutput


@dataclass(frozen=True, slots=True)
class Contact:
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One dataset's plan, complete and consistent.

    ``units`` is empty where every record is a unit of its own (``units: record``).
    ``source_path`` and ``population_path`` are as the steward wrote them: absolute or relative
    to the plan's folder. The population has the quasi-identifiers, one row per unit.
    """

    dataset: str
    title: str
    period: str
    description: str
    material: Material
    owner: str
    steward: str
    legal_basis: str
    organization: str
    contact: Contact
    license: str
    frequency: str
    keywords: tuple[str, ...]
    source_path: str
    units: tuple[Unit, ...]
    variables: tuple[Variable, ...]
    outputs: tuple[Output, ...]
    not_before: datetime | None = None
    weight: str | None = None
    population_path: str | None = None
    swap: AreaSwap | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(variable.name for variable in self.variables)

    def variable(self, name: str) -> Variable:
        """The variable called ``name``; KeyError where there is none."""
        return {variable.name: variable for variable in self.variables}[name]

    def with_role(self, *roles: Role) -> tuple[Variable, ...]:
        """The variables with one of ``roles``, in the plan's order."""
        return tuple(variable for variable in self.variables if variable.role in roles)

    def perturbation(self, name: str) -> Perturbation | None:
        """What perturbs the variable ``name``, said by itself or by another one with it."""
        for variable in self.variables:
            perturb = variable.perturb
            if perturb is not None and name in (variable.name, *perturb.together):
                return perturb
        return None

    @property
    def microdata(self) -> tuple[MicrodataOutput, ...]:
        return tuple(output for output in self.outputs if isinstance(output, MicrodataOutput))

    @property
    def tables(self) -> tuple[TableOutput, ...]:
        return tuple(output for output in self.outputs if isinstance(output, TableOutput))
