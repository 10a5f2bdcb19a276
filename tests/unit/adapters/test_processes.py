"""A child process never outlives the block that needs it."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from clearance.adapters import processes
from clearance.adapters.processes import ended_by_signals, running

SLEEPS = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEPS
PARENT = (
    "import subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print('up', child.pid, flush=True); time.sleep(60)"
)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()


def await_output(log: Path) -> str:
    deadline = time.monotonic() + 20
    while not log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return log.read_text()


def test_a_child_ends_with_the_block(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running([sys.executable, "-c", SLEEPS], environment={}, folder=tmp_path, log=log) as child:
        await_output(log)
        assert alive(child.pid)
    assert not alive(child.pid)
    assert log.stat().st_mode & 0o077 == 0


def test_a_child_that_does_not_listen_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.3)
    log, command = tmp_path / "log", [sys.executable, "-c", STUBBORN]
    with running(command, environment={}, folder=tmp_path, log=log) as child:
        await_output(log)
    assert not alive(child.pid)


def test_a_childs_children_end_too(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running([sys.executable, "-c", PARENT], environment={}, folder=tmp_path, log=log):
        grandchild = int(await_output(log).split()[1])
        assert alive(grandchild)
    deadline = time.monotonic() + 5
    while alive(grandchild) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(grandchild)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_ending_signal_leaves_the_block_through_its_clean_up(
    tmp_path: Path, number: signal.Signals
) -> None:
    log = tmp_path / "log"
    with (
        pytest.raises(SystemExit) as ended,
        ended_by_signals(),
        running([sys.executable, "-c", SLEEPS], environment={}, folder=tmp_path, log=log) as child,
    ):
        await_output(log)
        os.kill(os.getpid(), number)
        time.sleep(5)
    assert ended.value.code == 128 + number
    assert not alive(child.pid)


def test_the_handlers_are_put_back() -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with ended_by_signals():
        assert signal.getsignal(signal.SIGTERM) is not before[1]
    after = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    assert after == before
