"""The approval record: an in-toto statement about the published files of a release."""

from __future__ import annotations

import base64
import json
from typing import Any

from clearance.candidate import canonical_json
from clearance.stages import Approved, Decision

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:clearance:approval-record:1"


def statement(approved: Approved, *, ledger_head: str) -> bytes:
    """The statement's canonical JSON: subjects are all public files but the record itself.

    The same approvals and ledger head give the same bytes; times are the ledger's.
    ``ledger_head``: digest of the last ledger entry before the record was made.
    """
    return canonical_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": [
                {"name": entry.path, "digest": {"sha256": entry.sha256}}
                for entry in approved.attacked.sealed.manifest.files
            ],
            "predicateType": PREDICATE_TYPE,
            "predicate": _predicate(approved, ledger_head),
        }
    ).encode()


def _predicate(approved: Approved, ledger_head: str) -> dict[str, Any]:
    attacked = approved.attacked
    bindings = attacked.bindings
    return {
        "dataset": attacked.release.dataset,
        "release": str(attacked.release),
        "title": attacked.title,
        "steward": attacked.steward,
        "policies": list(attacked.policies),
        "approvals_required": attacked.review.approvals,
        "approvals": [_approval(decision) for decision in approved.approvals],
        "manifest": bindings.manifest,
        "commitments": {
            "plan": bindings.plan,
            "policies": bindings.policies,
            "report": bindings.report,
        },
        "code_version": bindings.code_version,
        "predecessor": bindings.predecessor,
        "memory_head": bindings.memory_head,
        "ledger_head": ledger_head,
    }


def _approval(decision: Decision) -> dict[str, str]:
    return {
        "reviewer": decision.reviewer,
        "decided_at": decision.decided_at.isoformat(),
        "assurance": decision.assurance,
    }


def subjects(envelope: bytes) -> dict[str, str]:
    """Path and SHA-256 of the files that an envelope of our own making is about."""
    made = json.loads(base64.b64decode(json.loads(envelope)["payload"]))
    return {entry["name"]: entry["digest"]["sha256"] for entry in made["subject"]}
