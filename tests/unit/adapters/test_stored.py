"""Contents in files: the same as in memory, and their private folder never outlives its use."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance import content
from clearance.adapters.stored import (
    CHUNK_BYTES,
    ChunkReader,
    PrivateFolder,
    StoredFile,
    content_of,
    remove_abandoned,
)
from clearance.candidate import ReleaseId, manifest_of, pack

LARGE = content.IN_MEMORY_BYTES
SURVEY = ReleaseId("survey", "2026", 1)


def entries(folder: Path) -> list[str]:
    """What lies in ``folder`` but its lock."""
    return sorted(each.name for each in folder.iterdir() if each.name != ".lock")


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_a_stored_file_says_what_its_bytes_say(tmp_path: Path, size: int) -> None:
    data = b"ab\n" * (size // 3) + b"x" * (size % 3)
    (tmp_path / "file").write_bytes(data)
    stored = StoredFile(tmp_path / "file")
    assert content.size_bytes(stored) == content.size_bytes(data) == size
    assert content.sha256(stored) == content.sha256(data)
    assert content.whole(stored) == data
    assert b"".join(stored.chunks()) == data, "it can be read again"
    assert max(map(len, stored.chunks()), default=0) <= CHUNK_BYTES


def test_a_candidate_of_stored_files_has_the_manifest_and_sums_of_their_bytes(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_bytes(b"age\n0-19\n")
    in_memory = pack(SURVEY, {"data/persons.csv": b"age\n0-19\n", "changes.md": b"first\n"})
    stored = pack(
        SURVEY, {"data/persons.csv": StoredFile(tmp_path / "file"), "changes.md": b"first\n"}
    )
    assert stored.manifest == in_memory.manifest
    assert stored.files["SHA256SUMS"] == in_memory.files["SHA256SUMS"]
    assert manifest_of(SURVEY, stored.files) == stored.manifest


@pytest.mark.parametrize(("size", "in_memory"), [(0, True), (LARGE - 1, True), (LARGE, False)])
def test_small_files_are_held_in_memory(tmp_path: Path, size: int, in_memory: bool) -> None:
    (tmp_path / "file").write_bytes(bytes(size))
    assert isinstance(content_of(tmp_path / "file"), bytes) is in_memory


@given(st.lists(st.binary(max_size=7)), st.integers(1, 9))
def test_chunks_are_read_as_one_stream(pieces: list[bytes], size: int) -> None:
    reader = ChunkReader(iter(pieces))
    read = []
    while piece := reader.read(size):
        assert len(piece) <= size
        read.append(piece)
    assert b"".join(read) == b"".join(pieces)
    assert ChunkReader(iter(pieces)).read() == b"".join(pieces)


def test_a_folder_and_its_files_are_for_their_owner_only_and_go_with_the_last_user(
    tmp_path: Path,
) -> None:
    folder = PrivateFolder(tmp_path / "opened")
    assert not (tmp_path / "opened").exists(), "it is made for its first file"
    path, stream = folder.new_file()
    with stream:
        stream.write(b"secret")
    assert path.stat().st_mode & 0o777 == 0o600
    for part in (path.parent, tmp_path / "opened"):
        assert part.stat().st_mode & 0o777 == 0o700
    stored = StoredFile(path, folder)
    del folder
    gc.collect()
    assert content.whole(stored) == b"secret"
    del stored
    gc.collect()
    assert entries(tmp_path / "opened") == []


def test_a_folder_goes_at_once_where_its_block_raises_and_stays_otherwise(tmp_path: Path) -> None:
    with PrivateFolder(tmp_path) as kept:
        kept.new_file()[1].close()
    assert len(entries(tmp_path)) == 1
    with pytest.raises(KeyError), PrivateFolder(tmp_path) as failed:
        failed.new_file()[1].close()
        raise KeyError
    assert len(entries(tmp_path)) == 1


KEEPS_ONE_OPEN = """
import os, signal, sys
from pathlib import Path
from clearance.adapters.stored import PrivateFolder
folder = PrivateFolder(Path(sys.argv[1]))
folder.new_file()[1].close()
print("made", flush=True)
sys.stdin.read()
"""


def test_what_a_killed_process_left_goes_and_what_a_living_one_uses_stays(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KEEPS_ONE_OPEN, str(tmp_path / "opened")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        remove_abandoned(tmp_path / "opened")
        assert len(entries(tmp_path / "opened")) == 1
        process.send_signal(signal.SIGKILL)
    assert len(entries(tmp_path / "opened")) == 1, "nothing could clean up"
    remove_abandoned(tmp_path / "opened")
    assert entries(tmp_path / "opened") == []


def test_a_folder_half_removed_is_removed(tmp_path: Path) -> None:
    (tmp_path / "opened" / "0123").mkdir(parents=True)
    folder = PrivateFolder(tmp_path / "opened")
    folder.new_file()[1].close()
    assert entries(tmp_path / "opened") != ["0123"]
    assert len(entries(tmp_path / "opened")) == 1


def test_a_process_that_was_forked_leaves_its_parents_folder_alone(tmp_path: Path) -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from clearance.adapters.stored import PrivateFolder\n"
        "folder = PrivateFolder(Path(sys.argv[1]))\n"
        "path, stream = folder.new_file()\n"
        "stream.close()\n"
        "if os.fork() == 0:\n"
        "    sys.exit()\n"  # runs what was registered for the end of the process
        "os.wait()\n"
        "print(path.exists())\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "opened")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "True\n"
    assert entries(tmp_path / "opened") == [], "gone with the process that made it"


def test_without_a_place_a_folder_lies_among_the_systems_temporary_ones() -> None:
    folder = PrivateFolder()
    path, stream = folder.new_file()
    stream.close()
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.parent.owner() == Path(f"/proc/{os.getpid()}").owner()
    del folder
    gc.collect()
    assert not path.parent.exists()
