"""One fake for each port that review and publication use, in memory, with the real interface.

The contract suites in ``tests/contract`` run on these and on the real adapters alike.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearance.candidate import Candidate, ReleaseId, canonical_json, manifest_of, sha256
from clearance.content import Content, whole
from clearance.errors import LedgerError, MemoryMissingError, OperatorError, PortalError, VaultError
from clearance.ports import Entry, PortalRelease, SealedCandidate, Verdict
from clearance.record.verify import Trust, TrustedKey


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def pass_time(self, **units: float) -> None:
        self._now += timedelta(**units)


class FakeLedger:
    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._held: set[str] = set()

    def append(
        self,
        kind: str,
        release: ReleaseId,
        payload: Mapping[str, Any],
        *,
        at: datetime,
        expected_head: str | None = None,
    ) -> Entry:
        if at.tzinfo is None:
            raise LedgerError("an entry's instant needs a time zone")
        if expected_head not in (None, self.head()):
            raise LedgerError("the ledger has moved on meanwhile")
        copied = json.loads(canonical_json(dict(payload)))
        number = len(self._entries) + 1
        line = [number, at.isoformat(), str(kind), str(release), copied, self.head()]
        digest = sha256(canonical_json(line).encode())
        entry = Entry(number, at, str(kind), str(release), copied, digest)
        self._entries.append(entry)
        return entry

    def entries(self, *, release: str | None = None, kind: str | None = None) -> tuple[Entry, ...]:
        return tuple(
            entry
            for entry in self._entries
            if release in (None, entry.release) and kind in (None, entry.kind)
        )

    def head(self) -> str:
        return self._entries[-1].digest if self._entries else sha256(b"")

    def check(self) -> None:
        if [entry.number for entry in self._entries] != list(range(1, len(self._entries) + 1)):
            raise LedgerError("the chain breaks")

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        if name in self._held:
            raise LedgerError(f"the lock '{name}' is held")
        self._held.add(name)
        try:
            yield
        finally:
            self._held.remove(name)


class FakeVault:
    def __init__(self) -> None:
        self._candidates: dict[str, Candidate] = {}
        self._notes: dict[tuple[str, str], bytes] = {}

    def seal(self, candidate: Candidate) -> SealedCandidate:
        if manifest_of(candidate.release, candidate.files) != candidate.manifest:
            raise VaultError("the files are not those of the manifest")
        self._candidates[candidate.manifest.digest] = candidate
        return self.find(candidate.manifest.digest)

    def open(self, sealed: SealedCandidate) -> Candidate:
        self.find(sealed.manifest.digest)
        return self._candidates[sealed.manifest.digest]

    def find(self, manifest_digest: str) -> SealedCandidate:
        if manifest_digest not in self._candidates:
            raise VaultError("not in the vault")
        candidate = self._candidates[manifest_digest]
        return SealedCandidate(candidate.release, candidate.manifest, manifest_digest)

    def dispose(self, sealed: SealedCandidate) -> None:
        self._candidates.pop(sealed.manifest.digest, None)

    def seal_report(self, manifest_digest: str, report: bytes) -> None:
        self.seal_note(manifest_digest, "report", report)

    def open_report(self, manifest_digest: str) -> bytes:
        return self.open_note(manifest_digest, "report")

    def seal_note(self, manifest_digest: str, name: str, content: bytes) -> None:
        self._notes[manifest_digest, name] = content

    def open_note(self, manifest_digest: str, name: str) -> bytes:
        if (manifest_digest, name) not in self._notes:
            raise VaultError("not in the vault")
        return self._notes[manifest_digest, name]

    def salt(self, manifest_digest: str, name: str) -> bytes:
        return hmac.digest(b"a salt of tests", f"{manifest_digest}/{name}".encode(), "sha256")


class FakeMemory:
    def __init__(self) -> None:
        self._files: dict[ReleaseId, Mapping[str, Content]] = {}

    def remember(self, release: ReleaseId, files: Mapping[str, Content]) -> None:
        known = self._files.setdefault(release, dict(files))
        if manifest_of(release, known) != manifest_of(release, files):
            raise OperatorError(f"{release} is remembered with other bytes")

    def recall(self, release: ReleaseId) -> Mapping[str, Content]:
        if release not in self._files:
            raise MemoryMissingError(f"{release} was never remembered")
        return self._files[release]

    def releases(self, dataset: str) -> tuple[ReleaseId, ...]:
        return tuple(release for release in self._files if release.dataset == dataset)

    def head(self, dataset: str, *, without: ReleaseId | None = None) -> str:
        known = [
            [str(each), manifest_of(each, self._files[each]).digest]
            for each in self.releases(dataset)
            if each != without
        ]
        return sha256(canonical_json(known).encode())


class FakeJudge:
    """``codes``: person to the codes that are good, each once."""

    def __init__(self, codes: Mapping[str, set[str]]) -> None:
        self._codes = codes
        self._verdicts: dict[str, Verdict] = {}
        self._uses: dict[tuple[str, str], list[str]] = {}

    def is_reviewer(self, person: str) -> bool:
        return person in self._codes

    def judge(self, person: str, code: str, *, context: str, at: datetime) -> Verdict:
        if not self.is_reviewer(person):
            return Verdict(False, "nobody of that name is enrolled as reviewer")
        if context not in self._verdicts:
            self._verdicts[context] = self._new_verdict(person, code, context)
        return self._verdicts[context]

    def _new_verdict(self, person: str, code: str, context: str) -> Verdict:
        uses = self._uses.setdefault((person, code), [])
        if code not in self._codes[person]:
            return Verdict(False, "the code is not valid")
        earlier = tuple(uses)
        uses.append(context)
        if earlier:
            self._verdicts |= {each: Verdict(False, "seen twice") for each in earlier}
            return Verdict(False, "the code was seen in another answer", earlier)
        return Verdict(True, "")


class FakePublisher:
    """Signs with a key made of one byte."""

    def __init__(self, byte: int = 1) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes([byte]) * 32)
        self.trusted = TrustedKey(self._key.public_key().public_bytes_raw().hex())

    def trust(self) -> Trust:
        return Trust((self.trusted,))

    def sign(self, statement: bytes) -> bytes:
        kind = b"application/vnd.in-toto+json"
        message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(statement), statement)
        signature = {"keyid": self.trusted.keyid, "sig": _base64(self._key.sign(message))}
        envelope = {
            "payload": _base64(statement),
            "payloadType": kind.decode(),
            "signatures": [signature],
        }
        return json.dumps(envelope).encode()


@dataclass
class FakePortal:
    """``spoil``: a path whose bytes this portal damages when it is given them."""

    spoil: str = ""
    staged: dict[ReleaseId, dict[str, bytes]] = field(default_factory=dict)
    public: dict[ReleaseId, dict[str, bytes]] = field(default_factory=dict)
    flips: int = 0

    def find(self, release: ReleaseId) -> PortalRelease | None:
        for public, shelf in ((True, self.public), (False, self.staged)):
            if release in shelf:
                digests = {path: sha256(content) for path, content in shelf[release].items()}
                return PortalRelease(release, public, digests, f"memory:{release}")
        return None

    def stage(self, release: ReleaseId, files: Mapping[str, Content]) -> PortalRelease:
        if release in self.public:
            raise PortalError(f"{release} is public already")
        self.staged[release] = {
            path: whole(content) + (b"!" if path == self.spoil else b"")
            for path, content in files.items()
        }
        return self._found(release)

    def flip(self, release: ReleaseId) -> PortalRelease:
        if release not in self.public:
            if release not in self.staged:
                raise PortalError(f"{release} is not staged")
            self.public[release] = self.staged.pop(release)
            self.flips += 1
        return self._found(release)

    def discard(self, release: ReleaseId) -> None:
        self.staged.pop(release, None)

    def latest(self, dataset: str) -> ReleaseId | None:
        return max((each for each in self.public if each.dataset == dataset), default=None)

    def _found(self, release: ReleaseId) -> PortalRelease:
        found = self.find(release)
        if found is None:
            raise PortalError(f"{release} is not there")
        return found


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
