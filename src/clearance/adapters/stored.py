"""Contents that lie in files, and the private folders that hold them while they are read."""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Self

from clearance.adapters.durable import make_private_folder
from clearance.content import IN_MEMORY_BYTES, Content

CHUNK_BYTES = 1 << 20
_LOCK = ".lock"


class PrivateFolder:
    """A folder, mode 0700, for the files that somebody reads just now.

    It is made for its first file and goes with this object, at the latest with the process;
    where the process was killed, when the next one makes a folder in ``above``. Without
    ``above`` it lies among the system's temporary folders: for what is public already.
    As a context it goes at once where the block raises, and stays otherwise.
    """

    def __init__(self, above: Path | None = None) -> None:
        self._above = above
        self._files = itertools.count()
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self._folder is not None:
            self._remove()

    def new_file(self) -> tuple[Path, BinaryIO]:
        """An empty file, mode 0600, open for writing."""
        if self._folder is None:
            self._folder, lock = _temporary() if self._above is None else _make(self._above)
            self._remove = weakref.finalize(self, _remove, self._folder, lock, os.getpid())
        path = self._folder / str(next(self._files))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return path, os.fdopen(descriptor, "wb")


@dataclass(frozen=True)
class StoredFile:
    """The bytes of a file that nobody changes: `clearance.content.StoredContent`.

    ``keep``: the folder in which it lies, if that goes when nobody needs it any more; whoever
    reads ``path`` itself must hold on to this object meanwhile.
    """

    path: Path
    keep: PrivateFolder | None = field(default=None, repr=False, compare=False)

    @cached_property
    def size_bytes(self) -> int:
        return self.path.stat().st_size

    @cached_property
    def sha256(self) -> str:
        """Of all bytes, in hex: read once, when first asked for."""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """All bytes in order, at most ``CHUNK_BYTES`` at a time; every call begins anew."""
        with self.path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk


def content_of(path: Path, keep: PrivateFolder | None = None) -> Content:
    """The file's bytes where they are few, else a handle on it."""
    stored = StoredFile(path, keep)
    return path.read_bytes() if stored.size_bytes < IN_MEMORY_BYTES else stored


class ChunkReader:
    """Chunks as a stream that can be read once."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._chunk = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes, all that are left where it is negative, none at the end."""
        if size < 0:
            return bytes(self._chunk) + b"".join(self._chunks)
        while not self._chunk:
            following = next(self._chunks, None)
            if following is None:
                return b""
            self._chunk = memoryview(following)
        piece, self._chunk = self._chunk[:size], self._chunk[size:]
        return bytes(piece)


def remove_abandoned(above: Path) -> None:
    """Removes the private folders in ``above`` whose process is gone."""
    if above.is_dir():
        with _alone(above):
            _remove_abandoned(above)


def _make(above: Path) -> tuple[Path, int]:
    """A new private folder and its lock, held until the process ends."""
    make_private_folder(above)
    with _alone(above):
        _remove_abandoned(above)
        folder = above / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
        return folder, _locked(folder)


def _temporary() -> tuple[Path, int]:
    folder = Path(tempfile.mkdtemp(prefix="clearance-"))
    return folder, _locked(folder)


def _locked(folder: Path) -> int:
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


@contextmanager
def _alone(above: Path) -> Iterator[None]:
    """One process at a time makes or removes folders of others in ``above``."""
    with (above / _LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_abandoned(above: Path) -> None:
    for folder in above.iterdir():
        if folder.is_dir() and not _in_use(folder):
            # What does not go now, since its owner is just removing it, goes the next time.
            shutil.rmtree(folder, ignore_errors=True)


def _in_use(folder: Path) -> bool:
    """Whether a living process holds the folder's lock; a folder without one is half removed."""
    try:
        with (folder / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _remove(folder: Path, lock: int, owner: int) -> None:
    """A process that was forked from the folder's owner leaves it alone."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
