"""``clearance check`` refuses what it must, each with its exit code, and quotes no value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.small_catalog import HEADER, PLACES, Change, csv_text, people, write


def plan_with(**keys: Any) -> Change:
    return lambda plan: plan.update(keys)


def variable(name: str, **keys: Any) -> Change:
    return lambda plan: plan["variables"].update({name: keys})


def microdata(**keys: Any) -> Change:
    return lambda policy: policy["microdata"].update(keys)


def table(**keys: Any) -> Change:
    made = {"name": "t", "dimensions": ["age"], "measure": "count", "policy": "open", **keys}
    return lambda plan: plan["outputs"].append({"table": made})


PLAN_REFUSALS = {
    "an unknown key": (plan_with(colour="red"), "unknown key 'colour'"),
    "security material": (plan_with(material="security"), "no path to a portal"),
    "a policy document without a date": (plan_with(material="policy-document"), "not_before"),
    "an attribute without a reason": (variable("health", role="attribute"), "written reason"),
    "a plan that names an absent column": (variable("gone", role="structural"), "does not have"),
    "both kinds of output from one source": (table(), "from: persons"),
    "a sensitive dimension": (table(dimensions=["health"], **{"from": "persons"}), "group"),
    "an output without its policy": (
        lambda plan: plan["outputs"][0]["microdata"].update(policy="absent"),
        "no policy 'absent'",
    ),
    "an unclassified column": (lambda plan: plan["variables"].pop("name"), "no role"),
    "a name declared a quasi-identifier": (
        variable("name", role="quasi-identifier"),
        "people's names",
    ),
}


@pytest.mark.parametrize(("change", "told"), PLAN_REFUSALS.values(), ids=PLAN_REFUSALS.keys())
def test_a_plan_is_refused_with_exit_code_2(tmp_path: Path, change: Change, told: str) -> None:
    checked = write(tmp_path, plan=change).check()
    assert checked.exit_code == 2
    assert told in checked.messages
    assert not checked.answer["releasable"]


POLICY_REFUSALS = {
    "k below the floor": (microdata(k=2), "at least 3"),
    "a sensitive attribute without a model": (microdata(models=[]), "needs a model"),
    "a limit that lets everything go": (microdata(max_suppressed_share=1), "everything"),
    "a policy without the section": (lambda policy: policy.pop("microdata"), "'microdata'"),
    "an unknown method": (microdata(method="hope"), "expected one of 'global'"),
    "signatures": (lambda policy: policy["review"].update(assurance="signature"), "not supported"),
}


@pytest.mark.parametrize(("change", "told"), POLICY_REFUSALS.values(), ids=POLICY_REFUSALS.keys())
def test_a_policy_is_refused_with_exit_code_2(tmp_path: Path, change: Change, told: str) -> None:
    checked = write(tmp_path, policy=change).check()
    assert checked.exit_code == 2
    assert told in checked.messages


def test_material_that_is_not_personal_keeps_protection_on(tmp_path: Path) -> None:
    catalog = write(tmp_path, plan=plan_with(material="non-personal"), policy=microdata(models=[]))
    checked = catalog.check()
    assert checked.exit_code == 2
    assert "needs a model" in checked.messages


INPUT_REFUSALS = {
    "empty": (b"", "is empty"),
    "a header and nothing else": (b"person_id,name,age,place,health\n", "no records"),
    "not UTF-8": (
        "person_id,name,age,place,health\n1,J\xf6rg,30,Aford,good\n".encode("latin-1"),
        "UTF-8",
    ),
    "ragged": (b"person_id,name,age,place,health\n1,Canary,30\n", "do not fit"),
    "a column twice": (b"person_id,name,age,place,age\n1,Canary,30,Aford,31\n", "stand twice"),
    "a value of another type": (
        csv_text([*people(), ("P-9", "Canary Nine", "SECRET", "Aford", "good")]).encode(),
        "1 distinct values are no integer",
    ),
}


@pytest.mark.parametrize(("content", "told"), INPUT_REFUSALS.values(), ids=INPUT_REFUSALS.keys())
def test_an_input_is_refused_with_exit_code_4(tmp_path: Path, content: bytes, told: str) -> None:
    checked = write(tmp_path, source=content).check()
    assert checked.exit_code == 4
    assert told in checked.messages
    assert "Canary" not in checked.terminal
    assert "SECRET" not in checked.terminal


def test_a_missing_source_is_refused_with_exit_code_4(tmp_path: Path) -> None:
    catalog = write(tmp_path)
    catalog.source.unlink()
    checked = catalog.check()
    assert checked.exit_code == 4
    assert "there is no file" in checked.messages


def test_a_hierarchy_that_misses_a_leaf_names_a_private_file_and_no_value(tmp_path: Path) -> None:
    catalog = write(tmp_path, places=PLACES.replace("Dover;South;*\n", ""))
    checked = catalog.check()
    assert checked.exit_code == 2
    assert "1 distinct values of the column are no leaf" in checked.messages
    assert "Dover" not in checked.terminal
    noted = catalog.home / "private" / "people-place-no-leaf.txt"
    assert noted.read_text() == "Dover\n"
    assert noted.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["../../../outside", "a/b", "x" * 300])
def test_the_private_file_stays_in_its_folder_whatever_the_column_is_called(
    tmp_path: Path, name: str
) -> None:
    source = csv_text([(*row, "SECRET") for row in people(20)], (*HEADER, name))
    asked = variable(name, role="attribute", type="integer", reason="known to nobody")
    catalog = write(tmp_path, plan=asked, source=source)
    assert catalog.check().exit_code == 4
    (noted,) = tmp_path.rglob("people-*.txt")
    assert noted.parent == catalog.home / "private"


def test_a_source_without_a_header_is_refused_and_not_quoted(tmp_path: Path) -> None:
    checked = write(tmp_path, source=csv_text(people()[1:], people()[0])).check()
    assert checked.exit_code == 2
    assert "give the source a header line" in checked.messages
    assert "Canary" not in checked.terminal


def test_k_that_cannot_be_reached_is_a_disclosure_risk(tmp_path: Path) -> None:
    checked = write(tmp_path, source=csv_text(people(4))).check()
    assert checked.exit_code == 3
    assert "4" in checked.messages


def test_an_unknown_dataset_names_those_there_are(tmp_path: Path) -> None:
    catalog = write(tmp_path)
    (catalog.catalog / "people").rename(catalog.catalog / "persons")
    checked = catalog.check()
    assert checked.exit_code == 2
    assert "it has: persons" in checked.messages


def test_one_source_under_two_plans_is_refused(tmp_path: Path) -> None:
    catalog = write(tmp_path)
    other = catalog.catalog / "others"
    other.mkdir()
    plan = (catalog.catalog / "people" / "plan.yaml").read_text()
    (other / "plan.yaml").write_text(plan.replace("path: people.csv", "path: ../people/people.csv"))
    checked = catalog.check()
    assert checked.exit_code == 3
    assert "shared-source" in checked.rules
