"""Bytes of a public file: held in memory while they are few, streamed where they are many."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Protocol

IN_MEMORY_BYTES = 8 * 2**20
"""Contents of fewer bytes are held in memory."""


class StoredContent(Protocol):
    """Bytes that lie outside memory, the same whenever they are read; an adapter makes them."""

    @property
    def size_bytes(self) -> int: ...

    @property
    def sha256(self) -> str:
        """Of all bytes, in hex."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """All bytes in order, a bounded number at a time; every call begins anew."""
        ...


Content = bytes | StoredContent


def size_bytes(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.size_bytes


def sha256(content: Content) -> str:
    """SHA-256 of all bytes, in hex."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    return content.sha256


def chunks(content: Content) -> Iterator[bytes]:
    """All bytes in order, a bounded number at a time."""
    if isinstance(content, bytes):
        yield content
    else:
        yield from content.chunks()


def whole(content: Content) -> bytes:
    """All bytes at once: for files that are known to be small."""
    return content if isinstance(content, bytes) else b"".join(content.chunks())
