"""What a portal lacks, one line each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a portal needs; ``message`` says what is there, or what to do."""

    subject: str
    good: bool
    message: str
