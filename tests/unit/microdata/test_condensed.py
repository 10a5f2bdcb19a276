"""Histograms that are rolled up: the same classes as from the leaves, by whatever way."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from clearance.hierarchy import Hierarchy
from clearance.microdata.classes import classes_at
from clearance.microdata.condensed import Memo, classes_in
from clearance.microdata.histogram import Histogram, histogram_of
from clearance.microdata.kernels import compiled, sum_below
from clearance.microdata.packing import packing_of

WIDE = tuple(f"{number:05}" for number in range(20_000))  # 15 bits each
TENS = tuple(text[:4] for text in WIDE)
HIERARCHY = Hierarchy("v", (WIDE, TENS, ("*",) * len(WIDE)))
NAMES = ["a", "b", "c", "d", "e"]  # 75 bits: more than one word


def data(*, entity: bool) -> Histogram:
    draw = np.random.default_rng(7)
    rows = 400
    frame = pd.DataFrame(
        {name: [f"{n:05}" for n in draw.integers(0, 12, rows) * 5] for name in NAMES}
    )
    frame["d1"] = draw.choice(["flu", "burn", ""], rows)
    frame["person"] = [f"p{n}" for n in draw.integers(0, 150, rows)]
    frame["home"] = [f"h{n}" for n in draw.integers(0, 40, rows)]
    if entity:
        frame["d1"] = frame.groupby("person")["d1"].transform("first")
    frame = frame.drop_duplicates(keep="first").assign(records=1)
    return histogram_of(
        frame,
        variables=NAMES,
        hierarchies=dict.fromkeys(NAMES, HIERARCHY),
        sensitive=["d1"],
        entity="person" if entity else None,
        holders=["home"],
    )


def told(histogram: Histogram, levels: tuple[int, ...], memo: Memo | None) -> Counter[object]:
    """What is known of the classes, whatever their numbers are."""
    if memo is None:
        classes = classes_at(histogram, levels, labelled=True)
    else:
        classes = classes_in(memo.at(levels), histogram, memo.packing, labelled=True)
    held, labels = classes.sensitive["d1"], classes.labels
    return Counter(
        (
            int(classes.units[number]),
            int(classes.holders["home"][number]),
            tuple(
                zip(
                    held.value[held.group == number].tolist(),
                    held.units[held.group == number].tolist(),
                    strict=True,
                )
            ),
            frozenset(
                Counter(
                    dict(
                        zip(
                            map(tuple, labels.text[:, labels.group == number].T.tolist()),
                            labels.records[labels.group == number].tolist(),
                            strict=True,
                        )
                    )
                ).items()
            ),
        )
        for number in range(len(classes.units))
    )


@pytest.mark.parametrize("entity", [False, True])
@pytest.mark.parametrize("most_bytes", [0, 20_000, 10**9])
def test_classes_rolled_up_from_any_finer_ones_are_those_of_the_leaves(
    entity: bool, most_bytes: int
):
    histogram = data(entity=entity)
    assert packing_of(histogram).width == 2
    memo = Memo(histogram, most_bytes)
    nodes = [n for n in itertools.product(range(3), repeat=5) if sum(n) in (0, 3, 5, 8, 10)]
    for levels in nodes[::5]:
        assert told(histogram, levels, memo) == told(histogram, levels, None)


def test_cells_are_summed_over_all_that_are_not_higher_in_any_dimension():
    table = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    expected = table.cumsum(axis=0).cumsum(axis=1).cumsum(axis=2)
    flat = table.ravel().copy()
    sum_below(flat, np.array(table.shape))
    assert flat.tolist() == expected.ravel().tolist()


def test_what_cannot_be_kept_on_disk_is_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch):
    import numba

    plain = numba.njit

    def nowhere(*given: object, **options: object) -> object:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return plain(*given, **options)

    monkeypatch.setattr(numba, "njit", nowhere)
    assert compiled(lambda number: number + 1)(4) == 5
