"""The catalog on disk: what is missing, broken or shared is told with its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.small_catalog import PLACES, PLAN, SmallCatalog, write

from clearance.adapters.catalog import CatalogEntry, datasets, load, load_plan
from clearance.adapters.files import FileSource
from clearance.errors import InputError, PlanError, PolicyError
from clearance.policy import Concentration


def entry(office: SmallCatalog, dataset: str = "people") -> CatalogEntry:
    return load(
        office.catalog, dataset, private_policies=office.root / "private", sources=FileSource()
    )


def schema_file(office: SmallCatalog) -> Path:
    return office.root / "schemas" / "datasets" / "people.schema.json"


def test_an_entry_has_everything_parsed_and_the_bytes_that_were_written(tmp_path: Path) -> None:
    office = write(tmp_path)
    loaded = entry(office)
    assert loaded.plan.dataset == "people"
    assert set(loaded.policies) == {"open"}
    assert loaded.plan_bytes == (office.catalog / "people" / "plan.yaml").read_bytes()
    assert loaded.policy_bytes == (office.catalog / "policies" / "open.yaml").read_bytes()
    assert loaded.hierarchy_rows == {"place": [line.split(";") for line in PLACES.splitlines()]}
    assert loaded.source.path.resolve() == office.source.resolve()
    assert loaded.schema is None
    assert loaded.shares_source_with == ()


def test_datasets_are_folders_with_a_plan(tmp_path: Path) -> None:
    assert datasets(write(tmp_path).catalog) == ("people",)


@pytest.mark.parametrize("dataset", ["gone", "..", ".", "../catalog/people", "policies", ""])
def test_an_unknown_dataset_is_told_with_those_that_are_there(tmp_path: Path, dataset: str) -> None:
    with pytest.raises(PlanError, match="it has: people"):
        load_plan(write(tmp_path).catalog, dataset)


def test_a_missing_catalog_is_told_with_the_way_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="clearance init"):
        load_plan(tmp_path / "gone", "people")


def test_a_folder_that_is_no_id_is_refused(tmp_path: Path) -> None:
    office = write(tmp_path)
    (office.catalog / "people").rename(office.catalog / "My People")
    with pytest.raises(PlanError, match="the dataset's folder"):
        load_plan(office.catalog, "My People")


def replaced(name: str, content: bytes | None) -> Callable[[SmallCatalog], None]:
    def change(office: SmallCatalog) -> None:
        path = office.catalog / name
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)

    return change


BROKEN = {
    "a plan that is not UTF-8": (
        replaced("people/plan.yaml", b"title: \xff"),
        PlanError,
        "people/plan.yaml: is not UTF-8",
    ),
    "a plan with a key twice": (
        replaced("people/plan.yaml", b"format: 1\nformat: 1"),
        PlanError,
        "people/plan.yaml: line 2: key 'format' stands twice",
    ),
    "a policy that is not there": (
        replaced("policies/open.yaml", None),
        PolicyError,
        "there is no policy 'open'",
    ),
    "a policy that is not UTF-8": (
        replaced("policies/open.yaml", b"\xff"),
        PolicyError,
        "policies/open.yaml: is not UTF-8",
    ),
    "a hierarchy that is not there": (
        replaced("people/places.csv", None),
        PlanError,
        "hierarchy places.csv: there is no such file",
    ),
    "a hierarchy that is empty": (
        replaced("people/places.csv", b"\n"),
        PlanError,
        "hierarchy places.csv: is empty",
    ),
    "a hierarchy that is not UTF-8": (
        replaced("people/places.csv", b"\xff;x"),
        PlanError,
        "places.csv: is not UTF-8",
    ),
    "a hierarchy whose quotes are not closed": (
        replaced("people/places.csv", b'"Canary;x\ny;z\n'),
        PlanError,
        "hierarchy places.csv: quotes are not closed",
    ),
    "a source that is not there": (replaced("people/people.csv", None), InputError, "source.path"),
}


@pytest.mark.parametrize(("change", "error", "told"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_told_with_its_file(
    tmp_path: Path, change: Callable[[SmallCatalog], None], error: type[Exception], told: str
) -> None:
    office = write(tmp_path)
    change(office)
    with pytest.raises(error) as refused:
        entry(office)
    assert told in str(refused.value)
    assert "Canary" not in str(refused.value)


def test_a_policy_has_the_name_of_its_file(tmp_path: Path) -> None:
    office = write(tmp_path, policy=lambda policy: policy.update(id="other"))
    with pytest.raises(PolicyError, match="expected 'open', the name of the file"):
        entry(office)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A;X\nB;X\n", [["A", "X"], ["B", "X"]]),
        ("A,X\nB,X\n", [["A", "X"], ["B", "X"]]),
        ("A\tX\n", [["A", "X"]]),
        ("\ufeffA;X\r\nB;X\r\n", [["A", "X"], ["B", "X"]]),
        ('"A, B";X\n', [["A, B", "X"]]),
        ('"A\nB";X\n', [["A\nB", "X"]]),
        ("A\u2028B;X\n", [["A\u2028B", "X"]]),
        ("A;X\n\nB;X\n", [["A", "X"], ["B", "X"]]),
    ],
)
def test_the_rows_of_a_hierarchy(tmp_path: Path, text: str, expected: list[list[str]]) -> None:
    assert entry(write(tmp_path, places=text)).hierarchy_rows["place"] == expected


# ---------------------------------------------------------------- the dataset's schema


def test_the_datasets_schema_lies_beside_the_catalog(tmp_path: Path) -> None:
    office = write(tmp_path)
    schema_file(office).write_text('{"type": "object"}')
    assert entry(office).schema == {"type": "object"}


@pytest.mark.parametrize(
    "text", ['{"type": "person"}', '{"type": 5}', "[]", "true", '{"a": 1, "a": 2}', "{", '"x"']
)
def test_what_is_no_schema_is_refused(tmp_path: Path, text: str) -> None:
    office = write(tmp_path)
    schema_file(office).write_text(text)
    with pytest.raises(PlanError, match=r"schemas/datasets/people\.schema\.json"):
        entry(office)


# ---------------------------------------------------------------- secret parts


def sums(plan: dict[str, Any]) -> None:
    plan["variables"]["income"] = {"role": "attribute", "type": "number", "reason": "sums only"}
    table = {"name": "t", "dimensions": ["place"], "measure": {"sum": "income"}, "policy": "open"}
    plan["outputs"] = [{"table": table}]


def secretive(root: Path) -> SmallCatalog:
    return write(
        root,
        plan=sums,
        policy=lambda policy: policy["tables"].update(concentration={"file": "open.secret.yaml"}),
    )


def test_a_secret_part_is_read_from_the_private_folder(tmp_path: Path) -> None:
    office = secretive(tmp_path)
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "open.secret.yaml").write_text("p_percent: 10")
    loaded = entry(office)
    assert loaded.concentration == {"open": Concentration(p_percent=10)}


def test_an_approval_binds_the_secret_part_too(tmp_path: Path) -> None:
    office = secretive(tmp_path)
    secret = tmp_path / "private" / "open.secret.yaml"
    secret.parent.mkdir()
    secret.write_text("p_percent: 10")
    before = entry(office).policy_bytes
    secret.write_text("p_percent: 20")
    assert entry(office).policy_bytes != before


def test_a_missing_secret_part_is_told(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="the methodologist puts open"):
        entry(secretive(tmp_path))


@pytest.mark.parametrize("content", [b"p_percent: 987", b"987", b"\xff987", b"p_percent: [987"])
def test_a_broken_secret_part_is_refused_and_not_repeated(tmp_path: Path, content: bytes) -> None:
    office = secretive(tmp_path)
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "open.secret.yaml").write_bytes(content)
    with pytest.raises(PolicyError) as refused:
        entry(office)
    assert "987" not in str(refused.value)


# ---------------------------------------------------------------- one source under two plans


@pytest.mark.parametrize(
    ("path", "shared"),
    [
        ("../people/people.csv", ("other",)),
        ("../other/../people/people.csv", ("other",)),
        ("link.csv", ("other",)),
        ("other.csv", ()),
    ],
)
def test_plans_that_read_the_same_file_are_found(
    tmp_path: Path, path: str, shared: tuple[str, ...]
) -> None:
    office = write(tmp_path)
    other = office.catalog / "other"
    other.mkdir()
    (other / "plan.yaml").write_text(yaml.safe_dump(PLAN | {"source": {"path": path}}))
    (other / "link.csv").symlink_to(office.source)
    assert entry(office).shares_source_with == shared


def test_an_absolute_path_to_the_same_file_is_found(tmp_path: Path) -> None:
    office = write(tmp_path)
    (office.catalog / "other").mkdir()
    source = {"source": {"path": str(office.source.resolve())}}
    (office.catalog / "other" / "plan.yaml").write_text(yaml.safe_dump(PLAN | source))
    assert entry(office).shares_source_with == ("other",)
