"""The public disclosure report: a closed list of statements, each borne out by public bytes.

Whatever else is told of a release is for the reviewer: a loss in bits, a number of secondary
suppressions or an estimated threshold can be solved for what was suppressed (THREATS 6).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from clearance.attack.public_numbers import Facts, explained_numbers, is_explained
from clearance.attack.result import blocked
from clearance.findings import Finding
from clearance.hierarchy import Hierarchy
from clearance.plan import MicrodataOutput, Output, Plan
from clearance.policy import (
    Attacker,
    Method,
    MicrodataRules,
    Policy,
    TableRules,
    model_document,
)

FILE = "disclosure-report.json"
FORMAT = 1
TOP = {"format", "dataset", "release", "title", "statement", "outputs"}
OF_OUTPUT = {"name", "kind", "file", "policy", "method", "columns", "blanks", "records"}
OF_MICRODATA = {
    *("k", "models", "loss_measure", "max_suppressed_share", "levels"),
    *("method_name", "missing", "weights"),
}
METHODS = {each.value for each in Method} - {Method.AUTO.value}  # a file is made by one of them
OF_TABLE = {"minimum_frequency", "zeros", "attacker"}
OF_COLUMN = {"name", "role", "treatment", "level", "text"}


def stated_levels(report: Any, output: str) -> dict[str, int]:
    """The levels that a report states for a microdata output, as far as they are levels."""
    for each in _outputs(report):
        if each.get("name") == output and isinstance(each.get("levels"), dict):
            return {
                str(name): level for name, level in each["levels"].items() if type(level) is int
            }
    return {}


def check_report(
    report: Any,
    plan: Plan,
    policies: Mapping[str, Policy],
    hierarchies: Mapping[str, Hierarchy],
    facts: Mapping[str, Facts],
) -> Iterator[Finding]:
    """That the report has no key beyond the list, and no number that is not a public one."""
    if not isinstance(report, dict):
        yield blocked("unreadable-file", FILE, 1, "is no JSON object; write the file anew")
        return
    unlisted = sorted(_unlisted(report))
    if unlisted:
        yield blocked(
            "not-on-the-closed-list",
            FILE,
            len(unlisted),
            f"{', '.join(unlisted)}: such statements are for the reviewer only; leave them out",
        )
    wrong = sorted(_wrong(report, plan, policies, facts))
    if wrong:
        yield blocked(
            "not-borne-out",
            FILE,
            len(wrong),
            f"{', '.join(wrong)}: not what plan, policy and published files say; "
            f"derive the report from them",
        )
    explained = explained_numbers(plan, policies, hierarchies, facts)
    strange = sorted(_strange_texts(report, explained))
    if strange:
        yield blocked(
            "number-not-public",
            FILE,
            len(strange),
            f"{', '.join(strange)}: holds a number that does not follow from plan, policy or "
            f"published files; leave it out",
        )


def _outputs(report: Any) -> list[dict[str, Any]]:
    found = report.get("outputs") if isinstance(report, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _columns(output: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = output.get("columns")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


# ---------------------------------------------------------------- keys


def _unlisted(report: Mapping[str, Any]) -> Iterator[str]:
    yield from set(report) - TOP
    for place, output in enumerate(_outputs(report)):
        allowed = OF_OUTPUT | (OF_MICRODATA if output.get("kind") == "microdata" else OF_TABLE)
        yield from (f"outputs[{place}].{key}" for key in set(output) - allowed)
        for column in _columns(output):
            yield from (f"outputs[{place}].columns.{key}" for key in set(column) - OF_COLUMN)


# ---------------------------------------------------------------- values


def _wrong(
    report: Mapping[str, Any],
    plan: Plan,
    policies: Mapping[str, Policy],
    facts: Mapping[str, Facts],
) -> Iterator[str]:
    pattern = rf"{re.escape(plan.dataset)}/{re.escape(plan.period)}/\d+"
    if report.get("format") != FORMAT:
        yield "format"
    if report.get("dataset") != plan.dataset or report.get("title") != plan.title:
        yield "dataset or title"
    if not re.fullmatch(pattern, str(report.get("release"))):
        yield "release"
    outputs = {output.name: output for output in plan.outputs}
    stated = report.get("outputs")
    if not isinstance(stated, list) or _names(stated) != _in_order(stated, outputs):
        yield "outputs"
        return
    for each in stated:
        output = outputs[each["name"]]
        if output.name in facts:
            policy = policies[output.policy]
            expected = _expected(each, output, policy, facts[output.name])
            yield from (
                f"{output.name}.{key}"
                for key, values in expected.items()
                if key in each and not any(_same(each[key], value) for value in values)
            )
            yield from _wrong_columns(each, output, plan, facts[output.name], policy)


def _names(stated: list[Any]) -> list[str]:
    return [str(each.get("name")) if isinstance(each, dict) else "" for each in stated]


def _in_order(stated: list[Any], outputs: Mapping[str, Output]) -> list[str]:
    """The names of the plan's outputs, each once, in the order in which the report has them."""
    known = [name for name in dict.fromkeys(_names(stated)) if name in outputs]
    return [*known, *(name for name in outputs if name not in known)]


def _expected(
    stated: Mapping[str, Any], output: Output, policy: Policy, facts: Facts
) -> dict[str, tuple[Any, ...]]:
    """Key to the values that it may have."""
    microdata = isinstance(output, MicrodataOutput)
    shared: dict[str, tuple[Any, ...]] = {
        "kind": ("microdata" if microdata else "table",),
        "file": (f"data/{output.name}.csv",),
        "policy": (output.policy,),
        "records": (facts.rows,),
        "blanks": (facts.blanks,),
    }
    if microdata and policy.microdata is not None:
        method = _method(stated, policy.microdata)
        return shared | _microdata_parameters(method, policy.microdata, facts)
    if not microdata and policy.tables is not None:
        return shared | _table_parameters(policy.tables)
    return shared


def _method(stated: Mapping[str, Any], rules: MicrodataRules) -> str:
    """The method that made a file: the policy's, or of `Method.AUTO` the one that is stated."""
    named = stated.get("method_name")
    if rules.method is not Method.AUTO:
        return rules.method.value
    return str(named) if named in METHODS else Method.GLOBAL.value


def _microdata_parameters(
    method: str, rules: MicrodataRules, facts: Facts
) -> dict[str, tuple[Any, ...]]:
    blanks = {facts.blanks, 0}
    if method == Method.LOCAL_SUPPRESSION.value:
        blanks = {facts.suppressed}
    return {
        "k": (rules.k,),
        "models": ([model_document(model) for model in rules.models],),
        "loss_measure": (rules.loss.value,),
        "max_suppressed_share": (rules.max_suppressed_share,),
        "levels": (_levels(method, facts),),
        "blanks": tuple(blanks),
        "method_name": (method,),
        "missing": (rules.missing.value,),
        "weights": (dict(rules.weights),),
    }


def _levels(method: str, facts: Facts) -> dict[str, int] | None:
    """None for local methods, whether or not each column happens to stand at one level."""
    if method != Method.GLOBAL.value or facts.levels is None:
        return None
    return dict(facts.levels)


def _table_parameters(rules: TableRules) -> dict[str, tuple[Any, ...]]:
    return {
        "minimum_frequency": (rules.minimum_frequency,),
        "zeros": (rules.zeros,),
        "attacker": tuple(_attacker(rules.attacker, none) for none in ("unbounded", None)),
    }


def _attacker(attacker: Attacker, none: str | None) -> dict[str, Any]:
    at_most = attacker.at_most_percent
    return {
        "at_least_percent": attacker.at_least_percent,
        "at_most_percent": none if at_most is None else at_most,
    }


def _same(stated: Any, expected: Any) -> bool:
    if isinstance(expected, dict) and isinstance(stated, dict):
        return stated.keys() == expected.keys() and all(
            _same(stated[key], value) for key, value in expected.items()
        )
    if isinstance(expected, list) and isinstance(stated, list):
        return len(stated) == len(expected) and all(map(_same, stated, expected))
    if isinstance(expected, Fraction):
        try:
            return abs(Fraction(str(stated)) - expected) < Fraction(1, 10**9)
        except (ValueError, ZeroDivisionError):
            return False
    if type(stated) is bool or type(expected) is bool:
        return stated is expected
    return bool(stated == expected)


def _wrong_columns(
    stated: Mapping[str, Any], output: Output, plan: Plan, facts: Facts, policy: Policy
) -> Iterator[str]:
    levels = facts.levels
    if isinstance(output, MicrodataOutput) and policy.microdata is not None:
        levels = _levels(_method(stated, policy.microdata), facts)
    variables = {variable.name: variable for variable in plan.variables}
    for column in _columns(stated):
        name = column.get("name")
        if name not in facts.columns and name not in variables:
            yield f"{output.name}.columns: a name"
        elif column.get("level") != (levels or {}).get(str(name)):
            yield f"{output.name}.columns.{name}.level"
        elif (
            isinstance(output, MicrodataOutput)
            and name in variables
            and column.get("role", variables[str(name)].role.value)
            != variables[str(name)].role.value
        ):
            yield f"{output.name}.columns.{name}.role"


# ---------------------------------------------------------------- numbers in texts


def _strange_texts(report: Mapping[str, Any], explained: set[Decimal]) -> Iterator[str]:
    if not is_explained(report.get("statement"), explained):
        yield "statement"
    for output in _outputs(report):
        if not is_explained(output.get("method"), explained):
            yield f"{output.get('name')}.method"
        for column in _columns(output):
            for key in ("treatment", "text", "role"):
                if not is_explained(column.get(key), explained):
                    yield f"{output.get('name')}.columns.{column.get('name')}.{key}"
