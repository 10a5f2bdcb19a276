"""Does one verb of a folder portal again and again, each time killed one step later.

    python -m tests.crash_at_each_step WORLD stage|flip

A step is a call that changes or syncs the disk. For each the folder ``WORLD`` is copied,
and a child process that does the verb in the copy is killed with SIGKILL before the step.
Prints the path of each copy; the last one's child was not killed.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clearance.adapters.folder_portal import FolderPortal
from clearance.candidate import ReleaseId
from tests.sample_release import sample_files

RELEASE = ReleaseId("household-survey", "2026", 2)
STEPS = ("rename", "replace", "mkdir", "fsync", "unlink", "rmdir", "chmod", "fchmod")


def main(world: Path, verb: str) -> None:
    killed, number = True, 0
    while killed:
        number += 1
        copy = world.with_name(f"{world.name}-{verb}-{number}")
        shutil.copytree(world, copy)
        child = os.fork()
        if child == 0:
            die_at_step(number)
            do(verb, FolderPortal(copy))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if not killed and status != 0:
            raise SystemExit(f"the child failed by itself: {status}")
        print(copy, flush=True)


def do(verb: str, portal: FolderPortal) -> None:
    if verb == "stage":
        portal.stage(RELEASE, sample_files(RELEASE))
    else:
        portal.flip(RELEASE)


def die_at_step(number: int) -> None:
    """From here on this process dies before its ``number``-th step."""
    to_come = number

    def count() -> None:
        nonlocal to_come
        to_come -= 1
        if to_come == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **named: Any) -> Any:
            count()
            return function(*arguments, **named)

        return step

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))

    plain_open = io.open

    def counted_open(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        stream = plain_open(file, mode, *arguments, **named)
        if set(mode) & set("wxa"):
            count()  # after opening: the file is there and empty
        return stream

    io.open = counted_open


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
