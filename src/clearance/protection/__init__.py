"""Protect: what each output publishes, decided on histograms and applied by the engine.

Microdata are recoded and thinned out by look-ups; tables are small frames. What comes out
is not yet packed, attacked or approved.
"""

from clearance.protection.cells import ProtectedCells, protect_source_table, table_from_microdata
from clearance.protection.perturbing import PerturbedSource, perturb
from clearance.protection.published import PublishedColumn, types_of
from clearance.protection.records import Fake, ProtectedMicrodata, protect_microdata

__all__ = [
    "Fake",
    "PerturbedSource",
    "ProtectedCells",
    "ProtectedMicrodata",
    "PublishedColumn",
    "perturb",
    "protect_microdata",
    "protect_source_table",
    "table_from_microdata",
    "types_of",
]
