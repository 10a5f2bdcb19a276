"""Published files against the dataset's JSON Schema, on distinct values and tuples only.

The schema describes one object: output name to array of records. A record's missing
value is null; integers and numbers are JSON numbers, everything else is text. Rules that
name several columns (``allOf`` beside ``properties``) are checked on the distinct tuples of
the columns that they name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from clearance.findings import Finding
from clearance.hierarchy import MISSING
from clearance.plan import ValueType

MOST_DRAFTED_VALUES = 60
ANNOTATIONS = frozenset(("$schema", "$id", "$comment", "$defs", "title", "description", "examples"))
KEYWORDS_OF_RELEASE = frozenset(("type", "properties", "required", "additionalProperties"))
KEYWORDS_OF_FILE = frozenset(("type", "items"))
KEYWORDS_OF_RECORD = frozenset(("type", "properties", "required", "additionalProperties", "allOf"))
WHOLE_RECORD = frozenset(
    "$ref $dynamicRef additionalProperties unevaluatedProperties patternProperties propertyNames "
    "minProperties maxProperties const enum".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFile:
    """An output's published rows as canonical text, each distinct one at least once.

    ``made_up``: columns of pseudonyms and made-up names, which are others in every release.
    """

    name: str
    rows: pd.DataFrame
    types: Mapping[str, ValueType]
    made_up: frozenset[str] = frozenset()


def validate(files: Sequence[PublishedFile], schema: Mapping[str, Any]) -> tuple[Finding, ...]:
    """One blocking finding for each column and keyword that does not match, with its count."""
    from referencing.exceptions import Unresolvable

    described = schema.get("properties", {})
    absent = [name for name in schema.get("required", ()) if name not in {f.name for f in files}]
    try:
        return (
            *_unchecked("top level", schema, KEYWORDS_OF_RELEASE),
            *(_finding(name, "the schema requires this output", 1) for name in absent),
            *(
                finding
                for file in files
                for finding in _validate_file(file, described.get(file.name), schema)
            ),
        )
    except Unresolvable:
        return (_finding("$ref", "the schema refers to something that it does not hold", 1),)


def _unchecked(
    where: str, described: Mapping[str, Any], known: frozenset[str]
) -> tuple[Finding, ...]:
    """Keywords that would be silently passed over."""
    unknown = sorted(set(described) - known - ANNOTATIONS)
    return tuple(_finding(where, f"'{name}' is not checked at this place", 1) for name in unknown)


def draft(files: Sequence[PublishedFile], *, dataset: str, title: str) -> dict[str, Any]:
    """A schema that the files match, from published values alone, for the steward to edit."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:clearance:dataset:{dataset}",
        "title": title,
        "type": "object",
        "required": [file.name for file in files],
        "additionalProperties": False,
        "properties": {
            file.name: {"type": "array", "items": _drafted_record(file)} for file in files
        },
    }


def _validate_file(
    file: PublishedFile, described: object, schema: Mapping[str, Any]
) -> Iterator[Finding]:
    record = described.get("items") if isinstance(described, Mapping) else None
    if not isinstance(described, Mapping) or not isinstance(record, Mapping):
        yield _finding(file.name, "the schema does not describe the records of this output", 1)
        return
    yield from _unchecked(file.name, described, KEYWORDS_OF_FILE)
    properties: Mapping[str, Any] = record.get("properties", {})
    if not isinstance(record.get("additionalProperties", True), bool):
        yield _finding(file.name, "'additionalProperties' must be true or false", 1)
    for column in file.rows.columns:
        if column not in properties and record.get("additionalProperties") is False:
            yield _finding(f"{file.name}.{column}", "the schema does not know this column", 1)
    for column in record.get("required", ()):
        if column not in file.rows.columns:
            yield _finding(f"{file.name}.{column}", "the schema requires this column", 1)
    validator = _validator(schema)
    for column in file.rows.columns.intersection(list(properties)):
        yield from _column_findings(file, column, validator.evolve(schema=properties[column]))
    for name, rule in _rules(record):
        yield from _rule_findings(file, name, rule, validator.evolve(schema=rule))


def _validator(schema: Mapping[str, Any]) -> Any:
    """Resolves references within ``schema``; fetches nothing."""
    from jsonschema import Draft202012Validator
    from referencing import Registry

    return Draft202012Validator(schema, registry=Registry())


def _rules(record: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each member of ``allOf``, and all other rules over several columns as one."""
    for number, rule in enumerate(record.get("allOf", ())):
        yield f"allOf[{number}]", rule
    others = {
        keyword: rule
        for keyword, rule in record.items()
        if keyword not in (*KEYWORDS_OF_RECORD, *ANNOTATIONS)
    }
    if others:
        yield "+".join(sorted(others)), others


def _column_findings(file: PublishedFile, column: str, validator: Any) -> Iterator[Finding]:
    failed: dict[str, int] = {}
    for value in pd.unique(file.rows[column]):
        for problem in validator.iter_errors(as_json(value, file.types[column])):
            failed[str(problem.validator)] = failed.get(str(problem.validator), 0) + 1
    for keyword, count in sorted(failed.items()):
        message = f"{count} distinct values do not match the schema's '{keyword}'"
        yield _finding(f"{file.name}.{column}", message, count)


def _rule_findings(
    file: PublishedFile, name: str, rule: Mapping[str, Any], validator: Any
) -> Iterator[Finding]:
    named = set(file.rows.columns) if _concerns_all(rule) else _named(rule)
    columns = [column for column in file.rows.columns if column in named]
    rows = file.rows[columns].drop_duplicates().astype(object)
    records = (dict(zip(columns, row, strict=True)) for row in rows.itertuples(index=False))
    failed = sum(
        not validator.is_valid(_record(row, file.types)) for row in (records if columns else [{}])
    )
    if failed:
        told = ", ".join(columns) or "no column"
        message = f"{failed} distinct combinations of {told} break this rule"
        yield _finding(f"{file.name}.{name}", message, failed)


def _concerns_all(rule: object) -> bool:
    """Whether a rule may speak of columns that it does not name."""
    if not isinstance(rule, Mapping):
        return False
    dependent = rule.get("dependentSchemas", {})
    inner = [
        *(rule[keyword] for keyword in ("not", "if", "then", "else") if keyword in rule),
        *(each for keyword in ("allOf", "anyOf", "oneOf") for each in rule.get(keyword, ())),
        *(dependent.values() if isinstance(dependent, Mapping) else ()),
    ]
    return not WHOLE_RECORD.isdisjoint(rule) or any(map(_concerns_all, inner))


def _record(row: Mapping[Any, str], types: Mapping[str, ValueType]) -> dict[Any, object]:
    return {column: as_json(text, types[column]) for column, text in row.items()}


def _named(rule: object) -> set[str]:
    """Every column that a rule names in properties, required or dependent keywords."""
    names: set[str] = set()
    if isinstance(rule, Mapping):
        for key, value in rule.items():
            if key in ("properties", "dependentRequired", "dependentSchemas"):
                names |= set(value)
            if key == "required":
                names |= set(value)
            names |= _named(value)
    elif isinstance(rule, list):
        names = set().union(*(_named(each) for each in rule)) if rule else names
    return names


def as_json(text: str, kind: ValueType) -> object:
    """A published value as JSON has it; a missing one is null."""
    if text == MISSING:
        return None
    if kind is ValueType.INTEGER:
        return int(text)
    return float(text) if kind is ValueType.NUMBER else text


def _drafted_record(file: PublishedFile) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(file.rows.columns),
        "additionalProperties": False,
        "properties": {
            column: _drafted_column(
                file.rows[column], file.types[column], listed=column not in file.made_up
            )
            for column in file.rows.columns
        },
    }


def _drafted_column(values: pd.Series, kind: ValueType, *, listed: bool) -> dict[str, Any]:
    """``listed``: whether the values may be listed, as far as they are few."""
    held = set(pd.unique(values))
    distinct, missing = sorted(held - {MISSING}), MISSING in held
    json_type = {ValueType.INTEGER: "integer", ValueType.NUMBER: "number"}.get(kind, "string")
    nullable: object = [json_type, "null"] if missing else json_type
    if kind is ValueType.DATE:
        return {"type": nullable, "pattern": r"^\d{4}-\d{2}-\d{2}$"}
    if kind is not ValueType.TEXT or not listed or len(distinct) > MOST_DRAFTED_VALUES:
        return {"type": nullable}
    return {"enum": [*distinct, *([None] if missing else [])]}


def _finding(where: str, message: str, count: int) -> Finding:
    return Finding(
        rule="output-schema",
        severity="block",
        where=where,
        count=count,
        message=f"{message}; correct the plan, or the schema in schemas/datasets",
    )
