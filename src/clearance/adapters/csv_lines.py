"""Lines of a CSV put together by a compiled loop. Import this only where there are many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from clearance.microdata.kernels import compiled

Ints = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

BUFFER_BYTES = 1 << 23


class Spelling:
    """The bytes of every cell that can occur, ``cells[column][code]``, with what follows it."""

    def __init__(self, cells: Sequence[Sequence[bytes]]) -> None:
        last = len(cells) - 1
        spelt = [
            cell + (b"\n" if number == last else b",")
            for number, column in enumerate(cells)
            for cell in column
        ]
        sizes = [len(column) for column in cells]
        longest = sum(max(map(len, column), default=0) + 1 for column in cells)
        self._first = np.cumsum([0, *sizes[:-1]], dtype=np.int64)
        self._ends = np.cumsum([0, *map(len, spelt)], dtype=np.int64)
        self._bytes = np.frombuffer(b"".join(spelt), dtype=np.uint8)
        self._out = np.empty(max(BUFFER_BYTES, longest), dtype=np.uint8)

    def lines(
        self, codes: Sequence[npt.NDArray[np.integer]], records: Ints
    ) -> Iterator[memoryview]:
        """The lines of these rows, each ``records`` times, a bounded number at a time.

        What is answered is overwritten by what comes next.
        """
        table = np.empty((len(records), len(codes)), dtype=np.int32)
        for column, (each, first) in enumerate(zip(codes, self._first, strict=True)):
            np.add(each, first, out=table[:, column], casting="unsafe")
        row = done = 0
        while row < len(records):
            row, done, used = spell(table, records, self._ends, self._bytes, row, done, self._out)
            yield self._out[:used].data


@compiled
def spell(
    table: Numbers, records: Ints, ends: Ints, spelt: Bytes, row: int, done: int, out: Bytes
) -> tuple[int, int, int]:
    """Fills ``out`` with whole lines, from the ``done``-th of ``row`` on; where it stopped."""
    used = 0
    rows, columns = table.shape
    while row < rows:
        length = 0
        for column in range(columns):
            length += ends[table[row, column] + 1] - ends[table[row, column]]
        while done < records[row]:
            if used + length > len(out):
                return row, done, used
            for column in range(columns):
                cell = table[row, column]
                for place in range(ends[cell], ends[cell + 1]):
                    out[used] = spelt[place]
                    used += 1
            done += 1
        row += 1
        done = 0
    return row, done, used
