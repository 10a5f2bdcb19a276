"""Keyed draws: chance that is the same whenever the same question is asked.

A draw is HMAC-SHA-256 of what it is for. Without the key it is as good as random; with it,
the same unit, variable and value get the same draw in every output and release (THREATS 14).
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DRAWS_OF_A_DIGEST = 4  # 256 bits are four draws of 64
STEADY_DECIMALS = 9  # the last bits of log and cos differ between machines; those are cut off


def uniforms(key: bytes, purpose: str, parts: Sequence[Sequence[str]], count: int = 1) -> Floats:
    """Draws from the open interval (0, 1), shape (rows, ``count``), ``count`` at most 4.

    ``parts``: aligned columns of text that name what each row's draws are for. Each row's draws
    depend on ``key``, ``purpose`` and its own parts, on no other row.
    """
    digests = b"".join(
        hmac.digest(key, _message(purpose, row), "sha256") for row in zip(*parts, strict=True)
    )
    words = np.frombuffer(digests, dtype=">u8").reshape(-1, DRAWS_OF_A_DIGEST)[:, :count]
    return np.asarray(((words >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53)


def normals(key: bytes, purpose: str, parts: Sequence[Sequence[str]]) -> Floats:
    """Standard normal draws, one a row (Box and Muller 1958)."""
    radius, angle = uniforms(key, purpose, parts, count=2).T
    drawn: Floats = np.sqrt(-2 * np.log(radius)) * np.cos(2 * np.pi * angle)
    return np.asarray(np.round(drawn, STEADY_DECIMALS))


def _message(purpose: str, parts: Sequence[str]) -> bytes:
    """Every part behind its length, so that no two rows share a message."""
    return "".join(f"{len(part)}:{part}" for part in (purpose, *parts)).encode()
