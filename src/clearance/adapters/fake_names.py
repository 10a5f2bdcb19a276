"""anonymizedf, made fit for replacing direct identifiers: keyed, injective, nulls kept.

The library adds unseeded fakes beside the original, merges people whose fakes collide and
makes a person of a missing value. So it is given integer codes only, with its source of
fakes swapped for a keyed one, and each fake gets a tag that no other value has.
This is pseudonymisation: it never counts as disclosure control.
"""

from __future__ import annotations

import hashlib
import hmac
import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from threading import Lock
from typing import Any

import pandas as pd

from clearance.errors import DisclosureRiskError
from clearance.hierarchy import MISSING

TAG_HEX_DIGITS = 16  # 64 bits make the fakes of one column injective
_LOCK = Lock()


def fake_names(values: Sequence[str], *, key: bytes, column: str) -> dict[str, str]:
    """Each distinct value's fake name with a tag; a missing value stays missing.

    DisclosureRiskError if two fakes are equal or a fake is one of ``values``.
    """
    known = [value for value in values if value != MISSING]
    if not known:
        return {value: value for value in values}
    digests = [_digest(value, key, column) for value in known]
    names = _anonymizedf_names(digests)
    fakes = [
        f"{name} {digest.hex()[:TAG_HEX_DIGITS]}"
        for name, digest in zip(names, digests, strict=True)
    ]
    if len(set(fakes)) < len(fakes) or set(fakes) & set(known) or set(names) & set(known):
        fakes = _avoiding(fakes, digests, set(known))
    return {**dict(zip(known, fakes, strict=True)), **{v: v for v in values if v == MISSING}}


def _avoiding(fakes: Sequence[str], digests: Sequence[bytes], known: set[str]) -> list[str]:
    """The fakes, with the name left out where it is a real one of this column."""
    bare = [
        f"Person {digest.hex()[:TAG_HEX_DIGITS]}" if fake.rsplit(" ", 1)[0] in known else fake
        for fake, digest in zip(fakes, digests, strict=True)
    ]
    if len(set(bare)) < len(bare) or set(bare) & known:
        raise DisclosureRiskError("fake names collide; use the treatment pseudonym or drop")
    return bare


def _digest(value: str, key: bytes, column: str) -> bytes:
    return hmac.new(key, f"{column}\0{value}".encode(), hashlib.sha256).digest()


def _anonymizedf_names(digests: Sequence[bytes]) -> list[str]:
    """The library's fake names for as many integer codes, drawn from ``digests``."""
    from anonymizedf import anonymizedf as library

    codes = pd.DataFrame({"code": range(len(digests))})
    with _LOCK, redirect_stdout(io.StringIO()):
        original = library.fake
        library.fake = _KeyedFaker(digests)
        try:
            faked = library.anonymize(codes).fake_names("code")
        finally:
            library.fake = original
    return [str(name) for name in faked["Fake_code"]]


class _KeyedFaker:
    """Answers one name for each digest, in their order."""

    def __init__(self, digests: Sequence[bytes]) -> None:
        from faker import Faker

        self._faker: Any = Faker("en_GB", use_weighting=False)
        self._digests = iter(digests)

    def name(self) -> str:
        self._faker.seed_instance(int.from_bytes(next(self._digests)[:8]))
        return f"{self._faker.first_name()} {self._faker.last_name()}"
