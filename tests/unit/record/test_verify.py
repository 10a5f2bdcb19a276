"""What `clearance verify` accepts, and each way in which it must not."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from clearance.schemas import load
from jsonschema import Draft202012Validator
from tests.fakes import FakePortal, FakePublisher
from tests.office import SURVEY, TWO_APPROVALS, Office

from clearance.candidate import APPROVAL_FILE, SUMS_FILE, sha256
from clearance.errors import VerificationError
from clearance.record.commitment import commit, opens
from clearance.record.verify import Trust, TrustedKey, claimed_files, parse_trust, verify

TRUST = FakePublisher().trust()


def published() -> dict[str, bytes]:
    """A release that two reviewers approved, with its approval record."""
    portal = FakePortal()
    office = Office(portal=portal)
    case = office.submit(office.attacked(review=TWO_APPROVALS))
    office.answer(case)
    office.answer(case, reviewer="r.second", code="222222", attempt=2)
    office.publish()
    return portal.public[SURVEY]


def failed(files: dict[str, bytes], trust: Trust = TRUST) -> list[str]:
    result = verify(files, trust)
    assert result.verified is all(check.passed for check in result.checks)
    return [check.name for check in result.checks if not check.passed]


def resigned(files: dict[str, bytes], change: Callable[[Any], None]) -> dict[str, bytes]:
    """The release with another statement, properly signed."""
    statement = json.loads(base64.b64decode(json.loads(files[APPROVAL_FILE])["payload"]))
    change(statement)
    return {**files, APPROVAL_FILE: FakePublisher().sign(json.dumps(statement).encode())}


def test_an_untouched_release_is_verified() -> None:
    result = verify(published(), TRUST)
    assert result.verified
    assert [check.number for check in result.checks] == list(range(1, 10))
    assert (result.release, result.keyids) == ("survey/2026/1", (TRUST.keys[0].keyid,))


def test_the_statement_is_what_the_published_schema_says() -> None:
    envelope = json.loads(published()[APPROVAL_FILE])
    statement = json.loads(base64.b64decode(envelope["payload"]))
    schema = load("approval-record")
    assert list(Draft202012Validator(schema).iter_errors(statement)) == []
    assert set(schema["properties"]["predicate"]["properties"]) == set(statement["predicate"])


def test_a_changed_byte_is_found() -> None:
    files = published()
    files["data/persons.csv"] += b"60+\n"
    assert failed(files) == ["digests", SUMS_FILE, "manifest"]


def test_an_extra_file_is_found() -> None:
    files = {**published(), "data/more.csv": b"age\n"}
    assert "no file beside the subjects" in failed(files)


def test_a_missing_file_is_found() -> None:
    files = published()
    del files["changes.md"]
    assert "no subject without its file" in failed(files)


def test_a_missing_record_fails_every_check_that_needs_it() -> None:
    files = published()
    del files[APPROVAL_FILE]
    assert len(failed(files)) == 8, "only SHA256SUMS can still be looked at"


def test_an_empty_folder_fails_every_check() -> None:
    assert len(failed({})) == 9


@pytest.mark.parametrize(
    "record", [b"", b"{}", b"[]", b"null", b"\xff", b'{"payload": 1, "payload": 2}', b'"text"']
)
def test_a_record_that_is_none_fails_and_does_not_raise(record: bytes) -> None:
    assert "envelope" in failed({**published(), APPROVAL_FILE: record})


def test_a_key_that_is_not_trusted_proves_nothing() -> None:
    assert failed(published(), FakePublisher(2).trust()) == ["signature"]


def test_without_any_trusted_key_authenticity_is_unproven() -> None:
    result = verify(published(), Trust(()))
    assert not result.verified
    assert "authenticity is unproven" in result.checks[1].detail


def test_a_signature_over_other_bytes_is_found() -> None:
    files = published()
    envelope = json.loads(files[APPROVAL_FILE])
    other = json.loads(FakePublisher().sign(b"something else"))
    envelope["signatures"] = other["signatures"]
    assert failed({**files, APPROVAL_FILE: json.dumps(envelope).encode()}) == ["signature"]


def test_one_key_under_two_ids_is_one_key() -> None:
    files = published()
    envelope = json.loads(files[APPROVAL_FILE])
    again = {**envelope["signatures"][0], "keyid": "another"}
    envelope["signatures"].append(again)
    twice = Trust((TRUST.keys[0], TrustedKey(TRUST.keys[0].public.upper())), threshold=2)
    signed = {**files, APPROVAL_FILE: json.dumps(envelope).encode()}
    assert failed(signed, twice) == ["signature"]


def test_two_keys_are_two() -> None:
    files = published()
    envelope = json.loads(files[APPROVAL_FILE])
    statement = base64.b64decode(envelope["payload"])
    envelope["signatures"] += json.loads(FakePublisher(2).sign(statement))["signatures"]
    both = Trust((*TRUST.keys, *FakePublisher(2).trust().keys), threshold=2)
    assert failed({**files, APPROVAL_FILE: json.dumps(envelope).encode()}, both) == []


def test_two_reviewers_who_are_one_do_not_count_as_two() -> None:
    def change(statement: Any) -> None:
        statement["predicate"]["approvals"][1]["reviewer"] = "R. First"

    assert failed(resigned(published(), change)) == ["approvals"]


def test_an_approval_by_the_steward_is_none() -> None:
    def change(statement: Any) -> None:
        statement["predicate"]["steward"] = "r.first"

    assert failed(resigned(published(), change)) == ["approvals"]


@pytest.mark.parametrize("required", [0, -1, 3])
def test_an_impossible_number_of_approvals_fails(required: int) -> None:
    def change(statement: Any) -> None:
        statement["predicate"]["approvals_required"] = required

    assert failed(resigned(published(), change)) == ["approvals"]


def test_no_approvals_where_none_are_needed_fail() -> None:
    def change(statement: Any) -> None:
        statement["predicate"] |= {"approvals_required": 0, "approvals": []}

    assert failed(resigned(published(), change)) == ["approvals"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["_type"], "https://in-toto.io/Statement/v0.1"),
        (["predicateType"], "https://slsa.dev/provenance/v1"),
        (["more"], 1),
        (["subject"], []),
        (["subject", 0, "digest", "sha256"], "00"),
        (["predicate"], []),
        (["predicate", "more"], 1),
        (["predicate", "approvals_required"], True),
        (["predicate", "approvals"], [{}]),
        (["predicate", "approvals", 0, "decided_at"], "yesterday"),
        (["predicate", "approvals", 0, "decided_at"], "2026-11-23T12:00:00"),
        (["predicate", "commitments"], {}),
        (["predicate", "manifest"], None),
    ],
)
def test_a_statement_that_is_not_quite_an_approval_record_fails(
    path: list[str | int], value: object
) -> None:
    def change(statement: Any) -> None:
        *way, last = path
        for step in way:
            statement = statement[step]
        statement[last] = value

    assert "statement" in failed(resigned(published(), change))


def test_a_subject_that_stands_twice_fails() -> None:
    def change(statement: Any) -> None:
        statement["subject"].append(statement["subject"][0])

    assert "statement" in failed(resigned(published(), change))


def test_sums_that_do_not_agree_fail_even_where_they_are_signed() -> None:
    sums = b"00  data/persons.csv\n"

    def change(statement: Any) -> None:
        for subject in statement["subject"]:
            if subject["name"] == SUMS_FILE:
                subject["digest"]["sha256"] = sha256(sums)

    files = resigned({**published(), SUMS_FILE: sums}, change)
    assert failed(files) == [SUMS_FILE, "manifest"]


def test_another_release_id_does_not_fit_the_manifest() -> None:
    def change(statement: Any) -> None:
        statement["predicate"]["release"] = "survey/2026/2"

    assert failed(resigned(published(), change)) == ["manifest"]


@pytest.mark.parametrize(
    "name", ["../up.csv", "/etc/passwd", "a/../b", "http://elsewhere/x", "", "a//b", "a?b"]
)
def test_a_record_cannot_send_a_download_elsewhere(name: str) -> None:
    def change(statement: Any) -> None:
        statement["subject"][0]["name"] = name

    assert claimed_files(resigned(published(), change)[APPROVAL_FILE]) == ()


def test_a_record_names_the_files_to_download() -> None:
    assert set(claimed_files(published()[APPROVAL_FILE])) == set(published()) - {APPROVAL_FILE}


def test_a_trust_file_is_read_as_it_is_written() -> None:
    assert parse_trust(TRUST.as_json(), where="trust.json") == TRUST


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"threshold": 0},
        {"threshold": 2},
        {"threshold": True},
        {"keys": []},
        {"keys": [{"keyid": "00", "scheme": "ed25519", "public": TRUST.keys[0].public}]},
        {"keys": [{"keyid": "00", "scheme": "ed25519", "public": "00"}]},
        {"more": 1},
    ],
)
def test_a_trust_file_with_anything_wrong_is_refused(change: dict[str, Any]) -> None:
    text = json.dumps({**json.loads(TRUST.as_json()), **change})
    with pytest.raises(VerificationError, match=r"trust\.json"):
        parse_trust(text, where="trust.json")


def test_a_commitment_opens_with_its_own_content_and_salt_only() -> None:
    made = commit(b"secret", salt=b"s" * 32)
    assert opens(made, b"secret", salt=b"s" * 32)
    assert not opens(made, b"secret", salt=b"t" * 32)
    assert not opens(made, b"other", salt=b"s" * 32)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        commit(b"secret", salt=b"s" * length)
