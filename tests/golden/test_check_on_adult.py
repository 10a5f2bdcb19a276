"""``clearance check`` on UCI Adult against the published optima of ARX's own tests."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
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


def catalog_with(
    folder: Path,
    shared_data: Path,
    *,
    rules: str = "",
    roles: Mapping[str, str] | None = None,
) -> Path:
    """The catalog with other ``rules`` and ``roles`` of columns; paths made absolute."""
    plan = (CATALOG / "adult" / "plan.yaml").read_text()
    policy = (CATALOG / "policies" / "adult.yaml").read_text()
    catalog = folder / "catalog"
    (catalog / "adult").mkdir(parents=True)
    (catalog / "policies").mkdir()
    absolute = plan.replace("../../../../../shared/data", str(shared_data))
    for name, role in (roles or {}).items():
        as_it_was = re.compile(rf"^  {name}: {{.*}}$", re.MULTILINE)
        absolute = as_it_was.sub(f"  {name}: {{role: {role}}}", absolute)
    (catalog / "adult" / "plan.yaml").write_text(absolute)
    changed = re.sub(r"^microdata: .*$", f"microdata: {{{rules}}}", policy, flags=re.MULTILINE)
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
    rules = f"k: 5, max_suppressed_share: {limit}, method: global, loss: entropy"
    catalog = catalog_with(tmp_path, shared_data, rules=rules)
    answer = check(catalog, tmp_path / "home")
    (output,) = answer["outputs"]
    assert list(output["levels"].values()) == levels
    assert output["information_loss"]["entropy_bits"] == pytest.approx(bits, rel=1e-12)


LOCAL = "k: {k}, max_suppressed_share: 0, loss: granularity, method: {method}"
OF_OCCUPATION = {
    "distinct-l": "{distinct-l: {variable: occupation, l: 3}}",
    "entropy-l": "{entropy-l: {variable: occupation, l: 3}}",
    "recursive-l": "{recursive-l: {variable: occupation, c: 3, l: 3}}",
    "t": "{t: {variable: occupation, t: 0.6, distance: equal}}, "
    "{distinct-l: {variable: occupation, l: 2}}",
    "k-subsets": "{k-subsets: {size: 2, k: 10}}, {distinct-l: {variable: occupation, l: 2}}",
}


@pytest.mark.parametrize(("k", "loss"), [(5, 0.070), (10, 0.105)])
def test_local_recoding_publishes_every_record_and_the_attack_confirms_k(
    shared_data: Path, tmp_path: Path, k: int, loss: float
) -> None:
    rules = LOCAL.format(k=k, method="local-recoding")
    (output,) = check(catalog_with(tmp_path, shared_data, rules=rules), tmp_path / "home")[
        "outputs"
    ]
    assert (output["records"], output["suppressed_records"]) == (30162, 0)
    assert output["levels"] is None
    assert output["k"] >= k
    assert output["information_loss"]["granularity"] <= loss


def test_auto_takes_what_loses_least(shared_data: Path, tmp_path: Path) -> None:
    rules = "k: 5, max_suppressed_share: 0.02, loss: granularity, method: auto"
    roles = dict.fromkeys(COLUMNS[5:], "structural")
    catalog = catalog_with(tmp_path, shared_data, rules=rules, roles=roles)
    (output,) = check(catalog, tmp_path / "home")["outputs"]
    assert output["method"] == "local-recoding"


def test_blanks_in_five_columns_are_confirmed(shared_data: Path, tmp_path: Path) -> None:
    rules = LOCAL.format(k=5, method="local-suppression")
    roles = dict.fromkeys(COLUMNS[5:], "structural")
    catalog = catalog_with(tmp_path, shared_data, rules=rules, roles=roles)
    (output,) = check(catalog, tmp_path / "home")["outputs"]
    assert (output["records"], output["k"] >= 5) == (30162, True)
    assert output["suppressed_values"] <= 8_010


@pytest.mark.parametrize("method", ["global", "local-recoding", "local-suppression"])
@pytest.mark.parametrize("models", OF_OCCUPATION.values(), ids=OF_OCCUPATION.keys())
def test_the_attack_confirms_every_model_that_a_method_satisfies(
    shared_data: Path, tmp_path: Path, method: str, models: str
) -> None:
    rules = f"{LOCAL.format(k=5, method=method)}, models: [{models}]"
    roles = {
        "occupation": "sensitive-attribute",
        **dict.fromkeys(COLUMNS[5:7], "structural"),
        "salary-class": "structural",
    }
    catalog = catalog_with(tmp_path, shared_data, rules=rules, roles=roles)
    (output,) = check(catalog, tmp_path / "home")["outputs"]
    assert output["method"] == method
    assert output["k"] >= 5
