"""Top and bottom coding and rounding, at their limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from clearance.coding import Coded, code, is_coded
from clearance.errors import PlanError
from clearance.plan import CodeAt, Role, ValueType, Variable


def income(**coding: Any) -> Variable:
    return Variable(name="income", role=Role.ATTRIBUTE, type=ValueType.NUMBER, **coding)


def coded(variable: Variable, **records: int) -> Coded:
    """The coding of values, each with its number of records, written as ``v10=3``."""
    values = {
        name.removeprefix("v").replace("_", ".").replace("m", "-"): count
        for name, count in records.items()
    }
    frame = pd.DataFrame({"value": list(values), "records": list(values.values())})
    return code(variable, frame)


@pytest.mark.parametrize(
    ("value", "published", "at_top"),
    [("9", "9", False), ("9.99", "9.99", False), ("10", "10", True), ("10.01", "10", True)],
)
def test_top_coding(value: str, published: str, at_top: bool) -> None:
    frame = pd.DataFrame({"value": [value], "records": [1]})
    answer = code(income(top_code=CodeAt(value=Decimal(10))), frame)
    assert answer.lookup == {value: published}
    assert (value in answer.at_top) is at_top
    assert answer.at_bottom == ()


@pytest.mark.parametrize(
    ("value", "published", "at_bottom"),
    [("-11", "-10", True), ("-10", "-10", True), ("-9.5", "-9.5", False), ("0", "0", False)],
)
def test_bottom_coding(value: str, published: str, at_bottom: bool) -> None:
    frame = pd.DataFrame({"value": [value], "records": [1]})
    answer = code(income(bottom_code=CodeAt(value=Decimal(-10))), frame)
    assert answer.lookup == {value: published}
    assert (value in answer.at_bottom) is at_bottom


@pytest.mark.parametrize(
    ("base", "value", "published"),
    [
        ("10", "14", "10"),
        ("10", "15", "20"),
        ("10", "25", "20"),
        ("10", "-15", "-20"),
        ("10", "-4", "0"),
        ("0.5", "0.74", "0.5"),
        ("0.5", "0.75", "1"),
        ("100", "149.99", "100"),
    ],
)
def test_rounding_is_half_to_even(base: str, value: str, published: str) -> None:
    frame = pd.DataFrame({"value": [value], "records": [1]})
    assert code(income(round_to=Decimal(base)), frame).lookup == {value: published}


@pytest.mark.parametrize(
    ("percentile", "top"),
    [("0", "1"), ("25", "1"), ("25.1", "2"), ("50", "2"), ("75", "3"), ("99", "4"), ("100", "4")],
)
def test_a_percentile_is_of_the_records(percentile: str, top: str) -> None:
    """It is the smallest value that so many records do not exceed."""
    variable = income(top_code=CodeAt(percentile=Decimal(percentile)))
    answer = coded(variable, v4=5, v3=5, v2=5, v1=5)
    assert max(answer.lookup.values(), key=Decimal) == top


def test_a_percentile_counts_records_and_not_values() -> None:
    variable = income(top_code=CodeAt(percentile=Decimal(90)))
    assert coded(variable, v1=95, v2=3, v3=2).lookup == {"1": "1", "2": "1", "3": "1"}


def test_values_sort_as_numbers_for_a_percentile() -> None:
    variable = income(top_code=CodeAt(percentile=Decimal(50)))
    assert coded(variable, v9=5, v10=5, vm1=5).lookup == {"9": "9", "10": "9", "-1": "-1"}


def test_both_ends_and_rounding_together() -> None:
    variable = income(
        bottom_code=CodeAt(value=Decimal(10)),
        top_code=CodeAt(value=Decimal(98)),
        round_to=Decimal(10),
    )
    answer = coded(variable, v3=1, v10=1, v44=1, v97=1, v98=1, v500=1)
    assert answer.lookup == {
        "3": "10",
        "10": "10",
        "44": "40",
        "97": "100",
        "98": "100",
        "500": "100",
    }
    assert answer.at_bottom == ("3", "10")
    assert answer.at_top == ("98", "500")


def test_missing_values_stay_missing_and_count_for_nothing() -> None:
    frame = pd.DataFrame({"value": ["", "1", "2"], "records": [100, 1, 1]})
    answer = code(income(top_code=CodeAt(percentile=Decimal(50))), frame)
    assert answer.lookup == {"": "", "1": "1", "2": "1"}


def test_a_column_without_values_has_no_ends() -> None:
    frame = pd.DataFrame({"value": [""], "records": [9]})
    answer = code(income(top_code=CodeAt(percentile=Decimal(99))), frame)
    assert answer == Coded({"": ""}, (), ())


def test_ends_that_meet_in_the_data_are_refused() -> None:
    variable = income(
        bottom_code=CodeAt(value=Decimal(10)), top_code=CodeAt(percentile=Decimal(10))
    )
    with pytest.raises(PlanError, match="its bottom_code is not below its top_code"):
        coded(variable, v1=5, v2=5)


def test_the_frame_of_values_is_not_changed() -> None:
    frame = pd.DataFrame({"value": ["1"], "records": [1]})
    before = frame.copy()
    code(income(round_to=Decimal(10)), frame)
    pd.testing.assert_frame_equal(frame, before)


def test_which_variables_are_coded() -> None:
    assert not is_coded(income())
    assert is_coded(income(round_to=Decimal(1)))
    assert is_coded(income(bottom_code=CodeAt(value=Decimal(0))))
