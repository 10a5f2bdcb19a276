"""The ledger in SQLite: append-only, chained by hashes, durable when `append` returns."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clearance.adapters.locks import file_lock
from clearance.candidate import ReleaseId, canonical_json, sha256
from clearance.errors import LedgerError
from clearance.ports import Entry

BUSY_SECONDS = 30.0
EMPTY_HEAD = sha256(b"")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    release TEXT NOT NULL,
    payload TEXT NOT NULL,
    previous TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL UNIQUE
) STRICT;
CREATE TRIGGER IF NOT EXISTS entries_stay BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS entries_remain BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""

_Row = tuple[int, str, str, str, str, str, str]


class SqliteLedger:
    """A ledger in one file, for processes of one machine.

    ``lock_folder``: where its locks are kept. ``wait_seconds``: how long a lock is waited for.
    """

    def __init__(self, file: Path, lock_folder: Path, *, wait_seconds: float = 15.0) -> None:
        self._file = file
        self._lock_folder = lock_folder
        self._wait_seconds = wait_seconds
        # Creation is locked too: two processes that begin at once must not race for WAL mode.
        with file_lock(lock_folder, "ledger", wait_seconds=BUSY_SECONDS), self._open() as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.executescript(_SCHEMA)
        file.chmod(0o600)

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
        if at.tzinfo is None:
            raise LedgerError("an entry's instant needs a time zone")
        instant = at.astimezone(UTC).isoformat(timespec="microseconds")
        text = canonical_json(dict(payload))
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            number, previous = _last(database)
            if expected_head not in (None, previous):
                database.execute("ROLLBACK")
                raise LedgerError("the ledger has moved on meanwhile; look again before entering")
            line = (number + 1, instant, str(kind), str(release), text, previous)
            row: _Row = (*line, _digest(line))
            database.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            database.execute("COMMIT")
        return _entry(row)

    def entries(self, *, release: str | None = None, kind: str | None = None) -> tuple[Entry, ...]:
        """In the order of entry."""
        query = (
            "SELECT * FROM entries WHERE (?1 IS NULL OR release = ?1)"
            " AND (?2 IS NULL OR kind = ?2) ORDER BY number"
        )
        with self._open() as database:
            rows = database.execute(query, (release, None if kind is None else str(kind)))
            return tuple(_entry(row) for row in rows)

    def head(self) -> str:
        """Digest of the last entry; of no bytes where there is none yet."""
        with self._open() as database:
            return _last(database)[1]

    def check(self) -> None:
        """LedgerError unless numbers and hashes of all entries form one chain."""
        previous = EMPTY_HEAD
        with self._open() as database:
            rows = database.execute("SELECT * FROM entries ORDER BY number")
            for expected, row in enumerate(rows, start=1):
                if row[0] != expected or row[5] != previous or row[6] != _digest(row[:6]):
                    raise LedgerError(f"{self._file}: the chain breaks at entry {expected}")
                previous = row[6]

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Held by one process at a time, released when it dies. LedgerError if it stays taken."""
        return file_lock(self._lock_folder, name, wait_seconds=self._wait_seconds)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection for one use, so that threads and forks never share one."""
        try:
            database = sqlite3.connect(self._file, timeout=BUSY_SECONDS, isolation_level=None)
        except sqlite3.Error:
            raise LedgerError(f"{self._file}: the ledger cannot be opened") from None
        try:
            database.execute("PRAGMA synchronous=FULL")
            yield database
        except sqlite3.Error as problem:
            name = getattr(problem, "sqlite_errorname", "SQLITE_ERROR")
            raise LedgerError(f"{self._file}: {name}") from None
        finally:
            database.close()


def _last(database: sqlite3.Connection) -> tuple[int, str]:
    row = database.execute(
        "SELECT number, digest FROM entries ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, EMPTY_HEAD)


def _digest(line: tuple[int, str, str, str, str, str]) -> str:
    """The hash of an entry covers the one before it."""
    return sha256(canonical_json(list(line)).encode())


def _entry(row: _Row) -> Entry:
    number, at, kind, release, payload, _, digest = row
    return Entry(number, datetime.fromisoformat(at), kind, release, json.loads(payload), digest)
