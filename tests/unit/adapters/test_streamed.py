"""A large release on its whole way: flat memory, nothing readable left behind, nothing damaged."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fakes import FakeClock, FakeLedger, FakePublisher
from tests.office import NOON, Office
from tests.sample_release import PERSONS, sample_candidate

from clearance.adapters.folder_portal import FolderPortal
from clearance.adapters.folder_server import serving
from clearance.adapters.keys import KeyRing
from clearance.adapters.memory import SealedMemory
from clearance.adapters.published_files import read_published
from clearance.adapters.stored import StoredFile
from clearance.adapters.vault import AgeVault
from clearance.candidate import SUMS_FILE, Candidate, ReleaseId, manifest_of, pack
from clearance.content import IN_MEMORY_BYTES, sha256, size_bytes
from clearance.errors import MemoryMissingError, PortalError, VaultError
from clearance.record.verify import verify

SURVEY = ReleaseId("survey", "2026", 1)
DATA = "data/persons.csv"
SIZE_BYTES = 50_000_000
MOST_EXTRA_BYTES = 40_000_000
CANARY = b"Mbeki-Canary"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Candidate:
    """A release whose data are a file of 50 MB."""
    file = tmp_path_factory.mktemp("source") / "persons.csv"
    lines = b"20-39,South,%b\n" % CANARY * 1000
    with file.open("wb") as stream:
        stream.write(PERSONS.encode())
        for _ in range(SIZE_BYTES // len(lines)):
            stream.write(lines)
    others = {
        path: each for path, each in sample_candidate(SURVEY).files.items() if path != SUMS_FILE
    }
    return pack(SURVEY, {**others, DATA: StoredFile(file)})


def vault_in(folder: Path) -> AgeVault:
    return AgeVault(folder / "vault", KeyRing(folder / "keys"))


def memory_in(folder: Path) -> SealedMemory:
    return SealedMemory(folder / "vault", KeyRing(folder / "keys"), FakeLedger(), FakeClock(NOON))


def readable(folder: Path) -> list[Path]:
    """The files below ``folder`` in which a value of the data can be read."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [file for file in files if CANARY in file.read_bytes()]


def most_extra_bytes(work: Callable[[], object]) -> int:
    """By how much the process's memory grew at most, libraries' own included."""
    gc.collect()
    try:
        Path("/proc/self/clear_refs").write_text("5")  # forgets the earlier maximum
    except OSError:
        pytest.skip("the system does not say how much memory was needed")
    before = _status("VmRSS")
    work()
    return _status("VmHWM") - before


def _status(name: str) -> int:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[name].split()[0]) * 1024


def published(folder: Path, made: Candidate) -> tuple[Path, SealedMemory]:
    """The site on which the release was approved and published, and what remembers it."""
    portal, memory = FolderPortal(folder / "portal"), memory_in(folder)
    office = Office(portal=portal, vault=vault_in(folder), memory=memory)
    office.answer(office.submit(office.attacked(of=made)))
    office.publish()
    return portal.site, memory


def test_the_way_of_a_large_release_needs_little_memory(tmp_path: Path, large: Candidate) -> None:
    def walk(folder: Path) -> None:
        site, memory = published(folder, large)
        shown = read_published(str(site / str(SURVEY)))
        assert sha256(memory.recall(SURVEY)[DATA]) == sha256(large.files[DATA])
        assert verify(shown, FakePublisher().trust()).verified
        assert sha256(shown[DATA]) == sha256(large.files[DATA])

    walk(tmp_path / "first")  # so that what is loaded and compiled once is not counted
    assert most_extra_bytes(lambda: walk(tmp_path / "second")) < MOST_EXTRA_BYTES


def test_what_is_opened_is_what_was_sealed_and_goes_when_nobody_needs_it(
    tmp_path: Path, large: Candidate
) -> None:
    vault = vault_in(tmp_path)
    opened = vault.open(vault.seal(large))
    data = opened.files[DATA]
    assert isinstance(data, StoredFile)
    assert all(isinstance(each, bytes) for path, each in opened.files.items() if path != DATA)
    assert manifest_of(SURVEY, opened.files) == large.manifest
    del opened
    gc.collect()
    assert sha256(data) == sha256(large.files[DATA]), "as long as one file is needed it stays"
    assert readable(tmp_path) == [data.path]
    del data
    gc.collect()
    assert readable(tmp_path) == []


def test_sealing_and_remembering_leave_nothing_readable_behind(
    tmp_path: Path, large: Candidate
) -> None:
    vault_in(tmp_path).seal(large)
    memory_in(tmp_path).remember(SURVEY, large.files)
    assert readable(tmp_path) == []
    for path in (tmp_path / "vault").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize("place", [200, SIZE_BYTES // 2, -1], ids=["start", "middle", "end"])
def test_a_flipped_byte_is_refused_and_nothing_is_left_behind(
    tmp_path: Path, large: Candidate, place: int
) -> None:
    vault = vault_in(tmp_path)
    sealed = vault.seal(large)
    file = tmp_path / "vault" / "candidates" / sealed.reference
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    with pytest.raises(VaultError, match="damaged") as caught:
        vault.open(sealed)
    assert readable(tmp_path) == [], "although the error is still there"
    assert caught.value.exit_code == 6


@pytest.mark.parametrize("left", [100, 65_536 * 300 + 200, -65_552, -16, -1])
def test_a_sealed_file_that_was_cut_off_is_refused(
    tmp_path: Path, large: Candidate, left: int
) -> None:
    memory = memory_in(tmp_path)
    memory.remember(SURVEY, large.files)
    (file,) = (tmp_path / "vault" / "memory").iterdir()
    file.write_bytes(file.read_bytes()[:left])
    with pytest.raises(MemoryMissingError):
        memory.recall(SURVEY)
    assert readable(tmp_path) == []


class Changing:
    """A stored content that is not the same whenever it is read."""

    def __init__(self, first: bytes, then: bytes) -> None:
        self.size_bytes = len(first)
        self.sha256 = sha256(first)
        self._then = then

    def chunks(self) -> Iterator[bytes]:
        yield self._then


@pytest.mark.parametrize("then", [b"othes", b"other, longer", b"", b"othe"])
def test_a_file_that_changes_while_it_is_sealed_is_not_sealed(tmp_path: Path, then: bytes) -> None:
    made = pack(SURVEY, {DATA: Changing(b"other", then)})
    with pytest.raises(VaultError, match="seal"):
        vault_in(tmp_path).seal(made)
    assert list((tmp_path / "vault").rglob("*.age*")) == []
    with pytest.raises(VaultError):
        vault_in(tmp_path).find(made.manifest.digest)


def test_a_file_that_vanished_is_not_sealed(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"age\n")
    made = pack(SURVEY, {DATA: StoredFile(tmp_path / "source")})
    (tmp_path / "source").unlink()
    with pytest.raises(VaultError, match="cannot seal"):
        vault_in(tmp_path).seal(made)
    assert list((tmp_path / "vault").rglob("*.age*")) == []


def test_what_a_killed_process_opened_goes_when_the_vault_is_used_again(tmp_path: Path) -> None:
    left = tmp_path / "vault" / "opened" / "0123"
    left.mkdir(parents=True)
    (left / ".lock").touch()
    (left / "0").write_bytes(CANARY)
    vault_in(tmp_path)
    assert readable(tmp_path) == []


def test_a_large_file_is_verified_over_the_web_without_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    more = "20-39,South,flu\n" * (IN_MEMORY_BYTES // 10)
    made = sample_candidate(SURVEY, persons=PERSONS + more)
    site, _ = published(tmp_path, made)
    with serving(site) as address:
        files = read_published(f"{address}{SURVEY}")
        monkeypatch.setattr("clearance.adapters.published_files._MOST_BYTES", IN_MEMORY_BYTES + 9)
        with pytest.raises(PortalError, match="larger"):
            read_published(f"{address}{SURVEY}")
    assert not isinstance(files[DATA], bytes)
    assert size_bytes(files[DATA]) == size_bytes(made.files[DATA])
    assert verify(files, FakePublisher().trust()).verified
    assert len(list(tmp_path.glob("clearance-*"))) == 1
    del files
    gc.collect()
    assert list(tmp_path.glob("clearance-*")) == []
