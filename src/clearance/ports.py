"""What the core needs of the world, in its own words. Adapters implement these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from clearance.candidate import Candidate, Manifest, ReleaseId
from clearance.content import Content
from clearance.plan import ValueType

if TYPE_CHECKING:  # slow to import, and only named here
    import pandas as pd

# ---------------------------------------------------------------- data


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows held by an engine. Every value is normalised text; a missing one is the empty text."""

    name: str
    columns: tuple[str, ...]
    records: int


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A readable internal file: its format (csv, tsv, parquet) is known from its name."""

    path: Path
    format: str


@dataclass(frozen=True, slots=True, eq=False)
class Exported:
    """The same rows twice: CSV (UTF-8, LF, comma, header) and Parquet (typed, missing is null).

    ``rows``: the distinct rows in the files' order, Categorical columns of text and ``records``
    (int64), how often each stands there. Contents outside memory last as long as the engine.
    """

    csv: Content
    parquet: Content
    rows: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Sample:
    """``values``: distinct ones of a column, sorted, without the missing one; not all if many.

    ``distinct``: how many there are. ``records``: how many hold one.
    """

    values: Sequence[str] = field(repr=False)  # kept out of logs
    distinct: int
    records: int


class Source(Protocol):
    """Finds the internal data that a plan names."""

    def locate(self, path: str, *, folder: Path) -> SourceFile:
        """The file; InputError if it is missing or of an unknown format."""
        ...


class Engine(Protocol):
    """Aggregates and recodes rows. Immutable: each verb answers a new dataset.

    Frames that it gives and takes hold text only; a missing value is the empty text. In the
    frames that it gives, text may be Categorical: its categories are the column's distinct
    values in the frame, sorted, so that grouping needs ``observed=True``.
    No verb's result depends on the order of the rows or the number of threads.
    """

    def load(self, source: SourceFile) -> Dataset:
        """All values as normalised text (NFC, outer white space trimmed).

        InputError: wrong encoding, ragged rows, duplicate or empty headers, no records.
        """
        ...

    def values(self, dataset: Dataset, column: str) -> pd.DataFrame:
        """``value``, ``records``: the distinct values, sorted by value."""
        ...

    def sample(self, dataset: Dataset, column: str, *, most: int) -> Sample:
        """All distinct values, or ``most`` of them where there are more.

        Which, is the same whenever it is asked, and has nothing to do with their order.
        """
        ...

    def histogram(self, dataset: Dataset, columns: Sequence[str]) -> pd.DataFrame:
        """``*columns``, ``records`` (int64): one row per distinct combination, sorted."""
        ...

    def sums(self, dataset: Dataset, columns: Sequence[str], amount: str) -> pd.DataFrame:
        """``*columns``, ``records`` (int64), ``amount`` (Decimal, exact): as `histogram`.

        A missing amount adds nothing.
        """
        ...

    def recode(self, dataset: Dataset, lookups: Mapping[str, pd.DataFrame]) -> Dataset:
        """Columns replaced by look-up: column to frame of ``value``, ``replacement``.

        Each distinct value of the column must have exactly one row in its look-up.
        """
        ...

    def without(self, dataset: Dataset, keys: pd.DataFrame) -> Dataset:
        """The records whose values in ``keys``'s columns match none of its rows."""
        ...

    def rewrite(self, dataset: Dataset, keys: pd.DataFrame, published: pd.DataFrame) -> Dataset:
        """``published``'s columns take its row's values where ``keys``' columns equal theirs.

        The two frames are aligned. Every record must match exactly one row of ``keys``.
        """
        ...

    def export(self, dataset: Dataset, columns: Mapping[str, ValueType]) -> Exported:
        """These columns, sorted by their typed values, all of them, in their order.

        Numbers sort as numbers, missing values first; everything else by code point.
        """
        ...


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. ``payload`` holds no value of a record."""

    number: int
    at: datetime
    kind: str
    release: str
    payload: Mapping[str, Any]
    digest: str


class Ledger(Protocol):
    """Append-only, chained by hashes, durable once `append` has returned."""

    def append(
        self,
        kind: str,
        release: ReleaseId,
        payload: Mapping[str, Any],
        *,
        at: datetime,
        expected_head: str | None = None,
    ) -> Entry:
        """Entered and durable. LedgerError if ``expected_head`` is given and is not the head."""
        ...

    def entries(self, *, release: str | None = None, kind: str | None = None) -> tuple[Entry, ...]:
        """In the order of entry."""
        ...

    def head(self) -> str:
        """Digest of the last entry; of nothing where there is none yet."""
        ...

    def check(self) -> None:
        """LedgerError unless the chain is whole."""
        ...

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Held by one process at a time, released when it dies. LedgerError if taken."""
        ...


@dataclass(frozen=True, slots=True)
class SealedCandidate:
    """A candidate in the vault, encrypted: where it lies and what it must contain."""

    release: ReleaseId
    manifest: Manifest
    reference: str


class Vault(Protocol):
    """Encrypted files with a key each kind (candidates: a key each)."""

    def seal(self, candidate: Candidate) -> SealedCandidate: ...

    def open(self, sealed: SealedCandidate) -> Candidate:
        """What was sealed. VaultError if a byte differs from the manifest."""
        ...

    def find(self, manifest_digest: str) -> SealedCandidate:
        """VaultError where there is none."""
        ...

    def dispose(self, sealed: SealedCandidate) -> None:
        """Deletes the candidate's key and file."""
        ...

    def seal_report(self, manifest_digest: str, report: bytes) -> None:
        """Keeps the reviewer's full report of a candidate, sealed."""
        ...

    def open_report(self, manifest_digest: str) -> bytes: ...

    def seal_note(self, manifest_digest: str, name: str, content: bytes) -> None:
        """Keeps what a person wrote about a candidate, e.g. a reason, sealed like its report."""
        ...

    def open_note(self, manifest_digest: str, name: str) -> bytes:
        """VaultError where there is none."""
        ...

    def salt(self, manifest_digest: str, name: str) -> bytes:
        """32 random bytes, kept sealed; the same ones whenever asked for this name again."""
        ...


class Memory(Protocol):
    """The sealed bytes of everything that ever was visible."""

    def remember(self, release: ReleaseId, files: Mapping[str, Content]) -> None:
        """Keeps these bytes for good. Safe to repeat; OperatorError for other bytes."""
        ...

    def recall(self, release: ReleaseId) -> Mapping[str, Content]:
        """MemoryMissingError where its bytes are not there or damaged."""
        ...

    def releases(self, dataset: str) -> tuple[ReleaseId, ...]: ...

    def head(self, dataset: str, *, without: ReleaseId | None = None) -> str:
        """Digest over the manifests of all remembered releases of the dataset, in order.

        ``without`` leaves one out: what the head was before that release, if it is the last.
        """
        ...


# ---------------------------------------------------------------- people


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the answer came from the person it names; ``reason`` says why not.

    ``voids``: contexts of earlier answers whose proof this answer has spoilt.
    """

    accepted: bool
    reason: str
    voids: tuple[str, ...] = ()


class Judge(Protocol):
    """Holds what proves who a person is. Its secrets are not readable by a worker's user."""

    def judge(self, person: str, code: str, *, context: str, at: datetime) -> Verdict:
        """A code is good once. ``context`` names the digest and attempt that it was given for.

        Asked again with the same context it answers the same, unless a later answer has
        voided it. ``at``: when the answer was given; an old answer is refused.
        """
        ...

    def is_reviewer(self, person: str) -> bool: ...


class Publisher(Protocol):
    """Signs approval records."""

    def sign(self, statement: bytes) -> bytes:
        """The DSSE envelope, as JSON, of an in-toto statement."""
        ...


class Clock(Protocol):
    def now(self) -> datetime:
        """The instant, with time zone UTC."""
        ...


class Notifier(Protocol):
    """Tells people that it is their turn. Texts name releases, never values."""

    def tell(self, person: str, message: str) -> None: ...


# ---------------------------------------------------------------- portal


@dataclass(frozen=True, slots=True)
class PortalRelease:
    """A release as a portal holds it."""

    release: ReleaseId
    public: bool
    digests: Mapping[str, str]
    address: str


class Portal(Protocol):
    """Where citizens look. Staged releases are visible to nobody but us."""

    def find(self, release: ReleaseId) -> PortalRelease | None:
        """What is there now, staged or public, with the SHA-256 of the bytes read back."""
        ...

    def stage(self, release: ReleaseId, files: Mapping[str, Content]) -> PortalRelease:
        """All files, private; replaces an earlier staging of the same release.

        PortalError if the release is public already.
        """
        ...

    def flip(self, release: ReleaseId) -> PortalRelease:
        """Makes the staged release public, whole, in one step; moves "latest" to it.

        Safe to repeat. PortalError where nothing is staged.
        """
        ...

    def discard(self, release: ReleaseId) -> None:
        """Removes what is staged; a public release is left alone. Safe to repeat."""
        ...

    def latest(self, dataset: str) -> ReleaseId | None: ...


class Progress(Protocol):
    """Told about each stage, for people who wait."""

    def stage(self, name: str) -> AbstractContextManager[None]: ...
