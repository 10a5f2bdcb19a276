"""Whatever the text is: it is read as it stands, and leaves the house in an order of its own."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.engines import OUTER_SPACE, PandasEngine
from tests.published_parquet import parquet_rows

from clearance.adapters.duckdb_engine import DuckDBEngine
from clearance.attack.reading import read_rows
from clearance.columns import typed
from clearance.content import whole
from clearance.plan import ValueType
from clearance.ports import Dataset, Engine, Exported, SourceFile

MISSING_OR = st.just("")
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
NUMBER = st.builds(Decimal.scaleb, st.integers(-(10**15), 10**15).map(Decimal), st.integers(-9, 0))
VALUES = {
    ValueType.TEXT: TEXT | st.sampled_from(["NA", "=1+1", '"', "a,b", "x\ny", "é", "e\u0301"]),
    ValueType.INTEGER: st.integers(-(2**63), 2**63 - 1).map(str) | MISSING_OR,
    ValueType.NUMBER: NUMBER.map(lambda each: f"{each:f}") | MISSING_OR,
    ValueType.DATE: st.dates().map(str) | MISSING_OR,
}
COLUMNS = {
    "t": ValueType.TEXT,
    "i": ValueType.INTEGER,
    "n": ValueType.NUMBER,
    "d": ValueType.DATE,
}
RECORDS = st.lists(st.tuples(*(VALUES[kind] for kind in COLUMNS.values())), min_size=1, max_size=12)
# Every example starts an engine: shrinking a failure would take minutes.
few = settings(max_examples=20, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))


@contextmanager
def engine(threads: int | None = None) -> Iterator[DuckDBEngine]:
    with TemporaryDirectory() as folder:
        made = DuckDBEngine(Path(folder), threads=threads)
        try:
            yield made
        finally:
            made.close()


def loaded(made: Engine, rows: Sequence[Sequence[str]], header: Sequence[str]) -> Dataset:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([header, *rows])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "source.csv"
        path.write_bytes(text.getvalue().encode())
        return made.load(SourceFile(path, "csv"))


def canonical(made: Engine, dataset: Dataset) -> Dataset:
    """As the road does it: the values of each type in their canonical text."""
    lookups = {
        name: typed(made.values(dataset, name)["value"].tolist(), kind).lookup
        for name, kind in COLUMNS.items()
    }
    return made.recode(dataset, {name: each.dropna() for name, each in lookups.items()})


def exported(made: Engine, rows: Sequence[Sequence[str]]) -> Exported:
    return made.export(canonical(made, loaded(made, rows, list(COLUMNS))), COLUMNS)


@few
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=12))
def test_every_value_is_read_as_it_stands_but_for_its_form_and_outer_space(
    rows: list[tuple[str, str]],
) -> None:
    with engine() as made:
        dataset = loaded(made, rows, ["a", "b"])
        counts = made.histogram(dataset, ["a", "b"])
    expected = pd.Series(
        [
            tuple(unicodedata.normalize("NFC", each).strip(OUTER_SPACE) for each in row)
            for row in rows
        ]
    ).value_counts()
    found = {(a, b): number for a, b, number in counts.itertuples(index=False, name=None)}
    assert found == expected.to_dict()


@few
@given(RECORDS, st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_threads_change_a_byte(
    rows: list[tuple[str, ...]], random: Random
) -> None:
    permuted = random.sample(rows, len(rows))
    made = []
    for threads, order in ((1, rows), (2, permuted), (4, rows[::-1])):
        with engine(threads) as each:
            made.append(exported(each, order))
    assert made[0].csv == made[1].csv == made[2].csv
    assert made[0].parquet == made[1].parquet == made[2].parquet
    for each in made[1:]:
        pd.testing.assert_frame_equal(each.rows, made[0].rows)


def test_neither_do_they_with_many_rows() -> None:
    """Enough for several row groups and several threads at work."""
    random = Random(7)
    rows = [
        (f"t{random.randrange(50)}", str(random.randrange(1000)), f"{random.randrange(9)}.5", "")
        for _ in range(150_000)
    ]
    made = []
    for threads, order in ((1, rows), (2, random.sample(rows, len(rows))), (4, rows[::-1])):
        with engine(threads) as each:
            made.append(exported(each, order))
    assert made[0].csv == made[1].csv == made[2].csv
    assert made[0].parquet == made[1].parquet == made[2].parquet
    for each in made[1:]:
        pd.testing.assert_frame_equal(each.rows, made[0].rows)


@few
@given(RECORDS)
def test_csv_and_parquet_hold_the_same_rows_and_all_of_them(rows: list[tuple[str, ...]]) -> None:
    with engine() as made:
        dataset = canonical(made, loaded(made, rows, list(COLUMNS)))
        counts = made.histogram(dataset, list(COLUMNS))
        both = made.export(dataset, COLUMNS)
    read = read_rows(whole(both.csv))
    pd.testing.assert_frame_equal(read, parquet_rows(whole(both.parquet)))
    held = read.groupby(list(COLUMNS)).size().rename("records").reset_index()
    pd.testing.assert_frame_equal(
        held.astype(object).sort_values(list(COLUMNS), ignore_index=True),
        counts.astype(object).sort_values(list(COLUMNS), ignore_index=True),
    )


@few
@given(RECORDS)
def test_both_engines_say_the_same(rows: list[tuple[str, ...]]) -> None:
    pandas = PandasEngine()
    with engine() as made:
        ours, theirs = (
            canonical(each, loaded(each, rows, list(COLUMNS))) for each in (made, pandas)
        )
        for columns in (["t"], ["d", "i"], list(COLUMNS)):
            pd.testing.assert_frame_equal(
                made.histogram(ours, columns), pandas.histogram(theirs, columns), check_dtype=False
            )
        sums = [each.sums(held, ["d"], "n") for each, held in ((made, ours), (pandas, theirs))]
        assert sums[0].to_numpy().tolist() == sums[1].to_numpy().tolist()
        csvs = [each.export(held, COLUMNS).csv for each, held in ((made, ours), (pandas, theirs))]
    pd.testing.assert_frame_equal(read_rows(csvs[0]), read_rows(csvs[1]))  # quotes may differ


@few
@given(RECORDS)
def test_export_and_load_again_change_nothing(rows: list[tuple[str, ...]]) -> None:
    with engine() as made:
        once = exported(made, rows)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "again.csv"
            path.write_bytes(whole(once.csv))
            again = made.load(SourceFile(path, "csv"))
        second = made.export(again, COLUMNS)
    assert (second.csv, second.parquet) == (once.csv, once.parquet)


@given(st.text(max_size=20), st.sampled_from(list(ValueType)))
def test_reading_a_type_twice_equals_once(text: str, kind: ValueType) -> None:
    (first,) = typed([text], kind).lookup["replacement"].tolist()
    if first is not None:
        assert typed([first], kind).lookup["replacement"].tolist() == [first]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_that_is_read_keeps_its_value(number: float) -> None:
    (text,) = typed([repr(number)], ValueType.NUMBER).lookup["replacement"].tolist()
    if text is not None:
        assert float(text) == number
    else:
        assert abs(number) >= 1e18 or Decimal(repr(number)).as_tuple().exponent < -18  # type: ignore[operator]
