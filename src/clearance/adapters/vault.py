"""The vault: candidates sealed under a key each, reports and notes under one of their own."""

from __future__ import annotations

import secrets
from pathlib import Path
from types import MappingProxyType

from clearance.adapters.keys import KeyRing, private_file, write_private
from clearance.adapters.sealed_files import (
    decrypt,
    encrypt,
    generate_identity,
    open_files,
    seal_files,
)
from clearance.adapters.stored import PrivateFolder, remove_abandoned
from clearance.candidate import (
    Candidate,
    FileDigest,
    Manifest,
    ReleaseId,
    canonical_json,
    manifest_of,
    sha256,
)
from clearance.documents import read_json
from clearance.errors import VaultError
from clearance.ports import SealedCandidate
from clearance.record.commitment import SALT_BYTES

REPORTS_KEY = "reports"
OPENED = "opened"
"""Folder of the vault for what is open just now."""


class AgeVault:
    """Encrypted files in one folder, their keys in another, both for their owner only.

    A candidate's manifest is sealed beside it, so that finding one does not open all of it.
    ``opened``: where the large files of opened candidates lie while somebody needs them; in
    ``folder`` if it is not given.
    """

    def __init__(self, folder: Path, keys: KeyRing, *, opened: Path | None = None) -> None:
        self._folder = folder
        self._keys = keys
        self._opened = opened or folder / OPENED
        remove_abandoned(self._opened)

    def seal(self, candidate: Candidate) -> SealedCandidate:
        """In the vault and on the disk. Safe to repeat: the same candidate is sealed once."""
        digest = candidate.manifest.digest
        if manifest_of(candidate.release, candidate.files) != candidate.manifest:
            raise VaultError(f"{candidate.release}: the files are not those of the manifest")
        identity = self._keys.load_or_create(_key(digest), generate_identity)
        if not self._manifest(digest).exists():
            with private_file(self._files(digest), replace=True) as target:
                seal_files(candidate.files, target, identity)
            self._write(self._manifest(digest), candidate.manifest.as_json().encode(), identity)
        return self.find(digest)

    def find(self, manifest_digest: str) -> SealedCandidate:
        """VaultError where there is none, or its key is gone."""
        file = self._manifest(manifest_digest)
        manifest = _read_manifest(self._read(file, self._keys.load(_key(manifest_digest))))
        if manifest.digest != manifest_digest:
            raise VaultError(f"{file.name} holds another candidate's manifest")
        return SealedCandidate(manifest.release, manifest, self._files(manifest_digest).name)

    def open(self, sealed: SealedCandidate) -> Candidate:
        """What was sealed. VaultError if a byte differs from the manifest."""
        digest, name = sealed.manifest.digest, sealed.reference
        identity = self._keys.load(_key(digest))
        with PrivateFolder(self._opened) as folder:
            files = open_files(self._files(digest), identity, folder, name=name)
            if manifest_of(sealed.release, files) != sealed.manifest:
                raise VaultError(f"{name} does not hold the files of its manifest")
        return Candidate(sealed.release, MappingProxyType(files), sealed.manifest)

    def dispose(self, sealed: SealedCandidate) -> None:
        """Deletes the candidate's key, then its files. Safe to repeat."""
        digest = sealed.manifest.digest
        self._keys.delete(_key(digest))
        self._manifest(digest).unlink(missing_ok=True)
        self._files(digest).unlink(missing_ok=True)

    def seal_report(self, manifest_digest: str, report: bytes) -> None:
        self.seal_note(manifest_digest, "report", report)

    def open_report(self, manifest_digest: str) -> bytes:
        """VaultError where there is none."""
        return self.open_note(manifest_digest, "report")

    def seal_note(self, manifest_digest: str, name: str, content: bytes) -> None:
        self._write(self._note(manifest_digest, name), content, self._reports_key())

    def open_note(self, manifest_digest: str, name: str) -> bytes:
        """VaultError where there is none."""
        return self._read(self._note(manifest_digest, name), self._reports_key())

    def salt(self, manifest_digest: str, name: str) -> bytes:
        """32 random bytes, kept sealed; the same ones whenever asked for this name again."""
        file = self._note(manifest_digest, f"{name}.salt")
        if not file.exists():
            fresh = encrypt(secrets.token_bytes(SALT_BYTES), self._reports_key())
            write_private(file, fresh, replace=False)
        return self._read(file, self._reports_key())

    def _reports_key(self) -> str:
        return self._keys.load_or_create(REPORTS_KEY, generate_identity)

    def _files(self, digest: str) -> Path:
        return self._folder / "candidates" / f"{_hex(digest)}.age"

    def _manifest(self, digest: str) -> Path:
        return self._folder / "candidates" / f"{_hex(digest)}.manifest.age"

    def _note(self, digest: str, name: str) -> Path:
        return self._folder / "reports" / f"{_hex(digest)}.{name}.age"

    def _write(self, file: Path, content: bytes, identity: str) -> None:
        write_private(file, encrypt(content, identity), replace=True)

    def _read(self, file: Path, identity: str) -> bytes:
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            raise VaultError(f"{file.name} is missing in the vault") from None
        except OSError as problem:
            raise VaultError(f"{file.name}: {problem.strerror}") from None
        return decrypt(content, identity, name=file.name)


def _key(digest: str) -> str:
    return f"candidates/{_hex(digest)}"


def _hex(digest: str) -> str:
    """The digest, which becomes a file's name: VaultError unless it is one."""
    if len(digest) != len(sha256(b"")) or set(digest) - set("0123456789abcdef"):
        raise VaultError("a candidate is named by the SHA-256 of its manifest")
    return digest


def _read_manifest(content: bytes) -> Manifest:
    document = read_json(content.decode(), where="manifest", error=VaultError)
    files = tuple(
        FileDigest(path, entry["sha256"], entry["size"])
        for path, entry in sorted(document["files"].items())
    )
    manifest = Manifest(ReleaseId.parse(document["release"]), files)
    if manifest.as_json() != canonical_json(document):
        raise VaultError("a sealed manifest is not in its canonical form")
    return manifest
