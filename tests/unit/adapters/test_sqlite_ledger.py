"""What the SQLite ledger keeps, whatever happens to its process or is done to its file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.office import NOON, SURVEY

from clearance.adapters.ledger import SqliteLedger
from clearance.errors import LedgerError

APPEND_FOR_EVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from clearance.adapters.ledger import SqliteLedger
from clearance.candidate import ReleaseId
ledger = SqliteLedger(Path(sys.argv[1]), Path(sys.argv[2]))
while True:
    entry = ledger.append("run", ReleaseId("a", "1", 1), {"x": "y" * 2000}, at=datetime.now(UTC))
    print(entry.digest, flush=True)
"""
HOLD_A_LOCK = """
import sys, time
from pathlib import Path
from clearance.adapters.locks import file_lock
with file_lock(Path(sys.argv[2]), "survey", wait_seconds=0):
    print("held", flush=True)
    time.sleep(60)
"""


def ledger_in(folder: Path) -> SqliteLedger:
    return SqliteLedger(folder / "ledger.db", folder / "locks", wait_seconds=0)


def start(program: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(folder / "ledger.db"), str(folder / "locks")],
        stdout=subprocess.PIPE,
        text=True,
    )


def kill(process: subprocess.Popen[str]) -> str:
    """What the process had printed until it was killed."""
    process.kill()
    return process.communicate()[0]


def test_no_acknowledged_entry_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for seconds in (0.05, 0.1, 0.15, 0.2):
        process = start(APPEND_FOR_EVER, tmp_path)
        assert process.stdout is not None
        acknowledged.append(process.stdout.readline().strip())
        time.sleep(seconds)
        lines = kill(process).splitlines(keepends=True)
        acknowledged += [line.strip() for line in lines if line.endswith("\n")]
    ledger = ledger_in(tmp_path)
    ledger.check()
    kept = [entry.digest for entry in ledger.entries()]
    assert [digest for digest in kept if digest in set(acknowledged)] == acknowledged


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    process = start(HOLD_A_LOCK, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(LedgerError, match="survey"), ledger.lock("survey"):
        pass
    kill(process)
    with ledger.lock("survey"):
        pass


def test_two_processes_enter_into_one_chain(tmp_path: Path) -> None:
    processes = [start(APPEND_FOR_EVER, tmp_path) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    printed = [kill(process) for process in processes]
    ledger = ledger_in(tmp_path)
    ledger.check()
    assert len(ledger.entries()) >= 2 + sum(text.count("\n") for text in printed)


@pytest.mark.parametrize("statement", ["UPDATE entries SET kind = 'x'", "DELETE FROM entries"])
def test_the_database_itself_refuses_changes(tmp_path: Path, statement: str) -> None:
    ledger_in(tmp_path).append("run", SURVEY, {}, at=NOON)
    with (
        closing(sqlite3.connect(tmp_path / "ledger.db")) as database,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        database.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE entries SET payload = \'{"reviewer":"x"}\' WHERE number = 2',
        "UPDATE entries SET at = '2020-01-01T00:00:00+00:00' WHERE number = 2",
        "UPDATE entries SET number = 9 WHERE number = 3",
        "DELETE FROM entries WHERE number = 1",
        "DELETE FROM entries WHERE number = 2",
    ],
)
def test_a_change_behind_its_back_breaks_the_chain(tmp_path: Path, statement: str) -> None:
    ledger = ledger_in(tmp_path)
    for _ in range(3):
        ledger.append("run", SURVEY, {}, at=NOON)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as database:
        database.executescript(
            f"DROP TRIGGER entries_stay; DROP TRIGGER entries_remain; {statement};"
        )
    with pytest.raises(LedgerError, match="chain breaks"):
        ledger.check()


def test_a_file_that_is_no_ledger_is_said_to_be_broken(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("this is no database, it only looks like a file" * 100)
    with pytest.raises(LedgerError, match="SQLITE_NOTADB"):
        ledger_in(tmp_path)


def test_only_its_owner_reads_the_ledger(tmp_path: Path) -> None:
    ledger_in(tmp_path)
    assert (tmp_path / "ledger.db").stat().st_mode & 0o777 == 0o600
