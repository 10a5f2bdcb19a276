from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines import PandasEngine
from tests.forge import frame

from clearance.attack import Truth
from clearance.attack.remembered import remembering
from clearance.ports import Dataset


@dataclass
class Counting:
    """An engine that counts what it is asked."""

    engine: PandasEngine = field(default_factory=PandasEngine)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def values(self, dataset: Dataset, column: str) -> pd.DataFrame:
        self.asked.append((column,))
        return self.engine.values(dataset, column)

    def histogram(self, dataset: Dataset, columns: Sequence[str]) -> pd.DataFrame:
        self.asked.append(tuple(columns))
        return self.engine.histogram(dataset, columns)


def plainly(answer: pd.DataFrame) -> list[tuple[object, ...]]:
    return list(answer.astype(object).itertuples(index=False, name=None))


def test_what_follows_from_an_earlier_answer_is_not_asked_again() -> None:
    counting = Counting()
    dataset = counting.engine.hold(frame("age place", "31 A | 2", "31 B", ". A"))
    truth = remembering(Truth(counting, dataset, {}))
    assert plainly(truth.engine.histogram(dataset, ["age", "place"])) == [
        ("", "A", 1),
        ("31", "A", 2),
        ("31", "B", 1),
    ]
    assert plainly(truth.engine.values(dataset, "place")) == [("A", 3), ("B", 1)]
    assert plainly(truth.engine.histogram(dataset, [])) == [(4,)]
    assert counting.asked == [("age", "place")]


cells = st.sampled_from(["", "a", "b", "Z"])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=12),
    st.lists(st.lists(st.sampled_from("xyz"), unique=True), min_size=1, max_size=4),
)
def test_answers_are_those_of_the_engine(
    rows: list[tuple[str, str, str]], asked: list[list[str]]
) -> None:
    engine = PandasEngine()
    dataset = engine.hold(pd.DataFrame(rows, columns=list("xyz"), dtype=object))
    truth = remembering(Truth(engine, dataset, {}))
    for columns in asked:
        found = dict.fromkeys(columns)
        answer = truth.engine.histogram(dataset, columns)
        assert list(answer.columns) == [*found, "records"]
        expected = plainly(engine.histogram(dataset, columns))
        assert sorted(plainly(answer)) == sorted(expected)
        for column in columns:
            assert plainly(truth.engine.values(dataset, column)) == plainly(
                engine.values(dataset, column)
            )
