"""What every vault does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from clearance.adapters.keys import KeyRing
from clearance.adapters.vault import AgeVault
from clearance.candidate import pack
from clearance.content import whole
from clearance.errors import VaultError
from clearance.ports import Vault
from tests.elsewhere import Elsewhere
from tests.fakes import FakeVault
from tests.office import SURVEY, candidate


@pytest.fixture(params=["age", "fake"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    make: dict[str, Callable[[], Vault]] = {
        "age": lambda: AgeVault(tmp_path / "vault", KeyRing(tmp_path / "keys")),
        "fake": FakeVault,
    }
    return make[request.param]()


def test_what_was_sealed_is_opened_byte_for_byte(vault: Vault) -> None:
    made = candidate(data="age\n0-19\nü\n\x00")
    opened = vault.open(vault.seal(made))
    assert (opened.release, opened.manifest) == (made.release, made.manifest)
    assert dict(opened.files) == dict(made.files)


def test_stored_contents_are_opened_as_their_bytes_are(vault: Vault) -> None:
    data = b"age\n" + b"0-19\n" * 1000
    stored = pack(SURVEY, {"data/persons.csv": Elsewhere(data), "empty": Elsewhere(b"")})
    sealed = vault.seal(stored)
    assert sealed.manifest == pack(SURVEY, {"data/persons.csv": data, "empty": b""}).manifest
    assert whole(vault.open(sealed).files["data/persons.csv"]) == data


def test_a_stored_file_that_is_not_what_its_digest_says_is_refused(vault: Vault) -> None:
    stored = pack(SURVEY, {"data/persons.csv": Elsewhere(b"age\n")})
    other = {**stored.files, "data/persons.csv": Elsewhere(b"sex\n")}
    with pytest.raises(VaultError):
        vault.seal(replace(stored, files=other))


def test_a_candidate_is_found_by_its_manifest_digest(vault: Vault) -> None:
    sealed = vault.seal(candidate())
    assert vault.find(candidate().manifest.digest) == sealed
    assert (sealed.release, sealed.manifest) == (candidate().release, candidate().manifest)


def test_sealing_twice_is_sealing_once(vault: Vault) -> None:
    assert vault.seal(candidate()) == vault.seal(candidate())


def test_files_that_are_not_those_of_the_manifest_are_refused(vault: Vault) -> None:
    with pytest.raises(VaultError):
        vault.seal(replace(candidate(), files={"data/persons.csv": b"other"}))


def test_an_unknown_candidate_is_not_found(vault: Vault) -> None:
    with pytest.raises(VaultError):
        vault.find("0" * 64)


def test_a_disposed_candidate_is_gone_and_the_others_stay(vault: Vault) -> None:
    first, second = vault.seal(candidate()), vault.seal(candidate(data="age\n20-39\n"))
    vault.dispose(first)
    vault.dispose(first)
    with pytest.raises(VaultError):
        vault.find(first.manifest.digest)
    with pytest.raises(VaultError):
        vault.open(first)
    assert vault.open(second).manifest == second.manifest


def test_report_and_notes_are_kept_by_candidate_and_name(vault: Vault) -> None:
    digest, other = "1" * 64, "2" * 64
    vault.seal_report(digest, b"report")
    vault.seal_note(digest, "reason-1", b"reason")
    vault.seal_report(other, b"other report")
    assert vault.open_report(digest) == b"report"
    assert vault.open_note(digest, "reason-1") == b"reason"
    assert vault.open_report(other) == b"other report"
    with pytest.raises(VaultError):
        vault.open_note(other, "reason-1")


def test_a_report_is_replaced_by_a_newer_one(vault: Vault) -> None:
    vault.seal_report("1" * 64, b"old")
    vault.seal_report("1" * 64, b"new")
    assert vault.open_report("1" * 64) == b"new"


def test_a_salt_stays_and_is_another_one_elsewhere(vault: Vault) -> None:
    salt = vault.salt("1" * 64, "plan")
    assert len(salt) == 32
    assert vault.salt("1" * 64, "plan") == salt
    assert len({salt, vault.salt("1" * 64, "report"), vault.salt("2" * 64, "plan")}) == 3
