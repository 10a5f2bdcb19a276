"""What may stand in public texts because people wrote it, and how texts are taken apart."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from clearance.attack.reading import UnreadableFileError, read_json
from clearance.hierarchy import Hierarchy
from clearance.plan import Plan, Role, Treatment

WORD = re.compile(r"\w+")
SEPARATORS = re.compile(r"[\n,;|`\"]+|\*\*")
STYLE_OR_SCRIPT = re.compile(r"<(style|script)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
TAG = re.compile(r"<[^>]*>")
TABLE_SCHEMA_TYPES = ("string", "integer", "number", "date", "any", "csv", "parquet")


def written_by_people(plan: Plan) -> tuple[str, ...]:
    """The plan's texts that are public: metadata, names, labels, reasons."""
    texts = [
        plan.dataset,
        plan.title,
        plan.period,
        plan.description,
        plan.owner,
        plan.legal_basis,
        plan.organization,
        plan.contact.name,
        plan.contact.email,
        plan.license,
        plan.frequency,
        *plan.keywords,
        *(output.name for output in plan.outputs),
        *(output.policy for output in plan.outputs),
    ]
    for variable in plan.variables:
        texts += [variable.name, variable.label or "", variable.reason or ""]
    return tuple(text for text in texts if text)


def structural_words(plan: Plan) -> frozenset[str]:
    """Words that public files need to say what a column is."""
    return frozenset(
        [
            *TABLE_SCHEMA_TYPES,
            *(role.value for role in Role),
            *(treatment.value for treatment in Treatment),
            *(variable.name for variable in plan.variables),
            *written_by_people(plan),
        ]
    )


def texts(path: str, content: bytes) -> tuple[str, ...]:
    """The pieces of running text in a metadata file.

    Of JSON the strings, keys too, of HTML the text between tags, of CSV the cells, of all else
    the lines. Raises `UnreadableFileError` for what is not of its kind.
    """
    if path.endswith((".json", ".jsonld")):
        return tuple(_strings(read_json(content)))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableFileError("is not UTF-8") from None
    if path.endswith(".html"):
        return tuple(html.unescape(piece) for piece in TAG.split(STYLE_OR_SCRIPT.sub(" ", text)))
    if path.endswith(".csv"):
        try:
            return tuple(
                cell
                for row in csv.reader(io.StringIO(text, newline=""), strict=True)
                for cell in row
            )
        except csv.Error:
            raise UnreadableFileError("is no CSV") from None
    return tuple(text.splitlines())


def segments(pieces: tuple[str, ...]) -> frozenset[str]:
    """The pieces, and what separators leave of them: the items of a list among others."""
    found = {piece.strip() for piece in pieces}
    for piece in pieces:
        found.update(part.strip(" -*'()[]") for part in SEPARATORS.split(piece))
    return frozenset(found - {""})


def spans(text: str, most_words: int) -> Iterator[str]:
    """Every part of a text that begins and ends with a word and has at most so many words."""
    words = [(match.start(), match.end()) for match in WORD.finditer(text)]
    for first, (start, _) in enumerate(words):
        for _, end in words[first : first + most_words]:
            yield text[start:end]


def public_labels(hierarchies: Mapping[str, Hierarchy]) -> frozenset[str]:
    """Every label of every hierarchy: code lists are public."""
    return frozenset(
        label for hierarchy in hierarchies.values() for level in hierarchy.levels for label in level
    )


def _strings(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from _strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from _strings(value)
