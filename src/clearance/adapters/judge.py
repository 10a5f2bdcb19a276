"""Judges one-time codes: each is good once, for one answer, for a short time.

A code is not bound to what it approves: whoever sees it typed can be quicker with it.
So a code that is seen in two answers spoils both, and many wrong codes stop all.
"""

from __future__ import annotations

import hmac
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from clearance.adapters.durable import make_private_folder
from clearance.adapters.people import People
from clearance.errors import VaultError
from clearance.ports import Clock, Verdict

STEP_SECONDS = 30
WINDOW_STEPS = 1
"""Codes of the step before and after are accepted too: clocks differ."""
MAX_AGE = timedelta(minutes=5)
"""Between the answer and its judging; a flow needs some 20 seconds to start again."""
MAX_AHEAD = timedelta(minutes=1)
SEEN_STEPS = 24 * 3600 // STEP_SECONDS
"""For how long a used code is recognised when it comes again."""
MAX_WRONG = 5
WRONG_PERIOD = timedelta(hours=1)

NOT_VALID = "the code is not valid for this reviewer at this time; give the next one"
TOO_OLD = "the answer waited too long to be judged; give a new code"
TOO_MANY = "too many wrong codes for this reviewer; wait an hour"
SEEN_TWICE = "the code was seen in another answer; both are void, give a new code in each"
NO_REVIEWER = "nobody of that name is enrolled as reviewer"
OTHER_PERSON = "this answer was judged for another reviewer"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS verdicts (
    context TEXT PRIMARY KEY, person TEXT NOT NULL, accepted INTEGER NOT NULL,
    reason TEXT NOT NULL, voids TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS uses (
    person TEXT NOT NULL, step INTEGER NOT NULL, context TEXT NOT NULL,
    PRIMARY KEY (person, step, context)
) STRICT;
CREATE TABLE IF NOT EXISTS wrong (person TEXT NOT NULL, at REAL NOT NULL) STRICT;
"""


class OneTimeCodeJudge:
    """Checks codes against the people's secrets; what it has seen is durable.

    ``file``: its own database, to lie where the keys lie.
    """

    def __init__(self, people: People, file: Path, clock: Clock) -> None:
        self._people = people
        self._file = file
        self._clock = clock

    def is_reviewer(self, person: str) -> bool:
        found = self._people.find(person)
        return found is not None and "reviewer" in found.roles

    def judge(self, person: str, code: str, *, context: str, at: datetime) -> Verdict:
        """A code is good once. Asked again with the same context it answers the same."""
        if not self.is_reviewer(person):
            return Verdict(False, NO_REVIEWER)
        with self._transaction() as database:
            known = _known(database, context)
            if known is not None:
                same = known[0] == person
                return known[1] if same else Verdict(False, OTHER_PERSON)
            verdict = self._new_verdict(database, person, _digits(code), context, at)
            database.execute(
                "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?)",
                (context, person, verdict.accepted, verdict.reason, json.dumps(verdict.voids)),
            )
            return verdict

    def _new_verdict(
        self, database: sqlite3.Connection, person: str, code: str, context: str, at: datetime
    ) -> Verdict:
        now, secret = self._clock.now(), self._people.secret(person)
        # Seen codes come first: nothing else may hide that a code was given twice.
        seen = _seen(database, person, secret, code, now)
        if seen:
            _void(database, seen)
            _use(database, person, seen[0][0], context)
            return Verdict(False, SEEN_TWICE, tuple(sorted({each for _, each in seen})))
        if not now - MAX_AGE <= at <= now + MAX_AHEAD:
            return Verdict(False, TOO_OLD)
        if _wrong_count(database, person, now) >= MAX_WRONG:
            return Verdict(False, TOO_MANY)
        step = _matching_step(secret, code, at)
        if step is None:
            database.execute("INSERT INTO wrong VALUES (?, ?)", (person, now.timestamp()))
            return Verdict(False, NOT_VALID)
        _use(database, person, step, context)
        return Verdict(True, "")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            make_private_folder(self._file.parent)
            self._file.touch(mode=0o600)
            database = sqlite3.connect(self._file, timeout=30, isolation_level=None)
        except (OSError, sqlite3.Error):
            raise VaultError(f"{self._file}: cannot be opened") from None
        try:
            database.execute("PRAGMA synchronous=FULL")
            database.execute("BEGIN IMMEDIATE")
            for statement in filter(str.strip, _SCHEMA.split(";")):
                database.execute(statement)
            yield database
            database.execute("COMMIT")
        except sqlite3.Error:
            raise VaultError(f"{self._file}: cannot be read or written") from None
        finally:
            database.close()  # without COMMIT nothing stays


def _known(database: sqlite3.Connection, context: str) -> tuple[str, Verdict] | None:
    row = database.execute(
        "SELECT person, accepted, reason, voids FROM verdicts WHERE context = ?", (context,)
    ).fetchone()
    return (row[0], Verdict(bool(row[1]), row[2], tuple(json.loads(row[3])))) if row else None


def _seen(
    database: sqlite3.Connection, person: str, secret: str, code: str, now: datetime
) -> list[tuple[int, str]]:
    """Step and context of the earlier answers that gave this very code."""
    since = _step(now) - SEEN_STEPS
    rows = database.execute(
        "SELECT step, context FROM uses WHERE person = ? AND step >= ?", (person, since)
    ).fetchall()
    return [(step, context) for step, context in rows if _is_code(secret, step, code)]


def _use(database: sqlite3.Connection, person: str, step: int, context: str) -> None:
    database.execute("INSERT INTO uses VALUES (?, ?, ?)", (person, step, context))


def _void(database: sqlite3.Connection, seen: list[tuple[int, str]]) -> None:
    database.executemany(
        "UPDATE verdicts SET accepted = 0, reason = ? WHERE context = ? AND accepted",
        [(SEEN_TWICE, context) for _, context in seen],
    )


def _wrong_count(database: sqlite3.Connection, person: str, now: datetime) -> int:
    since = (now - WRONG_PERIOD).timestamp()
    row = database.execute(
        "SELECT count(*) FROM wrong WHERE person = ? AND at > ?", (person, since)
    ).fetchone()
    return int(row[0])


def _matching_step(secret: str, code: str, at: datetime) -> int | None:
    steps = range(_step(at) - WINDOW_STEPS, _step(at) + WINDOW_STEPS + 1)
    return next((step for step in steps if _is_code(secret, step, code)), None)


def _is_code(secret: str, step: int, code: str) -> bool:
    import pyotp

    return hmac.compare_digest(pyotp.TOTP(secret).generate_otp(step), code)


def _step(at: datetime) -> int:
    return int(at.timestamp()) // STEP_SECONDS


def _digits(code: str) -> str:
    """The six digits that were typed, spaces left out; the empty text for anything else."""
    digits = re.sub(r"\s", "", code[:32])
    return digits if re.fullmatch(r"[0-9]{6}", digits) else ""
