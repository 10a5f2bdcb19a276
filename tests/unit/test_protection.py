"""What protect does beyond the rules themselves: units at coded ends, what is shown, domains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from tests.engines import PandasEngine
from tests.small_catalog import PLAN

from clearance.errors import DisclosureRiskError
from clearance.hierarchy import Hierarchy, build
from clearance.plan import (
    CodeAt,
    HierarchyFile,
    MicrodataOutput,
    Plan,
    Role,
    TableOutput,
    Treatment,
    Unit,
    ValueType,
    Variable,
)
from clearance.plan import parse as parse_plan
from clearance.policy import (
    Attacker,
    DistinctL,
    MicrodataRules,
    Policy,
    ReviewRules,
    TableRules,
)
from clearance.protection import (
    ProtectedMicrodata,
    protect_microdata,
    protect_source_table,
    table_from_microdata,
    types_of,
)

PERSONS = MicrodataOutput(name="persons", policy="open")
K3 = MicrodataRules(k=3, max_suppressed_share=Fraction(0))
SEX = Variable(name="sex", role=Role.QUASI_IDENTIFIER)
PERSON = Variable(name="person", role=Role.STRUCTURAL)


def plan(*variables: Variable, units: tuple[Unit, ...] = ()) -> Plan:
    base = parse_plan(PLAN, dataset="people", where="people/plan.yaml")
    return replace(base, variables=variables, units=units, outputs=(PERSONS,))


def number(
    name: str = "income", role: Role = Role.ATTRIBUTE, **coding: CodeAt | Decimal
) -> Variable:
    return Variable(name=name, role=role, type=ValueType.NUMBER, reason="x", **coding)  # type: ignore[arg-type]


def protected(
    about: Plan, columns: Mapping[str, list[str]], rules: MicrodataRules = K3
) -> tuple[ProtectedMicrodata, list[tuple[str, ...]]]:
    """The microdata and their rows, sorted as they are published."""
    engine = PandasEngine()
    dataset = engine.hold(pd.DataFrame(columns, dtype=object))
    made = protect_microdata(
        engine,
        dataset,
        about,
        PERSONS,
        rules,
        hierarchies(about, columns),
        key=b"k" * 32,
        fake=lambda values, **_: {value: f"fake {value}" for value in values},
    )
    rows = engine.export(made.dataset, types_of(made.columns)).csv.decode().splitlines()
    return made, [tuple(row.split(",")) for row in rows[1:]]


def hierarchies(about: Plan, columns: Mapping[str, list[str]]) -> dict[str, Hierarchy]:
    return {
        each.name: build(each.name, None, columns[each.name])
        for each in about.with_role(Role.QUASI_IDENTIFIER)
    }


# ---------------------------------------------------------------- coded ends

TOP_100 = CodeAt(value=Decimal(100))


@pytest.mark.parametrize(("at_top", "refused"), [(0, False), (1, True), (2, True), (3, False)])
def test_fewer_than_k_records_at_a_coded_end_are_refused(at_top: int, refused: bool) -> None:
    incomes = ["10"] * 6 + [str(200 + number) for number in range(at_top)]
    about = plan(SEX, number(top_code=TOP_100))
    columns = {"sex": ["f"] * len(incomes), "income": incomes}
    if refused:
        with pytest.raises(
            DisclosureRiskError, match=f"income: {at_top} units lie at its top_code"
        ):
            protected(about, columns)
        return
    _, rows = protected(about, columns)
    assert rows == [("f", "10")] * 6 + [("f", "100")] * at_top


def test_the_bottom_is_judged_as_the_top_is() -> None:
    about = plan(SEX, number(bottom_code=CodeAt(value=Decimal(0))))
    with pytest.raises(DisclosureRiskError, match="income: 2 units lie at its bottom_code"):
        protected(about, {"sex": ["f"] * 6, "income": ["-5", "-7", "1", "1", "1", "1"]})


def test_units_at_a_coded_end_are_counted_and_not_their_records() -> None:
    """THREATS 4: three visits of one person are one person."""
    about = plan(PERSON, SEX, number(top_code=TOP_100), units=(Unit("person", "person"),))
    columns = {
        "person": ["a", "a", "a", "b", "b", "b", "c", "c", "c"],
        "sex": ["f"] * 9,
        "income": ["500"] * 3 + ["10"] * 6,
    }
    with pytest.raises(DisclosureRiskError, match="income: 1 units lie at its top_code"):
        protected(about, columns)


def test_the_scarcest_kind_of_unit_counts_at_a_coded_end() -> None:
    units = (Unit("person", "person"), Unit("household", "household"))
    household = Variable(name="household", role=Role.STRUCTURAL)
    about = plan(PERSON, household, SEX, number(top_code=TOP_100), units=units)
    columns = {
        "person": list("abcdef"),
        "household": ["1", "1", "1", "2", "3", "4"],
        "sex": ["f"] * 6,
        "income": ["500", "600", "700", "10", "10", "10"],
    }
    with pytest.raises(DisclosureRiskError, match="income: 1 units lie at its top_code"):
        protected(about, columns)


def test_a_coded_column_tells_citizens_so() -> None:
    made, _ = protected(
        plan(SEX, number(round_to=Decimal(10))),
        {"sex": ["f"] * 3, "income": ["11", "12", "13"]},
    )
    assert made.columns[1].treatment == "coded"
    assert made.columns[1].text == "Rounded to the nearest multiple of 10."


# ---------------------------------------------------------------- sensitive attributes as shown


def test_l_counts_sensitive_values_as_they_are_shown() -> None:
    """11, 12 and 13 are three values, and one once they are rounded to tens."""
    debt = number("debt", Role.SENSITIVE_ATTRIBUTE, round_to=Decimal(10))
    rules = replace(K3, models=(DistinctL("debt", 2),))
    equal = {"sex": ["f"] * 3, "debt": ["11", "12", "13"]}
    with pytest.raises(DisclosureRiskError):
        protected(plan(SEX, debt), equal, rules)
    different = {"sex": ["f"] * 3, "debt": ["11", "12", "18"]}
    _, rows = protected(plan(SEX, debt), different, rules)
    assert rows == [("f", "10"), ("f", "10"), ("f", "20")]


# ---------------------------------------------------------------- columns


def test_only_published_columns_leave_in_the_plans_order() -> None:
    name = Variable(name="name", role=Role.DIRECT_IDENTIFIER, treatment=Treatment.DROP)
    case = Variable(name="case", role=Role.DIRECT_IDENTIFIER, treatment=Treatment.PSEUDONYM)
    contact = Variable(name="contact", role=Role.DIRECT_IDENTIFIER, treatment=Treatment.FAKE)
    made, rows = protected(
        plan(name, case, SEX, PERSON, contact),
        {
            "name": ["Ann", "Bea", "Cid"],
            "case": ["1", "2", "3"],
            "sex": ["f"] * 3,
            "person": ["p", "q", "r"],
            "contact": ["Dan", "Eve", "Fay"],
        },
    )
    assert [column.name for column in made.columns] == ["case", "sex", "contact"]
    assert {row[2] for row in rows} == {"fake Dan", "fake Eve", "fake Fay"}
    assert all(len(row[0]) == 32 for row in rows)


def test_two_published_links_are_refused() -> None:
    links = (
        Variable(name="case", role=Role.DIRECT_IDENTIFIER, treatment=Treatment.PSEUDONYM),
        Variable(name="clerk", role=Role.DIRECT_IDENTIFIER, treatment=Treatment.FAKE),
    )
    with pytest.raises(DisclosureRiskError, match="publish one of them at most"):
        protected(plan(*links, SEX), {"case": ["1"] * 2, "clerk": ["x"] * 2, "sex": ["f"] * 2})


def test_generalised_numbers_are_text_and_others_keep_their_type() -> None:
    age = Variable(name="age", role=Role.QUASI_IDENTIFIER, type=ValueType.INTEGER)
    shown, _ = protected(plan(age), {"age": ["5"] * 3})
    hidden, _ = protected(plan(age), {"age": ["5", "6", "7"]})
    assert shown.columns[0].type is ValueType.INTEGER
    assert (hidden.columns[0].type, hidden.columns[0].level) == (ValueType.TEXT, 1)
    assert hidden.columns[0].text == "Not shown: every value is replaced by *."


# ---------------------------------------------------------------- tables

TABLE = TableOutput(name="t", policy="open", dimensions=("place",))
POLICY = Policy(
    id="open",
    review=ReviewRules(approvals=1, assurance="one-time-code", valid_days=30),
    tables=TableRules(
        minimum_frequency=3,
        zeros="safe",
        attacker=Attacker(at_least_percent=0, at_most_percent=None),
    ),
)


def tabulated(
    places: list[str], hierarchy: HierarchyFile | None, kind: ValueType = ValueType.TEXT
) -> pd.DataFrame:
    place = Variable(name="place", role=Role.QUASI_IDENTIFIER, type=kind, hierarchy=hierarchy)
    about = replace(plan(place), outputs=(TABLE,))
    engine = PandasEngine()
    dataset = engine.hold(pd.DataFrame({"place": places}, dtype=object))
    known = {"place": build("place", None, places)}
    return protect_source_table(engine, dataset, about, TABLE, POLICY, known, None).frame


ONE_IN_TINYVILLE = ["Aford"] * 9 + ["Beham"] * 8 + ["Tinyville"]


def test_a_category_known_from_the_data_alone_is_not_named_where_nothing_of_it_is_shown() -> None:
    """THREATS 10: that Tinyville is in the table at all tells that somebody lives there."""
    with pytest.raises(DisclosureRiskError) as refused:
        tabulated(ONE_IN_TINYVILLE, hierarchy=None)
    assert "categories of place are known from the data alone" in str(refused.value)
    assert "Tinyville" not in str(refused.value)


def test_a_number_may_be_named() -> None:
    """Everybody knows the whole numbers; a suppressed cell tells no more than any other."""
    frame = tabulated(["20"] * 9 + ["21"] * 8 + ["22"], None, ValueType.INTEGER)
    assert set(frame["count"][frame["place"] == "22"]) == {""}


def test_a_zero_beside_blanks_does_not_name_a_category() -> None:
    """Nobody of one sex lives in Tinyville: that is shown, and tells that somebody else does."""
    columns = {
        "place": [*ONE_IN_TINYVILLE, "Tinyville"],
        "sex": ["m", "f"] * 9 + ["f"],
    }
    place = Variable(name="place", role=Role.QUASI_IDENTIFIER)
    table = replace(TABLE, dimensions=("place", "sex"))
    about = replace(plan(place, SEX), outputs=(table,))
    engine = PandasEngine()
    dataset = engine.hold(pd.DataFrame(columns, dtype=object))
    with pytest.raises(DisclosureRiskError, match="1 categories of place are known from the data"):
        protect_source_table(
            engine, dataset, about, table, POLICY, hierarchies(about, columns), None
        )


def test_a_category_of_a_public_code_list_may_be_named() -> None:
    frame = tabulated(ONE_IN_TINYVILLE, hierarchy=HierarchyFile("places.csv"))
    assert "Tinyville" in set(frame["place"])
    assert set(frame["count"][frame["place"] == "Tinyville"]) == {""}


def test_a_category_with_a_figure_may_be_named() -> None:
    frame = tabulated(["Aford"] * 9 + ["Beham"] * 8, hierarchy=None)
    assert frame.to_numpy().tolist() == [["Aford", "9", ""], ["Beham", "8", ""], ["_T", "17", ""]]


def test_a_table_of_microdata_names_no_category_of_suppressed_records() -> None:
    about = plan(Variable(name="place", role=Role.QUASI_IDENTIFIER))
    columns = {"place": ONE_IN_TINYVILLE}
    engine = PandasEngine()
    dataset = engine.hold(pd.DataFrame(columns, dtype=object))
    known = hierarchies(about, columns)
    rules = MicrodataRules(k=3, max_suppressed_share=Fraction(1, 2))
    microdata = protect_microdata(
        engine, dataset, about, PERSONS, rules, known, key=b"", fake=lambda *_, **__: {}
    )
    table = table_from_microdata(engine, microdata, about, replace(TABLE, source="persons"), known)
    assert table.frame["place"].tolist() == ["Aford", "Beham", "_T"]
    assert table.frame["count"].tolist() == ["9", "8", "17"]
