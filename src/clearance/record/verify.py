"""Verification of a published release against its approval record, by anybody, offline.

     1. the record is one DSSE envelope of an in-toto statement
     2. enough distinct trusted public keys signed it
     3. the statement is an approval record, complete, with nothing unknown in it
     4. every file is a subject of the statement
     5. every subject is there as a file
     6. every file has the digest that its subject says
     7. SHA256SUMS lists every other file with its digest
     8. the manifest that was approved is the manifest of these files
     9. enough distinct persons approved it, and none of them is its steward

Each check fails closed: what cannot be looked at has not passed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clearance.candidate import (
    APPROVAL_FILE,
    SUMS_FILE,
    ReleaseId,
    canonical_json,
    manifest_of,
    sha256,
)
from clearance.content import IN_MEMORY_BYTES, Content, size_bytes, whole
from clearance.documents import read_json
from clearance.errors import VerificationError
from clearance.record.statement import PAYLOAD_TYPE, PREDICATE_TYPE, STATEMENT_TYPE
from clearance.review import person_key, same_person

_SAFE_PATH = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
_STATEMENT_KEYS = frozenset({"_type", "subject", "predicateType", "predicate"})
_PREDICATE_TYPES: Mapping[str, tuple[type, ...]] = {
    "dataset": (str,),
    "release": (str,),
    "title": (str,),
    "steward": (str,),
    "policies": (list,),
    "approvals_required": (int,),
    "approvals": (list,),
    "manifest": (str,),
    "commitments": (dict,),
    "code_version": (str,),
    "predecessor": (str, type(None)),
    "memory_head": (str,),
    "ledger_head": (str,),
}


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """An ed25519 public key in hex; its id is the SHA-256 of its bytes."""

    public: str

    @property
    def keyid(self) -> str:
        return sha256(bytes.fromhex(self.public))


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count, and how many of them a record needs."""

    keys: tuple[TrustedKey, ...]
    threshold: int = 1

    def as_json(self) -> str:
        keys = [
            {"keyid": key.keyid, "scheme": "ed25519", "public": key.public} for key in self.keys
        ]
        return canonical_json({"format": 1, "threshold": self.threshold, "keys": keys})


@dataclass(frozen=True, slots=True)
class Check:
    """One numbered check of this module's list; ``detail`` quotes no value of a record."""

    number: int
    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationResult:
    """``keyids``: the keys that the record says signed it, trusted or not."""

    release: str
    keyids: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def verified(self) -> bool:
        return len(self.checks) == len(NAMES) and all(check.passed for check in self.checks)


NAMES = (
    "envelope",
    "signature",
    "statement",
    "no file beside the subjects",
    "no subject without its file",
    "digests",
    SUMS_FILE,
    "manifest",
    "approvals",
)


@dataclass(frozen=True, slots=True)
class _Envelope:
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]


def parse_trust(text: str, *, where: str) -> Trust:
    """The trust file's keys. VerificationError for anything unknown, malformed or empty."""
    document = read_json(text, where=where, error=VerificationError)
    try:
        if set(document) != {"format", "threshold", "keys"} or document["format"] != 1:
            raise ValueError
        keys = tuple(_trusted_key(entry) for entry in document["keys"])
        threshold = document["threshold"]
        if type(threshold) is not int or not 1 <= threshold <= len(keys):
            raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError):
        raise VerificationError(
            f"{where}: expected a trust file: format 1, threshold, and at least so many keys, "
            "each with keyid, scheme ed25519 and public"
        ) from None
    return Trust(keys, threshold)


def _trusted_key(entry: Mapping[str, Any]) -> TrustedKey:
    key = TrustedKey(entry["public"])
    complete = set(entry) == {"keyid", "scheme", "public"} and entry["scheme"] == "ed25519"
    if not complete or len(bytes.fromhex(key.public)) != 32 or entry["keyid"] != key.keyid:
        raise ValueError
    return key


def verify(files: Mapping[str, Content], trust: Trust) -> VerificationResult:
    """Every check of this module's list, on the files of one folder, path to content.

    A folder without record, or a trust without keys, gives failed checks, not an error.
    """
    public = {path: content for path, content in files.items() if path != APPROVAL_FILE}
    envelope = _envelope(_record(files))
    made = _statement(envelope)
    subjects = _subjects(made)
    predicate = made["predicate"] if made else {}
    answers = (
        (envelope is not None, f"{APPROVAL_FILE} is a DSSE envelope of an in-toto statement"),
        _signed(envelope, trust),
        (made is not None, "the statement is an approval record"),
        _counted(set(public) - set(subjects), bool(subjects), "files that the record leaves out"),
        _counted(set(subjects) - set(public), bool(subjects), "files of the record are missing"),
        _digests(public, subjects),
        _sums(public),
        _manifest(public, predicate),
        _approvals(predicate),
    )
    return VerificationResult(
        release=str(predicate.get("release", "")),
        keyids=tuple(keyid for keyid, _ in envelope.signatures) if envelope else (),
        checks=tuple(
            Check(number, name, passed, detail)
            for number, (name, (passed, detail)) in enumerate(
                zip(NAMES, answers, strict=True), start=1
            )
        ),
    )


def claimed_files(record: bytes) -> tuple[str, ...]:
    """Paths below a release's folder that an unverified record names; none if it is malformed."""
    paths = tuple(_subjects(_statement(_envelope(record))))
    return paths if all(_SAFE_PATH.fullmatch(path) for path in paths) else ()


def _record(files: Mapping[str, Content]) -> bytes:
    """Empty where there is none, or where it is far too large for one."""
    content = files.get(APPROVAL_FILE, b"")
    return whole(content) if size_bytes(content) < IN_MEMORY_BYTES else b""


def _envelope(content: bytes) -> _Envelope | None:
    try:
        document = read_json(content.decode(), where=APPROVAL_FILE, error=VerificationError)
        if set(document) != {"payload", "payloadType", "signatures"}:
            return None
        if document["payloadType"] != PAYLOAD_TYPE:
            return None
        signatures = tuple(
            (str(each["keyid"]), base64.b64decode(each["sig"], validate=True))
            for each in document["signatures"]
        )
        return _Envelope(base64.b64decode(document["payload"], validate=True), signatures)
    except (VerificationError, UnicodeError, binascii.Error, TypeError, KeyError, ValueError):
        return None


def _signed(envelope: _Envelope | None, trust: Trust) -> tuple[bool, str]:
    """Distinct public keys are counted, whatever ids they go by."""
    if not trust.keys:
        return False, (
            "authenticity is unproven: no trusted key is known; "
            "get the publisher's trust file and give it with --trust"
        )
    signed = (
        {key.public.lower() for key in trust.keys if _signed_by(envelope, key)}
        if envelope
        else set()
    )
    enough = len(signed) >= trust.threshold >= 1
    return enough, f"{len(signed)} of {trust.threshold} signatures by distinct trusted keys"


def _signed_by(envelope: _Envelope, key: TrustedKey) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from securesystemslib.dsse import Envelope

    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public))
    message = Envelope(envelope.payload, PAYLOAD_TYPE, {}).pae()
    for _, signature in envelope.signatures:
        try:
            public.verify(signature, message)
        except InvalidSignature:
            continue
        return True
    return False


def _statement(envelope: _Envelope | None) -> dict[str, Any] | None:
    """The statement, if every part of it has the name and type that an approval record has."""
    if envelope is None:
        return None
    try:
        made = read_json(envelope.payload.decode(), where=APPROVAL_FILE, error=VerificationError)
    except (VerificationError, UnicodeError):
        return None
    if not isinstance(made, dict) or set(made) != _STATEMENT_KEYS:
        return None
    if (made["_type"], made["predicateType"]) != (STATEMENT_TYPE, PREDICATE_TYPE):
        return None
    return made if _well_formed(made["predicate"]) and _subjects(made) else None


def _well_formed(predicate: Any) -> bool:
    return (
        isinstance(predicate, dict)
        and set(predicate) == set(_PREDICATE_TYPES)
        and all(
            isinstance(predicate[key], types) and not isinstance(predicate[key], bool)
            for key, types in _PREDICATE_TYPES.items()
        )
        and set(predicate["commitments"]) == {"plan", "policies", "report"}
        and all(_is_approval(each) for each in predicate["approvals"])
    )


def _is_approval(value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != {"reviewer", "decided_at", "assurance"}:
        return False
    if not all(isinstance(part, str) and part for part in value.values()):
        return False
    try:
        return datetime.fromisoformat(value["decided_at"]).tzinfo is not None
    except ValueError:
        return False


def _subjects(made: Mapping[str, Any] | None) -> dict[str, str]:
    """Path to digest; nothing at all where one is malformed or stands twice."""
    entries = made["subject"] if made else []
    found: dict[str, str] = {}
    for entry in entries if isinstance(entries, list) else []:
        match entry:
            case {"name": str(name), "digest": {"sha256": str(digest)}} if (
                name and name not in found and _HEX_DIGEST.fullmatch(digest)
            ):
                found[name] = digest
            case _:
                return {}
    return {} if APPROVAL_FILE in found else found


def _counted(wrong: set[str], known: bool, what: str) -> tuple[bool, str]:
    return known and not wrong, f"{len(wrong)} {what}"


def _digests(public: Mapping[str, Content], subjects: Mapping[str, str]) -> tuple[bool, str]:
    differing = [
        path for path, digest in subjects.items() if sha256(public.get(path, b"")) != digest
    ]
    named = f": {', '.join(sorted(differing)[:5])}" if differing else ""
    return bool(subjects) and not differing, f"{len(differing)} files differ from the record{named}"


def _sums(public: Mapping[str, Content]) -> tuple[bool, str]:
    expected = "".join(
        f"{sha256(content)}  {path}\n"
        for path, content in sorted(public.items())
        if path != SUMS_FILE
    )
    passed = bool(expected) and sha256(public.get(SUMS_FILE, b"")) == sha256(expected.encode())
    return passed, "it lists every other file with its digest, in the order of the paths"


def _manifest(public: Mapping[str, Content], predicate: Mapping[str, Any]) -> tuple[bool, str]:
    detail = "the approved manifest is that of these files"
    try:
        release = ReleaseId.parse(predicate["release"])
    except (KeyError, ValueError):
        return False, detail
    same = manifest_of(release, public).digest == predicate["manifest"]
    return same and predicate["dataset"] == release.dataset, detail


def _approvals(predicate: Mapping[str, Any]) -> tuple[bool, str]:
    if not predicate:
        return False, "there is no record of approvals"
    required, approvals = predicate["approvals_required"], predicate["approvals"]
    persons = {person_key(each["reviewer"]) for each in approvals}
    own = any(same_person(each["reviewer"], predicate["steward"]) for each in approvals)
    passed = 1 <= required <= len(persons) and len(persons) == len(approvals) and not own
    return passed, f"{len(persons)} distinct persons approved it, {required} were needed"
