"""Keys: made once, kept in files that only their owner can read."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from clearance.adapters.durable import make_private_folder, sync_folder
from clearance.candidate import ReleaseId, sha256
from clearance.content import Content, chunks
from clearance.errors import VaultError

KEY_BYTES = 32


class KeyRing:
    """The files of one folder, each holding one key in text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, name: str) -> str:
        """VaultError where the key is missing or others may read it."""
        file = self._file(name)
        try:
            for path in (file, file.parent, self._folder):
                _check_private(path)
            return file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise VaultError(f"the key '{name}' is missing in {self._folder}") from None
        except OSError as problem:
            raise VaultError(f"the key '{name}': {problem.strerror}") from None

    def load_or_create(self, name: str, generate: Callable[[], str]) -> str:
        """The key of this name; made by ``generate`` the first time, whoever comes first."""
        file = self._file(name)
        if not file.exists():
            write_private(file, generate().encode("ascii"), replace=False)
        return self.load(name)

    def replace(self, name: str, text: str) -> None:
        """The key of this name is ``text`` from now on."""
        write_private(self._file(name), text.encode("ascii"), replace=True)

    def delete(self, name: str) -> None:
        """Gone, as far as no backup holds it. Safe to repeat."""
        file = self._file(name)
        file.unlink(missing_ok=True)
        if file.parent.exists():
            sync_folder(file.parent)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.key"


def pseudonym_key(ring: KeyRing, release: ReleaseId, output: str) -> bytes:
    """32 random bytes for one release and one output, the same ones whenever asked again.

    Another release or output has another key, so that pseudonyms do not link them.
    """
    name = sha256(f"{release}\0{output}".encode())
    text = ring.load_or_create(f"pseudonyms/{name}", lambda: secrets.token_hex(KEY_BYTES))
    return bytes.fromhex(text)


def lasting_key(ring: KeyRing, dataset: str) -> bytes:
    """32 random bytes that live as long as the dataset: what perturbation is drawn with.

    The same in every release, so that noise does not average away; never disposed of.
    """
    name = sha256(dataset.encode())
    text = ring.load_or_create(f"lasting/{name}", lambda: secrets.token_hex(KEY_BYTES))
    return bytes.fromhex(text)


def write_private(file: Path, content: Content, *, replace: bool) -> None:
    """The whole content under the file's name, on the disk, mode 0600; or nothing of it.

    Where not ``replace``, a file that is there already is left as it is.
    """
    with private_file(file, replace=replace) as stream:
        stream.writelines(chunks(content))


@contextmanager
def private_file(file: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """As `write_private`, of what the block writes; nothing of it where the block raises."""
    try:
        make_private_folder(file.parent)
        unfinished = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            _move(unfinished, file, replace=replace)
        finally:
            unfinished.unlink(missing_ok=True)
        sync_folder(file.parent)
    except OSError as problem:
        raise VaultError(f"{file}: {problem.strerror}") from None


def _move(unfinished: Path, file: Path, *, replace: bool) -> None:
    if replace:
        unfinished.replace(file)
        return
    with suppress(FileExistsError):
        file.hardlink_to(unfinished)  # fails, in one step, where the name is taken


def _check_private(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise VaultError(f"{path} has mode {mode:04o}; make it readable by its owner only")
