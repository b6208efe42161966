"""The loops over all rows, compiled when first used.

Why numba, and what else was measured: docs/decisions/0010.  Written so that the compiler finds the integer product of
16-bit numbers in `dots` and `dots_of_four`: one flat array, a dimension that is a constant to it, and sums that are
kept to 32 bits.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

BLOCK_ROWS = 512
"""Rows compared with every probe before the next ones: of 128 numbers they stay in the nearest caches."""

PROBES_AT_ONCE = 4
"""A row is widened to 16 bits once for so many probes."""


@dataclass(frozen=True, slots=True)
class Kernels:
    """Compiled for one dimension.

    Attributes
    ----------
    scan : callable
        ``scan(codes, scales, first, last, probes, bars, rows, rough, counts) -> int``.  Compares the rows from `first`
        to before `last` with every probe, and notes those whose rough score reaches the probe's bar.  Releases the
        interpreter's lock.

        codes : ndarray of shape (n * dimension,), int8; scales : (n,), float32
        probes : (k, dimension), int16; bars : (k,), float32
        rows : (k, room), int64, rough : (k, room), float32, counts : (k,), int64
            What is noted of each probe, and how much; room is more than `BLOCK_ROWS`.

        Returns the row to go on with: `last`, or an earlier one if some probe has no room for a further block.
    """

    scan: Callable[..., int]


_prepared: dict[int, Kernels] = {}
_lock = threading.Lock()


def prepare(dimension: int) -> Kernels:
    """Compile for a dimension, the first time; it takes a second or two."""
    with _lock:
        if dimension not in _prepared:
            _prepared[dimension] = _compile(dimension)
        return _prepared[dimension]


def _compile(dimension: int) -> Kernels:
    import numba

    # Not cached on the disk: numba's cache is made of pickles, which are code, and does not find functions like these.
    compiled: Callable[[Callable[..., Any]], Callable[..., Any]] = numba.njit(nogil=True)

    @compiled
    def dots(codes: Any, probe: Any, totals: Any) -> None:
        for row in range(len(totals)):
            first = row * dimension
            total = np.int32(0)
            for place in range(dimension):
                total = np.int32(total + np.int32(codes[first + place]) * np.int32(probe[place]))
            totals[row] = total

    # Written out, and the totals put down last: in other forms a row is widened anew for every probe.
    @compiled
    def dots_of_four(codes: Any, one: Any, two: Any, three: Any, four: Any, totals: Any) -> None:
        for row in range(len(codes) // dimension):
            first = row * dimension
            total_one = np.int32(0)
            for place in range(dimension):
                total_one = np.int32(total_one + np.int32(codes[first + place]) * np.int32(one[place]))
            total_two = np.int32(0)
            for place in range(dimension):
                total_two = np.int32(total_two + np.int32(codes[first + place]) * np.int32(two[place]))
            total_three = np.int32(0)
            for place in range(dimension):
                total_three = np.int32(total_three + np.int32(codes[first + place]) * np.int32(three[place]))
            total_four = np.int32(0)
            for place in range(dimension):
                total_four = np.int32(total_four + np.int32(codes[first + place]) * np.int32(four[place]))
            totals[0, row] = total_one
            totals[1, row] = total_two
            totals[2, row] = total_three
            totals[3, row] = total_four

    @compiled
    def reaching(totals: Any, scales: Any, bar: Any) -> Any:
        count = np.int32(0)
        for row in range(len(totals)):
            count += np.int32(np.float32(totals[row]) * scales[row] >= bar)
        return count

    @compiled
    def scan(
        codes: Any, scales: Any, first: Any, last: Any, probes: Any, bars: Any, rows: Any, rough: Any, counts: Any
    ) -> Any:
        totals = np.empty((PROBES_AT_ONCE, BLOCK_ROWS), np.int32)
        full = rows.shape[1] - BLOCK_ROWS
        for start in range(first, last, BLOCK_ROWS):
            stop = min(start + BLOCK_ROWS, last)
            block, some = codes[start * dimension : stop * dimension], scales[start:stop]
            crowded = False
            group = 0
            while group < len(bars):
                members = PROBES_AT_ONCE if len(bars) - group >= PROBES_AT_ONCE else 1
                if members > 1:
                    dots_of_four(block, probes[group], probes[group + 1], probes[group + 2], probes[group + 3], totals)
                else:
                    dots(block, probes[group], totals[0, : stop - start])
                for member in range(members):
                    probe, sums = group + member, totals[member, : stop - start]
                    if reaching(sums, some, bars[probe]) > 0:
                        count = counts[probe]
                        for row in range(stop - start):
                            score = np.float32(sums[row]) * some[row]
                            if score >= bars[probe]:
                                rows[probe, count] = start + row
                                rough[probe, count] = score
                                count += 1
                        counts[probe] = count
                        crowded = crowded or count > full
                group += members
            if crowded:
                return stop
        return last

    # The first call compiles: with arrays of the kinds, and in the memory order, that the scan uses.
    some = np.zeros((1, dimension), np.int16)
    scan(
        np.zeros(dimension, np.int8),
        np.zeros(1, np.float32),
        0,
        1,
        some,
        np.zeros(1, np.float32),
        np.zeros((1, 2 * BLOCK_ROWS), np.int64),
        np.zeros((1, 2 * BLOCK_ROWS), np.float32),
        np.zeros(1, np.int64),
    )
    return Kernels(scan)
