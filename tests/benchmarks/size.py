"""What protecting made-up people costs, by their number, and what it follows.

``python -m tests.benchmarks.size --rows 30000 --rows 3000000 ...`` prints one JSON object, and
a table to standard error; `README.md` beside this file says what the figures mean.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks.people import data

MEGABYTE = 2**20
MOST_CHECKED = 10_000_000  # records; more are protected, not taken to the end of the road
PARTS = ("load", "histogram", "decision", "recoded_parquet_unsorted")
HEADINGS = ("records", "combinations", "rewrite", "scan", *PARTS, "protect / rewrite", "check")


@dataclass(frozen=True)
class Ran:
    """A finished process: its CPU seconds, the most memory it held, and what it printed."""

    cpu_seconds: float
    peak_megabytes: int
    printed: dict[str, Any]

    @property
    def cost(self) -> dict[str, float]:
        return {"cpu_seconds": self.cpu_seconds, "peak_megabytes": self.peak_megabytes}


def main() -> None:
    options = _options()
    with TemporaryDirectory(prefix="size-", dir=options.folder) as folder:
        rows = [_of_size(records, Path(folder), options) for records in options.rows]
    machine = {"python": platform.python_version(), "processors": os.cpu_count()}
    print(json.dumps({"machine": machine, "memory": options.memory, "sizes": rows}, indent=2))
    print(_table(rows), file=sys.stderr)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, action="append", required=True, help="again for more")
    parser.add_argument(
        "--folder", type=Path, help="where the data are made; some 100 bytes a row for a check"
    )
    parser.add_argument("--memory", default="1GB", help="what DuckDB may use of it")
    parser.add_argument("--most-checked", type=int, default=MOST_CHECKED)
    return parser.parse_args()


def _of_size(records: int, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    source = folder / f"{records}.parquet"
    distinct = data.write_source(source, records)
    steps = {name: _step(name, source, options.memory) for name in ("rewrite", "scan", "protect")}
    parts = steps["protect"].printed["cpu_seconds_of_parts"]
    made = sum(parts.values())
    found = {
        "records": records,
        "distinct_combinations": distinct,
        "source_megabytes": source.stat().st_size // MEGABYTE,
        "rewrite": steps["rewrite"].cost,
        "scan": steps["scan"].cost,
        "protect": steps["protect"].cost | steps["protect"].printed,
        "protect_by_rewrite": round(made / steps["rewrite"].cpu_seconds, 2),
    }
    if records <= options.most_checked:
        checked = _check(source, options.memory)
        by_rewrite = round(checked.cpu_seconds / steps["rewrite"].cpu_seconds, 2)
        found |= {"check": checked.cost | checked.printed, "check_by_rewrite": by_rewrite}
    source.unlink()
    return found


def _step(name: str, source: Path, memory: str) -> Ran:
    with TemporaryDirectory(prefix="step-", dir=source.parent) as folder:
        script = [sys.executable, "-m", "tests.benchmarks.people.steps"]
        return _run([*script, name, str(source), folder, memory], dict(os.environ))


def _check(source: Path, memory: str) -> Ran:
    """``clearance check`` as a steward runs it."""
    with TemporaryDirectory(prefix="check-", dir=source.parent) as folder:
        catalog, home = Path(folder) / "catalog", Path(folder) / "home"
        data.write_catalog(catalog, source)
        environment = os.environ | {
            "CLEARANCE_HOME": str(home),
            "CLEARANCE_ENGINE_MEMORY": memory,
            "TMPDIR": folder,
        }
        command = [sys.executable, "-c", "from clearance.cli import main; main()"]
        ran = _run(
            [*command, "check", data.DATASET, "--catalog", str(catalog), "--json"], environment
        )
    answer = ran.printed
    output = answer["outputs"][0]
    told = {
        "releasable": answer["releasable"],
        "seconds_of_stages": answer["seconds"],
        "records_published": output["records"],
        "suppressed_records": output["suppressed_records"],
    }
    return Ran(ran.cpu_seconds, ran.peak_megabytes, told)


def _run(command: Sequence[str], environment: Mapping[str, str]) -> Ran:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[2]} ended with {process.returncode}: {printed.decode()}")
    seconds = round(used.ru_utime + used.ru_stime, 2)
    return Ran(seconds, used.ru_maxrss // 1024, json.loads(printed))


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}"]
    for row in rows:
        parts = row["protect"]["cpu_seconds_of_parts"]
        checked = row.get("check", {}).get("cpu_seconds", "")
        cells = [
            row["records"],
            row["distinct_combinations"],
            row["rewrite"]["cpu_seconds"],
            row["scan"]["cpu_seconds"],
            *(parts[name] for name in PARTS),
            row["protect_by_rewrite"],
            checked,
        ]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
