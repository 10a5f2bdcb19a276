"""Protected outputs made by hand: microdata and two tables of the small catalog's people."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd

from clearance.attack import AttackReport, MicrodataAttack, TableAttack
from clearance.candidate import ReleaseId
from clearance.findings import Finding
from clearance.hierarchy import from_rows
from clearance.metadata import PublishedOutput
from clearance.microdata.decision import Decision
from clearance.microdata.histogram import histogram_of
from clearance.microdata.risks.report import risk_report
from clearance.plan import MicrodataOutput, Plan, Role, TableOutput, ValueType
from clearance.plan import parse as parse_plan
from clearance.policy import (
    Attacker,
    DistinctL,
    Method,
    MicrodataRules,
    Policy,
    ReviewRules,
    TableRules,
)
from clearance.ports import Dataset, Exported
from clearance.protection import ProtectedCells, ProtectedMicrodata, PublishedColumn
from clearance.protection.assessment import Assessment
from clearance.report import Told
from clearance.tables.protect import ProtectedTable
from clearance.tables.tabulate import Equations, Table
from tests.small_catalog import PLAN

RELEASE = ReleaseId("people", "2026", 1)
POLICY = Policy(
    id="open",
    review=ReviewRules(approvals=1, assurance="one-time-code", valid_days=30),
    microdata=MicrodataRules(
        k=5, max_suppressed_share=Fraction(1, 50), models=(DistinctL("health", 2),)
    ),
    tables=TableRules(
        minimum_frequency=5,
        zeros="safe",
        attacker=Attacker(at_least_percent=0, at_most_percent=None),
        concentration_file="open.secret.yaml",
    ),
)
MICRODATA = MicrodataOutput(name="persons", policy="open")
FROM_MICRODATA = TableOutput(
    name="persons-by-place", policy="open", dimensions=("place",), source="persons"
)
FROM_SOURCE = TableOutput(name="people-by-place", policy="open", dimensions=("place",))
COLUMNS = (
    PublishedColumn(
        name="place",
        type=ValueType.TEXT,
        role=Role.QUASI_IDENTIFIER,
        treatment="generalised",
        text="Shown in groups: level 1 of 2 of its hierarchy.",
        level=1,
    ),
    PublishedColumn(
        name="health",
        type=ValueType.TEXT,
        role=Role.SENSITIVE_ATTRIBUTE,
        treatment="unchanged",
        text="Shown as it is in the source.",
    ),
)
CELL_COLUMNS = (
    replace(COLUMNS[0], treatment="dimension", level=None, text="Categories at every level."),
    PublishedColumn(
        name="count",
        type=ValueType.INTEGER,
        role=Role.ATTRIBUTE,
        treatment="figure",
        text="Empty where the figure is suppressed.",
    ),
    PublishedColumn(
        name="count_status",
        type=ValueType.TEXT,
        role=Role.ATTRIBUTE,
        treatment="status",
        text="c: suppressed.",
    ),
)


def plan() -> Plan:
    parsed = parse_plan(PLAN, dataset="people", where="people/plan.yaml")
    return replace(parsed, outputs=(MICRODATA, FROM_MICRODATA))


def microdata(*, suppressed_records: int = 3, suppressed_units: int = 2) -> PublishedOutput:
    """Ten published records; what was suppressed and lost is told to the reviewer only."""
    decision = Decision(
        method=Method.GLOBAL,
        levels={"age": 2, "place": 1},
        suppressed=pd.DataFrame({"age": ["99"], "place": ["Suppressedville"]}),
        suppressed_records=suppressed_records,
        suppressed_units=suppressed_units,
        records=10 + suppressed_records,
        units=10 + suppressed_units,
        k=5,
        loss={"granularity": 0.31416, "entropy_bits": 4.689956},
        nodes_checked=7,
        nodes=12,
    )
    csv = "place,health\n" + "North,good\n" * 3 + "North,poor\n" * 2 + "South,good\n" * 5
    protected = ProtectedMicrodata(
        output=MICRODATA,
        rules=POLICY.microdata or MicrodataRules(k=5, max_suppressed_share=Fraction(0)),
        dataset=Dataset("t1", ("place", "health"), 10),
        columns=COLUMNS,
        decision=decision,
        assessment=assessment(),
    )
    rows = pd.DataFrame(
        {
            "place": pd.Categorical(["North", "North", "South"]),
            "health": pd.Categorical(["good", "poor", "good"]),
            "records": [3, 2, 5],
        }
    )
    exported = Exported(csv=csv.encode(), parquet=b"PAR1", rows=rows)
    return PublishedOutput.of_microdata(protected, "data/persons.csv", exported)


def assessment() -> Assessment:
    """Of ten people in two places, as they are and as they are published."""
    frame = pd.DataFrame({"place": ["Aford", "Cester"], "records": [5, 5]})
    places = from_rows("place", [["Aford", "*"], ["Cester", "*"]], where="places.csv")
    risk = risk_report(histogram_of(frame, variables=["place"], hierarchies={"place": places}))
    return Assessment(before=risk, after=risk, utility=None)


def cells(output: TableOutput, counts: dict[str, str]) -> PublishedOutput:
    """A table of places; an empty count is suppressed."""
    frame = pd.DataFrame(
        {
            "place": list(counts),
            "count": list(counts.values()),
            "count_status": ["" if count else "c" for count in counts.values()],
        },
        dtype=object,
    )
    protected = ProtectedCells(
        output=output,
        rules=POLICY.tables if output.source is None else None,
        frame=frame,
        columns=CELL_COLUMNS,
        protected=_pattern(frame) if output.source is None else None,
    )
    return PublishedOutput.of_table(protected, f"data/{output.name}.csv")


def _pattern(frame: pd.DataFrame) -> ProtectedTable:
    """One unsafe cell; the other suppressed ones protect it. Each hides a value of 4711."""
    suppressed = (frame["count"] == "").to_numpy()
    nothing = np.zeros(0, dtype=np.int64)
    return ProtectedTable(
        table=Table(
            figure="count",
            kind="frequency",
            scale=0,
            codes=frame[["place"]],
            cells=pd.DataFrame({"value": np.full(len(frame), 4711)}),
            equations=Equations(nothing, nothing, np.zeros(1, dtype=np.int64)),
            grand_total=len(frame) - 1,
        ),
        unsafe=suppressed & (np.cumsum(suppressed) == 1),
        suppressed=suppressed,
    )


def outputs() -> tuple[PublishedOutput, ...]:
    return (microdata(), cells(FROM_MICRODATA, {"North": "5", "South": "5", "_T": "10"}))


def source_table() -> PublishedOutput:
    return cells(FROM_SOURCE, {"Aford": "", "Beham": "", "Cester": "30", "_T": "40"})


def told(
    *findings: Finding, made: tuple[PublishedOutput, ...] = (), about: Plan | None = None
) -> Told:
    """Everything a report can tell; the attack found classes of 5 and 2 unique records."""
    made = made or outputs()
    attack = AttackReport(
        findings=(),
        microdata={
            each.name: MicrodataAttack(
                name=each.name, file=each.path, records=10, k=5, l={"health": 2}, unique=2
            )
            for each in made
            if each.kind == "microdata"
        },
        tables={
            each.name: TableAttack(name=each.name, file=each.path, attacked=each.blanks, exposed=0)
            for each in made
            if each.kind == "table"
        },
    )
    return Told(about or plan(), {"open": POLICY}, RELEASE, made, attack, findings)
