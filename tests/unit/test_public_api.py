"""`from clearance import microdata`: what its functions promise, with their examples run."""

from __future__ import annotations

import datetime
import doctest
import pkgutil
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clearance.microdata.api
import clearance.microdata.framed
from clearance import microdata
from clearance.errors import DisclosureRiskError, InputError, PlanError, PolicyError
from clearance.microdata.frames import text_frame

# ---------------------------------------------------------------- the package


@pytest.mark.parametrize("module", [microdata, clearance.microdata.api, clearance.microdata.framed])
def test_the_examples_run(module):
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("name", microdata.__all__)
def test_every_public_name_is_there_and_documented(name: str):
    assert name in dir(microdata)
    assert getattr(microdata, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'anonymize'"):
        microdata.anonymize  # noqa: B018


def test_no_module_of_the_package_takes_the_place_of_a_public_function():
    modules = {module.name for module in pkgutil.iter_modules(microdata.__path__)}
    assert modules.isdisjoint(microdata.__all__)  # Python would put the module in its place


def test_importing_the_package_imports_nothing_heavy():
    program = (
        "import sys; import clearance.microdata; "
        "sys.exit(len({'numpy', 'pandas', 'numba', 'duckdb'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# ---------------------------------------------------------------- protect

PLACES = [["Oslo", "East"], ["Moss", "East"], ["Bergen", "West"], ["Voss", "West"]]


def people(count: int = 12) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": [20 + 3 * n for n in range(count)],
            "place": [PLACES[n % 4][0] for n in range(count)],
            "illness": [("flu", "cold", "gout")[n % 3] for n in range(count)],
        }
    )


def protected(frame: pd.DataFrame, **more: object) -> microdata.Result:
    call = {
        "quasi_identifiers": {"age": [10, 20, 40], "place": PLACES},
        "sensitive": ["illness"],
        "models": [microdata.DistinctL("illness", 2)],
        "k": 3,
        "method": "global",
    }
    return microdata.protect(frame, **{**call, **more})


def test_every_published_combination_is_that_of_k_records_with_l_values():
    result = protected(people())
    classes = result.frame.groupby(["age", "place"])["illness"].agg(["size", "nunique"])
    assert classes["size"].min() == result.k >= 3
    assert classes["nunique"].min() >= 2
    assert len(result.frame) + result.suppressed_records == 12


def test_rows_are_sorted_by_what_they_show_and_numbered_anew():
    frame = people().sample(frac=1, random_state=1)
    result = protected(frame)
    assert result.frame.equals(protected(people()).frame)
    assert result.frame.index.tolist() == list(range(len(result.frame)))
    shown = result.frame.apply(tuple, axis=1).tolist()
    assert shown == sorted(shown)


def test_columns_stay_in_the_order_of_the_frame():
    frame = people()[["illness", "place", "age"]]
    assert list(protected(frame).frame.columns) == ["illness", "place", "age"]


def test_the_arguments_are_unchanged():
    frame, rows = people(), [list(row) for row in PLACES]
    before = frame.copy(deep=True)
    protected(frame, quasi_identifiers={"age": [10, 20, 40], "place": rows})
    pd.testing.assert_frame_equal(frame, before)
    assert rows == PLACES


def test_risk_is_told_before_and_after():
    result = protected(people())
    assert result.risk_before.sample_uniques == 12
    assert result.risk_after.sample_uniques == 0
    assert result.risk_after.highest_prosecutor <= 1 / 3


def test_the_optimum_of_a_global_recoding_is_proven():
    result = protected(people())
    assert result.proven_optimal and result.gap == 0
    assert result.levels is not None and set(result.levels) == {"age", "place"}
    assert set(result.loss) >= {"granularity", "entropy_bits"}


def test_a_limit_lets_outliers_be_left_out():
    frame = pd.concat([people(9), people(1).assign(age=99)])
    strict = protected(frame)
    loose = protected(frame, max_suppressed_share="0.1")
    assert strict.suppressed_records == 0
    assert loose.suppressed_records <= 1
    assert loose.loss["granularity"] <= strict.loss["granularity"]


def test_k_counts_units_where_they_have_several_records():
    frame = pd.DataFrame({"person": [1, 1, 2, 2, 3, 3], "place": ["N", "N", "N", "N", "S", "S"]})
    result = microdata.protect(
        frame, quasi_identifiers={"place": None}, unit="person", k=3, method="global"
    )
    assert list(result.frame.columns) == ["place"]
    assert set(result.frame["place"]) == {"*"}


def test_a_household_counts_once_towards_k():
    frame = pd.DataFrame({"home": [1, 1, 1, 2, 3, 4], "place": ["N"] * 3 + ["S"] * 3})
    result = microdata.protect(
        frame, quasi_identifiers={"place": None}, household="home", k=3, method="global"
    )
    assert set(result.frame["place"]) == {"*"}


def test_a_survey_weight_gives_individual_risks_and_is_not_published():
    frame = people().assign(weight=[10.5] * 12)
    result = protected(frame, survey_weight="weight")
    assert "weight" not in result.frame
    assert result.risk_before.weights is not None and result.risk_after.weights is not None
    assert result.risk_after.weights.highest < result.risk_before.weights.highest


def test_a_missing_value_is_a_category_of_its_own():
    frame = pd.DataFrame({"age": [1, 1, 1, None, None, np.nan]})
    result = microdata.protect(frame, quasi_identifiers={"age": [5]}, k=3, method="global")
    assert result.frame["age"].tolist() == ["", "", "", "1", "1", "1"]


def test_attributes_are_published_as_they_are_in_text():
    result = protected(people().assign(score=[1.50] * 12), attributes=["score"])
    assert set(result.frame["score"]) == {"1.5"}


def test_a_population_lets_k_map_be_asked_for():
    frame = pd.DataFrame({"age": [21, 22, 23, 41, 42, 43]})
    population = pd.DataFrame({"age": [20, 21, 22, 23, 24, 41, 42, 43, 44, 45] * 2})
    result = microdata.protect(
        frame,
        quasi_identifiers={"age": [5, 10]},
        models=[microdata.KMap(8)],
        population=population,
        k=3,
        method="global",
    )
    assert result.risk_after.population is not None
    assert result.risk_after.population.highest_journalist <= 1 / 8


def test_an_order_of_a_sensitive_column_comes_from_its_type():
    frame = pd.DataFrame({"age": [1, 1, 1, 2, 2, 2], "income": [1, 2, 30, 1, 2, 30]})
    result = microdata.protect(
        frame,
        quasi_identifiers={"age": None},
        sensitive=["income"],
        models=[
            microdata.TCloseness("income", Decimal("0.1"), microdata.Distance.ORDERED),
        ],
        k=3,
        method="global",
    )
    assert result.levels == {"age": 0}


def test_a_hierarchy_of_a_sensitive_column_gives_a_distance():
    frame = people()
    result = protected(
        frame,
        sensitive={"illness": [["flu", "short"], ["cold", "short"], ["gout", "long"]]},
        models=[microdata.TCloseness("illness", 1, microdata.Distance.HIERARCHICAL)],
    )
    assert len(result.frame) == 12


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"sensitive": [], "models": []}, PlanError, "columns without a role: illness"),
        ({"attributes": ["age"]}, PlanError, "columns with several: age"),
        ({"attributes": ["income"]}, PlanError, "absent.*: income"),
        ({"k": 2}, PolicyError, "k must be at least 3"),
        ({"models": []}, PolicyError, "'illness' needs a model"),
        ({"models": [microdata.BetaLikeness("illness", 1, True)]}, PolicyError, "needs a model"),
        ({"max_suppressed_share": 1.5}, PolicyError, "from 0 to 1"),
        ({"method": "magic"}, PolicyError, "method: expected global, "),
        ({"loss": "money"}, PolicyError, "loss: expected granularity, entropy"),
        ({"missing": "ignored"}, PolicyError, "missing: expected own-category, wildcard"),
        ({"weights": {"illness": 2}}, PolicyError, "'illness' is no quasi-identifier"),
        ({"k": 13}, DisclosureRiskError, "k=13"),
        ({"quasi_identifiers": {"age": [10], "place": PLACES[:3]}}, PlanError, "1 distinct values"),
        ({"quasi_identifiers": {"age": [10, 15], "place": None}}, PlanError, "multiple"),
        ({"quasi_identifiers": {"age": None, "place": [5]}}, PlanError, "intervals need numbers"),
    ],
)
def test_what_does_not_fit_is_refused_without_a_value_being_told(change, error, message):
    with pytest.raises(error, match=message) as caught:
        protected(people(), **change)
    assert not any(value in str(caught.value) for value in ("Oslo", "Voss", "gout", "53"))


def test_weights_that_are_no_numbers_are_refused():
    with pytest.raises(InputError, match=r"'weight': 1 weights are missing or no numbers"):
        protected(people().assign(weight=[1.0] * 11 + [None]), survey_weight="weight")


def test_a_frame_without_rows_is_refused():
    with pytest.raises(InputError, match="no rows"):
        protected(people().iloc[:0])


# ---------------------------------------------------------------- text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (np.int64(7), "7"),
        (7.0, "7"),
        (np.float32(0.5), "0.5"),
        (Decimal("7.50"), "7.5"),
        (-0.0, "0"),
        (True, "True"),
        (datetime.date(2026, 3, 1), "2026-03-01"),
        (pd.Timestamp("2026-03-01"), "2026-03-01"),
        (pd.Timestamp("2026-03-01 12:30"), "2026-03-01T12:30:00"),
        (" F ", "F"),
        ("Cafe\u0301", "Caf\u00e9"),
        (None, ""),
        (np.nan, ""),
        (pd.NaT, ""),
        (pd.NA, ""),
    ],
)
def test_values_of_any_type_become_one_text(value: object, text: str):
    assert text_frame(pd.DataFrame({"a": pd.Series([value], dtype=object)}), ["a"])["a"][0] == text


@pytest.mark.parametrize("kind", ["int64", "Int64", "float64", "str", "category"])
def test_the_type_of_a_column_does_not_matter(kind: str):
    column = pd.Series([1, 2, 2]).astype("str" if kind == "category" else kind).astype(kind)
    texts = [
        text.removesuffix(".0") for text in text_frame(pd.DataFrame({"a": column}), ["a"])["a"]
    ]
    assert texts == ["1", "2", "2"]


def test_an_infinite_number_is_refused():
    with pytest.raises(InputError, match="'a' holds an infinite number"):
        text_frame(pd.DataFrame({"a": [np.inf]}), ["a"])


@pytest.mark.parametrize("columns", [["b"], ["a"], ["records"]])
def test_columns_that_are_not_there_once_are_refused(columns: list[str]):
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", "records"])
    with pytest.raises(PlanError, match=f"records': {columns[0]}"):
        text_frame(frame, columns)


# ---------------------------------------------------------------- risk, suda, utility


def test_risk_with_everything_that_is_known():
    frame = people().assign(weight=[9.0] * 12, home=[n // 2 for n in range(12)])
    population = pd.concat([people()[["place"]]] * 3)
    found = microdata.risk(
        frame, ["place"], household="home", survey_weight="weight", population=population
    )
    assert (found.units, found.classes, found.sample_uniques) == (12, 4, 0)
    assert found.population is not None and found.population.highest_journalist == 1 / 9
    assert found.weights is not None and found.weights.expected < 12
    assert [each.kind for each in found.households] == ["home"]


def test_risk_over_no_columns_is_that_of_one_class():
    assert microdata.risk(people(), []).average_prosecutor == 1 / 12


def test_risk_counts_units():
    frame = pd.DataFrame({"person": [1, 1, 2], "place": ["N", "S", "N"]})
    found = microdata.risk(frame, ["place"], unit="person")
    assert (found.units, found.sample_uniques) == (2, 2)


def test_suda_scores_every_record_in_its_own_row():
    frame = pd.DataFrame({"age": [1, 2, 2, None], "sex": ["F", "F", "F", "M"]}, index=[9, 8, 7, 6])
    found = microdata.suda(frame, ["age", "sex"])
    assert found.index.tolist() == [9, 8, 7, 6]
    assert found["score"].tolist() == [1.0, 0.0, 0.0, 1.0]
    assert list(found.columns) == ["score"]


def test_suda_gives_dis_scores_where_the_sampling_share_is_known():
    found = microdata.suda(people(), ["age", "place"], sampling_share=0.1)
    assert found["dis"].between(0, 1).all()
    assert (found["dis"] == 1).all()  # nobody is one of two


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_a_sampling_share_that_is_none_is_refused(share: float):
    with pytest.raises(PlanError, match="sampling_share"):
        microdata.suda(people(), ["age"], sampling_share=share)


def test_too_many_columns_for_suda_are_refused_unless_a_size_is_given():
    frame = pd.DataFrame({f"c{n}": [1, 2] for n in range(20)})
    with pytest.raises(PlanError, match="at most 6 together"):
        microdata.suda(frame, list(frame))
    assert (microdata.suda(frame, list(frame), max_size=1)["score"] > 0).all()


def test_utility_of_what_was_protected_agrees_with_the_decision():
    result = protected(people())
    found = microdata.utility(people(), result.frame, {"age": [10, 20, 40], "place": PLACES})
    assert found.granularity == pytest.approx(result.loss["granularity"])
    assert found.published_records == len(result.frame)


def test_utility_of_nothing_published_is_none():
    found = microdata.utility(people(), people().iloc[:0], {"place": PLACES})
    assert (found.granularity, found.published_records) == (1, 0)


# ---------------------------------------------------------------- hierarchies


def test_a_hierarchy_may_be_given_as_what_it_is():
    known = microdata.hierarchy("place", PLACES)
    assert microdata.hierarchy("place", known, ["Oslo", None]).leaves[-1] == ""
    assert isinstance(known, microdata.Hierarchy)


def test_intervals_of_numbers_with_decimals_say_where_they_end():
    found = microdata.hierarchy("income", [10], [1.5, 12])
    assert found.labels(1) == ("0 to under 10", "10 to under 20")


def test_nothing_given_is_the_value_or_nothing():
    assert microdata.hierarchy("sex", None, ["M", "F", "M"]).levels == (("F", "M"), ("*", "*"))


# ---------------------------------------------------------------- properties

METHODS = ["global", "local-suppression", "local-recoding", "auto"]

records = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 60)),
        st.sampled_from([None, "Oslo", "Moss", "Bergen", "Voss"]),
        st.sampled_from([None, "flu", "cold", "gout"]),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(records, st.sampled_from(METHODS), st.randoms(use_true_random=False))
def test_the_guarantee_holds_whatever_the_frame(rows, method, source):
    frame = pd.DataFrame(rows, columns=["age", "place", "illness"])
    call = {"method": method, "max_suppressed_share": "0.3"}
    try:
        result = protected(frame, **call)
    except DisclosureRiskError:
        return
    known = result.frame[result.frame["illness"] != ""]
    assert result.frame.groupby(["age", "place"]).size().min() >= 3
    classes = known.groupby(["age", "place"])["illness"].nunique()
    assert classes.min() >= 2
    assert len(classes) == result.frame.groupby(["age", "place"]).ngroups
    source.shuffle(rows)
    again = protected(pd.DataFrame(rows, columns=["age", "place", "illness"]), **call)
    assert again.frame.equals(result.frame)
    assert again.risk_before == result.risk_before
