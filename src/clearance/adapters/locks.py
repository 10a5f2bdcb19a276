"""Locks between processes of one machine, released by the kernel when their holder dies."""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clearance.errors import LedgerError

_POLL_SECONDS = 0.05


@contextmanager
def file_lock(folder: Path, name: str, *, wait_seconds: float) -> Iterator[None]:
    """Held by one holder at a time, also within a process. LedgerError if it stays taken."""
    file = folder / (re.sub(r"[^A-Za-z0-9._-]", "_", name) + ".lock")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stream = file.open("ab")
    except OSError as problem:
        raise LedgerError(f"{file}: {problem.strerror}") from None
    with stream:
        file.chmod(0o600)
        _take(stream.fileno(), name, time.monotonic() + wait_seconds)
        yield


def _take(descriptor: int, name: str, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LedgerError(
                    f"the lock '{name}' is held by another process; try again when it is done"
                ) from None
            time.sleep(_POLL_SECONDS)
        else:
            return
