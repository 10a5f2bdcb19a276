"""Every reader of published files says the same of the same bytes, also of strange ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.adapters.published_rows import PublishedRows
from clearance.adapters.stored import StoredFile
from clearance.attack.reading import UnreadableFileError, read_distinct, read_rows
from clearance.attack.rows import Rows
from clearance.content import Content
from clearance.metadata import write_rows

Plain = tuple[list[str], list[tuple[str, ...]], list[int], bool]


class Chunked:
    """Bytes that come a few at a time, as from a sealed file."""

    def __init__(self, content: bytes, size: int = 5) -> None:
        self.content, self.size = content, size

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def chunks(self) -> Iterator[bytes]:
        for start in range(0, len(self.content), self.size):
            yield self.content[start : start + self.size]


def plain(rows: Rows) -> Plain:
    values = rows.frame.astype(object)
    listed = list(values.itertuples(index=False, name=None))
    return list(rows.frame.columns), listed, rows.records.tolist(), rows.adjacent


def verdict(content: Content, *, repeating: bool = False) -> Plain | None:
    """What the reader of large files answers; None where it refuses."""
    try:
        return plain(PublishedRows(most_repeated=1000 if repeating else 0).csv(content))
    except UnreadableFileError:
        return None


def strictly(content: bytes) -> Plain | None:
    try:
        return plain(read_distinct(content))
    except UnreadableFileError:
        return None


def test_distinct_rows_stand_in_the_files_order_with_their_records() -> None:
    columns, rows, records, adjacent = plain(
        PublishedRows().csv(Chunked(b"age,place\n30,B\n30,B\n,A\n30,B\n"))
    )
    assert columns == ["age", "place"]
    assert rows == [("30", "B"), ("", "A")]
    assert records == [3, 1]
    assert not adjacent


def test_the_categories_of_a_column_are_its_values_sorted_by_code_point() -> None:
    rows = PublishedRows().csv(Chunked("name\nz\nÄ\n\n".encode()))
    assert list(rows.frame["name"].cat.categories) == ["", "z", "Ä"]


STRANGE = {
    "empty": b"",
    "only a header": b"age,place\n",
    "a name twice": b"age,age\n1,2\n",
    "a name missing": b"age,\n1,2\n",
    "a short row": b"age,place\n1\n",
    "a long row": b"age,place\n1,2,3\n",
    "an open quote": b'age,place\n"1,2\n',
    "not UTF-8": b"age,place\n\xff,1\n",
    "a byte order mark": b"\xef\xbb\xbfage,place\n1,2\n",
    "an empty line": b"age,place\n1,2\n\n3,4\n",
    "an empty line in a single column": b"age\n\n30\n",
    "a space before a quote": b'age,place\n1, "2"\n',
    "text after a quote": b'age,place\n"1"x,2\n',
    "a quote within text": b'age,place\n1,x"y\n',
    "doubled quotes": b'age,place\n1,"x""y"\n',
    "a comma in quotes": b'age,place\n1,"x,y"\n',
    "a line break in quotes": b'age,place\n1,"x\ny"\n',
    "a carriage return in quotes": b'age,place\n1,"x\r\ny"\n',
    "line ends of Windows": b"age,place\r\n1,2\r\n",
    "mixed line ends": b"age,place\n1,2\r\n3,4\n",
    "line ends of old": b"age,place\r1,2\r",
    "no last line end": b"age,place\n1,2",
    "quoted empty text": b'age,place\n"",2\n',
    "a quoted name": b'"age, in years",place\n1,2\n',
    "a line break in a name": b'"age\nin years",place\n1,2\n',
    "NUL": b"age,place\n1,2\x003\n",
    "the word for nothing": b"age,place\nNULL,NA\n",
    "numbers as they are written": b"age,place\n007,1.50\n",
}


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_what_is_strange_is_judged_as_line_by_line(content: bytes, size: int) -> None:
    assert verdict(Chunked(content, size)) == strictly(content) == verdict(content)
    assert verdict(Chunked(content, size), repeating=True) == strictly(content)


texts = st.text(alphabet='aB1 ,"\n\r;.-ä', max_size=4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(texts, texts), max_size=12))
def test_any_file_of_ours_is_read_as_it_was_written(records: list[tuple[str, str]]) -> None:
    written = pd.DataFrame(records, columns=["one", "two"], dtype=object)
    content = write_rows(written)
    assert verdict(Chunked(content)) == strictly(content)
    assert verdict(Chunked(content), repeating=True) == strictly(content)
    read = read_rows(content)
    assert list(read.itertuples(index=False, name=None)) == records


def test_a_stored_file_is_read_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "persons.csv"
    path.write_bytes(b"age,place\n30,A\n30,A\n")
    assert verdict(StoredFile(path)) == (["age", "place"], [("30", "A")], [2], True)


# ---------------------------------------------------------------- Parquet


def parquet(query: str, folder: Path) -> bytes:
    path = folder / "rows.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


def test_parquet_is_read_as_canonical_text(tmp_path: Path) -> None:
    content = parquet(
        "SELECT * FROM (VALUES (1::BIGINT, 1.50::DOUBLE, DATE '2026-01-31', 'x'), "
        "(NULL, 1e20, NULL, NULL), (NULL, 1e20, NULL, ''), (2, -0.0, NULL, 'x'), "
        "(2, 0.0, NULL, 'x')) AS rows(n, d, day, text)",
        tmp_path,
    )
    for held in (content, Chunked(content)):
        columns, rows, records, adjacent = plain(PublishedRows().parquet(held))
        assert columns == ["n", "d", "day", "text"]
        assert rows == [
            ("1", "1.5", "2026-01-31", "x"),
            ("", "100000000000000000000", "", ""),
            ("2", "0", "", "x"),
        ]
        assert records == [1, 2, 2]
        assert adjacent


def test_what_is_no_parquet_is_refused() -> None:
    with pytest.raises(UnreadableFileError):
        PublishedRows().parquet(b"PAR1")


def test_rows_of_parquet_stand_in_the_files_order(tmp_path: Path) -> None:
    content = parquet("SELECT (i * 7919) % 5 AS n FROM range(300000) AS t(i)", tmp_path)
    _, rows, records, adjacent = plain(PublishedRows().parquet(content))
    assert rows == [("0",), ("4",), ("3",), ("2",), ("1",)]
    assert (records, adjacent) == ([60000] * 5, False)


@pytest.mark.parametrize("repeats", [1, 3], ids=["all distinct", "each three times"])
def test_both_ways_through_the_database_answer_the_same(repeats: int, tmp_path: Path) -> None:
    query = (
        f"SELECT (i // {repeats})::VARCHAR AS name, nullif(i % 2, 0)::DOUBLE AS odd "
        f"FROM range(6000) AS t(i) ORDER BY name"
    )
    content = parquet(query, tmp_path)
    with duckdb.connect() as connection:
        names = [row[0] for row in connection.execute(f"{query}").fetchall()]
    columns, rows, records, adjacent = plain(PublishedRows().parquet(content))
    assert columns == ["name", "odd"]
    assert sum(records) == 6000
    assert list(dict.fromkeys(names)) == list(dict.fromkeys(name for name, _ in rows))
    assert adjacent == (repeats == 1)


def test_rows_of_a_large_csv_stand_in_the_files_order() -> None:
    lines = "".join(f"{number // 1000},{number % 2}\n" for number in range(200_000))
    content = ("block,odd\n" + lines).encode()
    for most in (0, 1000):
        found = PublishedRows(most_repeated=most).csv(Chunked(content, 1 << 20))
        assert plain(found) == strictly(content)
