"""Who may decide what, in which state, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.office import NOON, SURVEY, TWO_APPROVALS, Office, candidate

from clearance.candidate import ReleaseId
from clearance.errors import PlanError, PolicyError, ReviewError
from clearance.policy import ReviewRules
from clearance.review import (
    REFUSALS,
    TRANSITIONS,
    Kind,
    Refusal,
    State,
    cases,
    find,
    next_release,
    refusal,
    same_person,
)
from clearance.stages import Choice


@pytest.mark.parametrize(
    ("state", "choice", "allowed"),
    [
        (State.WAITING, Choice.APPROVE, True),
        (State.WAITING, Choice.RETURN, True),
        (State.WAITING, Choice.REJECT, True),
        (State.APPROVED, Choice.APPROVE, False),
        (State.APPROVED, Choice.RETURN, True),
        (State.APPROVED, Choice.REJECT, True),
        (State.RETURNED, Choice.APPROVE, False),
        (State.RETURNED, Choice.RETURN, False),
        (State.RETURNED, Choice.REJECT, False),
        (State.REJECTED, Choice.APPROVE, False),
        (State.REJECTED, Choice.RETURN, False),
        (State.REJECTED, Choice.REJECT, False),
        (State.PUBLISHED, Choice.APPROVE, False),
        (State.PUBLISHED, Choice.RETURN, False),
        (State.PUBLISHED, Choice.REJECT, False),
    ],
)
def test_each_state_allows_these_choices_and_no_others(
    state: State, choice: Choice, allowed: bool
) -> None:
    assert (choice in TRANSITIONS[state]) is allowed


def test_every_state_and_every_refusal_is_provided_for() -> None:
    assert set(TRANSITIONS) == set(State)
    assert set(REFUSALS) == set(Refusal)


@pytest.mark.parametrize(
    ("person", "is_reviewer", "choice", "expected"),
    [
        ("r.first", True, Choice.APPROVE, None),
        ("r.first", False, Choice.APPROVE, Refusal.UNKNOWN_REVIEWER),
        ("s.okafor", True, Choice.APPROVE, Refusal.OWN_RELEASE),
        ("s.okafor", True, Choice.RETURN, Refusal.OWN_RELEASE),
        ("S. Okafor", True, Choice.APPROVE, Refusal.OWN_RELEASE),
    ],
)
def test_only_a_reviewer_who_is_not_the_steward_decides(
    person: str, is_reviewer: bool, choice: Choice, expected: Refusal | None
) -> None:
    case = Office().submit()
    assert refusal(case, person=person, is_reviewer=is_reviewer, choice=choice) is expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("s.okafor", "s.okafor", True),
        ("s.okafor", "S. Okafor", True),
        ("s.okafor", "s_okafor ", True),
        ("\uff53.okafor", "s.okafor", True),
        ("s.okafor", "t.okafor", False),
    ],
)
def test_another_spelling_is_not_another_person(one: str, other: str, same: bool) -> None:
    assert same_person(one, other) is same


def test_one_approval_approves_where_the_policy_asks_for_one() -> None:
    office = Office()
    outcome = office.answer(office.submit())
    assert (outcome.accepted, outcome.settled, outcome.state) == (True, True, State.APPROVED)


def test_two_approvals_are_needed_where_the_policy_asks_for_two() -> None:
    office = Office()
    case = office.submit(office.attacked(review=TWO_APPROVALS))
    first = office.answer(case)
    assert (first.accepted, first.settled, first.state) == (True, False, State.WAITING)
    second = office.answer(case, reviewer="r.second", code="222222", attempt=2)
    assert (second.accepted, second.settled, second.state) == (True, True, State.APPROVED)


def test_a_reviewer_counts_once() -> None:
    office = Office()
    case = office.submit(office.attacked(review=TWO_APPROVALS))
    office.answer(case)
    again = office.answer(case, reviewer="R.First ", code="111112", attempt=2)
    assert (again.accepted, again.settled) == (False, False)
    assert again.message == REFUSALS[Refusal.COUNTED_ONCE]
    assert len(office.case().approvals) == 1


def test_the_steward_of_a_release_is_asked_to_leave_it_to_another() -> None:
    office = Office()
    outcome = office.answer(office.submit(), reviewer="s.okafor", code="333333")
    assert (outcome.accepted, outcome.settled) == (False, False)
    assert outcome.message == REFUSALS[Refusal.OWN_RELEASE]
    assert office.case().state is State.WAITING


@pytest.mark.parametrize(
    ("reviewer", "code", "decision", "reason"),
    [
        ("r.first", "999999", "approve", ""),
        ("nobody", "111111", "approve", ""),
        ("r.first", "111111", "approved", ""),
        ("r.first", "111111", "", ""),
        ("r.first", "111111", "return", ""),
        ("r.first", "111111", "reject", "  "),
        ("{{ 7*7 }}", "{{ 7*7 }}", "{{ 7*7 }}", "{{ 7*7 }}"),
    ],
)
def test_what_is_no_decision_asks_again_and_echoes_nothing(
    reviewer: str, code: str, decision: str, reason: str
) -> None:
    office = Office()
    case = office.submit()
    outcome = office.answer(case, reviewer=reviewer, code=code, decision=decision, reason=reason)
    assert (outcome.accepted, outcome.settled) == (False, False)
    assert "111111" not in outcome.message and "7*7" not in outcome.message
    assert "7*7" not in str(office.ledger.entries())
    corrected = office.answer(case, code="111111", attempt=2)
    assert corrected.accepted, "nothing before the code was looked at has used it up"


@pytest.mark.parametrize(
    ("decision", "state"), [("return", State.RETURNED), ("reject", State.REJECTED)]
)
def test_a_reason_is_sealed_and_only_committed_to_in_the_ledger(
    decision: str, state: State
) -> None:
    office = Office()
    case = office.submit()
    outcome = office.answer(case, decision=decision, reason="Mrs Mbeki of Rose Lane is in it")
    assert (outcome.accepted, outcome.settled, outcome.state) == (True, True, state)
    payload = office.ledger.entries(kind=Kind.DECISION)[0].payload
    assert "Mbeki" not in str(office.ledger.entries())
    note = office.vault.open_note(case.manifest, payload["reason_note"])
    assert note == b"Mrs Mbeki of Rose Lane is in it"
    assert len(payload["reason_commitment"]) == 64


def test_an_approval_can_be_taken_back_before_publication() -> None:
    office = Office()
    case = office.submit()
    office.answer(case)
    office.answer(case, code="111112", decision="return", reason="too early", attempt=2)
    assert office.case().state is State.RETURNED


@pytest.mark.parametrize(("days", "state"), [(29, State.APPROVED), (30, State.WAITING)])
def test_an_approval_holds_for_as_many_days_as_the_policy_says(days: int, state: State) -> None:
    office = Office()
    office.answer(office.submit())
    office.clock.pass_time(days=days)
    assert office.case().state is state


def test_who_approved_may_approve_again_when_that_has_expired() -> None:
    office = Office()
    case = office.submit()
    office.answer(case)
    office.clock.pass_time(days=31)
    assert office.case().expired_count == 1
    assert office.answer(case, code="111112", attempt=2).state is State.APPROVED


def test_an_answer_is_judged_once_and_then_looked_up() -> None:
    office = Office()
    case = office.submit()
    refused = office.answer(case, code="999999")
    assert office.answer(case, code="111111") == refused, "attempt 1 has been judged"
    accepted = office.answer(case, code="111111", attempt=2)
    entered = office.ledger.head()
    assert office.answer(case, code="111111", attempt=2) == accepted
    assert office.ledger.head() == entered


def test_a_code_seen_in_two_answers_voids_both() -> None:
    office = Office()
    stolen = office.submit(office.attacked(of=candidate(ReleaseId("salaries", "2026", 1))))
    meant = office.submit(run="run-2")
    assert office.answer(stolen).accepted
    late = office.answer(meant, run="run-2")
    assert (late.accepted, late.settled) == (False, False)
    assert office.case(stolen.release).state is State.WAITING
    assert office.case().state is State.WAITING
    again = office.answer(stolen)
    assert (again.accepted, again.settled) == (False, False)


def test_handing_in_twice_changes_nothing() -> None:
    office = Office()
    office.answer(office.submit())
    office.submit()
    office.submit(run="run-2")
    assert len(office.ledger.entries(kind=Kind.CANDIDATE)) == 1
    assert office.case().state is State.APPROVED


@pytest.mark.parametrize("change", ["bytes", "plan", "steward", "memory"])
def test_an_approval_is_void_when_anything_it_is_bound_to_changes(change: str) -> None:
    office = Office()
    office.answer(office.submit())
    if change == "memory":
        office.memory.remember(ReleaseId("survey", "2025", 1), {"data.csv": b""})
    changed = office.attacked(
        of=candidate(data="age\n20-39\n" if change == "bytes" else "age\n0-19\n"),
        plan=b"another plan" if change == "plan" else b"plan",
        steward="t.berg" if change == "steward" else "s.okafor",
    )
    assert office.submit(changed, run="run-2").state is State.WAITING


def test_an_answer_on_a_superseded_candidate_ends_its_run() -> None:
    office = Office()
    older = office.submit()
    office.submit(office.attacked(of=candidate(data="age\n20-39\n")), run="run-2")
    outcome = office.answer(older)
    assert (outcome.accepted, outcome.settled) == (False, True)
    assert outcome.message == REFUSALS[Refusal.SUPERSEDED]


def test_an_answer_does_not_pass_to_the_same_bytes_with_other_bindings() -> None:
    office = Office()
    case = office.submit()
    office.answer(case)
    changed = office.submit(office.attacked(plan=b"another plan"), run="run-2")
    assert changed.manifest == case.manifest
    assert not office.answer(changed).accepted, "the same run, attempt and code as before"
    assert office.case().state is State.WAITING


def test_a_returned_candidate_is_reviewed_anew_for_a_new_run_only() -> None:
    office = Office()
    case = office.submit()
    office.answer(case, decision="return", reason="explain the zeros")
    assert office.submit().state is State.RETURNED
    assert office.submit(run="run-2").state is State.WAITING


def test_rejected_bytes_are_not_taken_again() -> None:
    office = Office()
    office.answer(office.submit(), decision="reject", reason="no legal basis")
    with pytest.raises(ReviewError, match="rejected"):
        office.submit(run="run-2")


def test_a_policy_that_asks_for_signatures_is_refused() -> None:
    office = Office()
    rules = ReviewRules(approvals=1, assurance="signature", valid_days=30)
    with pytest.raises(PolicyError, match="signatures"):
        office.submit(office.attacked(review=rules))


def test_a_candidate_that_was_not_handed_in_cannot_be_decided_on() -> None:
    office = Office()
    case = office.submit()
    elsewhere = Office()
    with pytest.raises(ReviewError, match="no candidate"):
        elsewhere.answer(case)


@pytest.mark.parametrize(
    ("reviewers", "changed", "state"),
    [
        (["r.first", "r.second"], {}, State.APPROVED),
        (["r.first", "s.okafor"], {}, State.WAITING),
        (["r.first", "R First"], {}, State.WAITING),
        (["r.first", "r.second"], {"assurance": "none"}, State.WAITING),
        (["r.first", "r.second"], {"candidate": "0" * 64}, State.WAITING),
    ],
)
def test_what_stands_in_the_ledger_is_counted_by_the_same_rules(
    reviewers: list[str], changed: dict[str, str], state: State
) -> None:
    office = Office()
    case = office.submit(office.attacked(review=TWO_APPROVALS))
    for number, reviewer in enumerate(reviewers):
        entered = {
            "manifest": case.manifest,
            "candidate": case.entry,
            "run": "run-1",
            "attempt": number,
            "context": f"run-1/{number}/approve",
            "choice": "approve",
            "reviewer": reviewer,
            "assurance": "one-time-code",
        }
        office.ledger.append(Kind.DECISION, SURVEY, {**entered, **changed}, at=NOON)
    assert office.case().state is state


@pytest.mark.parametrize(
    ("which", "found"),
    [
        ("survey/2026/1", True),
        ("survey-2026-1", True),
        ("manifest", True),
        ("manifest[:8]", True),
        ("manifest[:7]", False),
        ("survey", False),
        ("", False),
    ],
)
def test_a_release_is_found_by_its_id_or_the_beginning_of_its_digest(
    which: str, found: bool
) -> None:
    office = Office()
    case = office.submit()
    named = {"manifest": case.manifest, "manifest[:8]": case.manifest[:8]}
    named["manifest[:7]"] = case.manifest[:7]
    known = cases(office.ledger.entries(), now=NOON)
    if found:
        assert find(known, named.get(which, which)) == case
    else:
        with pytest.raises(PlanError):
            find(known, named.get(which, which))


def test_a_release_number_is_taken_once_its_bytes_were_about_to_be_visible() -> None:
    office = Office()
    assert next_release(office.ledger.entries(), "survey", "2026") == SURVEY
    office.submit()
    assert next_release(office.ledger.entries(), "survey", "2026") == SURVEY
    office.ledger.append(Kind.REMEMBERED, SURVEY, {"manifest": "00"}, at=NOON)
    assert next_release(office.ledger.entries(), "survey", "2026").number == 2
    assert next_release(office.ledger.entries(), "survey", "2027").number == 1


def test_other_bytes_of_a_visible_release_are_refused() -> None:
    office = Office()
    office.answer(office.submit())
    office.publish()
    with pytest.raises(ReviewError, match="next number"):
        office.submit(office.attacked(of=candidate(data="age\n20-39\n")), run="run-2")
    assert office.submit(run="run-2").state is State.PUBLISHED


@pytest.mark.parametrize(
    ("after", "state", "blocked_by", "next_"),
    [
        ([], "waiting-for-review", "0 of 1 approvals", "a reviewer other than s.okafor"),
        (["approve"], "approved", "not published yet", "clearance publish survey/2026/1"),
        (["return"], "returned", "returned by r.first", "the steward, s.okafor"),
        (["reject"], "rejected", "rejected by r.first", "nobody"),
        (["approve", "publish"], "published", "", "nobody; it is public"),
    ],
)
def test_status_says_what_blocks_a_release_and_who_acts_next(
    after: list[str], state: str, blocked_by: str, next_: str
) -> None:
    from clearance.desk import status

    office = Office()
    case = office.submit()
    for step in after:
        if step == "publish":
            office.publish()
        else:
            office.answer(case, decision=step, reason="why")
    (told,) = status(office.ledger, now=NOON + timedelta(minutes=1))
    assert (told.release, told.state, told.blocked_by) == ("survey/2026/1", state, blocked_by)
    assert next_ in told.next
