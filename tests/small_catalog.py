"""Small catalogs for tests: a plan, a policy and a source that are releasable, to be varied."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from clearance.cli import cli
from clearance.errors import ClearanceError

PLAN: dict[str, Any] = {
    "format": 1,
    "title": "People and their health",
    "period": "2026",
    "description": "Made-up people.",
    "material": "personal-data",
    "owner": "head-of-statistics",
    "steward": "s.okafor",
    "legal_basis": "Statistics Act, section 12",
    "organization": "statistics-office",
    "contact": {"name": "Open data desk", "email": "opendata@example.org"},
    "license": "CC-BY-4.0",
    "frequency": "annual",
    "keywords": ["people"],
    "source": {"path": "people.csv"},
    "units": {"person": "person_id"},
    "variables": {
        "person_id": {"role": "structural"},
        "name": {"role": "direct-identifier"},
        "age": {
            "role": "quasi-identifier",
            "type": "integer",
            "hierarchy": {"intervals": [10, 20]},
        },
        "place": {"role": "quasi-identifier", "hierarchy": "places.csv"},
        "health": {"role": "sensitive-attribute"},
    },
    "outputs": [{"microdata": {"name": "persons", "policy": "open"}}],
}
POLICY: dict[str, Any] = {
    "format": 1,
    "id": "open",
    "microdata": {
        "k": 5,
        "max_suppressed_share": 0.1,
        "models": [{"distinct-l": {"variable": "health", "l": 2}}],
        "method": "global",
        "loss": "granularity",
    },
    "tables": {
        "minimum_frequency": 5,
        "zeros": "safe",
        "secondary": "suppress",
        "attacker": {"at_least_percent": 0, "at_most_percent": "unbounded"},
    },
    "review": {"approvals": 1, "assurance": "one-time-code", "valid_days": 30},
}
PLACES = "Aford;North;*\nBeham;North;*\nCester;South;*\nDover;South;*\n"
HEADER = ("person_id", "name", "age", "place", "health")

Change = Callable[[dict[str, Any]], None]


def people(count: int = 200) -> list[Sequence[str]]:
    """Made-up people, spread evenly over ages 20 to 59, four places and three states of health."""
    places = ("Aford", "Beham", "Cester", "Dover")
    health = ("good", "fair", "poor")
    return [
        (
            f"P-{number:05}",
            f"Canary Surname{number}",
            str(20 + number * 7 % 40),
            places[number % 4],
            health[number * 5 % 3],
        )
        for number in range(count)
    ]


def csv_text(rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> str:
    return "".join(",".join(row) + "\n" for row in (header, *rows))


@dataclass(frozen=True)
class SmallCatalog:
    """A catalog with one dataset, ``people``, in a folder of the test's own."""

    root: Path

    @property
    def catalog(self) -> Path:
        return self.root / "catalog"

    @property
    def source(self) -> Path:
        return self.catalog / "people" / "people.csv"

    @property
    def home(self) -> Path:
        return self.root / "home"

    def check(self, *more: str) -> Checked:
        """``clearance check people --json`` in this process."""
        environment = {"CLEARANCE_HOME": str(self.home), "CLEARANCE_CATALOG": str(self.catalog)}
        result = CliRunner(env=environment).invoke(
            cli, ["check", "people", "--json", *more], standalone_mode=True
        )
        if isinstance(result.exception, ClearanceError):
            raise result.exception
        return Checked(result.exit_code, json.loads(result.stdout), result.output)


@dataclass(frozen=True)
class Checked:
    exit_code: int
    answer: dict[str, Any]
    terminal: str

    @property
    def rules(self) -> set[str]:
        return {finding["rule"] for finding in self.answer["findings"]}

    @property
    def messages(self) -> str:
        return "\n".join(finding["message"] for finding in self.answer["findings"])


def write(
    root: Path,
    *,
    plan: Change = lambda _: None,
    policy: Change = lambda _: None,
    source: str | bytes | None = None,
    places: str = PLACES,
) -> SmallCatalog:
    """The catalog, with plan and policy changed in place by the functions given."""
    made = SmallCatalog(root)
    changed_plan, changed_policy = copy.deepcopy(PLAN), copy.deepcopy(POLICY)
    plan(changed_plan)
    policy(changed_policy)
    folder = made.catalog / "people"
    folder.mkdir(parents=True)
    (made.catalog / "policies").mkdir()
    (root / "schemas" / "datasets").mkdir(parents=True)
    (folder / "plan.yaml").write_text(yaml.safe_dump(changed_plan, sort_keys=False))
    (folder / "places.csv").write_text(places)
    (made.catalog / "policies" / "open.yaml").write_text(yaml.safe_dump(changed_policy))
    content = csv_text(people()) if source is None else source
    made.source.write_bytes(content if isinstance(content, bytes) else content.encode())
    return made
