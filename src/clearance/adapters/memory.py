"""The release memory: the bytes of all that ever was visible, sealed, indexed by the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clearance.adapters.keys import KeyRing, private_file
from clearance.adapters.sealed_files import generate_identity, open_files, seal_files
from clearance.adapters.stored import PrivateFolder
from clearance.adapters.vault import OPENED
from clearance.candidate import ReleaseId, canonical_json, manifest_of, sha256
from clearance.content import Content
from clearance.errors import MemoryMissingError, OperatorError, VaultError
from clearance.ports import Clock, Entry, Ledger
from clearance.review import Kind

MEMORY_KEY = "memory"


class SealedMemory:
    """Sealed files in one folder under one key; what must be there, the ledger knows."""

    def __init__(self, folder: Path, keys: KeyRing, ledger: Ledger, clock: Clock) -> None:
        self._folder = folder
        self._keys = keys
        self._ledger = ledger
        self._clock = clock

    def remember(self, release: ReleaseId, files: Mapping[str, Content]) -> None:
        """Keeps these bytes for good. Safe to repeat; OperatorError for other bytes."""
        digest = manifest_of(release, files).digest
        known = self._index(release.dataset).get(release)
        if known not in (None, digest):
            raise OperatorError(f"{release} is remembered with other bytes")
        identity = self._keys.load_or_create(MEMORY_KEY, generate_identity)
        if known is None or not self._file(release, digest).exists():
            with private_file(self._file(release, digest), replace=True) as target:
                seal_files(files, target, identity)
        if known is None:
            self._ledger.append(
                Kind.REMEMBERED, release, {"manifest": digest}, at=self._clock.now()
            )

    def recall(self, release: ReleaseId) -> Mapping[str, Content]:
        """MemoryMissingError where its bytes are not there or damaged."""
        known = self._index(release.dataset).get(release)
        if known is None:
            raise MemoryMissingError(f"{release} was never remembered")
        try:
            with PrivateFolder(self._folder / OPENED) as folder:
                return self._opened(release, known, folder)
        except (OSError, VaultError):
            raise MemoryMissingError(
                f"{release}: its bytes are missing in the release memory; restore them from a "
                "backup, nothing of this dataset is released without them"
            ) from None

    def _opened(
        self, release: ReleaseId, digest: str, folder: PrivateFolder
    ) -> Mapping[str, Content]:
        sealed, identity = self._file(release, digest), self._keys.load(MEMORY_KEY)
        files = open_files(sealed, identity, folder, name=str(release))
        if manifest_of(release, files).digest != digest:
            raise MemoryMissingError(f"{release}: other bytes than the ledger knows of")
        return files

    def releases(self, dataset: str) -> tuple[ReleaseId, ...]:
        """In the order in which they became visible."""
        return tuple(self._index(dataset))

    def head(self, dataset: str, *, without: ReleaseId | None = None) -> str:
        """Digest over the manifests of all remembered releases of the dataset, in order."""
        index = self._index(dataset)
        known = [[str(each), digest] for each, digest in index.items() if each != without]
        return sha256(canonical_json(known).encode())

    def _index(self, dataset: str) -> dict[ReleaseId, str]:
        entries = self._ledger.entries(kind=Kind.REMEMBERED)
        return dict(_remembered(entry) for entry in entries if _dataset(entry) == dataset)

    def _file(self, release: ReleaseId, digest: str) -> Path:
        return self._folder / "memory" / f"{sha256(f'{release}/{digest}'.encode())}.age"


def _dataset(entry: Entry) -> str:
    return ReleaseId.parse(entry.release).dataset


def _remembered(entry: Entry) -> tuple[ReleaseId, str]:
    return ReleaseId.parse(entry.release), str(entry.payload["manifest"])
