"""What protecting and judging the census data of UCI Adult costs, here and with peers.

Prints one JSON object; `README.md` beside this file says what the figures mean. Every figure
is CPU seconds, user and system, of a whole process unless it says otherwise.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

SCRIPTS = Path(__file__).parent / "adult"
PEERS = ("pycanon==1.3.5", "anjana==1.2.3")
LIMITS_PERCENT = (0, 2, 5, 100)
JUDGED_AT_PERCENT = 2
SENSITIVE = "education"


def main() -> None:
    options = _options()
    with TemporaryDirectory(prefix="peers-") as folder:
        scratch = Path(folder)
        peers = options.peers_python or _environment(scratch / "peers")
        protecting = {
            str(percent): {
                "clearance": _clearance(options.adult, percent, scratch),
                "anjana": _anjana(peers, options.adult, percent, scratch),
            }
            for percent in LIMITS_PERCENT
        }
        source = _with_commas(options.adult / "adult.csv", scratch / "source.csv")
        protected = scratch / f"clearance-{JUDGED_AT_PERCENT}.csv"
        judging = {
            "source": _judged(peers, source, scratch),
            f"protected_at_{JUDGED_AT_PERCENT}_percent": _judged(peers, protected, scratch),
        }
        importing, _ = _run(["-c", "import pandas; print('{}')"], scratch)
    result = {
        "machine": {"python": platform.python_version(), "processors": os.cpu_count()},
        "python_and_pandas_seconds": importing,
        "protecting_k5_by_limit_percent": protecting,
        "judging": judging,
    }
    print(json.dumps(result, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--adult", type=Path, required=True, help="folder with adult.csv and its hierarchies"
    )
    parser.add_argument(
        "--peers-python", type=Path, help=f"a Python with {' and '.join(PEERS)}; else one is made"
    )
    return parser.parse_args()


def _environment(folder: Path) -> Path:
    """The Python of a new virtual environment with the peers in it."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", *PEERS]
    subprocess.run(install, check=True, stdout=sys.stderr)
    return python


def _clearance(adult: Path, percent: int, scratch: Path) -> dict[str, Any]:
    """A process that compiles into an empty cache, one that finds it full, one that searches on."""
    out, cache = scratch / f"clearance-{percent}.csv", scratch / f"cache-{percent}"
    words = [SCRIPTS / "clearance_protects.py", adult, f"{percent}/100"]
    compiling, first = _run([*words, 1, out], cache)
    seconds, second = _run([*words, 1, out], cache)
    _, told = _run([*words, 4, out], cache)
    return {
        **told,
        "compiling_process_seconds": compiling,
        "process_seconds": seconds,
        "search_seconds_compiling": first["search_seconds"][0],
        "search_seconds_loading_kernels": second["search_seconds"][0],
        "search_seconds": min(told["search_seconds"][1:]),
        **_published(adult, out),
    }


def _anjana(python: Path, adult: Path, percent: int, scratch: Path) -> dict[str, Any]:
    out = scratch / f"anjana-{percent}.csv"
    words = [SCRIPTS / "anjana_protects.py", adult, percent, out]
    seconds, _ = _run(words, scratch, python=python)
    return {"process_seconds": seconds, **_published(adult, out)}


def _judged(python: Path, file: Path, scratch: Path) -> dict[str, Any]:
    """k, l and t of a file: pycanon measures, in a process each; ours confirms all three."""
    seconds, figures = {}, {}
    for measure in ("k", "l", "t"):
        words = [SCRIPTS / "pycanon_judges.py", file, SENSITIVE, measure]
        seconds[measure], told = _run(words, scratch, python=python)
        figures[measure] = told["figure"]
    k, l, t = int(figures["k"]), int(figures["l"]), figures["t"]  # noqa: E741 - their names
    ours, told = _run([SCRIPTS / "clearance_judges.py", file, SENSITIVE, k, l, t], scratch)
    return {
        "sensitive": SENSITIVE,
        "figures": figures,
        "pycanon_process_seconds": seconds,
        "clearance_process_seconds_all_three": ours,
        **told,
    }


def _with_commas(file: Path, out: Path) -> Path:
    with (
        file.open(encoding="utf-8", newline="") as given,
        out.open("w", encoding="utf-8", newline="") as target,
    ):
        csv.writer(target).writerows(csv.reader(given, delimiter=";"))
    return out


def _run(
    words: list[object], cache: Path, *, python: Path = Path(sys.executable)
) -> tuple[float, Any]:
    """CPU seconds of the process and what it printed. ``cache``: where kernels are kept."""
    begun = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [str(python), *map(str, words)],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
        stdout=subprocess.PIPE,
        check=True,
    )
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
    return round(seconds, 2), json.loads(done.stdout.splitlines()[-1])


def _published(adult: Path, out: Path) -> dict[str, Any]:
    """Records lost and granularity loss, counted in the same way for everybody's file."""
    with (adult / "adult.csv").open(encoding="utf-8", newline="") as file:
        records = sum(1 for _ in csv.reader(file)) - 1
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    costs = [_cost(adult, name, [row[name] for row in rows]) for name in rows[0]]
    lost = records - len(rows)
    kept_loss = sum(sum(cost) for cost in costs) / len(costs)
    return {"records_lost": lost, "granularity_loss": round((kept_loss + lost) / records, 6)}


def _cost(adult: Path, name: str, labels: list[str]) -> list[float]:
    """For each label (s - 1/m) / (1 - 1/m), s the share of the m leaves that it covers."""
    with (adult / f"adult_hierarchy_{name}.csv").open(encoding="utf-8", newline="") as file:
        levels = list(zip(*csv.reader(file, delimiter=";"), strict=True))
    shown, leaves = set(labels), len(levels[0])
    level = next(level for level in levels if shown <= set(level))
    cost: Mapping[str, float] = {
        label: (level.count(label) / leaves - 1 / leaves) / (1 - 1 / leaves) for label in shown
    }
    return [cost[label] for label in labels]


if __name__ == "__main__":
    main()
