"""One step of `size.py`, in a process of its own: ``python -m tests.benchmarks.people.steps``.

Prints JSON: the CPU seconds of each of its parts. What the whole process took is measured by
whoever started it.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks.people import data

Parts = dict[str, float]


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
    """Read, histogram of the nine, decision, recoded Parquet in the order of the source."""
    from clearance.adapters.duckdb_engine import DuckDBEngine
    from clearance.hierarchy import build, from_rows
    from clearance.microdata.histogram import histogram_of
    from clearance.microdata.lattice import search
    from clearance.plan import Intervals, ValueType
    from clearance.policy import parse_policy
    from clearance.ports import SourceFile

    parts: Parts = {}
    engine = DuckDBEngine(folder, memory=memory)
    with measured(parts, "load"):
        dataset = engine.load(SourceFile(source, "parquet"))
    with measured(parts, "histogram"):
        frame = engine.histogram(dataset, data.QUASI)
    ages = engine.values(dataset, "age")["value"].tolist()
    hierarchies = {
        name: from_rows(name, data.hierarchy_rows(name), where=name)
        for name in data.QUASI
        if name != "age"
    } | {"age": build("age", Intervals((5, 10, 20)), ages, kind=ValueType.INTEGER)}
    policy = json.loads(json.dumps(data.POLICY))
    policy["microdata"]["models"] = []
    rules = parse_policy(json.dumps(policy).encode(), where="measured").microdata
    with measured(parts, "decision"):
        histogram = histogram_of(frame, variables=data.QUASI, hierarchies=hierarchies)
        decision = search(histogram, rules)
    with measured(parts, "recoded Parquet, unsorted"):
        kept = engine.without(dataset, decision.suppressed)
        lookups = {
            name: _look_up(engine.values(kept, name)["value"].tolist(), recoding)
            for name, recoding in _recodings(hierarchies, decision.levels or {})
        }
        copy_unsorted(engine, engine.recode(kept, lookups), folder / "recoded.parquet")
    engine.close()
    return {
        "parts": parts,
        "distinct_combinations": len(frame),
        "nodes_checked": decision.nodes_checked,
        "nodes": decision.nodes,
        "gap": decision.gap,
        "suppressed_records": decision.suppressed_records,
    }


STEPS: dict[str, Callable[[Path, Path, str], dict[str, Any]]] = {
    "rewrite": rewrite,
    "scan": scan,
    "protect": protect,
}
