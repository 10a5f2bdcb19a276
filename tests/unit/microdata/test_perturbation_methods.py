"""Each perturbation method on numbers small enough to follow by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from clearance.errors import DisclosureRiskError, InputError
from clearance.microdata.perturbation.digits import numbers, written
from clearance.microdata.perturbation.draws import normals, uniforms
from clearance.microdata.perturbation.microaggregation import (
    centroids,
    groups_of,
    mdav,
    optimal_groups,
)
from clearance.microdata.perturbation.noise import add_noise, step
from clearance.microdata.perturbation.pram import invariant_matrix
from clearance.microdata.perturbation.preserved import Change, correlation, preserved
from clearance.microdata.perturbation.rank_swapping import swap_ranks
from clearance.microdata.perturbation.record_swapping import swapped_areas

KEY = b"k" * 32

# ---------------------------------------------------------------- draws


def test_a_draw_is_the_start_of_the_hmac_of_what_it_is_for() -> None:
    """HMAC-SHA-256 over '5:noise2:P16:income' (OpenSSL gives the same digest)."""
    import hashlib
    import hmac

    digest = hmac.new(KEY, b"5:noise2:P16:income", hashlib.sha256).digest()
    expected = ((int.from_bytes(digest[:8]) >> 11) + 0.5) / 2**53
    assert uniforms(KEY, "noise", [["P1"], ["income"]]).tolist() == [[expected]]


def test_parts_are_told_apart_by_their_lengths() -> None:
    first = uniforms(KEY, "noise", [["1"], ["23"]])
    second = uniforms(KEY, "noise", [["12"], ["3"]])
    assert first.tolist() != second.tolist()


def test_draws_of_no_rows_are_none() -> None:
    assert uniforms(KEY, "noise", [[], []], count=2).shape == (0, 2)


def test_normal_draws_have_mean_0_and_variance_1() -> None:
    drawn = normals(KEY, "noise", [[str(number) for number in range(20_000)]])
    assert abs(drawn.mean()) < 0.03
    assert abs(drawn.std() - 1) < 0.02


# ---------------------------------------------------------------- digits


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (2.5, 0, "2"),
        (3.5, 0, "4"),
        (-0.4, 0, "0"),
        (1.005, 2, "1"),
        (1234.567, 1, "1234.6"),
        (float("nan"), 2, ""),
        (1e14, 1, "100000000000000"),
    ],
)
def test_numbers_are_written_with_a_fixed_number_of_decimals(
    value: float, decimals: int, text: str
) -> None:
    assert written(np.array([value]), decimals, variable="income") == [text]


def test_a_number_too_large_to_round_is_refused_without_being_quoted() -> None:
    with pytest.raises(InputError, match="income: 1 values are too large") as caught:
        written(np.array([9.1e15, 1.0]), 0, variable="income")
    assert "91" not in str(caught.value)


def test_missing_values_are_read_as_nan() -> None:
    assert np.isnan(numbers(["", "0", "1.5"])).tolist() == [True, False, False]


# ---------------------------------------------------------------- noise


@pytest.mark.parametrize(
    ("scale", "stepped"),
    [
        (0.0, 0.0),
        (1.0, 1.0),
        (1.01, 1.2),
        (8.3, 10.0),
        (47.0, 47.0),
        (470.1, 560.0),
        (0.034, 0.039),
    ],
)
def test_the_scale_of_noise_moves_up_in_steps(scale: float, stepped: float) -> None:
    assert step(scale) == stepped


def test_noise_leaves_zeros_and_missing_values() -> None:
    made = add_noise(np.array([0.0, np.nan, 10.0]), np.array([1.0, 1.0, -0.5]), 4.0)
    assert made[[0, 2]].tolist() == [0.0, 8.0]
    assert math.isnan(made[1])


# ---------------------------------------------------------------- microaggregation


def test_neighbouring_values_are_averaged() -> None:
    values = np.array([10.0, 1, 2, 11, 3, 12])
    groups = optimal_groups(values, 3)
    assert centroids(values[:, None], groups)[:, 0].tolist() == [11, 2, 2, 11, 2, 11]


def test_a_group_is_as_large_as_is_best_and_not_always_k() -> None:
    """1 to 4 and 50 to 52: groups of 4 and 3, which sorting and cutting at 3 would not give."""
    values = np.array([1.0, 2, 3, 4, 50, 51, 52])
    assert np.bincount(optimal_groups(values, 3)).tolist() == [3, 4]


def test_mdav_takes_the_farthest_point_and_the_one_opposite_first() -> None:
    """Two corners of three points, and three points between them that are left for the last."""
    corner = np.array([[0, 0], [0, 1], [1, 0]], dtype=float)
    points = np.concatenate([corner, corner + 100, corner + 40])
    groups = mdav(points, 3)
    assert [len(set(groups[first : first + 3])) for first in (0, 3, 6)] == [1, 1, 1]
    assert len(set(groups)) == 3


@pytest.mark.parametrize(("units", "refused"), [(2, True), (3, False)])
def test_fewer_units_than_k_are_refused(units: int, refused: bool) -> None:
    points = np.arange(units, dtype=float)[:, None]
    if refused:
        with pytest.raises(DisclosureRiskError, match="2 units with values are fewer than k=3"):
            groups_of(points, 3)
    else:
        assert groups_of(points, 3).tolist() == [0, 0, 0]


def test_beyond_the_limit_mdav_works_within_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "clearance.microdata.perturbation.microaggregation"
    monkeypatch.setattr(f"{module}.MOST_AT_ONCE", 40)
    monkeypatch.setattr(f"{module}.OF_A_BLOCK", 40)
    points = np.random.default_rng(7).normal(size=(130, 2))
    sizes = np.bincount(groups_of(points, 5))
    assert sizes.min() >= 5
    assert sizes.max() <= 9


# ---------------------------------------------------------------- rank swapping


def test_values_change_places_with_a_neighbour_in_rank() -> None:
    values = np.array([30.0, 10, 20, 40])
    draws = np.full((4, 2), 0.5)
    assert values[swap_ranks(values, draws, Fraction(25))].tolist() == [40, 20, 10, 30]


def test_a_percentage_that_is_less_than_a_rank_is_refused() -> None:
    with pytest.raises(DisclosureRiskError, match=r"5 % of 19 values is less than one rank"):
        swap_ranks(np.arange(19.0), np.full((19, 2), 0.5), Fraction(5))


# ---------------------------------------------------------------- PRAM


def test_the_invariant_matrix_by_hand() -> None:
    """Shares 3/4 and 1/4, stay 0.6: rows .6 + .4 x .75 = .9 | .1 and .3 | .6 + .4 x .25 = .7."""
    matrix = invariant_matrix(np.array([0.75, 0.25]), 0.6)
    assert matrix == pytest.approx(np.array([[0.9, 0.1], [0.3, 0.7]]))


def test_it_is_the_two_stage_correction_of_the_matrix_with_the_root_of_stay() -> None:
    """Gouweleeuw et al. (1998): R = P Q, where Q_kl = t_l p_lk / sum over m of t_m p_mk."""
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    first = invariant_matrix(shares, 0.8**0.5)
    joint = shares[:, None] * first
    back = (joint / joint.sum(axis=0)).T
    assert first @ back == pytest.approx(invariant_matrix(shares, 0.8))


# ---------------------------------------------------------------- record swapping

HOUSEHOLDS = [
    ("H1", "North", "old"),
    ("H2", "North", "young"),
    ("H3", "North", "young"),
    ("H4", "North", "young"),
    ("H5", "South", "old"),
    ("H6", "South", "young"),
    ("H7", "South", "young"),
    ("H8", "South", "young"),
]


def households(rows: list[tuple[str, str, str]] = HOUSEHOLDS) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["hh", "area", "age"], dtype=object).assign(records=1)


def swap(frame: pd.DataFrame, rate: str) -> dict[str, str]:
    made = swapped_areas(
        frame, unit="hh", area="area", similar=["age"], rate=Fraction(rate), key=KEY
    )
    return dict(zip(made["hh"], made["area"], strict=True))


def test_the_units_that_are_rarest_in_their_area_are_swapped_first() -> None:
    areas = swap(households(), "0.25")
    before = {name: area for name, area, _ in HOUSEHOLDS}
    assert {name for name in areas if areas[name] != before[name]} == {"H1", "H5"}


@pytest.mark.parametrize(("rate", "moved"), [("0.25", 2), ("0.49", 2), ("0.5", 4), ("1", 8)])
def test_at_most_the_rate_of_the_units_is_moved(rate: str, moved: int) -> None:
    areas = swap(households(), rate)
    assert sum(areas[name] != area for name, area, _ in HOUSEHOLDS) == moved


def test_a_rate_that_moves_nobody_is_refused() -> None:
    with pytest.raises(DisclosureRiskError, match="moves nobody among 8 units"):
        swap(households(), "0.24")


def test_a_unit_in_two_areas_is_refused() -> None:
    with pytest.raises(DisclosureRiskError, match="1 units of hh have several values of area"):
        swap(households([*HOUSEHOLDS, ("H1", "South", "old")]), "0.5")


def test_a_unit_without_a_partner_elsewhere_stays() -> None:
    assert swap(households([*HOUSEHOLDS, ("H9", "North", "baby")]), "1")["H9"] == "North"


def test_where_nobody_has_a_partner_it_is_refused() -> None:
    alone = [(name, area, f"{age}{name}") for name, area, age in HOUSEHOLDS]
    with pytest.raises(DisclosureRiskError, match="no unit of hh has one like it elsewhere"):
        swap(households(alone), "1")


def test_a_missing_area_stays_and_a_missing_unit_is_refused() -> None:
    assert swap(households([*HOUSEHOLDS, ("H9", "", "old")]), "1")["H9"] == ""
    with pytest.raises(InputError, match="records without their unit"):
        swap(households([*HOUSEHOLDS, ("", "North", "old")]), "1")


# ---------------------------------------------------------------- what was preserved


def test_preserved_statistics_by_hand() -> None:
    """Records 1, 1 and 2: mean (2 + 4 + 2 x 6) / 4 = 4.5 before, (3 + 4 + 2 x 6) / 4 after."""
    found = preserved(
        "income",
        "noise",
        ["2", "4", "6", ""],
        ["3", "4", "6", ""],
        np.array([1, 1, 2, 5]),
        numeric=True,
        correlations={},
    )
    assert found.records == 4
    assert found.changed_share == 0.25
    assert found.distribution_moved == 0.25
    assert found.total == Change(18.0, 19.0)
    assert found.mean == Change(4.5, 4.75)
    assert found.variance == Change(2.75, 1.6875)


def test_categories_have_no_moments() -> None:
    found = preserved(
        "job", "PRAM", ["a", "b"], ["b", "a"], np.array([3, 3]), numeric=False, correlations={}
    )
    assert (found.changed_share, found.distribution_moved) == (1.0, 0.0)
    assert "mean" not in found.as_json()


def test_correlation_counts_records_and_leaves_out_missing_values() -> None:
    frame = pd.DataFrame(
        {"a": ["1", "2", "3", "", "9"], "b": ["2", "4", "6", "1", ""], "records": [1, 5, 1, 9, 9]}
    )
    assert correlation(frame, "a", "b") == pytest.approx(1)
    assert math.isnan(correlation(frame[:1], "a", "b"))
