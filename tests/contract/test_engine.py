"""What every engine must do: one suite over the embedded one and the one of the tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from clearance.adapters.duckdb_engine import DuckDBEngine
from clearance.adapters.files import FileSource
from clearance.attack.reading import read_rows
from clearance.content import whole
from clearance.errors import InputError
from clearance.plan import ValueType
from clearance.ports import Dataset, Engine, Sample, SourceFile
from tests.engines import PandasEngine
from tests.published_parquet import parquet_rows

Load = Callable[..., Dataset]


# The embedded engine takes other ways with many texts, many columns and many rows: here with few.
LIMITS: dict[str, dict[str, int]] = {
    "duckdb": {},
    "duckdb, nothing numbered": {
        "coded_columns.MOST_LABELS": 0,
        "duckdb_loading.MOST_LABELS": 0,
        "duckdb_loading.SAMPLE": 1,
    },
    "duckdb, too much at once": {
        "coded_columns.LARGEST_KEY": 1,
        "duckdb_groups.MOST_SORTED": 0,
        "row_files.FEW_ROWS": -1,
    },
}


@pytest.fixture(params=[*LIMITS, "pandas"])
def engine(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    if request.param == "pandas":
        yield PandasEngine()
        return
    for name, limit in LIMITS[request.param].items():
        monkeypatch.setattr(f"clearance.adapters.{name}", limit)
    folder = tmp_path / "engine"
    folder.mkdir()
    made = DuckDBEngine(folder)
    yield made
    made.close()


@pytest.fixture
def load(engine: Engine, tmp_path: Path) -> Load:
    """Loads a file of these bytes."""

    def loaded(content: str | bytes, name: str = "source.csv") -> Dataset:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return engine.load(
            SourceFile(path, {"tsv": "tsv", "parquet": "parquet"}.get(path.suffix[1:], "csv"))
        )

    return loaded


def rows(engine: Engine, dataset: Dataset) -> list[tuple[str, ...]]:
    """The records, sorted."""
    counts = engine.histogram(dataset, dataset.columns)
    return [
        tuple(row[:-1]) for row in counts.itertuples(index=False, name=None) for _ in range(row[-1])
    ]


def parquet(query: str, path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


# ---------------------------------------------------------------- load


SHAPES = {
    "a comma": ("a,b\n1,x\n", [("1", "x")]),
    "a semicolon": ("a;b\n1,5;x\n", [("1,5", "x")]),
    "a tab": ("a\tb\n1\tx\n", [("1", "x")]),
    "a bar": ("a|b\n1|x\n", [("1", "x")]),
    "a byte order mark": ("\ufeffa,b\n1,x\n", [("1", "x")]),
    "line ends of Windows": ("a,b\r\n1,x\r\n", [("1", "x")]),
    "no line end at the end": ("a,b\n1,x", [("1", "x")]),
    "line ends inside quotes": ('a,b\n"1\n2",x\n"p\r\nq",y\n', [("1\n2", "x"), ("p\r\nq", "y")]),
    "delimiters inside quotes": ('a,b\n"1,2",x\n', [("1,2", "x")]),
    "doubled quotes": ('a,b\n"1""2",x\n', [('1"2', "x")]),
    "quoted headers": ('"a","b"\n1,x\n', [("1", "x")]),
    "leading zeros": ("a,b\n007,x\n", [("007", "x")]),
    "words that look missing": ("a,b\nNA,NULL\nnan,None\n", [("NA", "NULL"), ("nan", "None")]),
    "empty values": ('a,b\n,x\n"",y\n', [("", "x"), ("", "y")]),
    "blank lines between records": ("a,b\n1,x\n\n2,y\n", [("1", "x"), ("2", "y")]),
    "numbers and truth values": ("a,b\n1.50,true\n", [("1.50", "true")]),
    "white space around": ("a,b\n F ,x\nF\u00a0,x\n\u200bF\t,x\n", [("F", "x")] * 3),
    "white space inside": ("a,b\nSan  Jose,x\n", [("San  Jose", "x")]),
    "letters in two forms": ("a,b\nOrle\u0301ans,x\nOrl\u00e9ans,x\n", [("Orléans", "x")] * 2),
    "a header in another form": ("a\u0301,b\n1,x\n", [("1", "x")]),
    "a header with spaces around": (" a , b\n1,x\n", [("1", "x")]),
    "columns named as SQL": ('select,"a"" b"\n1,x\n', [("1", "x")]),
}


@pytest.mark.parametrize(("content", "expected"), SHAPES.values(), ids=SHAPES.keys())
def test_every_value_arrives_as_normalised_text(
    engine: Engine, load: Load, content: str, expected: list[tuple[str, ...]]
) -> None:
    dataset = load(content)
    assert rows(engine, dataset) == expected
    assert dataset.records == len(expected)


def test_the_header_is_normalised_as_values_are(load: Load) -> None:
    assert load(" e\u0301 ,B\n1,x\n").columns == ("é", "B")


def test_tabs_delimit_a_tsv_whatever_its_header_holds(engine: Engine, load: Load) -> None:
    dataset = load("a,b,c\td\n1\t2\n", "source.tsv")
    assert dataset.columns == ("a,b,c", "d")
    assert rows(engine, dataset) == [("1", "2")]


def test_a_single_column_may_have_missing_values(engine: Engine, load: Load) -> None:
    assert rows(engine, load("a\n1\n\n2\n")) == [("",), ("1",), ("2",)]


REFUSED = {
    "no bytes": b"",
    "a header and no records": b"a,b\n",
    "Latin-1": "a,b\nü,1\n".encode("latin-1"),
    "UTF-16": "a,b\n1,2\n".encode("utf-16"),
    "a NUL character": b"a,b\n1,\x00\n",
    "a record that is too short": b"a,b\nCanary\n3,4\n",
    "a record that is too long": b"a,b\n1,2,Canary\n3,4\n",
    "a column twice": b"a,a\n1,2\n",
    "a column twice but for case": b"a,A\n1,2\n",
    "a column twice but for its form": "é,e\u0301\n1,2\n".encode(),
    "a column without a name": b"a,\n1,2\n",
    "a column named by white space": b"a, \n1,2\n",
    "a column name of two lines": b'"a\nb",c\n1,2\n',
    "a quote that is not closed": b'a,b\n"Canary,2\n3,4\n',
    "a header that is not closed": b'"a,b\n1,2\n',
    "an endless header": b'"' + b"x" * 200_000 + b'",b\n1,2\n',
    "text after a closing quote": b'a,b\n"1"Canary,2\n',
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_a_file_of_another_shape_is_refused_and_not_quoted(load: Load, content: bytes) -> None:
    with pytest.raises(InputError) as refused:
        load(content)
    assert "source.csv" in str(refused.value)
    assert "Canary" not in str(refused.value)


PARQUET = {
    "text": ("'x' AS a", ["x"]),
    "a missing value": ("NULL::VARCHAR AS a", [""]),
    "integers": ("7::INTEGER AS a", ["7"]),
    "decimals": ("1.50::DECIMAL(5, 2) AS a", ["1.50"]),
    "doubles": ("1.5::DOUBLE AS a", ["1.5"]),
    "dates": ("DATE '2026-01-31' AS a", ["2026-01-31"]),
    "white space": ("' x ' AS a", ["x"]),
}


@pytest.mark.parametrize(("query", "expected"), PARQUET.values(), ids=PARQUET.keys())
def test_parquet_arrives_as_text(
    engine: Engine, load: Load, tmp_path: Path, query: str, expected: list[str]
) -> None:
    dataset = load(parquet(f"SELECT {query}", tmp_path / "made.parquet"), "source.parquet")
    assert engine.values(dataset, "a")["value"].tolist() == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PAR1 no Parquet PAR1",
        "SELECT [1] AS a",
        "SELECT {'x': 1} AS a",
        "SELECT 1 AS a LIMIT 0",
    ],
)
def test_other_parquet_is_refused(load: Load, tmp_path: Path, content: str | bytes) -> None:
    if isinstance(content, str):
        content = parquet(content, tmp_path / "made.parquet")
    with pytest.raises(InputError, match=r"source\.parquet"):
        load(content, "source.parquet")


def test_a_folder_named_like_a_partition_adds_no_column(load: Load, tmp_path: Path) -> None:
    content = parquet("SELECT 'x' AS a", tmp_path / "made.parquet")
    assert load(content, "year=2026/source.parquet").columns == ("a",)
    assert load("a\nx\n", "year=2026/source.csv").columns == ("a",)


@pytest.mark.parametrize("name", ["p[1].csv", "p*.csv", "p?.csv", "it's {1,2}.csv"])
def test_a_file_is_read_by_its_name_not_as_a_pattern(engine: Engine, load: Load, name: str) -> None:
    load("a\nother\n", "p1.csv")
    assert rows(engine, load("a\nright\n", name)) == [("right",)]


# ---------------------------------------------------------------- aggregate

PEOPLE = "place,sex,income\nB,m,0.1\nA,f,0.2\nB,m,\nA,m,-1\n,f,5\n"


def test_values_are_counted_and_sorted_with_missing_ones_among_them(
    engine: Engine, load: Load
) -> None:
    found = engine.values(load(PEOPLE), "place")
    assert list(found.columns) == ["value", "records"]
    assert found["value"].tolist() == ["", "A", "B"]
    assert found["records"].tolist() == [1, 2, 2]
    assert found["records"].dtype == "int64"


def test_values_sort_by_code_point(engine: Engine, load: Load) -> None:
    found = engine.values(load("a\né\nz\nZ\n10\n9\n\U0001f600\n\uffe6\n"), "a")
    assert found["value"].tolist() == ["10", "9", "Z", "z", "é", "\uffe6", "\U0001f600"]


def test_a_sample_of_few_values_is_all_of_them(engine: Engine, load: Load) -> None:
    sample = engine.sample(load("a\nB\nA\n\nB\n"), "a", most=2)
    assert list(sample.values) == ["A", "B"]
    assert (sample.distinct, sample.records) == (2, 3)


def test_a_sample_of_many_values_depends_on_them_alone(engine: Engine, load: Load) -> None:
    numbers = [str(number) for number in range(100)]
    up, down = load("\n".join(["a", *numbers])), load("\n".join(["a", *reversed(numbers)]))
    sample = engine.sample(up, "a", most=10)
    assert sample == engine.sample(down, "a", most=10)
    assert list(sample.values) == sorted(sample.values)
    assert len(set(sample.values)) == 10
    assert set(sample.values) not in ({*sorted(numbers)[:10]}, {*sorted(numbers)[-10:]})
    assert (sample.distinct, sample.records) == (100, 100)


def test_a_sample_may_be_of_nothing(engine: Engine, load: Load) -> None:
    assert engine.sample(load("a,b\n,1\n"), "a", most=9) == Sample([], 0, 0)


def test_a_histogram_has_one_row_per_combination(engine: Engine, load: Load) -> None:
    found = engine.histogram(load(PEOPLE), ["sex", "place"])
    assert list(found.columns) == ["sex", "place", "records"]
    assert found.to_numpy().tolist() == [["f", "", 1], ["f", "A", 1], ["m", "A", 1], ["m", "B", 2]]
    assert found["records"].dtype == "int64"


def test_a_histogram_over_nothing_counts_the_records(engine: Engine, load: Load) -> None:
    assert engine.histogram(load(PEOPLE), []).to_numpy().tolist() == [[5]]


def test_a_column_may_be_named_as_the_engine_names_its_own(engine: Engine, load: Load) -> None:
    dataset = load("records,value,Replacement\nx,y,z\nx,y,w\n")
    assert engine.values(dataset, "records").to_numpy().tolist() == [["x", 2]]
    assert engine.values(dataset, "value").to_numpy().tolist() == [["y", 2]]


def test_sums_are_exact_and_missing_amounts_add_nothing(engine: Engine, load: Load) -> None:
    found = engine.sums(load(PEOPLE), ["place"], "income")
    assert list(found.columns) == ["place", "records", "amount"]
    assert found["records"].tolist() == [1, 2, 2]
    assert found["amount"].tolist() == [Decimal(5), Decimal("-0.8"), Decimal("0.1")]
    assert all(isinstance(amount, Decimal) for amount in found["amount"])


def test_a_sum_that_doubles_cannot_hold_is_exact(engine: Engine, load: Load) -> None:
    dataset = load("g,x\n" + "a,0.1\n" * 10 + "a,900719925474099.3\n")
    assert engine.sums(dataset, ["g"], "x")["amount"].tolist() == [Decimal("900719925474100.3")]


def test_a_sum_over_everything(engine: Engine, load: Load) -> None:
    found = engine.sums(load(PEOPLE), [], "income")
    assert found["records"].tolist() == [5]
    assert found["amount"].tolist() == [Decimal("4.3")]


# ---------------------------------------------------------------- apply


def lookup(**replacements: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"value": list(replacements), "replacement": list(replacements.values())}, dtype=object
    )


def test_recoding_replaces_and_leaves_the_dataset_as_it_was(engine: Engine, load: Load) -> None:
    before = load("a,b\nx,1\ny,2\nx,3\n")
    after = engine.recode(before, {"a": lookup(x="P", y="", z="unused")})
    assert rows(engine, after) == [("", "2"), ("P", "1"), ("P", "3")]
    assert after.columns == before.columns
    assert rows(engine, before) == [("x", "1"), ("x", "3"), ("y", "2")]


def test_a_missing_value_is_recoded_as_any_other(engine: Engine, load: Load) -> None:
    dataset = engine.recode(load("a,b\n,1\nx,2\n"), {"a": lookup(**{"": "*", "x": "*"})})
    assert rows(engine, dataset) == [("*", "1"), ("*", "2")]


def test_several_columns_are_recoded_at_once_and_again(engine: Engine, load: Load) -> None:
    once = engine.recode(
        load("a,b\nx,y\ny,x\n"), {"a": lookup(x="y", y="x"), "b": lookup(x="1", y="2")}
    )
    assert rows(engine, once) == [("x", "1"), ("y", "2")]
    assert rows(engine, engine.recode(once, {"a": lookup(x="z", y="z")})) == [
        ("z", "1"),
        ("z", "2"),
    ]


def test_a_look_up_that_changes_nothing_changes_nothing(engine: Engine, load: Load) -> None:
    before = load("a\nx\n\ny\n")
    after = engine.recode(before, {"a": lookup(**{"": "", "x": "x", "y": "y"})})
    assert rows(engine, after) == rows(engine, before)


@pytest.mark.parametrize(
    "wrong",
    [
        lookup(x="1"),
        pd.DataFrame({"value": ["x", "x", "y"], "replacement": ["1", "2", "3"]}),
    ],
    ids=["a value without a row", "a value with two rows"],
)
def test_a_look_up_that_does_not_fit_is_refused(
    engine: Engine, load: Load, wrong: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match="look-up"):
        engine.recode(load("a\nx\ny\n"), {"a": wrong})


def test_records_are_left_out_by_all_their_keys(engine: Engine, load: Load) -> None:
    before = load("a,b\nx,1\nx,2\ny,1\n,1\n,1\n")
    keys = pd.DataFrame({"b": ["1", "1"], "a": ["x", ""]}, dtype=object)
    after = engine.without(before, keys)
    assert rows(engine, after) == [("x", "2"), ("y", "1")]
    assert after.records == 2
    assert before.records == 5


def test_no_keys_leave_no_record_out(engine: Engine, load: Load) -> None:
    before = load("a\nx\n")
    assert rows(engine, engine.without(before, pd.DataFrame({"a": []}, dtype=object))) == [("x",)]


def test_all_records_may_be_left_out(engine: Engine, load: Load) -> None:
    before = load("a,b\nx,1\nx,2\n")
    after = engine.without(before, pd.DataFrame({"a": ["x"]}, dtype=object))
    assert after.records == 0
    assert len(engine.histogram(after, ["a", "b"])) == 0
    assert len(engine.values(after, "a")) == 0
    exported = engine.export(after, {"a": ValueType.TEXT, "b": ValueType.INTEGER})
    assert exported.csv == b"a,b\n"
    assert len(parquet_rows(whole(exported.parquet))) == len(exported.rows) == 0


def test_what_is_left_of_a_column_needs_no_look_up_for_the_rest(engine: Engine, load: Load) -> None:
    kept = engine.without(load("a\nx\ny\n"), pd.DataFrame({"a": ["y"]}, dtype=object))
    assert engine.values(kept, "a").to_numpy().tolist() == [["x", 1]]
    assert rows(engine, engine.recode(kept, {"a": lookup(x="z")})) == [("z",)]


def test_keys_that_no_record_has_leave_no_record_out(engine: Engine, load: Load) -> None:
    before = load("a,b\nx,1\ny,2\n")
    keys = pd.DataFrame({"a": ["x", "w"], "b": ["2", "1"]}, dtype=object)
    assert engine.without(before, keys).records == 2


def test_a_recoded_value_is_known_by_its_new_text(engine: Engine, load: Load) -> None:
    recoded = engine.recode(load("a,b\nx,1\ny,2\nz,3\n"), {"a": lookup(x="P", y="P", z="Q")})
    keys = pd.DataFrame({"a": ["P"], "b": ["2"]}, dtype=object)
    assert rows(engine, engine.without(recoded, keys)) == [("P", "1"), ("Q", "3")]


def test_keys_may_be_categorical(engine: Engine, load: Load) -> None:
    before = load("a,b\nx,1\ny,2\n")
    keys = engine.histogram(before, ["a", "b"])[["b", "a"]].iloc[:1]
    assert rows(engine, engine.without(before, keys)) == [("y", "2")]


def test_records_take_the_values_published_for_their_keys(engine: Engine, load: Load) -> None:
    before = load("a,b,c\nx,1,p\nx,2,q\ny,1,\n,1,r\n,1,s\n")
    keys = pd.DataFrame(
        {"b": ["1", "2", "1", "1", "9"], "a": ["x", "x", "y", "", "z"]}, dtype=object
    )
    published = pd.DataFrame(
        {"a": ["*", "x", "y-z", "", "0"], "b": ["1", "*", "1", "*", "0"]}, dtype=object
    )
    after = engine.rewrite(before, keys, published)
    assert after.columns == before.columns
    assert after.records == 5
    assert rows(engine, after) == [
        ("", "*", "r"),
        ("", "*", "s"),
        ("*", "1", "p"),
        ("x", "*", "q"),
        ("y-z", "1", ""),
    ]
    assert rows(engine, before)[0] == ("", "1", "r")


def test_keys_of_a_column_that_is_not_rewritten(engine: Engine, load: Load) -> None:
    """As where each unit has rows of its own."""
    before = load("unit,age,place\n1,30,A\n1,31,B\n2,30,A\n")
    keys = pd.DataFrame(
        {"unit": ["1", "1", "2"], "age": ["30", "31", "30"], "place": ["A", "B", "A"]}
    )
    published = pd.DataFrame({"age": ["30-31", "30-31", "30"], "place": ["*", "*", "A"]})
    assert rows(engine, engine.rewrite(before, keys, published)) == [
        ("1", "30-31", "*"),
        ("1", "30-31", "*"),
        ("2", "30", "A"),
    ]


@pytest.mark.parametrize(
    "keys", [["x"], ["x", "x", "y"]], ids=["a record without a row", "a record with two rows"]
)
def test_records_that_match_not_exactly_one_row_are_not_rewritten(
    engine: Engine, load: Load, keys: list[str]
) -> None:
    by = pd.DataFrame({"a": keys}, dtype=object)
    with pytest.raises(ValueError, match="exactly one row"):
        engine.rewrite(load("a\nx\ny\n"), by, by)


# ---------------------------------------------------------------- export

TYPED = {"t": ValueType.TEXT, "i": ValueType.INTEGER, "n": ValueType.NUMBER, "d": ValueType.DATE}


def test_rows_are_sorted_by_their_typed_values_missing_first(engine: Engine, load: Load) -> None:
    dataset = load("i,n,x\n10,1,a\n9,0.5,b\n-3,2,c\n,0,d\n9,-1,e\n")
    exported = engine.export(dataset, {"i": ValueType.INTEGER, "n": ValueType.NUMBER})
    assert list(csv.reader(io.StringIO(whole(exported.csv).decode()))) == [
        ["i", "n"],
        ["", "0"],
        ["-3", "2"],
        ["9", "-1"],
        ["9", "0.5"],
        ["10", "1"],
    ]


def test_text_that_looks_like_numbers_sorts_as_text(engine: Engine, load: Load) -> None:
    exported = engine.export(load("a\n10\n9\n1\n"), {"a": ValueType.TEXT})
    assert exported.csv == b"a\n1\n10\n9\n"


def test_missing_text_sorts_first(engine: Engine, load: Load) -> None:
    exported = engine.export(load("a,b\nx,1\n,2\n"), {"a": ValueType.TEXT, "b": ValueType.TEXT})
    assert exported.csv == b"a,b\n,2\nx,1\n"


def test_csv_is_utf8_with_line_feeds_and_quotes_where_needed(engine: Engine, load: Load) -> None:
    content = 'a,b\n"x,""y""\nz",é\n'
    exported = engine.export(load(content), {"a": ValueType.TEXT, "b": ValueType.TEXT})
    assert exported.csv == content.encode()


def test_only_the_named_columns_leave_in_their_order(engine: Engine, load: Load) -> None:
    exported = engine.export(
        load("a,b,c\n1,2,Canary\n"), {"b": ValueType.TEXT, "a": ValueType.TEXT}
    )
    assert exported.csv == b"b,a\n2,1\n"
    assert list(parquet_rows(whole(exported.parquet)).columns) == ["b", "a"]
    assert b"Canary" not in whole(exported.parquet)


def test_both_files_say_the_same(engine: Engine, load: Load) -> None:
    dataset = load(
        "t,i,n,d\n x,7,0.1,2026-01-31\n,,,\n=1+1,-9223372036854775808,-1500.25,0999-12-31\n"
        '"NULL",0,0.30000000000000004,2024-02-29\n'
    )
    exported = engine.export(dataset, TYPED)
    pd.testing.assert_frame_equal(
        read_rows(whole(exported.csv)), parquet_rows(whole(exported.parquet))
    )


def test_parquet_is_typed_and_missing_is_null(engine: Engine, load: Load, tmp_path: Path) -> None:
    exported = engine.export(load("t,i,n,d\nx,7,0.5,2026-01-31\n,,,\n"), TYPED)
    (tmp_path / "x.parquet").write_bytes(whole(exported.parquet))
    made = duckdb.execute("FROM read_parquet(?)", [str(tmp_path / "x.parquet")])
    assert [str(column[1]) for column in made.description or ()] == [
        "VARCHAR",
        "BIGINT",
        "DOUBLE",
        "DATE",
    ]
    assert made.fetchall()[0] == (None, None, None, None)


def test_each_distinct_row_is_told_once_in_the_order_of_the_file(
    engine: Engine, load: Load
) -> None:
    dataset = load("a,b,c\n10,x,1\n9,y,2\n10,x,3\n,x,4\n10,w,5\n")
    exported = engine.export(dataset, {"a": ValueType.INTEGER, "b": ValueType.TEXT})
    assert exported.csv == b"a,b\n,x\n9,y\n10,w\n10,x\n10,x\n"
    assert exported.rows.astype(object).to_numpy().tolist() == [
        ["", "x", 1],
        ["9", "y", 1],
        ["10", "w", 1],
        ["10", "x", 2],
    ]
    assert list(exported.rows["a"].cat.categories) == ["", "10", "9"]
    assert exported.rows["records"].dtype == "int64"


def test_categories_are_the_values_of_the_frame_and_no_others(engine: Engine, load: Load) -> None:
    kept = engine.without(
        load("a,b\nx,1\nCanary,2\n"), pd.DataFrame({"a": ["Canary"]}, dtype=object)
    )
    exported = engine.export(kept, {"a": ValueType.TEXT, "b": ValueType.TEXT})
    for frame in (engine.histogram(kept, ["a", "b"]), exported.rows):
        assert list(frame["a"].cat.categories) == ["x"]
        assert list(frame["b"].cat.categories) == ["1"]
    assert b"Canary" not in whole(exported.parquet)


def test_values_of_another_type_are_refused_and_not_quoted(engine: Engine, load: Load) -> None:
    if isinstance(engine, PandasEngine):
        pytest.skip("for tests only: its callers have checked the types")
    with pytest.raises(InputError) as refused:
        engine.export(load("a\nCanary\n"), {"a": ValueType.INTEGER})
    assert "Canary" not in str(refused.value)


def test_the_order_of_the_source_does_not_show(engine: Engine, load: Load) -> None:
    lines = ["x,7,0.5,2026-01-31", "y,,1,", ",8,,2026-01-01", "x,10,0.25,2025-01-31"]
    forwards = engine.export(load("\n".join(["t,i,n,d", *lines])), TYPED)
    backwards = engine.export(load("\n".join(["t,i,n,d", *reversed(lines)])), TYPED)
    assert (forwards.csv, forwards.parquet) == (backwards.csv, backwards.parquet)
    pd.testing.assert_frame_equal(forwards.rows, backwards.rows)


# ---------------------------------------------------------------- the source


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.csv", "csv"),
        ("a.CSV", "csv"),
        ("a.tsv", "tsv"),
        ("a.tab", "tsv"),
        ("a.parquet", "parquet"),
    ],
)
def test_the_format_is_known_from_the_name(tmp_path: Path, name: str, form: str) -> None:
    (tmp_path / name).touch()
    assert FileSource().locate(name, folder=tmp_path) == SourceFile(tmp_path / name, form)
    absolute = FileSource().locate(str(tmp_path / name), folder=Path("elsewhere"))
    assert absolute.path == tmp_path / name


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.csv.gz", "gone.csv", "folder.csv"])
def test_a_source_that_is_not_there_or_of_another_format_is_refused(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "a.xlsx").touch()
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match=r"source\.path"):
        FileSource().locate(name, folder=tmp_path)
