"""``clearance check`` on UCI Adult against the published optima of ARX's own tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from clearance.cli import cli

CATALOG = Path(__file__).resolve().parents[1] / "catalogs" / "catalog"
COLUMNS = (
    "sex age race marital-status education native-country workclass occupation salary-class"
).split()


def check(catalog: Path, home: Path) -> dict[str, Any]:
    environment = {"CLEARANCE_HOME": str(home), "CLEARANCE_CATALOG": str(catalog)}
    result = CliRunner(env=environment).invoke(cli, ["check", "adult", "--json"])
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def catalog_with(folder: Path, shared_data: Path, *, loss: str, limit: str) -> Path:
    """The catalog with the policy's loss and limit changed; paths made absolute."""
    plan = (CATALOG / "adult" / "plan.yaml").read_text()
    policy = (CATALOG / "policies" / "adult.yaml").read_text()
    catalog = folder / "catalog"
    (catalog / "adult").mkdir(parents=True)
    (catalog / "policies").mkdir()
    absolute = plan.replace("../../../../../shared/data", str(shared_data))
    (catalog / "adult" / "plan.yaml").write_text(absolute)
    changed = policy.replace("share: 0.02", f"share: {limit}").replace("granularity", loss)
    (catalog / "policies" / "adult.yaml").write_text(changed)
    return catalog


def test_adult_is_releasable_with_k_5_and_two_percent(shared_data: Path, tmp_path: Path) -> None:
    answer = check(CATALOG, tmp_path / "home")
    (output,) = answer["outputs"]
    assert shared_data.is_dir()
    assert answer["releasable"]
    assert list(output["levels"]) == COLUMNS
    assert output["k"] >= 5
    assert output["suppressed_records"] <= 603
    assert output["information_loss"]["granularity"] == pytest.approx(0.357482, abs=1e-6)


@pytest.mark.parametrize(
    ("limit", "levels", "bits"),
    [
        ("0", [1, 2, 1, 1, 3, 2, 2, 1, 1], 407289.5388925293),
        ("0.04", [1, 0, 1, 1, 3, 2, 2, 0, 1], 255559.85455731067),
    ],
)
def test_the_entropy_optimum_is_the_published_one(
    shared_data: Path, tmp_path: Path, limit: str, levels: list[int], bits: float
) -> None:
    catalog = catalog_with(tmp_path, shared_data, loss="entropy", limit=limit)
    answer = check(catalog, tmp_path / "home")
    (output,) = answer["outputs"]
    assert list(output["levels"].values()) == levels
    assert output["information_loss"]["entropy_bits"] == pytest.approx(bits, rel=1e-12)
