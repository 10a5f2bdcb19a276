"""Declared roles against what columns look like: the stricter wins, published columns block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.small_catalog import PLAN

from clearance.classify import Profile, classify, detectors
from clearance.classify.reconcile import MOST_VALUES_LOOKED_AT, spread
from clearance.findings import Finding, blocking
from clearance.plan import Plan, Role, TableOutput, Treatment, ValueType, Variable
from clearance.plan import parse as parse_plan

PLAIN = parse_plan(PLAN, dataset="people", where="people/plan.yaml")
PUBLISHED = [Role.QUASI_IDENTIFIER, Role.SENSITIVE_ATTRIBUTE, Role.ATTRIBUTE]
EMAILS = ["ann@example.org", "bob@example.org", "cid@example.org"]


def plan(*variables: Variable) -> Plan:
    return replace(PLAIN, variables=variables)


def findings(
    column: str, values: Sequence[str], role: Role = Role.ATTRIBUTE, records: int = 0, **more: Any
) -> tuple[Finding, ...]:
    """What is found about one column; as many records as it takes to be far from unique."""
    variable = Variable(name=column, role=role, reason="known to nobody", **more)
    profile = Profile(column, values, records or 100 * len(values))
    return classify(plan(variable), [profile])


def rules(found: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(each.rule, each.severity) for each in found]


# ---------------------------------------------------------------- every column has a role


def test_a_column_without_a_role_blocks() -> None:
    found = classify(plan(), [Profile("surprise", ["a"], 9)])
    assert rules(found) == [("unclassified-column", "block")]
    assert found[0].where == "surprise"


def test_a_variable_without_a_column_blocks() -> None:
    found = classify(plan(Variable(name="gone", role=Role.STRUCTURAL)), [])
    assert rules(found) == [("absent-column", "block")]


def test_names_of_columns_are_matched_exactly() -> None:
    found = classify(plan(Variable(name="Age", role=Role.STRUCTURAL)), [Profile("age", ["1"], 9)])
    assert rules(found) == [("unclassified-column", "block"), ("absent-column", "block")]


def test_a_source_without_a_header_is_refused_without_its_first_record() -> None:
    known = plan(Variable(name="age", role=Role.STRUCTURAL))
    found = classify(known, [Profile("Canary Surname", ["b"], 9), Profile("34", ["35"], 9)])
    assert rules(found) == [("unclassified-column", "block"), ("absent-column", "block")]
    assert "Canary" not in str(found)


@pytest.mark.parametrize(
    "spelling",
    ["Good", "go od", "go\N{ZERO WIDTH SPACE}od", "\N{FULLWIDTH LATIN SMALL LETTER G}ood"],
)
def test_spellings_of_one_sensitive_value_do_not_pass_for_diversity(spelling: str) -> None:
    values = Profile("health", ["good", spelling], 90)
    sensitive = Variable(name="health", role=Role.SENSITIVE_ATTRIBUTE)
    assert rules(classify(plan(sensitive), [values])) == [("look-alike-values", "block")]
    quasi = Variable(name="health", role=Role.QUASI_IDENTIFIER)
    assert classify(plan(quasi), [values]) == ()


def test_a_harmless_column_has_no_finding() -> None:
    assert findings("health", ["good", "fair", "poor"]) == ()


# ---------------------------------------------------------------- detectors


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ann@example.org", True),
        ("Ann <ann.archer@mail.example.org>", True),
        ("write to ann@example.org today", True),
        ("ann@localhost", False),
        ("@handle", False),
        ("a @ b.org", False),
        ("", False),
    ],
)
def test_email_addresses(value: str, expected: bool) -> None:
    assert (detectors.email_share([value]) == 1.0) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("192.0.2.1", True),
        ("2001:db8::1", True),
        ("::1", True),
        ("10:30", False),
        ("1.5", False),
        ("1.2.3", False),
        ("300.1.1.1", False),
        ("12", False),
        ("3232235777", False),
    ],
)
def test_ip_addresses(value: str, expected: bool) -> None:
    assert (detectors.ip_share([value]) == 1.0) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("+44 20 7946 0958", True),
        ("+49 30 123456", True),
        ("+493012345678", True),
        ("0044 20 7946 0958", True),
        ("202-555-0123", True),
        ("(202) 555-0123", True),
        ("2026-01-31", False),
        ("2026-01-31 10:30", False),
        ("31.01.2026", False),
        ("31/01/2026", False),
        ("90210", False),
        ("12345-6789", False),
        ("10000-19999", False),
        ("25000-29999", False),
        ("1000-2000", False),
        ("123456789", False),
        ("2025550123", False),
        ("0000012345", False),
        ("+5", False),
        ("-1500", False),
        ("51.50742", False),
        ("2026/2027", False),
        ("978-3-16-148410-0", False),
        ("4111 1111 1111 1111", False),
    ],
)
def test_telephone_numbers(value: str, expected: bool) -> None:
    assert (detectors.telephone_share([value]) == 1.0) is expected


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("phone", ["030 1234567", "0171 2345678"], True),
        ("MobilePhone", ["1712345678"], True),
        ("tel_1", ["030/1234567"], True),
        ("Telefon", ["030 1234567"], True),
        ("mobile_home", ["yes", "no"], False),
        ("phone_calls", ["3", "12"], False),
        ("hotel", ["030 1234567"], False),
        ("phone", [], False),
    ],
)
def test_columns_named_as_telephone_numbers(column: str, values: list[str], expected: bool) -> None:
    assert detectors.named_as_telephone(column, values) is expected


@pytest.mark.parametrize(
    "column",
    "name Name NAME first_name FirstName last-name surname Vorname nom Prénom contact_name "
    "ContactName full_name name_1 patient_name child_name Apellidos".split(),
)
def test_columns_named_as_peoples_names(column: str) -> None:
    assert detectors.named_as_a_name(column)


@pytest.mark.parametrize(
    "column",
    "school_name place_name product_name filename username name_of_place municipality "
    "variable_name surnames_counted tournament".split(),
)
def test_columns_that_are_not_named_as_peoples_names(column: str) -> None:
    assert not detectors.named_as_a_name(column)


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("date_of_birth", ["1980-02-28", "1999-12-31"], True),
        ("BirthDate", ["28/02/1980"], True),
        ("BirthDate", ["02/28/1980"], True),
        ("dob", ["28.2.1980"], True),
        ("dob", ["1980-02-28 00:00:00"], True),
        ("Geburtsdatum", ["28.02.1980"], True),
        ("birth_year", ["1980"], False),
        ("place_of_birth", ["Aford"], False),
        ("admitted", ["1980-02-28"], False),
        ("dob", ["1780-02-28"], False),
        ("dob", ["1980-02-30"], False),
        ("dob", ["1980-02-28", "unknown"], False),
        ("dob", ["1980-02-28", "1981-02-28", "unknown"], True),
    ],
)
def test_dates_of_birth(column: str, values: list[str], expected: bool) -> None:
    assert detectors.is_date_of_birth(column, values) is expected


# ---------------------------------------------------------------- the stricter wins


IDENTIFYING = {
    "e-mail addresses": ("note", EMAILS),
    "IP addresses": ("host", ["192.0.2.1", "192.0.2.2"]),
    "telephone numbers": ("note", ["+44 20 7946 0958", "+44 20 7946 0959"]),
    "telephone numbers by name": ("phone", ["030 1234567", "030 1234568"]),
    "people's names": ("surname", ["Archer", "Baker"]),
}


@pytest.mark.parametrize("role", PUBLISHED)
@pytest.mark.parametrize(("column", "values"), IDENTIFYING.values(), ids=IDENTIFYING.keys())
def test_a_published_column_that_identifies_blocks(
    role: Role, column: str, values: list[str]
) -> None:
    found = findings(column, values, role)
    assert rules(found) == [("role-too-weak", "block")]
    assert role.value in found[0].message
    assert found[0].count == len(values)


@pytest.mark.parametrize("treatment", list(Treatment))
@pytest.mark.parametrize(("column", "values"), IDENTIFYING.values(), ids=IDENTIFYING.keys())
def test_a_direct_identifier_never_blocks(
    treatment: Treatment, column: str, values: list[str]
) -> None:
    assert findings(column, values, Role.DIRECT_IDENTIFIER, treatment=treatment) == ()


@pytest.mark.parametrize(("column", "values"), IDENTIFYING.values(), ids=IDENTIFYING.keys())
def test_a_structural_column_never_blocks(column: str, values: list[str]) -> None:
    assert findings(column, values, Role.STRUCTURAL, records=len(values)) == ()


@pytest.mark.parametrize(
    ("emails", "severity"), [(0, None), (1, "warn"), (4, "warn"), (5, "block"), (100, "block")]
)
def test_a_share_of_one_in_twenty_blocks_and_fewer_warn(emails: int, severity: str | None) -> None:
    values = [f"note {number}" for number in range(100 - emails)]
    values += [f"p{number}@example.org" for number in range(emails)]
    found = findings("note", values)
    assert [each.severity for each in found] == ([severity] if severity else [])
    assert all(each.count == emails for each in found)


def test_addresses_at_the_end_of_many_sorted_values_are_seen() -> None:
    values = [f"{number:06}" for number in range(MOST_VALUES_LOOKED_AT)]
    values += [f"p{number}@example.org" for number in range(5_000)]
    assert rules(findings("note", values)) == [("role-too-weak", "block")]


def test_telephones_at_the_end_of_many_sorted_values_are_seen() -> None:
    values = ["+"] * MOST_VALUES_LOOKED_AT + [f"202-555-{number:04}" for number in range(5_000)]
    assert rules(findings("note", values)) == [("role-too-weak", "block")]


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [
        (0, 3, []),
        (3, 3, [0, 1, 2]),
        (4, 3, [0, 2]),
        (9, 3, [0, 3, 6]),
        (10, 3, [0, 4, 8]),
    ],
)
def test_a_sample_is_spread_evenly(count: int, most: int, expected: list[int]) -> None:
    assert list(spread([str(number) for number in range(count)], most)) == list(map(str, expected))


BIRTHS = ["1980-02-28", "1999-12-31"]


@pytest.mark.parametrize("role", [Role.ATTRIBUTE, Role.SENSITIVE_ATTRIBUTE])
def test_a_date_of_birth_is_at_least_a_quasi_identifier(role: Role) -> None:
    assert rules(findings("dob", BIRTHS, role)) == [("role-too-weak", "block")]


def test_a_date_of_birth_may_be_a_quasi_identifier() -> None:
    assert findings("dob", BIRTHS, Role.QUASI_IDENTIFIER) == ()


# ---------------------------------------------------------------- near-unique columns


@pytest.mark.parametrize(
    ("distinct", "records", "blocks"),
    [(17, 20, False), (18, 20, True), (20, 20, True), (19, 19, False), (1, 1, False)],
)
def test_a_near_unique_attribute_blocks(distinct: int, records: int, blocks: bool) -> None:
    found = findings("amount", [str(number) for number in range(distinct)], records=records)
    assert rules(found) == ([("near-unique-column", "block")] if blocks else [])


NUMBERS = [str(number) for number in range(100)]


@pytest.mark.parametrize(
    ("role", "more", "expected"),
    [
        (Role.ATTRIBUTE, {}, ["block"]),
        (Role.SENSITIVE_ATTRIBUTE, {}, ["block"]),
        (Role.ATTRIBUTE, {"type": ValueType.NUMBER, "round_to": Decimal(10)}, ["warn"]),
        (Role.QUASI_IDENTIFIER, {}, []),
        (Role.DIRECT_IDENTIFIER, {}, []),
        (Role.STRUCTURAL, {}, []),
    ],
)
def test_what_a_near_unique_column_may_be(
    role: Role, more: dict[str, Any], expected: list[str]
) -> None:
    found = findings("amount", NUMBERS, role, records=100, **more)
    assert [each.severity for each in found] == expected


def test_values_that_were_not_looked_at_count_as_well() -> None:
    variable = Variable(name="amount", role=Role.ATTRIBUTE, reason="known to nobody")
    sampled = Profile("amount", NUMBERS, 2000, unseen=1700)
    assert [each.count for each in classify(plan(variable), [sampled])] == [1800]
    spoken_of = Profile("amount", [*EMAILS, *NUMBERS[3:]], 10**6, unseen=900)
    assert [each.count for each in classify(plan(variable), [spoken_of])] == [30]


def test_amounts_that_only_tables_sum_may_be_unique() -> None:
    table = TableOutput(name="t", policy="open", dimensions=("place",), sum_of="amount")
    amount = Variable(name="amount", role=Role.ATTRIBUTE, reason="as sums only")
    only_tables = replace(plan(amount), outputs=(table,))
    assert classify(only_tables, [Profile("amount", NUMBERS, 100)]) == ()


def test_findings_name_columns_and_counts_and_no_value() -> None:
    found = findings("note", EMAILS, records=20)
    assert blocking(found)
    assert not any(value in str(each) for each in found for value in EMAILS)
