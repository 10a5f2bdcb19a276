"""Sealed files: a deterministic archive of several, and age encryption of any bytes."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

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


def archive(files: Mapping[str, bytes]) -> bytes:
    """One tar of these files, sorted, without times and owners: same files, same bytes."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, content in sorted(files.items()):
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), 0o600
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def unarchive(content: bytes, *, name: str) -> dict[str, bytes]:
    """The files of an `archive`. VaultError for anything else."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
            found = {member.name: tar.extractfile(member) for member in tar.getmembers()}
            return {path: stream.read() for path, stream in found.items() if stream is not None}
    except tarfile.TarError:
        raise VaultError(f"{name} is not an archive of ours") from None
