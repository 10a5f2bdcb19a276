"""Intruder and judge: the independent check that decides whether data are safe.

Shares no code with what protects the data. `attack` takes the public bytes of a release,
works out what follows from them, and compares it with requirements that it derives itself.
"""

from clearance.attack.reading import Reader
from clearance.attack.result import AttackReport, MicrodataAttack, TableAttack, Truth
from clearance.attack.whole import attack

__all__ = ["AttackReport", "MicrodataAttack", "Reader", "TableAttack", "Truth", "attack"]
