"""The public disclosure report in plain words: how people are protected, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clearance.adapters.release_files import REPORT_FILE, json_object

_ZEROS = {
    "safe": "A zero is shown as zero.",
    "unsafe": "A zero is treated like a small figure.",
}
_ROLES = {
    "direct-identifier": "identifies a person",
    "quasi-identifier": "could help to recognise a person",
    "sensitive-attribute": "sensitive",
    "attribute": "published as it is",
    "structural": "used, not published",
}


@dataclass(frozen=True, slots=True)
class TreatedColumn:
    """What was done to a column; ``role`` and ``text`` in plain words."""

    name: str
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class ProtectedOutput:
    """One published file: sentences about it, then its columns."""

    name: str
    file: str
    policy: str
    sentences: tuple[str, ...]
    columns: tuple[TreatedColumn, ...]


@dataclass(frozen=True, slots=True)
class Protection:
    statement: str
    outputs: tuple[ProtectedOutput, ...]


def read_protection(content: bytes) -> Protection:
    """PortalError where it is not a disclosure report."""
    report = json_object(content, REPORT_FILE)
    return Protection(
        statement=str(report.get("statement") or ""),
        outputs=tuple(_output(output) for output in report.get("outputs") or ()),
    )


def role_text(role: str) -> str:
    """A role in plain words; an unknown one as it is."""
    return _ROLES.get(role, role)


def _output(output: Mapping[str, Any]) -> ProtectedOutput:
    return ProtectedOutput(
        name=str(output.get("name") or ""),
        file=str(output.get("file") or ""),
        policy=str(output.get("policy") or ""),
        sentences=tuple(_sentences(output)),
        columns=tuple(
            TreatedColumn(
                str(column.get("name") or ""),
                role_text(str(column.get("role") or "")),
                str(column.get("text") or column.get("treatment") or ""),
            )
            for column in output.get("columns") or ()
        ),
    )


def _sentences(output: Mapping[str, Any]) -> Iterator[str]:
    if output.get("method"):
        yield f"Method: {output['method']}."
    yield from _microdata_sentences(output)
    yield from _table_sentences(output)
    what = "cells" if output.get("kind") == "table" else "records"
    if output.get("records") is not None:
        yield f"The file has {_number(output['records'])} {what}."
    if output.get("blanks"):
        yield f"{_number(output['blanks'])} figures are left empty to protect somebody."


def _microdata_sentences(output: Mapping[str, Any]) -> Iterator[str]:
    if output.get("k"):
        yield (
            f"Whoever is in the data shares all the characteristics by which a person could be "
            f"recognised with at least {output['k'] - 1} others (k = {output['k']})."
        )
    for model in output.get("models") or ():
        yield _model(model)
    if output.get("max_suppressed_share") is not None:
        percent = f"{100 * output['max_suppressed_share']:g}"
        yield f"At most {percent} % of the records may be left out for it."


def _model(model: Mapping[str, Any]) -> str:
    variable = model.get("variable")
    if model.get("model") == "distinct-l":
        return (
            f"Among people who look alike there are at least {model.get('l')} different values "
            f"of {variable}, so that it cannot be told of anybody (l = {model.get('l')})."
        )
    parameters = ", ".join(
        f"{name} = {value}" for name, value in model.items() if name not in {"model", "variable"}
    )
    return f"The model {model.get('model')} protects {variable} ({parameters})."


def _table_sentences(output: Mapping[str, Any]) -> Iterator[str]:
    if output.get("minimum_frequency"):
        yield f"No figure that rests on fewer than {output['minimum_frequency']} is shown."
    if output.get("zeros"):
        yield _ZEROS.get(str(output["zeros"]), f"Zeros: {output['zeros']}.")
    if output.get("attacker"):
        yield _attacker(output["attacker"])


def _attacker(attacker: Mapping[str, Any]) -> str:
    low, high = attacker.get("at_least_percent"), attacker.get("at_most_percent")
    upper = "without knowing an upper limit" if high == "unbounded" else f"and at most {high} %"
    return (
        "Before publication we tried to compute the blank cells as somebody would who knows each "
        f"figure to be at least {low} % of its true value, {upper}."
    )


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
