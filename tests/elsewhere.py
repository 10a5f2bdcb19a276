"""Contents that are not bytes, for the contract of whatever takes contents."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator


class Elsewhere:
    """A `clearance.content.StoredContent` that gives its bytes in small, uneven pieces."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @property
    def size_bytes(self) -> int:
        return len(self._content)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self._content).hexdigest()

    def chunks(self) -> Iterator[bytes]:
        start, size = 0, 1
        while piece := self._content[start : start + size]:
            yield piece
            start, size = start + size, size * 3
