"""The loops over all rows, compiled when first used.

Why numba, and what else was measured: docs/decisions/0010.  Written so that the compiler finds the integer product of
16-bit numbers in `dots`: one flat array, a dimension that is a constant to it, and sums that are kept to 32 bits.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

BLOCK_ROWS = 512
"""Rows compared with every probe before the next ones: of 128 numbers they stay in the nearest caches."""


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


def prepare(dimension: int, *, cache: Path | None = None) -> Kernels:
    """Compile, or load what was compiled before.

    Parameters
    ----------
    cache : Path, optional
        Folder to keep the compiled code in.
    """
    with _lock:
        if dimension not in _prepared:
            try:
                _prepared[dimension] = _compile(dimension, cache)
            except (OSError, RuntimeError):  # the folder cannot be written: that costs a second at each start
                _prepared[dimension] = _compile(dimension, None)
        return _prepared[dimension]


def _compile(dimension: int, cache: Path | None) -> Kernels:
    import numba

    if cache is not None:
        numba.config.CACHE_DIR = str(cache)
    compiled: Callable[[Callable[..., Any]], Callable[..., Any]] = numba.njit(nogil=True, cache=cache is not None)

    @compiled
    def dots(codes: Any, probe: Any, totals: Any) -> None:
        for row in range(len(totals)):
            first = row * dimension
            total = np.int32(0)
            for place in range(dimension):
                total = np.int32(total + np.int32(codes[first + place]) * np.int32(probe[place]))
            totals[row] = total

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
        totals = np.empty(BLOCK_ROWS, np.int32)
        full = rows.shape[1] - BLOCK_ROWS
        for start in range(first, last, BLOCK_ROWS):
            stop = min(start + BLOCK_ROWS, last)
            block, some, sums = codes[start * dimension : stop * dimension], scales[start:stop], totals[: stop - start]
            crowded = False
            for probe in range(len(bars)):
                dots(block, probes[probe], sums)
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
