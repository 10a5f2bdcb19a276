"""The figures of risk as Markdown, for the reviewer's report."""

from __future__ import annotations

from collections.abc import Iterator

from clearance.microdata.risks.drivers import Drivers
from clearance.microdata.risks.report import RiskReport


def risk_lines(before: RiskReport, after: RiskReport) -> list[str]:
    """A table of the figures before and after, then what drives the risk before.

    For reviewers only: small numbers and names of variables, but no value of a record.
    """
    then = dict(_figures(after))
    rows = [f"| {name} | {now} | {then[name]} |" for name, now in _figures(before)]
    return ["| risk | before | after |", "| --- | ---: | ---: |", *rows, *_driving(before.drivers)]


def _figures(report: RiskReport) -> Iterator[tuple[str, str]]:
    yield "units", f"{report.units}"
    yield "equivalence classes", f"{report.classes}"
    yield "sample uniques", f"{report.sample_uniques} ({report.unique_share:.2%})"
    yield "average prosecutor risk", _share(report.average_prosecutor)
    yield "highest prosecutor risk", _share(report.highest_prosecutor)
    if report.population is not None:
        yield "average journalist risk", _share(report.population.average_journalist)
        yield "highest journalist risk", _share(report.population.highest_journalist)
        yield "sample uniques alone in the population too", f"{report.population.uniques}"
    yield "marketer risk", _share(report.marketer)
    if report.weights is not None:
        uniques = report.weights.uniques
        yield "highest individual risk", _share(report.weights.highest)
        yield "units expected to be re-identified", f"{report.weights.expected:.1f}"
        yield "estimated population uniques", f"{uniques.count:.0f} ({uniques.estimator})"
    for each in report.households:
        yield f"average risk that a member is found, by {_code(each.kind)}", _share(each.average)
        yield f"highest risk that a member is found, by {_code(each.kind)}", _share(each.highest)
    yield "chance that a match with a sample unique is right (DIS)", _share(report.file_dis)
    cut = "" if report.drivers.complete else f" (of at most {report.drivers.max_size} variables)"
    yield "records with a minimal sample unique (SUDA)", f"{report.drivers.records}{cut}"


def _share(number: float) -> str:
    return f"{number:.4f}"


def _driving(found: Drivers) -> list[str]:
    """Two items, or nothing where nobody is unique."""
    if not found.sets:
        return []
    shares = ", ".join(f"{_code(name)} {share:.0%}" for name, share in found.shares.items())
    sets = "; ".join(
        f"{' + '.join(_code(name) for name in members)} ({count})" for members, count in found.sets
    )
    cut = "" if found.complete else f" (of at most {found.max_size} variables: a lower bound)"
    return [
        "",
        f"- Share of the SUDA score by variable, before{cut}: {shares}.",
        f"- What most records are unique by, before: {sets}.",
    ]


def _code(name: str) -> str:
    """A variable's name as code that breaks neither the line nor the table."""
    return f"`{' '.join(name.split()).replace('`', '').replace('|', '/')}`"
