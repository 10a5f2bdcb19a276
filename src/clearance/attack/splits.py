"""Public statements of how many suppressed cells are primary or secondary (THREATS 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clearance.attack.public_text import texts, written_by_people
from clearance.attack.reading import UnreadableFileError, read_json
from clearance.attack.result import blocked
from clearance.findings import Finding
from clearance.plan import Plan

KINDS = ("primary", "secondary")
STATED = re.compile(
    r"(?P<before>\d+)\s+(?P<after_number>primary|secondary)"
    r"|(?P<before_number>primary|secondary)(?:\s+\w+){0,2}\s*[:=(]?\s*(?P<after>\d+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Stated:
    """``count`` suppressed cells of ``table`` are ``kind``; no table where it is not said which."""

    path: str
    table: str | None
    kind: str
    count: int


def stated_splits(metadata: Mapping[str, bytes], plan: Plan) -> tuple[Stated, ...]:
    """Everything in the metadata files that tells primary and secondary suppressions apart."""
    names = [table.name for table in plan.tables]
    found: list[Stated] = []
    for path, content in metadata.items():
        try:
            if path.endswith((".json", ".jsonld")):
                found += _in_json(path, read_json(content), None, names)
            else:
                found += _in_text(path, content, plan, names)
        except UnreadableFileError:
            continue  # reported where its content is checked
    return tuple(found)


def check_splits(stated: tuple[Stated, ...]) -> Iterator[Finding]:
    for path in dict.fromkeys(each.path for each in stated):
        count = sum(each.path == path for each in stated)
        yield blocked(
            "split-published",
            path,
            count,
            f"{count} numbers tell primary from secondary suppressions, which helps to undo "
            f"them; publish the total number of blanks only",
        )


def primary_counts(stated: tuple[Stated, ...], blanks: Mapping[str, int]) -> dict[str, int]:
    """For each table that a statement is about, how many of its blanks are primary."""
    only = next(iter(blanks)) if len(blanks) == 1 else None
    found: dict[str, int] = {}
    for each in stated:
        name = each.table or only
        if name is not None and name in blanks:
            primary = each.count if each.kind == "primary" else blanks[name] - each.count
            if 0 <= primary <= blanks[name]:
                found.setdefault(name, primary)
    return found


def _in_json(path: str, document: Any, table: str | None, names: list[str]) -> Iterator[Stated]:
    if isinstance(document, list):
        for each in document:
            yield from _in_json(path, each, table, names)
    if not isinstance(document, dict):
        return
    table = next((v for v in document.values() if isinstance(v, str) and v in names), table)
    for key, value in document.items():
        kind = next((each for each in KINDS if each in key.lower()), None)
        if kind and isinstance(value, int):
            yield Stated(path, table, kind, value)
        yield from _in_json(path, value, key if key in names else table, names)


def _in_text(path: str, content: bytes, plan: Plan, names: list[str]) -> Iterator[Stated]:
    text = " ".join(texts(path, content))
    named = [name for name in names if name in text]
    for own in sorted(written_by_people(plan), key=len, reverse=True):
        text = text.replace(own, " ")
    for match in STATED.finditer(text):
        kind = (match["after_number"] or match["before_number"]).lower()
        count = int(match["before"] or match["after"])
        yield Stated(path, named[0] if len(named) == 1 else None, kind, count)
