"""What lies in vault, memory and key folders: nothing readable, nothing half, nothing shared."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from tests.fakes import FakeClock, FakeLedger
from tests.office import NOON, SURVEY, candidate

from clearance.adapters.keys import KeyRing, pseudonym_key, write_private
from clearance.adapters.memory import SealedMemory
from clearance.adapters.sealed_files import (
    archive,
    encrypt,
    generate_identity,
    open_files,
    seal_files,
)
from clearance.adapters.stored import PrivateFolder
from clearance.adapters.vault import AgeVault
from clearance.candidate import ReleaseId
from clearance.errors import MemoryMissingError, VaultError


def vault_in(folder: Path) -> AgeVault:
    return AgeVault(folder / "vault", KeyRing(folder / "keys"))


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def filled(folder: Path) -> AgeVault:
    vault = vault_in(folder)
    sealed = vault.seal(candidate(data="name\nMbeki-Canary\n"))
    vault.seal_report(sealed.manifest.digest, b"Mbeki-Canary")
    vault.salt(sealed.manifest.digest, "plan")
    return vault


def test_nothing_in_the_vault_can_be_read_without_its_key(tmp_path: Path) -> None:
    filled(tmp_path)
    for file in files_below(tmp_path / "vault"):
        content = file.read_bytes()
        assert content.startswith(b"age-encryption.org/v1")
        assert b"Mbeki" not in content and b"persons" not in content


def test_only_the_owner_can_read_vault_and_keys(tmp_path: Path) -> None:
    filled(tmp_path)
    for path in (tmp_path / "vault", tmp_path / "keys"):
        for each in [path, *path.rglob("*")]:
            assert each.stat().st_mode & 0o777 == (0o700 if each.is_dir() else 0o600)


def test_each_candidate_has_a_key_of_its_own_and_reports_another(tmp_path: Path) -> None:
    vault = filled(tmp_path)
    vault.seal(candidate())
    keys = [file.read_text() for file in files_below(tmp_path / "keys")]
    assert len(keys) == len(set(keys)) == 3


def test_a_deleted_key_makes_its_candidate_unreadable(tmp_path: Path) -> None:
    vault = filled(tmp_path)
    sealed = vault.seal(candidate())
    copies = {file: file.read_bytes() for file in files_below(tmp_path / "vault")}
    vault.dispose(sealed)
    for file, content in copies.items():
        file.write_bytes(content)
    with pytest.raises(VaultError, match="key"):
        vault.open(sealed)


def test_a_damaged_byte_is_found(tmp_path: Path) -> None:
    vault = filled(tmp_path)
    sealed = vault.seal(candidate())
    file = tmp_path / "vault" / "candidates" / sealed.reference
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(VaultError, match="damaged"):
        vault.open(sealed)


def test_a_candidate_in_anothers_place_is_found(tmp_path: Path) -> None:
    vault = filled(tmp_path)
    first, second = vault.seal(candidate()), vault.seal(candidate(data="age\n20-39\n"))
    for folder, ending in (("vault", ".age"), ("vault", ".manifest.age"), ("keys", ".key")):
        names = [f"{each.manifest.digest}{ending}" for each in (first, second)]
        places = [tmp_path / folder / "candidates" / name for name in names]
        places[0].write_bytes(places[1].read_bytes())
    with pytest.raises(VaultError, match="another candidate"):
        vault.find(first.manifest.digest)
    with pytest.raises(VaultError, match="does not hold"):
        vault.open(first)


def test_a_seal_that_was_interrupted_is_done_again(tmp_path: Path) -> None:
    vault = vault_in(tmp_path)
    sealed = vault.seal(candidate())
    (tmp_path / "vault" / "candidates" / f"{sealed.manifest.digest}.manifest.age").unlink()
    with pytest.raises(VaultError):
        vault.find(sealed.manifest.digest)
    assert vault.seal(candidate()) == sealed


@pytest.mark.parametrize("digest", ["", "../../keys/reports", "0" * 63, "G" * 64, "A" * 64])
def test_a_candidate_is_named_by_a_digest_only(tmp_path: Path, digest: str) -> None:
    with pytest.raises(VaultError, match="SHA-256"):
        vault_in(tmp_path).find(digest)


def test_the_same_files_make_the_same_archive_in_any_order() -> None:
    one, other = {"b": b"1", "a/ü.csv": b""}, {"a/ü.csv": b"", "b": b"1"}
    assert b"".join(archive(one)) == b"".join(archive(other))


@pytest.mark.parametrize("name", ["a.csv", "a/ü.csv", "long/" * 40 + "name.csv"])
@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 9728])
def test_an_archive_is_a_tar_that_any_tool_reads_and_is_opened_again(
    tmp_path: Path, name: str, size: int
) -> None:
    files = {name: b"x" * size, "SHA256SUMS": b"0"}
    identity = generate_identity()
    with tarfile.open(fileobj=io.BytesIO(b"".join(archive(files)))) as tar:
        assert {each.name: tar.extractfile(each).read() for each in tar} == files  # type: ignore[union-attr]
    with (tmp_path / "sealed").open("wb") as target:
        seal_files(files, target, identity)
    with PrivateFolder(tmp_path / "opened") as folder:
        assert open_files(tmp_path / "sealed", identity, folder, name="it") == files
    assert not (tmp_path / "opened").exists(), "small files are opened in memory"


@pytest.mark.parametrize(
    "content",
    [
        b"no archive" * 100,
        b"",
        bytes(512) + b"more",
        b"".join(archive({"a": b"1" * 600}))[:1024],
        b"".join(archive({"a": b"1"}))[:-9216],
    ],
    ids=["junk", "nothing", "behind the end", "within a file", "without an end"],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    identity = generate_identity()
    (tmp_path / "sealed").write_bytes(encrypt(content, identity))
    with pytest.raises(VaultError, match="it is not"):
        open_files(tmp_path / "sealed", identity, PrivateFolder(tmp_path), name="it")


@pytest.mark.parametrize("loss", ["file", "key", "byte"])
def test_a_memory_that_lost_something_blocks(tmp_path: Path, loss: str) -> None:
    memory = SealedMemory(tmp_path, KeyRing(tmp_path / "keys"), FakeLedger(), FakeClock(NOON))
    memory.remember(SURVEY, {"a.csv": b"1"})
    (file,) = files_below(tmp_path / "memory")
    if loss == "file":
        file.unlink()
    elif loss == "key":
        (tmp_path / "keys" / "memory.key").unlink()
    else:
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(MemoryMissingError, match="backup"):
        memory.recall(SURVEY)
    assert memory.releases("survey") == (SURVEY,), "the ledger still knows of it"


def test_a_lost_file_of_the_memory_can_be_given_back(tmp_path: Path) -> None:
    memory = SealedMemory(tmp_path, KeyRing(tmp_path / "keys"), FakeLedger(), FakeClock(NOON))
    memory.remember(SURVEY, {"a.csv": b"1"})
    files_below(tmp_path / "memory")[0].unlink()
    memory.remember(SURVEY, {"a.csv": b"1"})
    assert memory.recall(SURVEY) == {"a.csv": b"1"}


def test_a_pseudonym_key_is_for_one_release_and_one_output(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys")
    key = pseudonym_key(ring, SURVEY, "persons")
    assert len(key) == 32
    assert pseudonym_key(KeyRing(tmp_path / "keys"), SURVEY, "persons") == key
    others = {
        pseudonym_key(ring, SURVEY, "households"),
        pseudonym_key(ring, ReleaseId("survey", "2026", 2), "persons"),
    }
    assert len({key, *others}) == 3


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    ring = KeyRing(tmp_path / "keys")
    ring.load_or_create("reports", lambda: "secret")
    (tmp_path / "keys" / "reports.key").chmod(mode)
    with pytest.raises(VaultError, match="readable by its owner only"):
        ring.load("reports")


def test_a_key_folder_that_others_can_open_is_not_used(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys")
    ring.load_or_create("candidates/one", lambda: "secret")
    (tmp_path / "keys").chmod(0o755)
    with pytest.raises(VaultError, match="readable by its owner only"):
        ring.load("candidates/one")


def test_a_key_is_made_by_whoever_comes_first(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys")
    assert ring.load_or_create("one", lambda: "first") == "first"
    assert ring.load_or_create("one", lambda: "second") == "first"
    write_private(tmp_path / "keys" / "one.key", b"third", replace=False)
    assert ring.load("one") == "first"
    assert [file.name for file in files_below(tmp_path / "keys")] == ["one.key"]
