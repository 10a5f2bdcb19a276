"""Direct identifiers, and what looks like one, anywhere in the public bytes.

How short and ordinary identifiers are kept apart from ordinary text:

* in data, a cell that *is* an identifier counts unless the column's own values in the source
  or its public hierarchy explain it (an id of 37 in a column of ages says nothing); in columns of
  made-up values it always counts;
* in data, a cell that *holds* an identifier of `SHORTEST` or more characters as whole words
  counts in columns of free text, hierarchies' labels and made-up values apart;
* in metadata, an identifier of several words or with punctuation counts wherever it stands; one
  of a single word only where it is a piece of its own (a JSON string, a cell, an item of a list),
  because a name may be an ordinary word. What the steward wrote in the plan, and what a
  published cell shows already, is no finding there.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clearance.attack.cells import PublishedTable
from clearance.attack.coded import number
from clearance.attack.public_text import public_labels, segments, spans, texts, written_by_people
from clearance.attack.published import PublishedMicrodata
from clearance.attack.reading import UnreadableFileError
from clearance.attack.result import Truth, blocked, warned
from clearance.findings import Finding
from clearance.hierarchy import MISSING, Hierarchy
from clearance.plan import Plan, Role, ValueType

SHORTEST = 4
MOST_WORDS = 12
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
INTERNATIONAL = re.compile(r"(?:\+|00)\d[\d ()/.-]{6,}\d")
NATIONAL = re.compile(r"\(?0\d{1,4}\)?[ /-]\d[\d /-]{4,}\d")
DATE_LIKE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
Values = Mapping[str, int]  # each value of a column with its records
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Known:
    """Every value of a column that names somebody. ``most_words``: of the longest of them."""

    values: frozenset[str]
    most_words: int

    def held_in(self, text: str) -> set[str]:
        """The identifiers that stand in a text as whole words."""
        parts = set(spans(text, self.most_words))
        return {part for part in parts & self.values if len(part) >= SHORTEST}


def known_identifiers(plan: Plan, truth: Truth) -> Known:
    """The values of direct identifiers, units and holdings in the source."""
    columns = [variable.name for variable in plan.with_role(Role.DIRECT_IDENTIFIER)]
    columns += [unit.column for unit in plan.units]
    columns += [table.holding for table in plan.tables if table.holding]
    values = frozenset(
        value
        for column in dict.fromkeys(columns)
        for value in truth.engine.values(truth.dataset, column)["value"]
        if value != MISSING
    )
    longest = max((len(re.findall(r"\w+", value)) for value in values), default=1)
    return Known(values, min(longest, MOST_WORDS))


# ---------------------------------------------------------------- data


def scan_microdata(
    published: PublishedMicrodata,
    hierarchies: Mapping[str, Hierarchy],
    truth: Truth,
    known: Known,
) -> Iterator[Finding]:
    """Each column of a microdata file: identifiers, contact data, formulas."""
    for name in published.names:
        column = published.values(name)
        where = f"{published.file}: {name}"
        if name in published.links:
            yield from _identifiers(column, where, _whole(column, known, frozenset()))
            continue
        if name not in {variable.name for variable in published.plan.variables}:
            yield from _identifiers(column, where, set(column) & known.values)
            continue
        labels = public_labels({name: hierarchies[name]} if name in published.coverage else {})
        own = frozenset(truth.engine.values(truth.dataset, name)["value"]) | labels
        kind = published.plan.variable(name).type
        found = _whole(column, known, own if kind is ValueType.TEXT else own | _numbers(column))
        if kind is ValueType.TEXT and name not in published.coverage:
            found |= {value for value in column if known.held_in(value) - {value}}
        yield from _identifiers(column, where, found)
        yield from _contact_data(column, where, labels)
        yield from _formulas(column, where)


def scan_table(table: PublishedTable, known: Known) -> Iterator[Finding]:
    """The dimensions of a table's file; its codes come from public hierarchies."""
    for name, dimension in table.categories.items():
        column, where = Counter(table.frame[name]), f"{table.file}: {name}"
        codes = frozenset(dimension.members)
        yield from _identifiers(column, where, _whole(column, known, codes))
        yield from _formulas(column, where)


def _whole(column: Values, known: Known, explained: frozenset[str]) -> set[str]:
    return (set(column) & known.values) - explained


def _numbers(column: Values) -> frozenset[str]:
    """Numbers in a column of numbers: rounding may make one that happens to be an id."""
    return frozenset(value for value in column if number(value) is not None)


def _identifiers(column: Values, where: str, values: set[str]) -> Iterator[Finding]:
    count = sum(column[value] for value in values)
    if count:
        yield blocked(
            "identifier-published",
            where,
            count,
            f"{count} cells show a direct identifier of the source; drop or replace the column",
        )


def _contact_data(column: Values, where: str, labels: frozenset[str]) -> Iterator[Finding]:
    values = [value for value in column if value not in labels]
    patterns = {
        "e-mail addresses": lambda value: EMAIL.search(value) is not None,
        "telephone numbers": _telephone,
        "IP addresses": _address,
    }
    for what, matches in patterns.items():
        count = sum(column[value] for value in values if matches(value))
        if count:
            yield blocked(
                "contact-data-published",
                where,
                count,
                f"{count} cells look like {what}; declare the column a direct identifier",
            )


def _telephone(value: str) -> bool:
    if DATE_LIKE.search(value):
        return False
    return bool(INTERNATIONAL.search(value) or NATIONAL.search(value))


def _address(value: str) -> bool:
    if value.count(".") != 3 and value.count(":") < 2:
        return False
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _formulas(column: Values, where: str) -> Iterator[Finding]:
    values = [value for value in column if value.startswith(FORMULA) and number(value) is None]
    count = sum(column[value] for value in values)
    if count:
        yield warned(
            "formula-like-cell",
            where,
            count,
            f"{count} cells begin like a formula and may run as one in a spreadsheet; recode them",
        )


# ---------------------------------------------------------------- metadata


def scan_metadata(
    files: Mapping[str, bytes],
    plan: Plan,
    hierarchies: Mapping[str, Hierarchy],
    shown: frozenset[str],
    known: Known,
) -> Iterator[Finding]:
    """Each file that holds no data, and the names of all files.

    ``shown``: every cell of the published data files, which were scanned by themselves.
    """
    own = written_by_people(plan)
    legitimate = {each for text in own for each in spans(text, known.most_words)}
    legitimate |= shown | public_labels(hierarchies)
    emails = {email for text in own for email in EMAIL.findall(text)}
    for path, content in {**files, "file names": _names(files)}.items():
        try:
            pieces = texts(path, content)
        except UnreadableFileError as error:
            yield blocked("unreadable-file", path, 1, f"{error}; write the file anew")
            continue
        found = _standing(pieces, known) - legitimate
        if found:
            yield blocked(
                "identifier-published",
                path,
                len(found),
                f"{len(found)} direct identifiers of the source stand in it; take them out",
            )
        strange = {email for piece in pieces for email in EMAIL.findall(piece)} - emails
        if strange:
            yield blocked(
                "contact-data-published",
                path,
                len(strange),
                f"{len(strange)} e-mail addresses that the plan does not publish; take them out",
            )


def _names(files: Mapping[str, bytes]) -> bytes:
    """The parts of all paths, a line each."""
    return "\n".join(part for path in files for part in re.split(r"[/.]", path)).encode()


def _standing(pieces: Sequence[str], known: Known) -> set[str]:
    alone = segments(tuple(pieces)) & known.values
    within = {each for piece in pieces for each in known.held_in(piece)}
    return {each for each in alone if len(each) >= SHORTEST} | {
        each for each in within if re.fullmatch(r"\w+", each) is None
    }
