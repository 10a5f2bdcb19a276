"""``clearance check`` on a releasable dataset: what it prints, writes and leaves alone."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.small_catalog import csv_text, people, write

from clearance.cli import main

KEYS = {
    "dataset",
    "release",
    "releasable",
    "compared_releases",
    "findings",
    "outputs",
    "seconds",
}


def test_the_json_has_the_keys_of_the_contract(tmp_path: Path) -> None:
    checked = write(tmp_path).check()
    assert checked.exit_code == 0, checked.terminal
    assert set(checked.answer) == KEYS
    assert checked.answer["release"] == "people/2026/1"
    assert checked.answer["compared_releases"] == 0
    assert set(checked.answer["seconds"]) == {
        "read",
        "classify",
        "protect",
        "validate",
        "pack",
        "attack",
    }
    (output,) = checked.answer["outputs"]
    assert output["file"] == "data/persons.csv"
    assert output["records"] + output["suppressed_records"] == 200
    assert output["k"] >= 5
    assert set(output["information_loss"]) == {"granularity", "entropy_bits"}


def test_a_dry_run_leaves_no_ledger_and_no_vault(tmp_path: Path) -> None:
    catalog = write(tmp_path)
    assert catalog.check().exit_code == 0
    assert not catalog.home.exists()


def test_a_missing_schema_warns_and_is_drafted(tmp_path: Path) -> None:
    catalog = write(tmp_path)
    checked = catalog.check("--out", str(tmp_path / "out"))
    assert "schema-missing" in checked.rules
    draft = tmp_path / "out" / "people.schema.json"
    assert draft.is_file()
    draft.rename(tmp_path / "schemas" / "datasets" / "people.schema.json")
    assert "schema-missing" not in catalog.check().rules


def test_what_is_written_is_for_its_owner_only(tmp_path: Path) -> None:
    write(tmp_path).check("--out", str(tmp_path / "out"))
    written = [tmp_path / "out", *(tmp_path / "out").rglob("*")]
    assert len(written) > 10
    assert all(path.stat().st_mode & 0o077 == 0 for path in written)


def test_direct_identifiers_and_structural_columns_are_not_published(tmp_path: Path) -> None:
    write(tmp_path).check("--out", str(tmp_path / "out"))
    with (tmp_path / "out/candidate/data/persons.csv").open() as lines:
        assert next(csv.reader(lines)) == ["age", "place", "health"]
    for path in (tmp_path / "out/candidate").rglob("*"):
        assert path.is_dir() or b"Canary" not in path.read_bytes()


def test_any_order_of_the_records_gives_the_same_bytes(tmp_path: Path) -> None:
    rows = people()
    shuffled = random.Random(1).sample(rows, len(rows))
    for name, order in {"one": rows, "two": shuffled}.items():
        (tmp_path / name).mkdir()
        write(tmp_path / name, source=csv_text(order)).check("--out", str(tmp_path / name / "out"))
    one, two = (
        {
            str(path.relative_to(tmp_path / name)): path.read_bytes()
            for path in (tmp_path / name / "out" / "candidate").rglob("*")
            if path.is_file()
        }
        for name in ("one", "two")
    )
    assert one == two


def test_a_table_of_the_published_microdata_adds_up_to_them(tmp_path: Path) -> None:
    table = {
        "name": "by-place",
        "dimensions": ["place"],
        "measure": "count",
        "from": "persons",
        "policy": "open",
    }
    catalog = write(tmp_path, plan=lambda plan: plan["outputs"].append({"table": table}))
    checked = catalog.check("--out", str(tmp_path / "out"))
    assert checked.exit_code == 0, checked.terminal
    microdata, cells = checked.answer["outputs"]
    with (tmp_path / "out/candidate/data/by-place.csv").open() as lines:
        counts = {row["place"]: row["count"] for row in csv.DictReader(lines)}
    assert int(counts["_T"]) == microdata["records"]
    assert cells["attack"] == {"attacked": 0, "exposed": 0}


def test_a_table_from_the_source_hides_what_is_unsafe(tmp_path: Path) -> None:
    def only_a_table(plan: dict) -> None:
        plan["outputs"] = [
            {
                "table": {
                    "name": "by-place-and-age",
                    "dimensions": ["place", "age"],
                    "measure": "count",
                    "policy": "open",
                }
            }
        ]

    catalog = write(tmp_path, plan=only_a_table, source=csv_text(people(190)))
    checked = catalog.check("--out", str(tmp_path / "out"))
    assert checked.exit_code == 0, checked.terminal
    (cells,) = checked.answer["outputs"]
    assert cells["primary"] > 0
    assert cells["attack"]["attacked"] == cells["primary"] + cells["secondary"]
    assert cells["attack"]["exposed"] == 0
    with (tmp_path / "out/candidate/data/by-place-and-age.csv").open() as lines:
        shown = [int(row["count"]) for row in csv.DictReader(lines) if row["count"]]
    assert all(count == 0 or count >= 5 for count in shown)


def test_the_drafted_schema_lists_no_pseudonym(tmp_path: Path) -> None:
    def named(plan: dict) -> None:
        plan["variables"]["name"]["treatment"] = "pseudonym"

    few = csv_text([(*row[:2], "30", *row[3:]) for row in people(40)])
    checked = write(tmp_path, plan=named, source=few).check("--out", str(tmp_path / "out"))
    assert checked.exit_code == 0, checked.terminal
    draft = json.loads((tmp_path / "out" / "people.schema.json").read_text())
    record = draft["properties"]["persons"]["items"]["properties"]
    assert record["name"] == {"type": "string"}
    assert record["health"] == {"enum": ["fair", "good", "poor"]}


def test_the_column_of_a_unit_may_have_any_name(tmp_path: Path) -> None:
    def visits_by_class(plan: dict) -> None:
        plan["variables"]["class"] = plan["variables"].pop("person_id")
        plan["units"] = {"person": "class"}

    header = ("class", "name", "age", "place", "health")
    twice = csv_text([*people(), *people()[:40]], header)
    checked = write(tmp_path, plan=visits_by_class, source=twice).check()
    assert checked.exit_code == 0, checked.terminal


def test_a_second_check_leaves_no_file_of_the_first(tmp_path: Path) -> None:
    out = tmp_path / "out"
    catalog = write(tmp_path)
    catalog.check("--out", str(out))
    (out / "candidate" / "data" / "renamed.csv").write_text("of an earlier plan")
    catalog.check("--out", str(out))
    assert not (out / "candidate" / "data" / "renamed.csv").exists()


def test_the_command_ends_with_the_code_of_its_verb(tmp_path: Path) -> None:
    catalog = write(tmp_path)
    (tmp_path / "schemas" / "datasets" / "people.schema.json").write_text('{"properties": {}}')
    environment = {
        **os.environ,
        "CLEARANCE_HOME": str(catalog.home),
        "CLEARANCE_CATALOG": str(catalog.catalog),
    }
    command = [sys.executable, "-c", "from clearance.cli import main; main()", "check", "people"]
    for more in ([], ["--json"]):
        done = subprocess.run(
            [*command, *more], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 3, done.stderr


def test_a_column_that_says_nothing_any_more_is_told(tmp_path: Path) -> None:
    checked = write(tmp_path, source=csv_text(people(12))).check()
    hidden = [each for each in checked.answer["findings"] if each["rule"] == "column-not-shown"]
    assert [each["severity"] for each in hidden] == ["warn"] * len(hidden)
    assert hidden


def test_what_nobody_foresaw_is_told_by_its_kind_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise ValueError("could not convert Canary Surname7")

    monkeypatch.setattr("clearance.road.classify", breaks)
    catalog = write(tmp_path)
    checked = catalog.check("--out", str(tmp_path / "out"))
    assert checked.exit_code == 1
    assert checked.rules == {"UnexpectedError"}
    assert "Canary" not in checked.terminal
    noted = tmp_path / "out" / "private" / "people-unexpected.txt"
    assert "Canary Surname7" in noted.read_text()
    assert noted.stat().st_mode & 0o777 == 0o600


def test_no_verb_prints_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise KeyError("Canary Surname7")

    monkeypatch.setenv("CLEARANCE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("clearance.cli.cli", breaks)
    with pytest.raises(SystemExit) as ended:
        main()
    shown = capsys.readouterr()
    assert ended.value.code == 1
    assert "unexpected KeyError" in shown.err
    assert "Canary" not in shown.out + shown.err
