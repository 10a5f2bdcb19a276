"""Keyed replacement of direct identifiers: pseudonyms, equal for equal values.

Pseudonymisation is not anonymisation: it links a unit's records within one output of
one release, and nothing else (THREATS 5). The default for a direct identifier is to drop it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from clearance.hierarchy import MISSING

PSEUDONYM_HEX_DIGITS = 32  # 128 bits: no collisions among any number of people


def pseudonyms(values: Sequence[str], *, key: bytes, column: str) -> dict[str, str]:
    """Each value's pseudonym, 32 hex digits; a missing value stays missing.

    HMAC-SHA-256 of column and value under ``key``, which belongs to one release and output.
    """
    return {value: _pseudonym(value, key, column) for value in values}


def _pseudonym(value: str, key: bytes, column: str) -> str:
    if value == MISSING:
        return MISSING
    digest = hmac.new(key, f"{column}\0{value}".encode(), hashlib.sha256)
    return digest.hexdigest()[:PSEUDONYM_HEX_DIGITS]
