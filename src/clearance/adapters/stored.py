"""Bytes that stay in a file: what is too large to be held in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from clearance.content import Content

CHUNK_BYTES = 1 << 20
MOST_BYTES_IN_MEMORY = 8_000_000


class StoredFile:
    """A `clearance.content.StoredContent` over the file at ``path``, which must not change."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def size_bytes(self) -> int:
        return self.path.stat().st_size

    @cached_property
    def sha256(self) -> str:
        with self.path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()

    def chunks(self) -> Iterator[bytes]:
        with self.path.open("rb") as content:
            while chunk := content.read(CHUNK_BYTES):
                yield chunk


def content_of(path: Path) -> Content:
    """The bytes of the file at ``path``: in memory where they are few, else the file itself."""
    if path.stat().st_size < MOST_BYTES_IN_MEMORY:
        return path.read_bytes()
    return StoredFile(path)
