"""Documents that people write: YAML and JSON, read strictly, checked against a JSON Schema."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import yaml

from clearance.errors import ClearanceError, PlanError


class _StrictLoader(yaml.SafeLoader):
    """Refuses duplicate keys; dates stay the text that was written."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise _Refused(f"line {key_node.start_mark.line + 1}: quote the key, it must be text")
        if key in seen:
            raise _Refused(f"line {key_node.start_mark.line + 1}: key '{key}' stands twice")
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


def _float(loader: _StrictLoader, node: yaml.ScalarNode) -> float:
    number = loader.construct_yaml_float(node)
    if not math.isfinite(number):  # every comparison with NaN is false: it passes any limit
        raise _Refused(f"line {node.start_mark.line + 1}: expected a finite number")
    return float(number)


class _Refused(Exception):
    """What a strict document may not hold."""


_StrictLoader.add_constructor("tag:yaml.org,2002:float", _float)
_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_StrictLoader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: str(node.value))


def read_yaml(text: str, *, where: str, error: type[ClearanceError] = PlanError) -> dict[str, Any]:
    """The mapping that ``text`` holds. ``error`` names ``where`` if it is not one."""
    try:
        document = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except _Refused as problem:
        raise error(f"{where}: {problem}") from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else "the document"
        raise error(f"{where}: {place}: not valid YAML") from None
    except (ValueError, RecursionError):  # a number such as 0x_, or thousands of brackets
        raise error(f"{where}: the document: not valid YAML") from None
    if not isinstance(document, dict):
        raise error(f"{where}: expected a mapping of keys to values")
    return document


def read_json(text: str, *, where: str, error: type[ClearanceError] = PlanError) -> Any:
    """What ``text`` holds; duplicate keys and NaN are refused."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in items]
        if len(set(keys)) < len(keys):
            raise _Refused("a key stands twice")
        return dict(items)

    def constant(_: str) -> Any:
        raise _Refused("NaN and Infinity are not JSON")

    def number(text: str) -> float:
        if not math.isfinite(float(text)):
            raise _Refused("a number is too large")
        return float(text)

    try:
        return json.loads(
            text, object_pairs_hook=pairs, parse_constant=constant, parse_float=number
        )
    except (_Refused, json.JSONDecodeError) as problem:
        reason = problem if isinstance(problem, _Refused) else f"line {problem.lineno}: not JSON"
        raise error(f"{where}: {reason}") from None
    except (ValueError, RecursionError):  # thousands of digits or brackets
        raise error(f"{where}: the document: not JSON") from None


def check(
    document: Any,
    schema: Mapping[str, Any],
    *,
    where: str,
    error: type[ClearanceError] = PlanError,
) -> None:
    """Raises ``error`` with every place where ``document`` does not match ``schema``.

    Each line names file, path and what was expected.
    """
    problems = sorted(
        _strict_validator()(schema).iter_errors(document),
        key=lambda each: list(map(str, each.path)),
    )
    if problems:
        lines = dict.fromkeys(line for problem in problems for line in _told(problem))
        raise error("\n".join(f"{where}: {line}" for line in lines))


@cache
def _strict_validator() -> Any:
    """JSON Schema 2020-12, where 5.0 is no integer and ``$`` is the very end of a text."""
    from jsonschema import Draft202012Validator, ValidationError, validators

    def pattern(_: Any, expected: str, instance: Any, __: Any) -> Iterator[Any]:
        exact = re.sub(r"(?<!\\)\$$", r"\\Z", expected)
        if isinstance(instance, str) and not re.search(exact, instance):
            yield ValidationError("does not match the pattern")

    whole = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, each: type(each) is int)
    extend: Any = validators.extend
    return extend(Draft202012Validator, {"pattern": pattern}, type_checker=whole)


def _told(problem: Any) -> Iterator[str]:
    path = place(problem.absolute_path)
    if problem.validator == "required":
        missing = [key for key in problem.validator_value if key not in problem.instance]
        yield f"{path}: missing {_listed(missing)}"
    elif problem.validator == "additionalProperties" and isinstance(problem.instance, dict):
        known = problem.schema.get("properties", {})
        unknown = [key for key in problem.instance if key not in known]
        yield f"{path}: unknown key {_listed(unknown)}; expected one of {_listed(sorted(known))}"
    elif problem.validator in ("oneOf", "anyOf") and (inner := _inner(problem)) is not None:
        yield from _told(inner)
    else:
        yield f"{path}: expected {_expected(problem)}"


def _inner(problem: Any) -> Any:
    """The one alternative's problem that is about a mapping's keys, if exactly one fits."""
    keyed = [
        each
        for each in problem.context
        if each.validator != "additionalProperties" and len(each.relative_path) > 0
    ]
    return keyed[0] if len(keyed) == 1 else None


def _expected(problem: Any) -> str:
    if problem.validator == "enum":
        return f"one of {_listed(problem.validator_value)}"
    if "description" in problem.schema:
        return str(problem.schema["description"])
    if problem.validator == "type":
        return str(problem.validator_value)
    return f"{problem.validator} {problem.validator_value}"


def _listed(names: Sequence[object]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def place(path: Sequence[str | int]) -> str:
    """A path as people read it: ``outputs[1].table.policy``; ``top level`` if none."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "top level"
