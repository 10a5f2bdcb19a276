"""What a stage has to say about a dataset: one finding per rule and place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["block", "warn", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule's answer at one place, with no value of a record in it.

    ``rule``: a stable name in kebab case, e.g. ``cell-exposed``.
    ``where``: column, file, table or path in a plan.
    ``count``: how many records, cells, values or columns it concerns.
    ``message``: what is wrong and what to do about it, one sentence or two.
    """

    rule: str
    severity: Severity
    where: str
    count: int
    message: str

    def as_json(self) -> dict[str, str | int]:
        return asdict(self)


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that stop a release."""
    return tuple(finding for finding in findings if finding.severity == "block")
