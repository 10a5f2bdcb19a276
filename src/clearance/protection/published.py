"""A column as it is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clearance.plan import (
    Role,
    ValueType,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedColumn:
    """A column as it is published; ``text`` tells citizens what was done to it.

    ``level``: of the variable's hierarchy, None where it has none.
    """

    name: str
    type: ValueType
    role: Role
    treatment: str
    text: str
    level: int | None = None


def types_of(columns: Sequence[PublishedColumn]) -> dict[str, ValueType]:
    """Column to published type, in the file's order: what `Engine.export` takes."""
    return {column.name: column.type for column in columns}
