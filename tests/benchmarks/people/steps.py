"""One step of `size.py`, in a process of its own: ``python -m tests.benchmarks.people.steps``.

Prints JSON: the CPU seconds of each of its parts. What the whole process took is measured by
whoever started it.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.people import data

if TYPE_CHECKING:  # each step imports what it needs, so that nothing else is measured
    from clearance.adapters.duckdb_engine import DuckDBEngine
    from clearance.hierarchy import Hierarchy
    from clearance.ports import Dataset

Parts = dict[str, float]
COLUMNS = ["value", "replacement"]


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def measured(parts: Parts, name: str) -> Iterator[None]:
    begun = cpu_seconds()
    yield
    parts[name] = round(cpu_seconds() - begun, 2)


def rewrite(source: Path, folder: Path, memory: str) -> dict[str, Any]:
    """DuckDB copies the file as it is: the yardstick."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET memory_limit = '{memory}'")
    connection.execute(
        f"COPY (SELECT * FROM read_parquet('{source}')) TO '{folder / 'copy.parquet'}' "
        f"(FORMAT parquet, COMPRESSION zstd)"
    )
    return {}


def scan(source: Path, folder: Path, memory: str) -> dict[str, Any]:
    """DuckDB reads every value once."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET memory_limit = '{memory}'")
    described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet('{source}')").fetchall()
    hashed = ", ".join(f"bit_xor(hash({name}))" for name, *_ in described)
    connection.execute(f"SELECT {hashed} FROM read_parquet('{source}')").fetchall()
    return {}


def protect(source: Path, folder: Path, memory: str) -> dict[str, Any]:
    """Read, histogram of the nine, decision, recoded Parquet in the order of the source.

    Each part by the code that a release takes, but the last one: a release sorts, and this is
    what its recoding costs before.
    """
    import pandas as pd

    from clearance.adapters.duckdb_engine import DuckDBEngine
    from clearance.microdata.histogram import histogram_of
    from clearance.microdata.lattice import search
    from clearance.policy import MicrodataRules
    from clearance.ports import SourceFile

    parts: Parts = {}
    engine = DuckDBEngine(folder, memory=memory)
    with measured(parts, "load"):
        dataset = engine.load(SourceFile(source, "parquet"))
    with measured(parts, "histogram"):
        frame = engine.histogram(dataset, data.QUASI)
    known = hierarchies(engine.values(dataset, "age")["value"].tolist())
    with measured(parts, "decision"):
        histogram = histogram_of(frame, variables=data.QUASI, hierarchies=known)
        limit = Fraction(str(data.POLICY["microdata"]["max_suppressed_share"]))
        decision = search(histogram, MicrodataRules(k=5, max_suppressed_share=limit))
    with measured(parts, "recoded_parquet_unsorted"):
        kept = engine.without(dataset, decision.suppressed)
        recoding = {name: known[name].recoding(level) for name, level in decision.levels.items()}
        recoding |= {name: rounded(engine, kept, name) for name in ("income", "hours")}
        lookups = {
            name: pd.DataFrame(each.items(), columns=COLUMNS) for name, each in recoding.items()
        }
        copy_unsorted(engine, engine.recode(kept, lookups), folder / "recoded.parquet")
    engine.close()
    return {
        "cpu_seconds_of_parts": parts,
        "distinct_combinations": len(frame),
        "nodes_checked": decision.nodes_checked,
        "nodes": decision.nodes,
        "gap": decision.gap,
        "suppressed_records": decision.suppressed_records,
    }


def hierarchies(ages: list[str]) -> dict[str, Hierarchy]:
    from clearance.hierarchy import build, from_rows
    from clearance.plan import Intervals, ValueType

    widths = Intervals(tuple(map(Decimal, (5, 10, 20))))
    named = {
        name: from_rows(name, data.hierarchy_rows(name), where=name)
        for name in data.QUASI
        if name != "age"
    }
    return named | {"age": build("age", widths, ages, kind=ValueType.INTEGER)}


def rounded(engine: DuckDBEngine, dataset: Dataset, name: str) -> Mapping[str, str]:
    from clearance.coding import code
    from clearance.plan import Role, ValueType, Variable

    variable = Variable(
        name=name, role=Role.ATTRIBUTE, type=ValueType.INTEGER, round_to=Decimal(data.ROUNDED[name])
    )
    return code(variable, engine.values(dataset, name)).lookup


def copy_unsorted(engine: DuckDBEngine, dataset: Dataset, path: Path) -> None:
    """The dataset as Parquet; with the engine's own tables, since no verb of it does this."""
    import pandas as pd

    from clearance.adapters.duckdb_tables import stored_type

    held, connection = engine._held[dataset.name], engine._connection
    chosen, joins = [], []
    for name, column in held.columns.items():
        kind = "BIGINT" if name in data.ROUNDED else "VARCHAR"
        labels = pd.DataFrame({"code": range(len(column.labels)), "label": column.labels})
        connection.register(f"{name}_labels", labels)
        connection.execute(
            f"CREATE TEMP TABLE {name}_texts AS SELECT code::{stored_type(column)} AS code, "
            f"label::VARCHAR::{kind} AS label FROM {name}_labels"
        )
        chosen.append(f"{name}_texts.label AS {name}")
        joins.append(f"JOIN {name}_texts ON base.{column.sql} = {name}_texts.code")
    connection.execute(
        f"COPY (SELECT {', '.join(chosen)} FROM {held.table} AS base {' '.join(joins)}) "
        f"TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
    )


STEPS: dict[str, Callable[[Path, Path, str], dict[str, Any]]] = {
    "rewrite": rewrite,
    "scan": scan,
    "protect": protect,
}


def main() -> None:
    step, source, folder, memory = sys.argv[1:]
    print(json.dumps(STEPS[step](Path(source), Path(folder), memory)))


if __name__ == "__main__":
    main()
