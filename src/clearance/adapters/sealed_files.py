"""Sealed files: a deterministic archive of several, and age encryption of any bytes.

Archives are sealed and opened as streams: no more of them is in memory than a few chunks
and, once opened, the small files.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from clearance.adapters.stored import CHUNK_BYTES, ChunkReader, PrivateFolder, StoredFile
from clearance.content import IN_MEMORY_BYTES, Content, chunks, sha256, size_bytes
from clearance.errors import VaultError


def generate_identity() -> str:
    """A new age identity (x25519) as text: whoever has it can open what is sealed for it."""
    from pyrage import x25519

    return str(x25519.Identity.generate())


def encrypt(content: bytes, identity: str) -> bytes:
    import pyrage

    recipient = pyrage.x25519.Identity.from_str(identity).to_public()
    return bytes(pyrage.encrypt(content, [recipient]))


def decrypt(content: bytes, identity: str, *, name: str) -> bytes:
    """VaultError, naming ``name``, where the bytes are damaged or sealed for another key."""
    import pyrage

    try:
        return bytes(pyrage.decrypt(content, [pyrage.x25519.Identity.from_str(identity)]))
    except (pyrage.DecryptError, pyrage.IdentityError, ValueError):
        raise VaultError(f"{name} cannot be opened: it or its key is damaged") from None


def seal_files(files: Mapping[str, Content], target: BinaryIO, identity: str) -> None:
    """Writes an encrypted `archive` of the files to ``target``; nothing else is written.

    VaultError where a file cannot be read or is not what its digest says.
    """
    import pyrage

    recipient = pyrage.x25519.Identity.from_str(identity).to_public()
    try:
        pyrage.encrypt_io(ChunkReader(archive(files)), target, [recipient])
    except (pyrage.EncryptError, OSError):
        raise VaultError("cannot seal: a file cannot be read, or the disk is full") from None


def open_files(
    source: Path, identity: str, folder: PrivateFolder, *, name: str
) -> dict[str, Content]:
    """The files of an encrypted `archive`; the large ones lie in ``folder``.

    FileNotFoundError where there is no ``source``. VaultError, naming ``name``, where it is
    damaged, sealed for another key or not an archive of ours, or there is no room to open it.
    """
    import pyrage

    sink = _Sink(_unarchived(folder))
    try:
        with source.open("rb") as stream:
            pyrage.decrypt_io(stream, sink, [pyrage.x25519.Identity.from_str(identity)])
        return sink.finished()
    except FileNotFoundError:
        raise
    except tarfile.TarError:
        raise VaultError(f"{name} is not an archive of ours") from None
    except (pyrage.DecryptError, pyrage.IdentityError, ValueError, OSError) as problem:
        # An authentication failure comes as an OSError without a number.
        reason = getattr(problem, "strerror", None) or "it or its key is damaged"
        raise VaultError(f"{name} cannot be opened: {reason}") from None


def archive(files: Mapping[str, Content]) -> Iterator[bytes]:
    """One tar of these files, sorted, without times and owners: same files, same bytes."""
    length = 0
    for path, content in sorted(files.items()):
        member = tarfile.TarInfo(path)
        member.size, member.mode = size_bytes(content), 0o600
        header = member.tobuf(tarfile.PAX_FORMAT)
        yield header
        yield from _unchanged(path, content)
        yield bytes(-member.size % tarfile.BLOCKSIZE)
        length += len(header) + _padded(member.size)
    yield bytes(2 * tarfile.BLOCKSIZE)
    yield bytes(-(length + 2 * tarfile.BLOCKSIZE) % tarfile.RECORDSIZE)


def _unchanged(path: str, content: Content) -> Iterator[bytes]:
    """The content's bytes. VaultError if they turn out not to be those of its digest."""
    digest, left = hashlib.sha256(), size_bytes(content)
    for chunk in chunks(content):
        digest.update(chunk)
        left -= len(chunk)
        yield chunk
    if left != 0 or digest.hexdigest() != sha256(content):
        raise VaultError(f"{path} changed while it was sealed")


def _padded(size: int) -> int:
    return size + -size % tarfile.BLOCKSIZE


class _Sink:
    """Hands what is written to it to a generator, as many bytes at a time as that asks for."""

    def __init__(self, steps: Generator[int, bytes, dict[str, Content]]) -> None:
        self._steps = steps
        self._wanted = next(steps)
        self._buffer = bytearray()
        self._result: dict[str, Content] | None = None

    def write(self, data: bytes) -> int:
        self._buffer += data
        while self._result is None and len(self._buffer) >= self._wanted:
            piece = bytes(self._buffer[: self._wanted])
            del self._buffer[: self._wanted]
            try:
                self._wanted = self._steps.send(piece)
            except StopIteration as end:
                self._result = end.value
        return len(data)

    def flush(self) -> None:
        """Nothing is held back on purpose."""

    def finished(self) -> dict[str, Content]:
        """ReadError where the archive ends too early or goes on after its end."""
        if self._result is None or any(self._buffer):
            raise tarfile.ReadError
        return self._result


def _unarchived(folder: PrivateFolder) -> Generator[int, bytes, dict[str, Content]]:
    """Asks for numbers of bytes, is sent them, and answers the files."""
    files: dict[str, Content] = {}
    while (member := (yield from _header())) is not None:
        files[member.name] = yield from _content(member.size, folder)
    return files


def _header() -> Generator[int, bytes, tarfile.TarInfo | None]:
    """The next member; None at the end of the archive."""
    block = yield tarfile.BLOCKSIZE
    if not any(block):
        return None
    first = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    if first.type == tarfile.XHDTYPE:  # a long name or a huge size, before the header itself
        block += yield _padded(first.size)
        block += yield tarfile.BLOCKSIZE
    with tarfile.open(fileobj=io.BytesIO(block), mode="r:") as tar:
        return tar.next()


def _content(size: int, folder: PrivateFolder) -> Generator[int, bytes, Content]:
    if size < IN_MEMORY_BYTES:
        return (yield _padded(size))[:size]
    path, stream = folder.new_file()
    with stream:
        for start in range(0, size, CHUNK_BYTES):
            length = min(CHUNK_BYTES, size - start)
            stream.write((yield _padded(length))[:length])
    return StoredFile(path, folder)
