"""An `Engine` in memory: dictionaries of frames, for tests."""

from __future__ import annotations

import csv
import io
import re
import string
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd

from clearance.errors import InputError
from clearance.metadata import write_rows
from clearance.plan import ValueType
from clearance.ports import Dataset, Exported, Sample, SourceFile

PARQUET_TYPES = {
    ValueType.TEXT: "VARCHAR",
    ValueType.INTEGER: "BIGINT",
    ValueType.NUMBER: "DOUBLE",
    ValueType.DATE: "DATE",
}
OUTER_SPACE = string.whitespace + "".join(
    chr(code)
    for code in range(0x110000)
    if unicodedata.category(chr(code)).startswith("Z")
    or chr(code) in "\x1c\x1d\x1e\x1f\x85\u200b\ufeff"
)


class PandasEngine:
    """Implements `clearance.ports.Engine` for what fits in memory."""

    def __init__(self) -> None:
        self._frames: dict[str, pd.DataFrame] = {}
        self._numbers = count(1)

    def hold(self, frame: pd.DataFrame) -> Dataset:
        """These rows of text as a dataset."""
        name = f"d{next(self._numbers)}"
        self._frames[name] = frame.astype(object).reset_index(drop=True)
        return Dataset(name, tuple(frame.columns), len(frame))

    def load(self, source: SourceFile) -> Dataset:
        if source.format == "parquet":
            header, rows = _parquet_records(source.path)
        else:
            header, rows = _delimited_records(source.path, source.format)
        names = [_normalised(name) for name in header]
        folded = {name.casefold() for name in names}
        if "" in names or len(folded) < len(names) or not all(map(str.isprintable, names)):
            raise InputError(f"{source.path.name}: its header does not name every column")
        if not rows:
            raise InputError(f"{source.path.name}: holds a header and no records")
        if any(len(row) != len(names) for row in rows):
            raise InputError(f"{source.path.name}: records do not fit the header")
        text = [[_normalised(value) for value in row] for row in rows]
        return self.hold(pd.DataFrame(text, columns=names, dtype=object))

    def values(self, dataset: Dataset, column: str) -> pd.DataFrame:
        held = self._frames[dataset.name][column].value_counts(sort=False).sort_index()
        return pd.DataFrame({"value": held.index.astype(object), "records": held.to_numpy()})

    def sample(self, dataset: Dataset, column: str, *, most: int) -> Sample:
        held = self.values(dataset, column)
        held = held[held["value"] != ""]
        chosen = sorted(held["value"], key=lambda value: sha256(value.encode()).digest())[:most]
        return Sample(sorted(chosen), len(held), int(held["records"].sum()))

    def histogram(self, dataset: Dataset, columns: Sequence[str]) -> pd.DataFrame:
        frame = self._frames[dataset.name]
        if not columns:
            return pd.DataFrame({"records": pd.Series([len(frame)], dtype="int64")})
        counts = frame.groupby(list(columns), sort=True, dropna=False).size()
        return _categorical(counts.rename("records").reset_index(), columns)

    def sums(self, dataset: Dataset, columns: Sequence[str], amount: str) -> pd.DataFrame:
        frame = self._frames[dataset.name]
        amounts = pd.Series([Decimal(text or "0") for text in frame[amount]], dtype=object)
        if not columns:
            return pd.DataFrame({"records": [len(frame)], "amount": [sum(amounts, Decimal(0))]})
        grouped = frame.assign(amount=amounts).groupby(list(columns), sort=True, dropna=False)
        found = grouped.agg(records=("amount", "size"), amount=("amount", sum)).reset_index()
        return found.astype({"records": "int64", "amount": object})

    def recode(self, dataset: Dataset, lookups: Mapping[str, pd.DataFrame]) -> Dataset:
        frame = self._frames[dataset.name]
        recoded = {}
        for column, lookup in lookups.items():
            known = dict(zip(lookup["value"], lookup["replacement"], strict=True))
            if len(known) < len(lookup) or not set(frame[column]) <= set(known):
                raise ValueError(f"the look-up of '{column}' does not fit its values")
            recoded[column] = frame[column].map(known)
        return self.hold(frame.assign(**recoded))

    def without(self, dataset: Dataset, keys: pd.DataFrame) -> Dataset:
        frame = self._frames[dataset.name]
        columns = list(keys.columns)
        dropped = set(keys.itertuples(index=False, name=None))
        kept = [key not in dropped for key in frame[columns].itertuples(index=False, name=None)]
        return self.hold(frame[kept])

    def rewrite(self, dataset: Dataset, keys: pd.DataFrame, published: pd.DataFrame) -> Dataset:
        frame = self._frames[dataset.name]
        new = dict(
            zip(
                keys.itertuples(index=False, name=None),
                published.itertuples(index=False, name=None),
                strict=True,
            )
        )
        held = list(frame[list(keys.columns)].itertuples(index=False, name=None))
        if len(new) < len(keys) or not set(held) <= set(new):
            raise ValueError("every record must match exactly one row of the keys")
        rows = pd.DataFrame([new[key] for key in held], columns=published.columns, dtype=object)
        return self.hold(frame.assign(**{name: rows[name] for name in rows}))

    def export(self, dataset: Dataset, columns: Mapping[str, ValueType]) -> Exported:
        frame = self._frames[dataset.name][list(columns)]
        keys = pd.DataFrame({name: _sortable(frame[name], kind) for name, kind in columns.items()})
        ordered = frame.loc[keys.sort_values(list(columns), kind="stable").index]
        return Exported(
            csv=write_rows(ordered),
            parquet=_parquet(ordered, columns),
            rows=_counted(ordered),
        )


def _normalised(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip(OUTER_SPACE)


def _delimited_records(path: Path, form: str) -> tuple[list[str], list[list[str]]]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path.name}: is not UTF-8") from None
    if not text or "\0" in text:
        raise InputError(f"{path.name}: is empty or holds NUL characters")
    head = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    delimiter = "\t" if form == "tsv" else max(",;\t|", key=head.count)
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error:
        raise InputError(f"{path.name}: its quotes do not match") from None
    if len(header) > 1:
        return header, [row for row in rows if row]
    return header or [""], [row or [""] for row in rows]


def _parquet_records(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        found = duckdb.execute(
            "SELECT * FROM read_parquet([?], hive_partitioning=false)", [str(path)]
        )
        kinds = [(column[0], str(column[1])) for column in found.description or ()]
        rows = found.fetchall()
    except duckdb.Error:
        raise InputError(f"{path.name}: is no Parquet file") from None
    if any(re.search(r"\[|STRUCT|MAP|BLOB", kind) for _, kind in kinds):
        raise InputError(f"{path.name}: holds lists, structures or binary data")
    return [name for name, _ in kinds], [["" if x is None else str(x) for x in row] for row in rows]


def _sortable(column: pd.Series, kind: ValueType) -> pd.Series:
    if kind in (ValueType.INTEGER, ValueType.NUMBER):
        return pd.Series([float(text) if text else float("-inf") for text in column], column.index)
    return column


def _counted(ordered: pd.DataFrame) -> pd.DataFrame:
    """The distinct rows in their order, as Categoricals, with how often each is there."""
    names = list(ordered.columns)
    counts = ordered.groupby(names, sort=False, dropna=False).size().rename("records")
    return _categorical(counts.reset_index(), names)


def _categorical(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    made = {}
    for name in names:
        found = pd.Categorical(frame[name].astype(object))
        made[name] = pd.Categorical.from_codes(found.codes, found.categories.astype(object))
    return frame.assign(**made).astype({"records": "int64"})


def _parquet(frame: pd.DataFrame, columns: Mapping[str, ValueType]) -> bytes:
    typed = ", ".join(
        f'CAST(nullif("{name}", \'\') AS {PARQUET_TYPES[kind]}) AS "{name}"'
        for name, kind in columns.items()
    )
    connection = duckdb.connect()
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "rows.parquet"
            connection.register("rows", frame)
            connection.execute(f"COPY (SELECT {typed} FROM rows) TO '{path}' (FORMAT parquet)")
            return path.read_bytes()
    finally:
        connection.close()
