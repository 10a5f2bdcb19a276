"""Commitments: digests that fix a content without giving it away.

Plain SHA-256 is for published files only: so few plans, reports or reasons are possible
that a plain digest of one could be tried out.
"""

from __future__ import annotations

import hashlib
import hmac

SALT_BYTES = 32
_DOMAIN = b"clearance commitment 1\0"


def commit(content: bytes, *, salt: bytes) -> str:
    """The commitment to ``content`` in hex. ``salt``: 32 random bytes that stay secret.

    Raises ValueError for a salt of another length.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return hashlib.sha256(_DOMAIN + salt + content).hexdigest()


def opens(commitment: str, content: bytes, *, salt: bytes) -> bool:
    """Whether the commitment was made to this content with this salt."""
    return hmac.compare_digest(commitment, commit(content, salt=salt))
