"""What the judge asks of a published table, its suppressed cells apart."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from clearance.attack.cells import PublishedTable
from clearance.attack.contributions import (
    MOST_CONTRIBUTIONS,
    TrueTable,
    unsafe,
    without_contributors,
)
from clearance.attack.order import table_in_public_order
from clearance.attack.result import blocked, warned
from clearance.findings import Finding
from clearance.plan import Plan, Role
from clearance.policy import Concentration, TableRules


def check_plan(plan: Plan, table: PublishedTable) -> Iterator[Finding]:
    if plan.microdata:
        yield blocked(
            "table-beside-microdata",
            table.file,
            1,
            "a table from the source beside microdata of the same source: each completes the "
            "other; tabulate it from the published microdata (from:), or publish one of them",
        )
    sensitive = [
        name
        for name in table.output.dimensions
        if plan.variable(name).role is Role.SENSITIVE_ATTRIBUTE
    ]
    if sensitive:
        yield blocked(
            "sensitive-dimension",
            f"{table.file}: {', '.join(sensitive)}",
            len(sensitive),
            "a sensitive attribute as a dimension needs a rule against group disclosure, "
            "which no policy has yet; leave it out",
        )


def check_rules(
    table: PublishedTable, true: TrueTable, applying: Concentration | None
) -> Iterator[Finding]:
    """What the rules need before they can judge at all."""
    if true.unknown:
        yield blocked(
            "value-of-no-leaf",
            table.file,
            true.unknown,
            f"{true.unknown} records have a value that a dimension's hierarchy does not know; "
            f"complete the hierarchy",
        )
    if true.negative:
        yield blocked(
            "negative-contribution",
            table.file,
            true.negative,
            f"{true.negative} combinations have a negative contribution; no rule of "
            f"concentration is defined for them; sum another variable",
        )
    if applying is None and (table.output.sum_of is not None or true.several):
        yield blocked(
            "no-concentration-rule",
            table.file,
            1,
            "one contributor can dominate a cell; give the policy a rule of concentration",
        )
    if applying is not None and (applying.n or 0) > MOST_CONTRIBUTIONS:
        yield blocked(
            "no-concentration-rule",
            table.file,
            1,
            f"dominance is judged for n up to {MOST_CONTRIBUTIONS}; choose a smaller n",
        )


def check_unsafe(
    table: PublishedTable, true: TrueTable, rules: TableRules, applying: Concentration | None
) -> Iterator[Finding]:
    count = sum(
        unsafe(
            without_contributors(true.cells, cell),
            minimum_frequency=rules.minimum_frequency,
            zeros=rules.zeros,
            concentration=applying,
        )
        for cell, figure in table.figures.items()
        if figure is not None
    )
    if count:
        yield blocked(
            "unsafe-cell-published",
            table.file,
            count,
            f"{count} published cells are unsafe by the policy's rules; suppress them",
        )


def check_figures(table: PublishedTable, true: TrueTable) -> Iterator[Finding]:
    unit = Decimal(1).scaleb(-true.scale)
    wrong = sum(
        figure != without_contributors(true.cells, cell).value * unit
        for cell, figure in table.figures.items()
        if figure is not None
    )
    if wrong:
        yield blocked(
            "wrong-figure",
            table.file,
            wrong,
            f"{wrong} published figures are not what the records give; tabulate anew",
        )


def check_listed(table: PublishedTable, true: TrueTable) -> Iterator[Finding]:
    count = sum(cell not in table.figures for cell in true.cells)
    if count:
        yield blocked(
            "cell-not-listed",
            table.file,
            count,
            f"{count} cells that have records are not listed; list every cell, with an empty "
            f"figure and the status c where it is suppressed",
        )


def check_order(table: PublishedTable) -> Iterator[Finding]:
    if not table_in_public_order(table.frame, table.categories):
        yield blocked(
            "order-of-rows",
            table.file,
            len(table.frame),
            "the rows are not in an order that the public codes give; sort them by the codes",
        )


def completed(table: PublishedTable, count: int, source: str) -> Finding:
    return blocked(
        "cell-exposed",
        table.file,
        count,
        f"{count} suppressed cells can be counted from the published records of {source}; "
        f"raise k to the minimum frequency, or leave out the table",
    )


def check_small(table: PublishedTable, recount: TrueTable, rules: TableRules) -> Iterator[Finding]:
    count = sum(
        0 < recount.cells[cell].contributors < rules.minimum_frequency
        for cell, figure in table.figures.items()
        if figure is not None and cell in recount.cells
    )
    if count:
        yield warned(
            "small-cell-of-microdata",
            table.file,
            count,
            f"{count} cells have fewer than {rules.minimum_frequency} records; the published "
            f"records show as much; raise k if they should not",
        )
