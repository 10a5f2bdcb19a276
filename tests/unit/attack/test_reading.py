from __future__ import annotations

import pytest

from clearance.attack.reading import UnreadableFileError, read_json, read_rows


def test_values_stay_as_they_are_written() -> None:
    rows = read_rows(b'id,note\n007,"a, b"\nNA,\n')
    assert rows["id"].tolist() == ["007", "NA"]
    assert rows["note"].tolist() == ["a, b", ""]


def test_an_empty_line_is_a_missing_value_of_a_single_column() -> None:
    assert read_rows(b"age\n\n30\n")["age"].tolist() == ["", "30"]


def test_a_file_without_records_has_its_columns() -> None:
    rows = read_rows(b"age,place\n")
    assert list(rows.columns) == ["age", "place"]
    assert len(rows) == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"age,age\n1,2\n",
        b"age,\n1,2\n",
        b"age,place\n1\n",
        b"age,place\n1,2,3\n",
        b'age\n"1\n',
        b"age\n\xff\n",
    ],
    ids=["empty", "twice", "nameless", "short", "long", "open quote", "not UTF-8"],
)
def test_what_is_not_plain_to_read_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        read_rows(content)


@pytest.mark.parametrize("content", [b'{"k": 5, "k": 1}', b'{"k": NaN}', b"{", b"\xff"])
def test_json_with_two_readings_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        read_json(content)
