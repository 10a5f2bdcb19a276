"""The release flow on a real Prefect server: it asks, and the ledger decides."""

from __future__ import annotations

import pytest

from clearance.adapters.release_run import publish_candidate
from clearance.adapters.settings import Settings
from clearance.errors import InputError, PortalError
from clearance.publication import Published
from tests.flow_harness import FlowOffice

pytestmark = pytest.mark.integration


def test_an_approved_release_is_published_by_the_publish_flow_alone(office: FlowOffice) -> None:
    run = office.approved()
    assert not office.public
    assert "published people/2026/1" in office.publish()
    assert "people/2026/1/data/persons.csv" in office.public
    assert office.api.state(run).kind == "COMPLETED"


def test_the_form_shows_the_report_and_names_the_command_for_the_rest(office: FlowOffice) -> None:
    run = office.suspended()
    told = office.form(run, 1)
    assert "# People and their health" in told
    assert "clearance review show people/2026/1" in told
    assert "| age |" in told


def test_a_wrong_code_asks_again_with_the_reason(office: FlowOffice) -> None:
    run = office.suspended()
    office.answer(run, one_time_code="000000")
    assert office.run(run) == "Suspended"
    assert office.form(run, 2).startswith("**Asked again:** the code is not valid")
    office.answer(run)
    assert office.run(run) == "Approved"


def test_a_steward_cannot_approve_the_own_release(office: FlowOffice) -> None:
    run = office.suspended()
    office.answer(run, reviewer="s.okafor", one_time_code=office.code("s.okafor"))
    assert office.run(run) == "Suspended"
    assert "the steward of a release does not decide on it" in office.form(run, 2)
    assert "decision" not in office.kinds


def test_a_returned_release_ends_the_run_and_publishes_nothing(office: FlowOffice) -> None:
    run = office.suspended()
    office.answer(run, decision="return", reason="age is too fine")
    assert office.run(run) == "Returned"
    assert office.publish() == "nothing is due"
    assert not office.public


def test_the_reason_is_in_neither_ledger_nor_log(office: FlowOffice) -> None:
    run = office.suspended()
    office.answer(run, decision="reject", reason="the Quibbleworth family")
    assert office.run(run) == "Rejected"
    assert b"Quibbleworth" not in office.settings.home.ledger.read_bytes()


def test_two_approvals_are_asked_for_where_the_policy_wants_them(
    office: FlowOffice,
) -> None:
    policy = office.catalog.catalog / "policies" / "open.yaml"
    policy.write_text(policy.read_text().replace("approvals: 1", "approvals: 2"))
    run = office.suspended()
    office.answer(run)
    assert office.run(run) == "Suspended"
    assert "1 more approvals by other reviewers are needed" in office.form(run, 2)
    office.answer(run, reviewer="r.second", one_time_code=office.code("r.second"))
    assert office.run(run) == "Approved"


def test_a_retry_after_publication_publishes_nothing_new(office: FlowOffice) -> None:
    run = office.approved()
    office.publish()
    before, told = office.public, office.kinds
    office.retry(run)
    assert office.run(run) == "Published"
    assert office.publish() == "nothing is due"
    assert (office.public, office.kinds) == (before, told)


def test_a_retry_before_publication_replays_the_answer_and_enters_nothing(
    office: FlowOffice,
) -> None:
    run = office.approved()
    told = office.kinds
    office.retry(run)
    assert office.run(run) == "Approved"
    assert office.kinds == told


def test_fresh_data_do_not_slip_under_an_old_approval(office: FlowOffice) -> None:
    run = office.approved()
    digests = [e.payload["manifest"] for e in office.here.ledger.entries(kind="candidate")]
    rows = office.catalog.source.read_text().splitlines()
    office.catalog.source.write_text("\n".join(rows[:-20]) + "\n")
    office.retry(run)
    office.run(run)
    office.publish()
    published = office.here.ledger.entries(kind="published")
    assert [e.payload["manifest"] for e in published] == digests


def test_a_run_set_to_running_by_hand_approves_nothing(office: FlowOffice) -> None:
    from prefect import get_client
    from prefect.states import Running

    run = office.suspended()
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run, Running(), force=True)
    assert office.run(run) == "Suspended"
    assert "the form was not filled in" in office.form(run, 2)
    assert office.publish() == "nothing is due"


@pytest.mark.parametrize(
    "template", ["{{ 7*7 }}", "{% for x in range(3) %}approve{% endfor %}", "{{ flow_run }}"]
)
def test_a_template_in_the_form_is_only_text(office: FlowOffice, template: str) -> None:
    run = office.suspended()
    office.answer(run, reviewer=template, reason=template, one_time_code="000000")
    assert office.run(run) == "Suspended"
    assert "49" not in office.form(run, 2)[:200]


def test_what_blocks_a_release_is_told_by_rule_and_the_rest_is_private(
    office: FlowOffice,
) -> None:
    (office.catalog.root / "schemas/datasets/people.schema.json").unlink()
    run = office.trigger()
    assert office.run(run) == "Failed"
    state = office.api.state(run)
    assert "schema-missing" in state.message
    private = list((office.settings.home.path / "private").glob("run-*.txt"))
    assert len(private) == 1
    assert str(private[0]) in state.message
    assert private[0].stat().st_mode & 0o077 == 0


def test_a_dataset_that_is_not_in_the_catalog_is_not_offered(office: FlowOffice) -> None:
    from clearance.errors import PlanError

    with pytest.raises(PlanError, match="does not offer this dataset"):
        office.trigger("../../etc")


def test_what_an_operator_can_repair_is_tried_again(
    office: FlowOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.approved()
    answers = iter([PortalError("does not answer"), None])

    def sometimes(settings: Settings, candidate: str) -> Published:
        failure = next(answers)
        if failure is not None:
            raise failure
        return publish_candidate(settings, candidate)

    monkeypatch.setattr("clearance.adapters.release_run.publish_candidate", sometimes)
    assert "published people/2026/1" in office.publish()


def test_what_a_steward_must_repair_is_not_tried_again(
    office: FlowOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def refuses(_: object, dataset: str) -> None:
        tried.append(dataset)
        raise InputError("3 records have 4 fields instead of 5")

    monkeypatch.setattr("clearance.adapters.release_run.prepare_release", refuses)
    run = office.trigger()
    assert office.run(run) == "Failed"
    assert tried == ["people"]
    assert "3 records" not in office.api.state(run).message


def test_a_second_run_of_the_same_candidate_ends_when_the_review_is_over(
    office: FlowOffice,
) -> None:
    first, second = office.suspended(), office.suspended()
    office.answer(first)
    assert office.run(first) == "Approved"
    office.answer(second, reviewer="r.second", one_time_code=office.code("r.second"))
    assert office.run(second) == "Approved"
    assert office.kinds.count("candidate") == office.kinds.count("decision") == 1


def test_no_other_web_page_may_call_prefect(office: FlowOffice) -> None:
    import requests

    answer = requests.get(
        f"{office.api.url}/health", headers={"Origin": "https://example.org"}, timeout=10
    )
    assert "access-control-allow-origin" not in answer.headers
    assert "connect-src 'self'" in answer.headers["content-security-policy"]
