"""Signs approval records with an ed25519 key that lies in the home."""

from __future__ import annotations

from clearance.adapters.keys import KeyRing
from clearance.candidate import canonical_json
from clearance.record.statement import PAYLOAD_TYPE
from clearance.record.verify import Trust, TrustedKey

PUBLISHER_KEY = "publisher"


class LocalPublisher:
    """Holds the signing key of this home; ed25519 gives the same signature each time."""

    def __init__(self, keys: KeyRing) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        seed = keys.load_or_create(
            PUBLISHER_KEY, lambda: Ed25519PrivateKey.generate().private_bytes_raw().hex()
        )
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
        self.trusted = TrustedKey(self._key.public_key().public_bytes_raw().hex())

    def sign(self, statement: bytes) -> bytes:
        """The DSSE envelope, as canonical JSON, of an in-toto statement."""
        from securesystemslib.dsse import Envelope
        from securesystemslib.signer import (  # type: ignore[attr-defined] # exported unsaid
            CryptoSigner,
            SSlibKey,
        )

        public = SSlibKey(self.trusted.keyid, "ed25519", "ed25519", {"public": self.trusted.public})
        envelope = Envelope(statement, PAYLOAD_TYPE, {})
        envelope.sign(CryptoSigner(self._key, public))
        return canonical_json(envelope.to_dict()).encode()

    def trust(self) -> Trust:
        """What others need to verify records of this home."""
        return Trust((self.trusted,))
