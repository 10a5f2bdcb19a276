"""Columns of codes: a number for each distinct text, and one key for the codes of many columns.

Grouping and sorting whole numbers costs a fraction of grouping and sorting texts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.integer]

LARGEST_KEY = 2**62
MOST_LABELS = 2**19  # distinct texts of a column that are numbered; more are kept as they are


@dataclass(frozen=True, eq=False)
class Text:
    """A column of ``sql`` that holds its texts themselves: it has too many to number them."""

    sql: str


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of ``sql`` that holds codes, 0, 1, ...; ``labels[code]`` is the text of each.

    Several codes may have the same text, and codes may have no record.
    """

    sql: str
    labels: tuple[str, ...]

    @cached_property
    def ranked(self) -> Ranked:
        """The texts by code point."""
        return ranked(self, sorted(set(self.labels)))


Column = Text | Coded


@dataclass(frozen=True, eq=False)
class Ranked:
    """``texts``: the distinct texts of ``column`` in some order; ``ranks``: each code's place."""

    column: Coded
    texts: tuple[str, ...]
    ranks: Ints

    @property
    def as_they_are(self) -> bool:
        """Whether the codes are the places themselves."""
        return bool((self.ranks == np.arange(len(self.ranks))).all())

    def places(self, values: pd.Series) -> Ints:
        """The place of each text among ``texts``, -1 where it is none of them."""
        known = pd.Index(self.texts, dtype=object)
        if isinstance(values.dtype, pd.CategoricalDtype):
            places = known.get_indexer(values.cat.categories.astype(object))
            return np.asarray(places[values.cat.codes.to_numpy()], dtype=np.int64)
        return known.get_indexer(pd.Index(values, dtype=object)).astype(np.int64)


def ranked(column: Coded, texts: Sequence[str]) -> Ranked:
    """``column`` with its distinct texts in the order of ``texts``."""
    place = {text: number for number, text in enumerate(texts)}
    ranks = np.fromiter((place[label] for label in column.labels), np.int64, len(column.labels))
    return Ranked(column, tuple(texts), ranks)


Keyed = Ranked | Text


@dataclass(frozen=True, eq=False)
class Key:
    """Several columns in one number, by Horner's rule: its order is their lexicographic order."""

    columns: Mapping[str, Ranked]

    @property
    def size(self) -> int:
        return math.prod(len(column.texts) for column in self.columns.values())

    @property
    def factors(self) -> dict[str, int]:
        """What a place in each column counts in the key."""
        found, factor = {}, self.size
        for name, column in self.columns.items():
            factor //= len(column.texts)
            found[name] = factor
        return found

    def of(self, places: Mapping[str, Ints]) -> Ints:
        """The key of each row, from its places in each of the columns."""
        parts = [places[name] * factor for name, factor in self.factors.items()]
        key: Ints = np.sum(parts, axis=0, dtype=np.int64)
        return key

    def places(self, keys: Ints) -> dict[str, Codes]:
        """The places in each column, in the smallest type that holds them."""
        found: dict[str, Codes] = {}
        rest = keys
        for name, column in reversed(list(self.columns.items())):
            size = len(column.texts)
            higher = rest // size
            found[name] = (rest - higher * size).astype(smallest_type(size))
            rest = higher
        return found


@dataclass(frozen=True, eq=False)
class Alone:
    """A column of text, which is a key of its own."""

    name: str
    column: Text


def keys_of(columns: Mapping[str, Keyed]) -> tuple[Key | Alone, ...]:
    """The columns in as few keys as hold them, in their order."""
    found: list[Key | Alone] = []
    for name, column in columns.items():
        last = found[-1] if found else None
        if isinstance(column, Text):
            found.append(Alone(name, column))
        elif isinstance(last, Key) and last.size * len(column.texts) <= LARGEST_KEY:
            found[-1] = Key({**last.columns, name: column})
        else:
            found.append(Key({name: column}))
    return tuple(found)


def numbered(sql: str, values: pd.Series) -> tuple[Column, npt.NDArray[Any]]:
    """A column of these values, and what its table holds for each: its code, or the text."""
    found = of_texts(values)
    labels = tuple(found.categories.tolist())
    if len(labels) > MOST_LABELS:
        return Text(sql), values.astype(object).to_numpy()
    return Coded(sql, labels), np.asarray(found.codes)


def smallest_type(size: int) -> type[np.signedinteger]:
    """The signed type, as of a Categorical's codes, that holds 0 to ``size`` - 1."""
    if size <= 2**7:
        return np.int8
    if size <= 2**15:
        return np.int16
    return np.int32 if size <= 2**31 else np.int64


def categorical(places: Codes, texts: Sequence[str]) -> pd.Categorical:
    """The texts at ``places``; the categories are those that occur, sorted by code point."""
    held = np.flatnonzero(np.bincount(places, minlength=len(texts)))
    order = sorted(held.tolist(), key=texts.__getitem__)
    code = np.zeros(len(texts), dtype=smallest_type(len(order)))
    code[order] = np.arange(len(order))
    categories = pd.Index([texts[number] for number in order], dtype=object)
    return pd.Categorical.from_codes(code[places], categories)


def of_texts(values: pd.Series) -> pd.Categorical:
    """The texts as a Categorical as `categorical` makes it."""
    found = pd.Categorical(values.astype(object))
    return pd.Categorical.from_codes(found.codes, pd.Index(found.categories, dtype=object))


def counted(keys: Ints) -> tuple[Ints, Ints]:
    """The distinct keys, sorted, and how often each is there. Sorts ``keys`` in place."""
    keys.sort()
    first = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
    return keys[first], np.diff(first, append=len(keys))
