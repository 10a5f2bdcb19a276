"""Published files against the dataset's JSON Schema, on distinct values and tuples."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from clearance import validate as module
from clearance.findings import Finding
from clearance.plan import ValueType
from clearance.validate import PublishedFile, as_json, draft, validate

TYPES = {
    "age": ValueType.TEXT,
    "income": ValueType.INTEGER,
    "share": ValueType.NUMBER,
    "born": ValueType.DATE,
}


def persons(**columns: list[str]) -> PublishedFile:
    return PublishedFile(
        name="persons",
        rows=pd.DataFrame(columns, dtype=object),
        types={name: TYPES[name] for name in columns},
    )


def schema(record: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"persons": {"type": "array", "items": record}},
        **more,
    }


def of(**properties: Any) -> dict[str, Any]:
    return schema({"type": "object", "properties": properties})


def told(found: tuple[Finding, ...]) -> list[tuple[str, int]]:
    assert all(each.severity == "block" and each.rule == "output-schema" for each in found)
    return [(each.where, each.count) for each in found]


# ---------------------------------------------------------------- columns


def test_a_file_that_matches_has_no_finding() -> None:
    file = persons(age=["0-17", "18+"], income=["10", ""])
    described = of(age={"enum": ["0-17", "18+"]}, income={"type": ["integer", "null"]})
    assert validate([file], described) == ()


def test_each_column_and_keyword_that_fails_is_one_finding() -> None:
    file = persons(age=["0-17", "18+", "18+"], income=["10", "-5", "-7"])
    described = of(age={"enum": ["0-17"]}, income={"minimum": 0, "multipleOf": 5})
    assert told(validate([file], described)) == [
        ("persons.age", 1),
        ("persons.income", 2),
        ("persons.income", 1),
    ]


def test_messages_quote_no_value() -> None:
    file = persons(age=["Canary"], income=["4711"])
    described = of(age={"enum": ["0-17"]}, income={"maximum": 10})
    described["properties"]["persons"]["items"]["allOf"] = [
        {"properties": {"age": {"const": "x"}, "income": {"const": 1}}}
    ]
    found = validate([file], described)
    assert len(found) == 3
    assert "Canary" not in str(found)
    assert "4711" not in str(found)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("", ValueType.INTEGER, None),
        ("", ValueType.TEXT, None),
        ("5", ValueType.INTEGER, 5),
        ("5", ValueType.NUMBER, 5.0),
        ("5", ValueType.TEXT, "5"),
        ("2026-01-01", ValueType.DATE, "2026-01-01"),
    ],
)
def test_what_a_value_is_in_json(text: str, kind: ValueType, value: object) -> None:
    assert as_json(text, kind) == value
    assert type(as_json(text, kind)) is type(value)


def test_an_unknown_column_is_a_finding_where_the_schema_is_closed() -> None:
    record = {"properties": {"age": {}}, "additionalProperties": False}
    assert told(validate([persons(age=["1"], income=["1"])], schema(record))) == [
        ("persons.income", 1)
    ]


def test_a_missing_column_is_a_finding_where_the_schema_requires_it() -> None:
    record = {"properties": {"age": {}}, "required": ["age", "income"]}
    assert told(validate([persons(age=["1"])], schema(record))) == [("persons.income", 1)]


def test_an_output_that_the_schema_requires_must_be_there() -> None:
    assert told(validate([], schema({}, required=["persons"]))) == [("persons", 1)]


def test_an_output_that_the_schema_does_not_describe_is_a_finding() -> None:
    assert told(validate([persons(age=["1"])], {"type": "object"})) == [("persons", 1)]


# ---------------------------------------------------------------- rules over several columns


def with_rules(*rules: Any, **beside: Any) -> dict[str, Any]:
    return schema({"type": "object", "allOf": list(rules), **beside})


CHILDREN_EARN_NOTHING = {
    "if": {"properties": {"age": {"const": "0-17"}}},
    "then": {"properties": {"income": {"const": 0}}},
}


@pytest.mark.parametrize(
    ("ages", "incomes", "broken"),
    [
        (["0-17", "18+"], ["0", "900"], 0),
        (["0-17", "18+"], ["5", "900"], 1),
        (["0-17", "0-17", "0-17"], ["5", "5", "6"], 2),
        (["0-17"], [""], 1),
    ],
)
def test_a_rule_over_two_columns(ages: list[str], incomes: list[str], broken: int) -> None:
    found = validate([persons(age=ages, income=incomes)], with_rules(CHILDREN_EARN_NOTHING))
    assert told(found) == ([("persons.allOf[0]", broken)] if broken else [])


def test_a_rule_beside_the_properties_is_checked_as_well() -> None:
    file = persons(age=["0-17"], income=["5"])
    found = validate([file], schema({"properties": {"age": {}}, **CHILDREN_EARN_NOTHING}))
    assert told(found) == [("persons.if+then", 1)]


@pytest.mark.parametrize(
    "rule",
    [
        {"anyOf": [{"properties": {"age": {"const": "18+"}}}]},
        {"not": {"properties": {"age": {"const": "0-17"}}}},
        {"dependentSchemas": {"age": {"properties": {"income": {"const": 0}}}}},
        {"dependentRequired": {"age": ["share"]}},
        {"required": ["share"]},
        {"minProperties": 3},
        {"propertyNames": {"enum": ["age"]}},
        {"patternProperties": {"^inc": {"const": 0}}},
        {"additionalProperties": False, "properties": {"age": {}}},
        {"$ref": "#/$defs/rule"},
        {"allOf": [{"$ref": "#/$defs/rule"}]},
        False,
    ],
)
def test_every_kind_of_rule_is_applied(rule: Any) -> None:
    file = persons(age=["0-17"], income=["5"])
    described = with_rules(rule) | {"$defs": {"rule": {"properties": {"income": {"const": 0}}}}}
    assert told(validate([file], described)) == [("persons.allOf[0]", 1)]


def test_a_rule_is_checked_on_the_columns_that_it_names_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = spy(monkeypatch)
    file = persons(age=["a", "b"] * 500, income=[str(number) for number in range(1000)])
    validate([file], with_rules({"properties": {"age": {"type": "string"}}}))
    assert len(seen) == 2


# ---------------------------------------------------------------- what is not passed over


PASSED_OVER = {
    "a keyword of the whole file": schema({})
    | {"properties": {"persons": {"type": "array", "items": {}, "uniqueItems": True}}},
    "a keyword of the whole release": schema({}, patternProperties={}),
    "a record that is not described": {"properties": {"persons": {"type": "array"}}},
    "records by position": {"properties": {"persons": {"prefixItems": [{}], "items": {}}}},
    "a schema for other columns": schema({"additionalProperties": {"type": "string"}}),
    "a reference to nothing": of(age={"$ref": "#/$defs/gone"}),
    "a reference to another server": of(age={"$ref": "https://example.org/age.json"}),
}


@pytest.mark.parametrize("described", PASSED_OVER.values(), ids=PASSED_OVER.keys())
def test_what_cannot_be_checked_blocks(described: dict[str, Any]) -> None:
    assert len(validate([persons(age=["1"])], described)) == 1


def test_annotations_are_no_rules() -> None:
    record = {"title": "A person", "description": "x", "$comment": "y", "properties": {"age": {}}}
    described = schema(record, title="t", description="d") | {
        "$id": "urn:x",
        "$schema": "https://json-schema.org/draft/2020-12/schema",
    }
    assert validate([persons(age=["1"])], described) == ()


def test_references_within_the_schema_are_followed() -> None:
    described = of(age={"$ref": "#/$defs/age"}) | {"$defs": {"age": {"enum": ["0-17"]}}}
    assert validate([persons(age=["0-17"])], described) == ()
    assert told(validate([persons(age=["x"])], described)) == [("persons.age", 1)]


# ---------------------------------------------------------------- costs


def spy(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The instances that validators are called with."""
    seen: list[object] = []

    class Spied:
        def __init__(self, validator: Any) -> None:
            self.validator = validator

        def evolve(self, **changes: Any) -> Spied:
            return Spied(self.validator.evolve(**changes))

        def iter_errors(self, instance: object) -> Any:
            seen.append(instance)
            return self.validator.iter_errors(instance)

        def is_valid(self, instance: object) -> Any:
            seen.append(instance)
            return self.validator.is_valid(instance)

    monkeypatch.setattr(module, "_validator", lambda each: Spied(Draft202012Validator(each)))
    return seen


@pytest.mark.parametrize("repeats", [1, 1000])
def test_the_number_of_calls_does_not_grow_with_rows(
    monkeypatch: pytest.MonkeyPatch, repeats: int
) -> None:
    seen = spy(monkeypatch)
    file = persons(age=["0-17", "18+", "18+"] * repeats, income=["0", "900", "800"] * repeats)
    described = with_rules(CHILDREN_EARN_NOTHING, properties={"age": {}, "income": {}})
    assert validate([file], described) == ()
    assert len(seen) == 2 + 3 + 3


# ---------------------------------------------------------------- drafts


def test_a_draft_describes_what_is_published_and_nothing_else() -> None:
    file = persons(
        age=["0-17", "", "18+"],
        income=["1", "2", "3"],
        share=["0.5", "", "1"],
        born=["2026-01-01", "2026-01-02", "2026-01-01"],
    )
    drafted = draft([file], dataset="people", title="People")
    properties = drafted["properties"]["persons"]["items"]["properties"]
    assert properties == {
        "age": {"enum": ["0-17", "18+", None]},
        "income": {"type": "integer"},
        "share": {"type": ["number", "null"]},
        "born": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    }
    Draft202012Validator.check_schema(drafted)
    assert validate([file], drafted) == ()


def test_a_draft_lists_no_long_domain() -> None:
    few, many = ([f"v{number:03}" for number in range(count)] for count in (60, 61))
    columns = [draft([persons(age=values)], dataset="x", title="x") for values in (few, many)]
    described = [each["properties"]["persons"]["items"]["properties"]["age"] for each in columns]
    assert described == [{"enum": few}, {"type": "string"}]


def test_a_draft_is_closed() -> None:
    drafted = draft([persons(age=["1"])], dataset="people", title="People")
    assert told(validate([persons(age=["1"], income=["1"])], drafted)) == [("persons.income", 1)]
    assert told(validate([], drafted)) == [("persons", 1)]
