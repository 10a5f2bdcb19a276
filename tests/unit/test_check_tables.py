"""``clearance check`` on tables from the source: whose contributions are counted, and what is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.small_catalog import HEADER, SmallCatalog, csv_text, people, write

PLACES = ("Aford", "Beham", "Cester", "Dover")


def catalog(root: Path, *, households: list[str], amounts: list[str], **table: Any) -> SmallCatalog:
    """Two hundred people, fifty in each place, with a household and an amount each."""

    def plan(document: dict[str, Any]) -> None:
        document["units"] = {"person": "person_id", "household": "household_id"}
        document["variables"] |= {
            "household_id": {"role": "structural"},
            "amount": {"role": "attribute", "type": "integer", "reason": "as sums only"},
        }
        made = {"name": "t", "dimensions": ["place"], "measure": "count", "policy": "open"}
        document["outputs"] = [{"table": made | table}]

    def policy(document: dict[str, Any]) -> None:
        document["tables"]["concentration"] = {"file": "open.secret.yaml"}

    rows = [
        (*person, household, amount)
        for person, household, amount in zip(people(), households, amounts, strict=True)
    ]
    source = csv_text(rows, (*HEADER, "household_id", "amount"))
    made = write(root, plan=plan, policy=policy, source=source)
    (made.home / "policies").mkdir(parents=True)
    (made.home / "policies" / "open.secret.yaml").write_text("p_percent: 10\n")
    return made


ALONE = [f"H-{number}" for number in range(200)]
ONE_IN_AFORD = [f"H-{number}" if number % 4 else "H-0" for number in range(200)]
VARIED = [str(10 + number % 7) for number in range(200)]


def test_a_cell_of_one_household_is_not_safe_because_many_live_in_it(tmp_path: Path) -> None:
    checked = catalog(tmp_path, households=ONE_IN_AFORD, amounts=VARIED).check()
    assert checked.exit_code == 3
    assert "1 cells are safe as contributions of person_id and unsafe" in checked.messages


def test_a_holding_finer_than_a_unit_does_not_make_its_cells_safe(tmp_path: Path) -> None:
    made = catalog(
        tmp_path,
        households=ONE_IN_AFORD,
        amounts=VARIED,
        measure={"sum": "amount"},
        holding="name",
    )
    checked = made.check()
    assert checked.exit_code == 3
    assert "unsafe as those of person_id, household_id" in checked.messages


def test_the_coarsest_unit_as_holding_protects_the_finer_ones(tmp_path: Path) -> None:
    made = catalog(tmp_path, households=ONE_IN_AFORD, amounts=VARIED, holding="household_id")
    checked = made.check()
    assert checked.exit_code == 0, checked.terminal
    assert checked.answer["outputs"][0]["primary"] == 1


def test_units_of_several_kinds_that_are_all_many_are_no_reason_to_refuse(tmp_path: Path) -> None:
    checked = catalog(tmp_path, households=ALONE, amounts=VARIED).check()
    assert checked.exit_code == 0, checked.terminal


def test_the_sum_of_a_yes_or_no_variable_is_refused_as_the_count_it_is(tmp_path: Path) -> None:
    three = ["1" if number in (0, 4, 8) else "0" for number in range(200)]
    made = catalog(tmp_path, households=ALONE, amounts=three, measure={"sum": "amount"})
    checked = made.check()
    assert checked.exit_code == 3
    assert "its sums are counts" in checked.messages


def test_a_top_code_that_the_sums_do_not_have_is_said(tmp_path: Path) -> None:
    made = catalog(tmp_path, households=ALONE, amounts=VARIED, measure={"sum": "amount"})
    plan = made.catalog / "people" / "plan.yaml"
    plan.write_text(plan.read_text().replace("reason: as", "top_code: {value: 12}\n    reason: as"))
    checked = made.check()
    assert checked.exit_code == 0, checked.terminal
    assert "summed-as-it-is" in checked.rules


def test_a_dimension_that_the_microdata_do_not_show_leaves_its_total(tmp_path: Path) -> None:
    def plan(document: dict[str, Any]) -> None:
        table = {"name": "t", "dimensions": ["age", "place"], "measure": "count"}
        document["outputs"].append({"table": table | {"from": "persons", "policy": "open"}})

    def policy(document: dict[str, Any]) -> None:
        document["microdata"]["max_suppressed_share"] = 0

    checked = write(tmp_path, plan=plan, policy=policy, source=csv_text(people(12))).check(
        "--out", str(tmp_path / "out")
    )
    assert checked.exit_code == 0, checked.terminal
    assert checked.answer["outputs"][0]["levels"] == {"age": 3, "place": 1}
    cells = (tmp_path / "out/candidate/data/t.csv").read_text().splitlines()
    assert cells[1:] == ["_T,North,6,", "_T,South,6,", "_T,_T,12,"]
