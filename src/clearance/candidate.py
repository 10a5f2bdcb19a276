"""What will be public: canonical bytes, the manifest, and the stages a release passes.

Each stage has a type of its own that is made in one place, so that what was not
protected, attacked and approved cannot be published.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clearance.content import Content, size_bytes
from clearance.content import sha256 as sha256  # noqa: PLC0414 # others import it from here

SUMS_FILE = "SHA256SUMS"
APPROVAL_FILE = "approval.dsse.json"


@dataclass(frozen=True, slots=True, order=True)
class ReleaseId:
    """``dataset/period/number``, e.g. ``household-survey/2026/1``."""

    dataset: str
    period: str
    number: int

    def __str__(self) -> str:
        return f"{self.dataset}/{self.period}/{self.number}"

    @property
    def slug(self) -> str:
        """The release's name where slashes cannot stand: ``household-survey-2026-1``."""
        return f"{self.dataset}-{self.period}-{self.number}".lower()

    @classmethod
    def parse(cls, text: str) -> ReleaseId:
        """Raises ValueError for anything but ``dataset/period/number``."""
        dataset, period, number = text.split("/")
        return cls(dataset, period, int(number))


@dataclass(frozen=True, slots=True)
class FileDigest:
    """One public file: its path inside the release, SHA-256 in hex, size in bytes."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Every public file of a release but the approval record, sorted by path."""

    release: ReleaseId
    files: tuple[FileDigest, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of the manifest: what an approval names."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    def as_json(self) -> str:
        return canonical_json(
            {
                "release": str(self.release),
                "files": {
                    entry.path: {"sha256": entry.sha256, "size": entry.size_bytes}
                    for entry in self.files
                },
            }
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """The public files of a release, path to content, with their manifest. Not yet approved."""

    release: ReleaseId
    files: Mapping[str, Content]
    manifest: Manifest


def canonical_json(value: object) -> str:
    """JSON with sorted keys, no spare white space and no NaN: one text for one value."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def manifest_of(release: ReleaseId, files: Mapping[str, Content]) -> Manifest:
    """The manifest of exactly these files."""
    return Manifest(
        release,
        tuple(
            FileDigest(path, sha256(content), size_bytes(content))
            for path, content in sorted(files.items())
        ),
    )


def pack(release: ReleaseId, files: Mapping[str, Content]) -> Candidate:
    """The candidate of these files, with ``SHA256SUMS`` over all of them added."""
    sums = "".join(f"{sha256(content)}  {path}\n" for path, content in sorted(files.items()))
    complete = dict(sorted({**files, SUMS_FILE: sums.encode()}.items()))
    return Candidate(release, MappingProxyType(complete), manifest_of(release, complete))
