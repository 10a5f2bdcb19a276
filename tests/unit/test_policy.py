"""Policies are strict, and too weak ones are refused for the plan at hand."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from tests.small_catalog import PLAN, POLICY

from clearance.errors import PolicyError
from clearance.plan import Material, MicrodataOutput, Plan, Role, TableOutput
from clearance.plan import parse as parse_plan
from clearance.policy import (
    Attacker,
    BetaLikeness,
    Concentration,
    DeltaDisclosure,
    DeltaPresence,
    Distance,
    DistinctL,
    EntropyL,
    KMap,
    KOnSubsets,
    Loss,
    Method,
    Missing,
    Policy,
    RecursiveL,
    TCloseness,
    check_suits,
    model_document,
    model_sentence,
    parse,
    parse_concentration,
)

Change = Callable[[dict[str, Any]], None]


def parsed(*changes: Change) -> Policy:
    document = copy.deepcopy(POLICY)
    for change in changes:
        change(document)
    return parse(document, where="policies/open.yaml")


def section(name: str, **values: Any) -> Change:
    return lambda policy: policy[name].update(values)


def without(name: str) -> Change:
    return lambda policy: policy.pop(name)


PLAIN = parse_plan(PLAN, dataset="people", where="people/plan.yaml")


# ---------------------------------------------------------------- parse


def test_a_policy_becomes_frozen_types() -> None:
    policy = parsed(section("microdata", max_suppressed_share=0.02, loss="entropy"))
    assert policy.microdata is not None and policy.tables is not None
    assert policy.microdata.max_suppressed_share == Fraction(1, 50)
    assert policy.microdata.models == (DistinctL("health", 2),)
    assert policy.microdata.loss is Loss.ENTROPY
    assert policy.tables.attacker == Attacker(at_least_percent=0, at_most_percent=None)


@pytest.mark.parametrize(
    ("written", "share"),
    [(0, 0), (0.1, Fraction(1, 10)), (1e-05, Fraction(1, 100_000)), (0.3, Fraction(3, 10))],
)
def test_a_share_is_exact(written: float, share: Fraction) -> None:
    policy = parsed(section("microdata", max_suppressed_share=written))
    assert policy.microdata is not None
    assert policy.microdata.max_suppressed_share == share


MODELS = {
    "entropy-l": ({"variable": "health", "l": 2.5}, EntropyL("health", Fraction(5, 2))),
    "recursive-l": ({"variable": "health", "c": 3, "l": 2}, RecursiveL("health", Fraction(3), 2)),
    "t": (
        {"variable": "health", "t": 0.2, "distance": "equal"},
        TCloseness("health", Fraction(1, 5), Distance.EQUAL),
    ),
    "beta": (
        {"variable": "health", "beta": 1.5, "enhanced": True},
        BetaLikeness("health", Fraction(3, 2), True),
    ),
    "delta-disclosure": (
        {"variable": "health", "delta": 1},
        DeltaDisclosure("health", Fraction(1)),
    ),
    "k-map": ({"k": 3}, KMap(3)),
    "delta-presence": (
        {"at_least": 0.1, "at_most": 0.9},
        DeltaPresence(Fraction(1, 10), Fraction(9, 10)),
    ),
    "k-subsets": ({"size": 2, "k": 5}, KOnSubsets(2, 5)),
}


@pytest.mark.parametrize(("name", "written"), [(n, w) for n, (w, _) in MODELS.items()])
def test_a_model_is_read_exactly_and_written_as_it_was(name: str, written: dict[str, Any]) -> None:
    policy = parsed(section("microdata", models=[{name: written}]))
    assert policy.microdata is not None
    assert policy.microdata.models == (MODELS[name][1],)
    assert model_document(policy.microdata.models[0]) == {"model": name, **written}


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_told_in_a_sentence(name: str) -> None:
    written, model = MODELS[name]
    told = model_sentence(model)
    assert all(str(value) in told for key, value in written.items() if key != "enhanced")


def test_methods_missing_values_and_weights_have_defaults_that_protect() -> None:
    plain = parsed().microdata
    assert plain is not None
    assert (plain.method, plain.missing) == (Method.GLOBAL, Missing.OWN_CATEGORY)
    weighty = parsed(section("microdata", weights={"age": 2.5}, missing="wildcard")).microdata
    assert weighty is not None
    assert [weighty.weight(name) for name in ("age", "place")] == [Fraction(5, 2), 1]
    assert weighty.missing is Missing.WILDCARD


REFUSED = {
    "an unknown key": (section("microdata", kk=3), "microdata: unknown key 'kk'"),
    "k of 1": (section("microdata", k=1), "microdata.k: expected an integer of at least 2"),
    "k of 5.0": (section("microdata", k=5.0), "microdata.k: expected an integer of at least 2"),
    "no k": (lambda policy: policy["microdata"].pop("k"), "microdata: missing 'k'"),
    "a share above 1": (
        section("microdata", max_suppressed_share=1.1),
        "microdata.max_suppressed_share: expected maximum 1",
    ),
    "a method that nobody knows": (
        section("microdata", method="guess"),
        "microdata.method: expected one of",
    ),
    "a model that nobody knows": (
        section("microdata", models=[{"s-closeness": {"variable": "health", "s": 0.2}}]),
        "microdata.models[0]: unknown key 's-closeness'",
    ),
    "t without a distance": (
        section("microdata", models=[{"t": {"variable": "health", "t": 0.2}}]),
        "microdata.models[0].t: missing 'distance'",
    ),
    "two models in one item": (
        section("microdata", models=[{"k-map": {"k": 3}, "k-subsets": {"size": 1, "k": 3}}]),
        "microdata.models[0]: ",
    ),
    "a weight of 0": (
        section("microdata", weights={"age": 0}),
        "microdata.weights.age: expected",
    ),
    "l of 1": (
        section("microdata", models=[{"distinct-l": {"variable": "health", "l": 1}}]),
        "microdata.models[0].distinct-l.l: expected minimum 2",
    ),
    "silence about zeros": (lambda policy: policy["tables"].pop("zeros"), "missing 'zeros'"),
    "cell keys, which come later": (
        section("tables", secondary="cell-key"),
        "tables.secondary: expected suppress",
    ),
    "an attacker who knows nothing definite": (
        section("tables", attacker={"at_least_percent": 0, "at_most_percent": 100}),
        "tables.attacker.at_most_percent: expected the word unbounded, or an integer above 100",
    ),
    "a secret written into the catalog": (
        section("tables", concentration={"p_percent": 10}),
        "tables.concentration: ",
    ),
    "a secret file outside the private folder": (
        section("tables", concentration={"file": "../x.yaml"}),
        "tables.concentration.file: expected the name of a file in the private policy folder",
    ),
    "no review": (without("review"), "top level: missing 'review'"),
    "approval by nobody": (section("review", approvals=0), "review.approvals: expected minimum 1"),
    "signatures, which come later": (
        section("review", assurance="signature"),
        "review.assurance: expected one-time-code",
    ),
}


@pytest.mark.parametrize(("change", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_a_policy_is_refused_with_file_path_and_expectation(change: Change, told: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parsed(change)
    assert str(refused.value).startswith("policies/open.yaml: ")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"p_percent": 10}, Concentration(p_percent=10)),
        ({"dominance": {"n": 1, "k_percent": 85}}, Concentration(n=1, k_percent=85)),
        (
            {"p_percent": 10, "dominance": {"n": 2, "k_percent": 80}},
            Concentration(p_percent=10, n=2, k_percent=80),
        ),
    ],
)
def test_the_secret_part_is_read(document: dict[str, Any], expected: Concentration) -> None:
    assert parse_concentration(document, where="private policy x") == expected


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"p_percent": 987},
        {"p_percent": "987"},
        {"p": 987},
        {"dominance": {"n": 987, "k_percent": 80}},
        {"dominance": {"n": 1}},
    ],
)
def test_a_wrong_secret_is_refused_and_not_repeated(document: dict[str, Any]) -> None:
    with pytest.raises(PolicyError) as refused:
        parse_concentration(document, where="private policy x")
    assert "987" not in str(refused.value)


def test_a_secret_does_not_show_itself() -> None:
    assert "10" not in repr(Concentration(p_percent=10, n=1, k_percent=85))
    assert "10" not in f"{[Concentration(p_percent=10)]}"


# ---------------------------------------------------------------- check_suits


def plan(*outputs: MicrodataOutput | TableOutput, material: str = "personal-data") -> Plan:
    return replace(PLAIN, material=Material(material), outputs=outputs or PLAIN.outputs)


COUNTS = TableOutput(name="t", policy="open", dimensions=("age",))
SUMS = replace(COUNTS, sum_of="income")
FROM_MICRODATA = replace(COUNTS, source="persons")
NON_PERSONAL = "non-personal"
NOT_OF_PERSONS = replace(
    PLAIN,
    material=Material.NON_PERSONAL,
    variables=tuple(
        each
        for each in PLAIN.variables
        if each.role not in (Role.DIRECT_IDENTIFIER, Role.SENSITIVE_ATTRIBUTE)
    ),
)

UNSUITED = {
    "k below the floor": (plan(), (section("microdata", k=2),), "k must be at least 3"),
    "a threshold below the floor": (
        plan(COUNTS),
        (section("tables", minimum_frequency=2),),
        "minimum_frequency must be at least 3",
    ),
    "microdata without their section": (
        plan(),
        (without("microdata"),),
        "microdata need a section 'microdata'",
    ),
    "a table without its section": (
        plan(COUNTS),
        (without("tables"),),
        "tables need a section 'tables'",
    ),
    "a sensitive attribute without a model": (
        plan(),
        (section("microdata", models=[]),),
        "the published sensitive attribute 'health' needs a model",
    ),
    "a sensitive attribute without a model, not of persons": (
        plan(material=NON_PERSONAL),
        (section("microdata", models=[]),),
        "the published sensitive attribute 'health' needs a model",
    ),
    "a model of what is not sensitive": (
        plan(),
        (
            section(
                "microdata",
                models=[
                    {"distinct-l": {"variable": "health", "l": 2}},
                    {"distinct-l": {"variable": "helth", "l": 2}},
                ],
            ),
        ),
        "a model names 'helth'",
    ),
    "a model that a class of one value satisfies": (
        plan(),
        (
            section(
                "microdata",
                models=[{"beta": {"variable": "health", "beta": 2, "enhanced": False}}],
            ),
        ),
        "'health' has models that a class of one value can satisfy",
    ),
    "an order that nobody gave": (
        plan(),
        (
            section(
                "microdata",
                models=[{"t": {"variable": "health", "t": 0.2, "distance": "ordered"}}],
            ),
        ),
        "t with distance ordered needs an order of 'health'",
    ),
    "a distance without its hierarchy": (
        plan(),
        (
            section(
                "microdata",
                models=[{"t": {"variable": "health", "t": 0.2, "distance": "hierarchical"}}],
            ),
        ),
        "t with distance hierarchical needs a hierarchy of 'health'",
    ),
    "a population that is not there": (
        plan(),
        (
            section(
                "microdata",
                models=[{"distinct-l": {"variable": "health", "l": 2}}, {"k-map": {"k": 3}}],
            ),
        ),
        "k-map and delta-presence need a population",
    ),
    "subsets larger than the whole": (
        plan(),
        (
            section(
                "microdata",
                models=[
                    {"distinct-l": {"variable": "health", "l": 2}},
                    {"k-subsets": {"size": 9, "k": 3}},
                ],
            ),
        ),
        "k-subsets: 9 is more than the plan's",
    ),
    "a table of records with levels of their own": (
        plan(*PLAIN.outputs, FROM_MICRODATA),
        (section("microdata", method="local-recoding"),),
        "method local-recoding: the table 't' is tabulated from the microdata",
    ),
    "a weight of what is no quasi-identifier": (
        plan(),
        (section("microdata", weights={"health": 2}),),
        "weights: 'health' is no quasi-identifier here",
    ),
    "everything may be suppressed": (
        plan(),
        (section("microdata", max_suppressed_share=1),),
        "a limit of 1",
    ),
    "sums without concentration": (plan(SUMS), (), "sums need a concentration rule (table 't')"),
    "a policy that is not there": (
        plan(replace(COUNTS, policy="gone")),
        (),
        "output 't': there is no policy 'gone' in the catalog",
    ),
}


@pytest.mark.parametrize(("dataset", "changes", "told"), UNSUITED.values(), ids=UNSUITED.keys())
def test_a_policy_too_weak_for_the_plan_is_refused(
    dataset: Plan, changes: tuple[Change, ...], told: str
) -> None:
    with pytest.raises(PolicyError) as refused:
        check_suits(dataset, {"open": parsed(*changes)})
    assert told in str(refused.value)


def test_every_reason_is_told_once() -> None:
    weak = parsed(section("microdata", k=2, models=[]), section("tables", minimum_frequency=2))
    both = plan(*PLAIN.outputs, COUNTS, replace(COUNTS, name="u"))
    with pytest.raises(PolicyError) as refused:
        check_suits(both, {"open": weak})
    assert len(str(refused.value).splitlines()) == 3


SUITED = {
    "at the floors": (
        plan(*PLAIN.outputs, COUNTS),
        (
            section("microdata", k=3),
            section("tables", minimum_frequency=3),
        ),
    ),
    "below the floors, not of persons": (
        replace(NOT_OF_PERSONS, outputs=(*PLAIN.outputs, COUNTS)),
        (section("microdata", k=2, models=[]), section("tables", minimum_frequency=2)),
    ),
    "no tables section where tables come of the microdata": (
        plan(*PLAIN.outputs, FROM_MICRODATA),
        (without("tables"),),
    ),
    "no microdata section where only tables are published": (
        plan(COUNTS),
        (without("microdata"),),
    ),
    "sums with concentration": (
        plan(SUMS),
        (section("tables", concentration={"file": "open.secret.yaml"}),),
    ),
    "no model where no sensitive attribute is published": (
        replace(NOT_OF_PERSONS, material=Material.PERSONAL_DATA),
        (section("microdata", models=[]),),
    ),
}


@pytest.mark.parametrize(("dataset", "changes"), SUITED.values(), ids=SUITED.keys())
def test_a_policy_that_suits_is_accepted(dataset: Plan, changes: tuple[Change, ...]) -> None:
    check_suits(dataset, {"open": parsed(*changes)})


@pytest.mark.parametrize("material", ["personal-data", "policy-document", "non-personal"])
def test_the_word_material_does_not_lift_the_floor_of_what_is_about_persons(material: str) -> None:
    with pytest.raises(PolicyError, match="k must be at least 3"):
        check_suits(plan(material=material), {"open": parsed(section("microdata", k=2))})
