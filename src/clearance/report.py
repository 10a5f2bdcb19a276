"""The disclosure report for the reviewer, and what of it Prefect may see.

The reviewer's report is sealed in the vault. Prefect is a low-trust place (THREATS 11): it
sees what was done, findings, methods, and counts at or above the threshold, nothing smaller.
The public report is in `clearance.metadata`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clearance.attack import AttackReport
from clearance.candidate import ReleaseId
from clearance.findings import Finding
from clearance.metadata import METHODS, PublishedOutput
from clearance.microdata.decision import Decision
from clearance.microdata.perturbation.preserved import Preserved
from clearance.plan import Plan
from clearance.policy import Method, Policy, model_sentence
from clearance.protection import ProtectedCells, ProtectedMicrodata


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that a report can tell about a candidate."""

    plan: Plan
    policies: Mapping[str, Policy]
    release: ReleaseId
    outputs: tuple[PublishedOutput, ...]
    attack: AttackReport
    findings: tuple[Finding, ...]
    preserved: tuple[Preserved, ...] = ()

    @property
    def floor(self) -> int:
        """The smallest count that Prefect may show."""
        floors = [5]
        for policy in self.policies.values():
            floors += [policy.microdata.k] if policy.microdata else []
            floors += [policy.tables.minimum_frequency] if policy.tables else []
        return max(floors)


# ---------------------------------------------------------------- as JSON


def output_json(output: PublishedOutput, attack: AttackReport) -> dict[str, Any]:
    """An output as ``check --json`` and the reviewer see it; not for the public."""
    protected = output.protected
    shared = {"name": output.name, "kind": output.kind, "file": output.path}
    if isinstance(protected, ProtectedMicrodata):
        decision = protected.decision
        return shared | {
            "records": output.records,
            "suppressed_records": decision.suppressed_records,
            "suppressed_values": decision.suppressed_values,
            "method": decision.method.value,
            "levels": None if decision.levels is None else dict(decision.levels),
            "k": attack.microdata[output.name].k,
            "information_loss": dict(decision.loss),
            "nodes_checked": decision.nodes_checked,
            "nodes": decision.nodes,
            "gap": decision.gap,
            "advice": list(decision.advice),
        }
    return shared | _cells_json(output, protected, attack)


def _cells_json(
    output: PublishedOutput, protected: ProtectedCells, attack: AttackReport
) -> dict[str, Any]:
    attacked = attack.tables[output.name]
    made = protected.protected
    return {
        "cells": len(output.rows),
        "primary": made.primary if made else 0,
        "secondary": made.secondary if made else 0,
        "suppressed_value": float(made.suppressed_value) if made else 0,
        "attack": {"attacked": attacked.attacked, "exposed": attacked.exposed},
    }


# ---------------------------------------------------------------- as Markdown


def reviewers_report(told: Told, *, plan_text: str) -> str:
    """All that is known, small numbers included, with the plan as the steward wrote it."""
    fence = "`" * (max(map(len, re.findall("`+", plan_text)), default=0) + 3)
    return "\n".join(
        [
            *_head(told),
            *_outputs(told, small_numbers=True),
            *_preserved(told),
            *_findings(told, small_numbers=True),
            "",
            "## The plan",
            "",
            f"{fence}yaml",
            plan_text.strip(),
            fence,
            "",
        ]
    )


def prefect_report(told: Told) -> str:
    """What the review form shows, safe for a place that anybody may read."""
    return "\n".join(
        [
            *_head(told),
            *_outputs(told, small_numbers=False),
            *_findings(told, small_numbers=False),
            "",
            f"All details, small numbers included: `clearance review show {told.release}`",
            "",
        ]
    )


def _head(told: Told) -> Iterator[str]:
    plan = told.plan
    yield f"# {escape(plan.title)}"
    yield ""
    yield f"Release **{escape(str(told.release))}**, handed in by {escape(plan.steward)}. "
    yield f"Owner: {escape(plan.owner)}. Legal basis: {escape(plan.legal_basis)}. "
    if plan.not_before:
        yield f"Not before {plan.not_before.isoformat()}. "


def _outputs(told: Told, *, small_numbers: bool) -> Iterator[str]:
    for output in told.outputs:
        policy = told.policies[output.protected.output.policy]
        yield from ("", f"## {escape(output.name)}", "")
        if isinstance(output.protected, ProtectedMicrodata):
            yield from _microdata(told, output, output.protected, policy, small_numbers)
        else:
            yield from _cells(told, output, output.protected, policy, small_numbers)
        yield from ("", "| Column | Role | What was done |", "| --- | --- | --- |")
        for column in output.columns:
            yield f"| {escape(column.name)} | {column.role.value} | {escape(column.text)} |"


def _microdata(
    told: Told,
    output: PublishedOutput,
    protected: ProtectedMicrodata,
    policy: Policy,
    small_numbers: bool,
) -> Iterator[str]:
    rules, decision = protected.rules, protected.decision

    def shown(count: int) -> str:
        return number(count, told.floor, small_numbers=small_numbers)

    share = f"{float(rules.max_suppressed_share):.2%}"
    yield f"- Policy `{policy.id}`: k = {rules.k}, at most {share} of the units suppressed"
    yield from (f"- {escape(model_sentence(model))}" for model in rules.models)
    yield f"- Method: {METHODS[decision.method]}"
    yield f"- Records published: {shown(output.records)}"
    yield f"- Records suppressed: {shown(decision.suppressed_records)}"
    yield f"- Smallest class found by the attack: {shown(told.attack.microdata[output.name].k)}"
    if small_numbers:
        yield f"- Values suppressed: {decision.suppressed_values}"
        yield from (f"- Information loss, {name}: {loss}" for name, loss in decision.loss.items())
        yield f"- {_proof(decision)}"
        yield from (f"- {escape(advice)}" for advice in decision.advice)
        unique = told.attack.microdata[output.name].unique
        yield f"- Records unique over all published columns: {unique}"
        yield from protected.assessment.lines()


def _proof(decision: Decision) -> str:
    if decision.method is not Method.GLOBAL:
        return "A local method: the loss is not proven to be the least possible"
    checked = f"{decision.nodes_checked} of {decision.nodes} recodings were evaluated"
    if decision.gap:
        return f"{checked}; a better one by at most {decision.gap:.6g} is not ruled out"
    return f"{checked}; that none is better is proven"


def _cells(
    told: Told,
    output: PublishedOutput,
    protected: ProtectedCells,
    policy: Policy,
    small_numbers: bool,
) -> Iterator[str]:
    rules, made = protected.rules, protected.protected
    attacked = told.attack.tables[output.name]

    def shown(count: int) -> str:
        return number(count, told.floor, small_numbers=small_numbers)

    yield f"- Cells: {shown(len(output.rows))}, suppressed: {shown(output.blanks)}"
    if rules is None:
        yield f"- Tabulated from the published file {escape(str(protected.output.source))}"
    else:
        yield (
            f"- Policy `{policy.id}`: at least {rules.minimum_frequency} contributors, "
            f"zeros {rules.zeros}"
        )
    if small_numbers and made:
        yield f"- Primary {made.primary}, secondary {made.secondary}"
        yield f"- Value suppressed: {made.suppressed_value}"
    exposed = shown(attacked.exposed) if attacked.exposed else "none"
    yield f"- Attack: {shown(attacked.attacked)} cells attacked, {exposed} exposed"


def _preserved(told: Told) -> Iterator[str]:
    """Which statistics perturbation has kept, and by how much the others moved."""
    if not told.preserved:
        return
    yield from ("", "## Perturbation", "")
    yield "| Variable | Method | Values changed | Distribution moved | Before and after |"
    yield "| --- | --- | ---: | ---: | --- |"
    for each in told.preserved:
        changes = {"total": each.total, "mean": each.mean, "variance": each.variance}
        changes |= {f"correlation with {name}": c for name, c in each.correlations.items()}
        kept = "; ".join(
            f"{escape(name)} {change.before:.6g} to {change.after:.6g}"
            for name, change in changes.items()
            if change is not None
        )
        shares = f"{each.changed_share:.2%} | {each.distribution_moved:.2%}"
        yield f"| {escape(each.variable)} | {each.method} | {shares} | {kept} |"


def _findings(told: Told, *, small_numbers: bool) -> Iterator[str]:
    yield from ("", "## Findings", "")
    if not told.findings:
        yield "None."
        return
    yield from (
        "| Severity | Rule | Where | Count | What to do |",
        "| --- | --- | --- | --- | --- |",
    )
    for each in told.findings:
        count = number(each.count, told.floor, small_numbers=small_numbers)
        message = escape(each.message) if small_numbers else "see the full report"
        yield f"| {each.severity} | {each.rule} | {escape(each.where)} | {count} | {message} |"


def number(count: int, floor: int, *, small_numbers: bool) -> str:
    """The count, or that it is below ``floor`` where small numbers may not be shown."""
    return str(count) if small_numbers or count >= floor else f"fewer than {floor}"


def escape(text: str) -> str:
    """Text that Markdown shows as it stands, on one line and with no HTML in it."""
    line = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{each}" if each in "\\`*_{}[]()#|!~" else each for each in line)
