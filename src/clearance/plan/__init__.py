"""A dataset's plan: what it is, what each column is, what leaves the house.

Parsed once, by `parse`, into frozen types; nothing here reads a file.
"""

from clearance.plan.parsing import parse
from clearance.plan.perturbation import (
    AreaSwap,
    Microaggregation,
    Noise,
    Perturbation,
    PerturbationMethod,
    PostRandomisation,
    RankSwapping,
)
from clearance.plan.types import (
    CodeAt,
    Contact,
    DateLevels,
    HierarchyFile,
    HierarchySource,
    Intervals,
    Material,
    MicrodataOutput,
    Output,
    Plan,
    Prefix,
    Role,
    TableOutput,
    Treatment,
    Unit,
    ValueType,
    Variable,
)

__all__ = [
    "AreaSwap",
    "CodeAt",
    "Contact",
    "DateLevels",
    "HierarchyFile",
    "HierarchySource",
    "Intervals",
    "Material",
    "Microaggregation",
    "MicrodataOutput",
    "Noise",
    "Output",
    "Perturbation",
    "PerturbationMethod",
    "Plan",
    "PostRandomisation",
    "Prefix",
    "RankSwapping",
    "Role",
    "TableOutput",
    "Treatment",
    "Unit",
    "ValueType",
    "Variable",
    "parse",
]
