"""Documents that people write are read strictly, and a refusal says where and what."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from clearance.schemas import load
from tests.small_catalog import PLAN

from clearance.documents import check, place, read_json, read_yaml
from clearance.errors import PlanError, PolicyError

REFUSED_YAML = {
    "a key that stands twice": ("k: 10\nk: 1\n", "line 2: key 'k' stands twice"),
    "a key that stands twice further in": ("a:\n  b: 1\n  b: 2\n", "line 3: key 'b' stands twice"),
    "a key that stands twice in braces": ("a: {b: 1, b: 2}", "line 1: key 'b' stands twice"),
    "a merge that would hide a key": ("a: &x {k: 5}\nb:\n  <<: *x\n  k: 1\n", "line 3"),
    "a key that is a number": ("2026: x", "quote the key"),
    "a key that is a truth value": ("no: x", "quote the key"),
    "broken YAML": ("a: [1,\nb: 2\n", "not valid YAML"),
    "a list": ("- 1\n", "expected a mapping"),
    "nothing": ("", "expected a mapping"),
    "two documents": ("a: 1\n---\nb: 2\n", "not valid YAML"),
    "not a number": ("k: .nan", "line 1: expected a finite number"),
    "infinity": ("a: 1\nk: -.inf", "line 2: expected a finite number"),
    "a number without digits": ("k: 0x_", "not valid YAML"),
    "thousands of brackets": ("a: " + "[" * 5000, "not valid YAML"),
    "a tag that would run code": ("a: !!python/object/apply:os.getcwd []", "not valid YAML"),
    "a list that holds itself": ("a: &x [*x]", "not valid YAML"),
}


@pytest.mark.parametrize(("text", "told"), REFUSED_YAML.values(), ids=REFUSED_YAML.keys())
def test_yaml_is_refused_with_file_line_and_reason(text: str, told: str) -> None:
    with pytest.raises(PlanError) as refused:
        read_yaml(text, where="survey/plan.yaml")
    assert str(refused.value).startswith("survey/plan.yaml: ")
    assert told in str(refused.value)


def test_yaml_errors_are_of_the_kind_that_the_caller_names() -> None:
    with pytest.raises(PolicyError):
        read_yaml("- 1", where="policies/open.yaml", error=PolicyError)


def test_dates_in_yaml_stay_the_text_that_was_written() -> None:
    assert read_yaml("a: 2026-12-01\nb: 2026-12-01T09:30:00Z", where="x") == {
        "a": "2026-12-01",
        "b": "2026-12-01T09:30:00Z",
    }


REFUSED_JSON = {
    "a key that stands twice": ('{"k": 10, "k": 1}', "a key stands twice"),
    "a key that stands twice further in": ('{"a": [{"k": 1, "k": 2}]}', "a key stands twice"),
    "NaN": ('{"k": NaN}', "NaN"),
    "infinity": ('{"k": -Infinity}', "Infinity"),
    "a number beyond every double": ('{"k": 1e999}', "too large"),
    "broken JSON": ('{"k":\n}', "line 2: not JSON"),
    "thousands of brackets": ("[" * 100_000, "not JSON"),
    "thousands of digits": ('{"k": ' + "9" * 5000 + "}", "not JSON"),
}


@pytest.mark.parametrize(("text", "told"), REFUSED_JSON.values(), ids=REFUSED_JSON.keys())
def test_json_is_refused_with_file_and_reason(text: str, told: str) -> None:
    with pytest.raises(PlanError) as refused:
        read_json(text, where="schemas/people.json")
    assert str(refused.value).startswith("schemas/people.json: ")
    assert told in str(refused.value)


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """The sample plan with one place changed."""
    document = copy.deepcopy(PLAN)
    part: Any = document
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return document


AGE = ("variables", "age")
WRONG_PLACES = {
    "an unknown key": (("colour",), "red", "top level: unknown key 'colour'; expected one of"),
    "an unknown key of a variable": (
        (*AGE, "kind"),
        "x",
        "variables.age: unknown key 'kind'; expected one of 'bottom_code'",
    ),
    "a number where text is due": (("period",), 2026, "period: expected a quoted text"),
    "a word that is not in the list": (
        ("material",),
        "secret",
        "material: expected one of 'personal-data'",
    ),
    "an unknown role": ((*AGE, "role"), "key", "variables.age.role: expected one of"),
    "a width of zero": (
        (*AGE, "hierarchy"),
        {"intervals": [0]},
        "variables.age.hierarchy.intervals[0]: expected exclusiveMinimum 0",
    ),
    "a hierarchy of an unknown kind": (
        (*AGE, "hierarchy"),
        {"buckets": [5]},
        "variables.age.hierarchy: expected the path of a CSV, or a mapping with one of",
    ),
    "an output that is neither kind": (
        ("outputs", 0),
        {"graph": {}},
        "outputs[0]: unknown key 'graph'",
    ),
    "no outputs": (("outputs",), [], "outputs: expected a list of at least one output"),
    "a title of two lines": (("title",), "a\nb", "title: expected a text on one line"),
    "a title with a line end": (("title",), "a\n", "title: expected a text on one line"),
    "a period with a line end": (("period",), "2026\n", "period: expected a quoted text"),
    "a period with a slash": (("period",), "2026/1", "period: expected a quoted text"),
    "an output's name that leaves its folder": (
        ("outputs", 0, "microdata", "name"),
        "../x",
        "outputs[0].microdata.name: expected lower-case letters",
    ),
    "a prefix that is no whole number": (
        (*AGE, "hierarchy"),
        {"prefix": [3.0]},
        "variables.age.hierarchy.prefix[0]: expected integer",
    ),
    "a unit of no kind": (("units",), {}, "units: expected the word record, or a mapping"),
    "a percentile above 100": (
        (*AGE, "top_code"),
        {"percentile": 101},
        "variables.age.top_code.percentile: expected maximum 100",
    ),
    "a top code of both kinds": (
        (*AGE, "top_code"),
        {"percentile": 99, "value": 3},
        "variables.age.top_code: expected a mapping with either value or percentile",
    ),
    "an instant without a time zone": (
        ("not_before",),
        "2026-12-01T09:30:00",
        "not_before: expected an instant with time zone",
    ),
    "SQL, which comes later": (("source",), {"sql": "select 1"}, "source: missing 'path'"),
}


@pytest.mark.parametrize(("path", "value", "told"), WRONG_PLACES.values(), ids=WRONG_PLACES.keys())
def test_a_refusal_names_file_path_and_what_was_expected(
    path: tuple[str | int, ...], value: object, told: str
) -> None:
    with pytest.raises(PlanError) as refused:
        check(changed(path, value), load("plan"), where="people/plan.yaml")
    lines = str(refused.value).splitlines()
    assert any(line.startswith(f"people/plan.yaml: {told}") for line in lines), lines


def test_a_missing_key_is_named() -> None:
    document = {key: value for key, value in PLAN.items() if key != "steward"}
    with pytest.raises(PlanError, match="top level: missing 'steward'"):
        check(document, load("plan"), where="people/plan.yaml")


def test_all_problems_are_told_at_once() -> None:
    document = changed((*AGE, "role"), "key") | {"colour": "red", "material": "secret"}
    with pytest.raises(PlanError) as refused:
        check(document, load("plan"), where="people/plan.yaml")
    assert len(str(refused.value).splitlines()) == 3


@pytest.mark.parametrize("number", [5.0, True, "5"])
def test_an_integer_is_written_as_one(number: object) -> None:
    schema = {"type": "object", "properties": {"k": {"type": "integer"}}}
    with pytest.raises(PlanError, match="k: expected integer"):
        check({"k": number}, schema, where="x")


def test_a_path_is_told_as_people_read_it() -> None:
    assert place(["outputs", 1, "table", "policy"]) == "outputs[1].table.policy"
    assert place([]) == "top level"


@pytest.mark.parametrize("name", ["plan", "policy", "hierarchy", "concentration"])
def test_our_schemas_are_json_schemas_of_2020_12(name: str) -> None:
    from jsonschema import Draft202012Validator

    schema = load(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.dumps(schema)


def objects(schema: Any) -> list[dict[str, Any]]:
    """Every part of a schema that describes a mapping."""
    if isinstance(schema, dict):
        own = [schema] if schema.get("type") == "object" else []
        return own + [found for each in schema.values() for found in objects(each)]
    return [found for each in schema for found in objects(each)] if isinstance(schema, list) else []


@pytest.mark.parametrize("name", ["plan", "policy", "concentration"])
def test_no_mapping_of_our_schemas_takes_unknown_keys(name: str) -> None:
    described = objects(load(name))
    assert described
    assert all(each.get("additionalProperties", True) is not True for each in described)
