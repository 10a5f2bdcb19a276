"""What the attack says of small microdata files, whatever they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.forge import (
    QUASI,
    STRUCTURAL,
    attacked,
    hierarchy,
    plan,
    policy,
    reasons,
    release,
    variable,
)

from clearance.plan import Unit

AGES = hierarchy("age", {"31": ("30s",), "35": ("30s",), "42": ("40s",), "": ("",)})
PLACES = hierarchy("place", ["A", "B"])
OF = plan(variable("age", QUASI), variable("place", QUASI))
OF_PERSONS = plan(
    variable("id", STRUCTURAL),
    variable("age", QUASI),
    variable("place", QUASI),
    units=[Unit("person", "id")],
)
RULES = policy(k=3)
Records = list[tuple[str, str, str]]
records = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"), st.sampled_from(["31", "35", "42", ""]), st.sampled_from("AB")
    ),
    min_size=1,
    max_size=24,
)


def published(source: pd.DataFrame, level: int) -> pd.DataFrame:
    labels = source["age"].map(AGES.recoding(level))
    return source.assign(age=labels)[["age", "place"]]


def as_frame(rows: Sequence[tuple[str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["id", "age", "place"], dtype=object)


@settings(max_examples=40, deadline=None)
@given(records, st.integers(0, 2))
def test_k_is_the_smallest_class_and_blocks_below_the_policys(rows: Records, level: int) -> None:
    source = as_frame(rows)
    shown = published(source, level).sort_values(["age", "place"])
    files = release(OF, RULES, {"persons": shown}, levels={"age": level})
    report = attacked(files, OF, RULES, source[["age", "place"]], [AGES, PLACES])
    smallest = min(Counter(shown.itertuples(index=False, name=None)).values())
    assert report.microdata["persons"].k == smallest
    assert ("class-below-k" in reasons(report)) == (smallest < 3)
    assert "record-not-in-source" not in reasons(report)


@settings(max_examples=40, deadline=None)
@given(records, st.integers(0, 2))
def test_units_are_counted_not_rows(rows: Records, level: int) -> None:
    source = as_frame(rows)
    labelled = published(source, level)
    files = release(
        OF_PERSONS,
        RULES,
        {"persons": labelled.sort_values(["age", "place"])},
        levels={"age": level},
    )
    report = attacked(files, OF_PERSONS, RULES, source, [AGES, PLACES])
    units = labelled.assign(id=source["id"]).groupby(["age", "place"])["id"].nunique()
    assert report.microdata["persons"].k == units.min()


@settings(max_examples=30, deadline=None)
@given(records, st.integers(0, 2))
def test_with_some_records_left_out_k_is_never_too_large(rows: Records, left_out: int) -> None:
    source = as_frame(rows)
    kept = source.iloc[left_out:]
    if kept.empty:
        return
    shown = published(kept, 1)
    files = release(
        OF_PERSONS, RULES, {"persons": shown.sort_values(["age", "place"])}, levels={"age": 1}
    )
    report = attacked(files, OF_PERSONS, policy(k=100), source, [AGES, PLACES])
    units = shown.assign(id=kept["id"]).groupby(["age", "place"])["id"].nunique()
    assert report.microdata["persons"].k <= units.min()


@settings(max_examples=20, deadline=None)
@given(records)
def test_the_order_of_the_source_is_irrelevant(rows: Records) -> None:
    source = as_frame(rows)
    shuffled = source.sample(frac=1, random_state=1).reset_index(drop=True)
    shown = published(source, 1).sort_values(["age", "place"])
    files = release(OF_PERSONS, RULES, {"persons": shown}, levels={"age": 1})
    one, two = (
        attacked(files, OF_PERSONS, RULES, each, [AGES, PLACES]) for each in (source, shuffled)
    )
    assert one == two
