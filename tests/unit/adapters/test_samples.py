"""The sample datasets: real records, made-up identities, the same files for everybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.home_office import open_office

from clearance.adapters import demonstration
from clearance.adapters.catalog import datasets, load
from clearance.adapters.demonstration import REVIEWERS, set_up
from clearance.adapters.files import FileSource
from clearance.adapters.people import People
from clearance.adapters.samples import SECRET_POLICY, election_study, health_insurance, lay_out
from clearance.adapters.settings import Home, open_home
from clearance.errors import OperatorError, ReviewError


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(Home(tmp_path / "home"))


def test_every_sample_can_be_loaded_as_it_is_laid_out(home: Home) -> None:
    catalog = lay_out(home.path, policies=home.policies)
    assert datasets(catalog) == tuple(sorted(REVIEWERS))
    for dataset in datasets(catalog):
        entry = load(catalog, dataset, private_policies=home.policies, sources=FileSource())
        assert entry.schema is not None
        assert "public domain" in entry.plan.description
        assert entry.plan.steward == demonstration.STEWARD


def test_the_packaged_catalog_holds_no_data_and_no_secret() -> None:
    import clearance.catalog

    (folder,) = map(Path, clearance.catalog.__path__)
    names = [path.name for path in folder.rglob("*") if path.is_file()]
    assert SECRET_POLICY not in names
    assert not {"election_study.csv", "health_insurance.csv"} & set(names)


def test_everybody_gets_the_same_records() -> None:
    assert election_study().equals(election_study())
    assert health_insurance().equals(health_insurance())


def test_a_made_up_name_stands_for_one_person() -> None:
    study = election_study()
    assert len(study) == 944
    assert study["name"].is_unique
    assert study["email"].is_unique
    assert study["respondent_id"].is_unique
    assert study["email"].str.endswith("@example.org").all()


def test_nobody_takes_part_in_the_health_study_for_more_than_five_years() -> None:
    study = health_insurance()
    assert len(study) == 20190
    assert study.groupby("person_id").size().max() == 5
    assert (study.groupby("person_id")["practice_id"].nunique() == 1).all()


def test_laying_out_again_keeps_the_secret_policy(home: Home) -> None:
    lay_out(home.path, policies=home.policies)
    secret = (home.policies / SECRET_POLICY).read_bytes()
    lay_out(home.path, policies=home.policies)
    assert (home.policies / SECRET_POLICY).read_bytes() == secret


def test_a_demonstration_home_is_marked_and_has_sample_people(tmp_path: Path) -> None:
    settings = set_up(tmp_path / "demo", portal_url="folder:anywhere")
    assert settings.home.demonstration
    assert settings.portal_url == f"folder:{tmp_path}/demo/portal"
    names = {person.name for person in People(settings.home).all()}
    assert names == {demonstration.STEWARD, *REVIEWERS.values()}
    assert set_up(tmp_path / "demo", portal_url="folder:anywhere") == settings


def test_no_demonstration_where_the_environment_names_a_real_portal(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="to a folder only"):
        set_up(tmp_path / "demo", portal_url="https://data.example.org")
    assert not (tmp_path / "demo").exists()


def test_no_demonstration_in_a_home_that_is_in_use(home: Home) -> None:
    People(home).enrol("somebody", ["steward"])
    with pytest.raises(OperatorError, match="is in use"):
        set_up(home.path, portal_url="folder:anywhere")
    assert not home.demonstration


def test_nobody_approves_unattended_outside_of_a_demonstration(tmp_path: Path) -> None:
    office = open_office(tmp_path / "home")
    settings = office.here.settings
    (settings.home.path / "demonstration").unlink()
    with (
        pytest.raises(ReviewError, match="no demonstration home"),
        demonstration.demonstration_office(settings),
    ):
        pass


def test_nobody_approves_unattended_for_another_portal(tmp_path: Path) -> None:
    from dataclasses import replace

    settings = open_office(tmp_path / "home").here.settings
    elsewhere = replace(settings, portal_url="https://data.example.org")
    with (
        pytest.raises(ReviewError, match="folder portal in its own home only"),
        demonstration.demonstration_office(elsewhere),
    ):
        pass
