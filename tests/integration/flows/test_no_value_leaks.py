"""Canaries: distinctive values in every column, and where they must never be found again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from clearance.adapters.prefect_server import PrefectServer
from tests.flow_harness import DATASET, FlowOffice, open_flow_office, write_schema
from tests.published_parquet import parquet_rows
from tests.small_catalog import csv_text

pytestmark = pytest.mark.integration

HEADER = ("person_id", "member", "name", "contact", "email", "income", "place", "health", "fee")
PLACES = ("Quorndon", "Wexcombe", "Zelford", "Yarnholm")
LONELY = "Umbrage"
HIERARCHY = (
    "Quorndon;north;*\nWexcombe;north;*\nUmbrage;north;*\nZelford;south;*\nYarnholm;south;*\n"
)
SUPPRESSED = 3
"""People of a small place, with incomes like nobody else's and an illness of their own."""


def record(number: int, *, income: int, place: str, health: str) -> Sequence[str]:
    return (
        f"IdCanary{number:04}x",
        f"MemberCanary{number:04}x",
        f"Namecanary{number:04}x Surnamecanary",
        f"Contactcanary{number:04}x",
        f"mailcanary{number:04}@example.org",
        str(income),
        place,
        health,
        str(731_000_017 + number % 40 * 1009),
    )


def records() -> list[Sequence[str]]:
    usual = [
        record(
            number,
            income=100_000_007 + number * 1_234_567 % 300_000_000,
            place=PLACES[number % 4],
            health=("good", "fair", "poor")[number * 5 % 3],
        )
        for number in range(200)
    ]
    odd = [
        record(900 + number, income=987_654_300 + number, place=LONELY, health="illnesscanary")
        for number in range(SUPPRESSED)
    ]
    return [*usual, *odd]


def canaries(rows: Iterable[Sequence[str]]) -> set[bytes]:
    """Every value that must not come out: all but the three states of health."""
    fees = sum(int(row[-1]) for row in rows if row[6] == LONELY)
    values = {value for row in rows for value in row} - {"good", "fair", "poor"}
    return {value.encode() for value in (*values, "Surnamecanary", str(fees))}


def microdata(plan: dict[str, Any]) -> None:
    plan["variables"] = {
        "person_id": {"role": "structural"},
        "member": {"role": "direct-identifier", "treatment": "pseudonym"},
        "name": {"role": "direct-identifier"},
        "contact": {"role": "direct-identifier", "treatment": "fake"},
        "email": {"role": "direct-identifier"},
        "income": {
            "role": "quasi-identifier",
            "type": "integer",
            "hierarchy": {"intervals": [100_000_000, 200_000_000]},
        },
        "place": {"role": "quasi-identifier", "hierarchy": "places.csv"},
        "health": {"role": "sensitive-attribute"},
        "fee": {"role": "structural", "type": "integer"},
    }
    table = {
        "name": "by-income-and-place",
        "dimensions": ["income", "place"],
        "measure": "count",
        "from": "persons",
        "policy": "open",
    }
    plan["outputs"].append({"table": table})


def sums(plan: dict[str, Any]) -> None:
    microdata(plan)
    plan["variables"]["member"] = plan["variables"]["contact"] = {"role": "structural"}
    plan["variables"]["fee"] = {
        "role": "attribute",
        "type": "integer",
        "reason": "published as sums only",
    }
    table = {
        "name": "fees-by-place",
        "dimensions": ["place"],
        "measure": {"sum": "fee"},
        "policy": "open",
    }
    plan["outputs"] = [{"table": table}]


def concentrated(policy: dict[str, Any]) -> None:
    policy["tables"]["concentration"] = {"file": "open.secret.yaml"}


@pytest.fixture
def varied(
    tmp_path: Path, prefect: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    def opened(plan: Any, rows: Sequence[Sequence[str]], places: str = HIERARCHY) -> FlowOffice:
        source = csv_text(rows, HEADER)
        office = open_flow_office(
            tmp_path,
            prefect,
            monkeypatch,
            plan=plan,
            policy=concentrated,
            source=source,
            places=places,
        )
        (office.settings.home.policies / "open.secret.yaml").write_text("p_percent: 10\n")
        return office

    yield opened


@pytest.mark.parametrize("plan", [microdata, sums])
def test_a_release_leaks_no_value(
    varied: Any, prefect: PrefectServer, capfd: pytest.CaptureFixture[str], plan: Any
) -> None:
    rows = records()
    office = varied(plan, rows)
    write_schema(office)
    office.approved()
    assert "published" in office.publish()
    assert_not_found(canaries(rows), beside(office, prefect, capfd))
    shown = {place.encode() for place in (*PLACES, *([LONELY] if plan is sums else []))}
    assert_not_found(canaries(rows) - shown, decompressed(office))


def test_a_source_that_does_not_parse_leaks_no_value(
    varied: Any, prefect: PrefectServer, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [*records()[:-1], (*records()[-1][:5], "incomecanary-nonumber", *records()[-1][6:])]
    office = varied(microdata, rows)
    assert office.run(office.trigger()) == "Failed"
    assert_not_found(canaries(rows), beside(office, prefect, capfd))


def test_a_leaf_that_no_hierarchy_knows_leaks_no_value(
    varied: Any, prefect: PrefectServer, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = records()
    office = varied(microdata, rows, "".join(HIERARCHY.splitlines(keepends=True)[1:]))
    run = office.trigger()
    assert office.run(run) == "Failed"
    assert "PlanError" in office.api.state(run).message
    assert_not_found(canaries(rows), beside(office, prefect, capfd))


def test_an_error_that_nobody_foresaw_leaks_no_value(
    varied: Any,
    prefect: PrefectServer,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = records()
    office = varied(microdata, rows)

    def fails(*_: object, **__: object) -> None:
        try:
            raise KeyError(rows[0][2])
        except KeyError as cause:
            raise ValueError(f"could not convert {rows[0][0]}") from cause

    monkeypatch.setattr("clearance.adapters.release_run.prepare_release", fails)
    run = office.trigger()
    assert office.run(run) == "Failed"
    assert "unexpected ValueError" in office.api.state(run).message
    assert_not_found(canaries(rows), beside(office, prefect, capfd))


def test_the_search_would_find_a_canary(varied: Any, prefect: PrefectServer) -> None:
    office = varied(microdata, records())
    source = office.catalog.source.read_bytes()
    with pytest.raises(AssertionError):
        assert_not_found(canaries(records()), {"source": source})
    with pytest.raises(AssertionError):
        assert_not_found({DATASET.encode()}, folder(prefect.folder))


def beside(
    office: FlowOffice, prefect: PrefectServer, capfd: pytest.CaptureFixture[str]
) -> dict[str, bytes]:
    """All that Prefect and the ledger keep, and what the terminal saw."""
    from prefect.logging.handlers import APILogHandler

    APILogHandler().flush()
    seen = capfd.readouterr()
    home = office.settings.home
    ledger = {path.name: path.read_bytes() for path in home.path.glob("ledger.db*")}
    assert ledger
    return {
        **folder(prefect.folder),
        **ledger,
        "terminal": (seen.out + seen.err + "".join(office.printed)).encode(),
    }


def folder(path: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def decompressed(office: FlowOffice) -> dict[str, bytes]:
    """The public files, with Parquet as the text of its columns and of its metadata."""
    public = office.public
    assert public
    for name, content in list(public.items()):
        if name.endswith(".parquet"):
            public[f"{name} as text"] = parquet_rows(content).to_csv().encode()
    return public


def assert_not_found(values: set[bytes], places: dict[str, bytes]) -> None:
    leaks = {
        (name, value) for name, content in places.items() for value in values if value in content
    }
    assert not leaks
