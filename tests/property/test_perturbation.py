"""What perturbation guarantees, whatever hypothesis finds."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clearance.errors import DisclosureRiskError
from clearance.microdata.perturbation.apply import perturbed
from clearance.microdata.perturbation.microaggregation import centroids, mdav, optimal_groups
from clearance.microdata.perturbation.noise import add_correlated_noise, noise_factor, step
from clearance.microdata.perturbation.pram import invariant_matrix
from clearance.microdata.perturbation.rank_swapping import swap_ranks
from clearance.microdata.perturbation.record_swapping import swapped_areas
from clearance.plan import (
    Microaggregation,
    Noise,
    PerturbationMethod,
    PostRandomisation,
    RankSwapping,
)

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
NUMBERS = st.integers(1, 5000).map(str) | st.integers(-50, -1).map(str)
WHOLE = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=6, max_size=30)
HOLES = st.sampled_from([("", "7"), ("8", ""), ("", ""), ("0", "9"), ("0", "0"), ("3", "0")])
PAIRS = st.tuples(WHOLE, st.lists(HOLES, unique=True)).map(lambda both: both[0] + both[1] * 3)
METHODS: list[PerturbationMethod] = [
    Noise(sd=Decimal(7)),
    Noise(sd_share=Decimal("0.3")),
    Noise(sd_share=Decimal("0.3"), together=("b",)),
    Microaggregation(k=3),
    Microaggregation(k=3, together=("b",)),
    RankSwapping(percent=Fraction(30)),
    PostRandomisation(stay=Fraction(1, 2)),
]


def people(pairs: list[tuple[str, str]], method: PerturbationMethod) -> pd.DataFrame:
    """One person a pair; the second variable only where the method takes both."""
    frame = pd.DataFrame(pairs, columns=["a", "b"], dtype=object)
    frame.insert(0, "id", [f"P{number:03}" for number in range(len(frame))])
    columns = ["id", "a", *getattr(method, "together", ())]
    return frame[columns].assign(records=1)


def made(frame: pd.DataFrame, method: PerturbationMethod, key: bytes = KEY) -> pd.DataFrame:
    """What is published; hypothesis looks for something else where it cannot be protected."""
    try:
        return perturbed(frame, method, of="id", decimals={"a": 0, "b": 0}, key=key)
    except DisclosureRiskError:
        assume(False)
        raise


@pytest.mark.parametrize("method", METHODS, ids=repr)
@settings(max_examples=25, deadline=None)
@given(pairs=PAIRS, data=st.data())
def test_the_same_key_gives_the_same_values_whatever_the_order(
    method: PerturbationMethod, pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    frame = people(pairs, method)
    before = frame.copy(deep=True)
    published = made(frame, method)
    order = data.draw(st.permutations(range(len(frame))))
    again = made(frame.iloc[order], method)
    assert again.loc[frame.index].equals(published)
    assert frame.equals(before)
    assert published.index.equals(frame.index)


@pytest.mark.parametrize("method", METHODS, ids=repr)
@settings(max_examples=25, deadline=None)
@given(pairs=PAIRS)
def test_missing_values_stay_and_so_do_zeros(
    method: PerturbationMethod, pairs: list[tuple[str, str]]
) -> None:
    frame = people(pairs, method)
    published = made(frame, method)
    for name in published:
        kept = ["", "0"] if not isinstance(method, PostRandomisation) else [""]
        stays = frame[name].isin(kept)
        assert published[name][stays].tolist() == frame[name][stays].tolist()
        assert (published[name][frame[name] != ""] != "").all()
        assert all(text == "" or text == str(int(text)) for text in published[name])


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_another_key_draws_otherwise(method: PerturbationMethod) -> None:
    pairs = [(str(number % 17 * 100 + 5), str(number * 3 + 1)) for number in range(200)]
    if isinstance(method, Microaggregation):
        pairs = [(str(number % 5 + 1), str(number % 7 + 1)) for number in range(200)]
    first = made(people(pairs, method), method)
    second = made(people(pairs, method), method, OTHER_KEY)
    if isinstance(method, Microaggregation):  # chance decides among ties only
        assert first.shape == second.shape
    else:
        assert not first.equals(second)


@pytest.mark.parametrize(
    "method", [Noise(sd=Decimal(7)), PostRandomisation(stay=Fraction(1, 2))], ids=repr
)
def test_noise_does_not_average_away_over_releases(method: PerturbationMethod) -> None:
    """THREATS 14: what is published of a unit and value in one release is so in every other."""
    old = [(str(number % 9 + 1), "") for number in range(60)]
    new = [*old, *((str(number % 9 + 1), "") for number in range(60, 80))]
    first = made(people(old, method), method)
    second = made(people(new, method), method)
    same = (first["a"] == second["a"][: len(first)]).mean()
    assert same == 1 if isinstance(method, Noise) else same > 0.9


def test_a_new_scale_has_new_draws() -> None:
    """Else x + a z and x + b z, with a and b known, would be two equations for x and z."""
    pairs = [(str(number * 10 + 1), "") for number in range(200)]
    noise = [
        np.array([int(text) for text in made(people(pairs, method), method)["a"]])
        - np.array([int(a) for a, _ in pairs])
        for method in (Noise(sd=Decimal(1000)), Noise(sd=Decimal(1200)))
    ]
    assert abs(np.corrcoef(noise)[0, 1]) < 0.25


def test_a_small_change_of_the_data_leaves_the_scale_as_it_was() -> None:
    assert step(0.1 * 1000) == step(0.1 * 970) == 100


@settings(max_examples=40, deadline=None)
@given(st.integers(6, 40), st.integers(1, 3), st.integers(0, 10**6))
def test_correlated_noise_keeps_means_variances_and_correlations_exactly(
    units: int, variables: int, seed: int
) -> None:
    drawn = np.random.default_rng(seed)
    values = drawn.normal(size=(units, variables)) @ drawn.normal(size=(variables, variables))
    factor = noise_factor(values, 0.3)
    published = add_correlated_noise(values, drawn.normal(size=values.shape), factor)
    assert published.mean(axis=0) == pytest.approx(values.mean(axis=0), abs=1e-9)
    assert np.cov(published.T) == pytest.approx(np.cov(values.T), rel=1e-6, abs=1e-9)
    assert not np.allclose(published, values)


def test_plain_noise_keeps_the_mean_and_adds_its_variance() -> None:
    """4,000 people, sd 100 about 1,000: mean within 4 standard errors, variance grows by 30^2."""
    drawn = np.random.default_rng(3).normal(1000, 100, 4000)
    frame = people([(str(round(value)), "") for value in drawn], Noise(sd=Decimal(30)))
    published = made(frame, Noise(sd=Decimal(30)))["a"].astype(float)
    values = frame["a"].astype(float)
    assert abs(published.mean() - values.mean()) < 4 * 30 / 4000**0.5
    assert published.var() - values.var() == pytest.approx(30**2, abs=500)


POINTS = st.lists(
    st.tuples(st.integers(0, 20).map(float), st.integers(0, 20).map(float)), min_size=3, max_size=40
)


@settings(max_examples=60, deadline=None)
@given(POINTS, st.integers(2, 5))
def test_groups_have_k_to_2k_minus_1_members_and_keep_the_totals(
    points: list[tuple[float, float]], k: int
) -> None:
    assume(len(points) >= k)
    held = np.array(points)
    for groups in (mdav(held, k), optimal_groups(held[:, 0], k)):
        sizes = np.bincount(groups)
        assert sizes.min() >= k
        assert sizes.max() <= 2 * k - 1
        assert centroids(held, groups).sum(axis=0) == pytest.approx(held.sum(axis=0))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30).map(float), min_size=3, max_size=9), st.integers(2, 3))
def test_the_grouping_of_one_variable_is_the_best_of_all(values: list[float], k: int) -> None:
    assume(len(values) >= k)
    held = np.sort(np.array(values))

    def within(cuts: tuple[int, ...]) -> float:
        return sum(float(((part - part.mean()) ** 2).sum()) for part in np.split(held, cuts))

    allowed = [
        cuts
        for count in range(len(held) // k)
        for cuts in combinations(range(k, len(held) - k + 1), count)
        if all(len(part) >= k for part in np.split(held, cuts))
    ]
    groups = optimal_groups(held, k)
    cost = float(((held - centroids(held[:, None], groups)[:, 0]) ** 2).sum())
    assert cost == pytest.approx(min(map(within, allowed)), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 50).map(float), min_size=4, max_size=60),
    st.integers(25, 100),
    st.integers(0, 10**6),
)
def test_ranks_are_swapped_within_the_percentage_and_values_are_kept(
    values: list[float], percent: int, seed: int
) -> None:
    held = np.array(values)
    draws = np.random.default_rng(seed).uniform(size=(len(held), 2))
    partner = swap_ranks(held, draws, Fraction(percent))
    rank = np.empty(len(held), dtype=int)
    rank[np.lexsort((draws[:, 0], held))] = np.arange(len(held))
    assert np.abs(rank[partner] - rank).max() <= percent * len(held) / 100
    assert (partner[partner] == np.arange(len(held))).all()
    assert sorted(held[partner]) == sorted(values)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 100), min_size=2, max_size=12), st.integers(0, 99))
def test_the_matrix_leaves_the_shares_as_they_are(counts: list[int], percent: int) -> None:
    shares = np.array(counts) / sum(counts)
    matrix = invariant_matrix(shares, percent / 100)
    assert shares @ matrix == pytest.approx(shares)
    assert matrix.sum(axis=1) == pytest.approx(np.ones(len(counts)))
    assert (matrix >= 0).all()
    assert (np.diag(matrix) >= percent / 100).all()


def test_pram_moves_as_its_matrix_says() -> None:
    """9,000 people, shares 1/2, 1/3, 1/6, stay 0.4: each cell within 5 standard deviations."""
    categories = ["a", "a", "a", "b", "b", "c"] * 1500
    frame = people([(each, "") for each in categories], PostRandomisation(stay=Fraction(2, 5)))
    published = made(frame, PostRandomisation(stay=Fraction(2, 5)))
    moved = pd.crosstab(frame["a"], published["a"]).to_numpy()
    sizes = np.array([4500, 3000, 1500])
    matrix = invariant_matrix(sizes / 9000, 0.4)
    expected = sizes[:, None] * matrix
    assert (np.abs(moved - expected) < 5 * np.sqrt(expected * (1 - matrix))).all()


AREAS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(["old", "young"])), min_size=2, max_size=40
)


@settings(max_examples=60, deadline=None)
@given(AREAS, st.integers(1, 100))
def test_swapping_keeps_the_counts_by_area_and_what_is_similar(
    rows: list[tuple[str, str]], percent: int
) -> None:
    assume(percent * len(rows) // 100 >= 2)
    frame = pd.DataFrame(rows, columns=["area", "age"], dtype=object)
    frame = frame.assign(hh=[f"H{number}" for number in range(len(rows))], records=1)
    assume((frame.groupby("age")["area"].nunique() > 1).any())
    swapped = swapped_areas(
        frame, unit="hh", area="area", similar=["age"], rate=Fraction(percent, 100), key=KEY
    )
    after = frame.drop(columns="area").merge(swapped, on="hh")
    counts = ["area", "age"]
    assert after.value_counts(counts).to_dict() == frame.value_counts(counts).to_dict()
    moved = (after["area"] != frame["area"]).sum()
    assert moved <= percent * len(rows) / 100
