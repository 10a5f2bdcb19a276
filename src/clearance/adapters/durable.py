"""Files that are whole and on the disk once a function has returned."""

from __future__ import annotations

import os
from pathlib import Path

from clearance.content import Content, chunks


def write_file(file: Path, content: Content) -> None:
    """A new file, readable by a web server; its folder is not synced yet."""
    with file.open("xb") as stream:
        stream.writelines(chunks(content))
        stream.flush()
        os.fchmod(stream.fileno(), 0o644)
        os.fsync(stream.fileno())


def replace_file(file: Path, content: bytes, *, unfinished: Path) -> None:
    """``file`` holds either its old or its new content, whatever happens.

    ``unfinished``: where it lies until it is whole; on the same disk.
    """
    unfinished.unlink(missing_ok=True)
    write_file(unfinished, content)
    unfinished.replace(file)
    sync_folder(file.parent)


def move_folder(source: Path, target: Path) -> None:
    """``source`` becomes ``target`` in one step; on the disk on both sides."""
    source.rename(target)
    sync_folder(target.parent)
    sync_folder(source.parent)


def make_folders(folder: Path) -> None:
    """``folder`` and those above it, as far as they are missing, on the disk."""
    for part in reversed([folder, *folder.parents]):
        if not part.is_dir():
            part.mkdir(exist_ok=True)
            part.chmod(0o755)
            sync_folder(part.parent)


def make_private_folder(folder: Path) -> None:
    """The folder, and those above it that are missing, mode 0700 and on the disk."""
    if not folder.is_dir():
        make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


def sync_folders(folder: Path) -> None:
    """``folder`` and all folders in it are on the disk."""
    for part in (folder, *(entry for entry in folder.rglob("*") if entry.is_dir())):
        sync_folder(part)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
