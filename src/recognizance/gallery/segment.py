"""A segment: rows that are not added to any more, scanned in one byte a number and rescored from what they are.

Every row whose rough score is within the proven margin of the limit-th best, or of the threshold, is read in float32
and scored in float64.  So the answer is that of the plain exhaustive search, ties included.
"""

from collections.abc import Collection, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from recognizance.gallery import identifiers
from recognizance.gallery.identifiers import Keys
from recognizance.gallery.kernels import BLOCK_ROWS, Kernels
from recognizance.gallery.quantisation import Bounds, Probe, rounded_down

ROWS_PER_READ = 8_192
"""Rows in float32 at once: bounds the memory of what reads many."""

_ROOM_MIN = 4_096
_ROOM_SHARE = 16
"""So many times as many rows as are wanted can be noted: the margin takes in some that are not among the best."""

_ROWS_BEFORE_BARS = 4_096
_BARS_GROWTH = 8
"""Bars are raised after so many rows, and then after so many times as many: what does not reach them costs nothing."""

_ROWS_PER_PART = 131_072
"""Fewer rows than this are not worth a thread of their own."""


class Storage(Protocol):
    """Where the rows of a segment are.

    Attributes
    ----------
    codes : ndarray of shape (rows * dimension,), int8
    scales : ndarray of shape (rows,), float32
    keys : Keys of shape (rows,)
    order : ndarray of shape (rows,), uint32
        The rows in the order of their identifiers.
    alive : ndarray of shape (rows,), uint8
        Zero for rows that were erased.
    made_at_s : float
        When it was made, seconds since 1970.
    """

    dimension: int
    bounds: Bounds
    codes: NDArray[np.int8]
    scales: NDArray[np.float32]
    keys: Keys
    order: NDArray[np.uint32]
    alive: NDArray[np.uint8]
    made_at_s: float

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Read rows as they were added, of shape (len(rows), dimension).

        Raises
        ------
        DamagedIndexError
            If what was stored is not what is read.
        """
        ...

    def erase(self, rows: NDArray[np.int64]) -> None:
        """Overwrite rows, wherever they are kept; durable on return."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What is searched for; see `Gallery.search`."""

    probe: Probe
    limit: int
    threshold: float
    excluding: Collection[str] = ()


class Found(NamedTuple):
    """Rows with their exact scores, best first, equal ones in the order of identifiers."""

    scores: NDArray[np.float64]
    keys: Keys


Near = list[tuple[NDArray[np.int64], NDArray[np.float32]] | None]
"""Rows that may be among the best of a request, with their rough scores, by part of the pass; None if too many may."""


class Segment:
    """Rows that can be searched and erased.  Any number of threads may use it at once."""

    def __init__(self, storage: Storage, kernels: Kernels) -> None:
        self._storage = storage
        self._kernels = kernels
        self.rows = len(storage.scales)
        self.count = int(np.count_nonzero(storage.alive))

    @property
    def storage(self) -> Storage:
        """Where its rows are."""
        return self._storage

    def rows_of(self, names: Collection[str]) -> NDArray[np.int64]:
        """Find the rows of identifiers; those that are not here, or erased, are left out."""
        if not names:
            return np.zeros(0, np.int64)
        wanted = [name for name in names if identifiers.is_one(name)]
        found = identifiers.find(identifiers.pack(wanted), self._storage.keys, self._storage.order)
        found = found[found >= 0]
        return np.unique(found[self._storage.alive[found] != 0])

    def hide(self, names: Collection[str]) -> NDArray[np.int64]:
        """Let no search find these any more; returns their rows, which have to be erased.  One thread at a time."""
        rows = self.rows_of(names)
        self._storage.alive[rows] = 0
        self.count -= len(rows)
        return rows

    def erase(self, rows: NDArray[np.int64]) -> None:
        """Overwrite rows that are hidden, wherever they are kept; durable on return.

        Raises
        ------
        OSError
            If the disk fails.
        """
        if len(rows):
            self._storage.erase(rows)

    def search(self, requests: Sequence[Request], *, threads: int, helpers: Executor | None) -> list[Found]:
        """Answer several requests; see `scan` and `judge`."""
        answers: list[Found | None] = [None] * len(requests)
        while open_ := [number for number, found in enumerate(answers) if found is None]:
            nears = self.scan([requests[number] for number in open_], threads=threads, helpers=helpers)
            for number, near in zip(open_, nears, strict=True):
                answers[number] = self.judge(requests[number], near)
        return [found for found in answers if found is not None]

    def scan(self, requests: Sequence[Request], *, threads: int, helpers: Executor | None) -> list[Near]:
        """Find what may be among the best of several requests, in one pass over the rows.

        Parameters
        ----------
        threads : int
            Into how many parts the pass may be cut.
        helpers : Executor, optional
            Does all parts but the first.
        """
        skipped = [self.rows_of(request.excluding) for request in requests]
        parts = max(1, min(threads if helpers is not None else 1, self.rows // _ROWS_PER_PART))
        cuts = [self.rows * part // parts for part in range(parts + 1)]
        scans = [_Scan(self._storage, self._kernels, requests, skipped) for _ in range(parts)]
        others = [
            helpers.submit(scan.run, first, last)
            for scan, first, last in zip(scans[1:], cuts[1:-1], cuts[2:], strict=True)
            if helpers is not None
        ]
        scans[0].run(cuts[0], cuts[1])
        for other in others:
            other.result()
        return [[scan.near(number) for scan in scans] for number in range(len(requests))]

    def judge(self, request: Request, near: Near) -> Found | None:
        """Score exactly what may be among the best; all rows, if too many may be.

        Returns
        -------
        Found, or None
            None if some of it was erased since: that may have kept others from being noted, so ask again.
        """
        some = [part for part in near if part is not None]
        if len(some) < len(near):
            return self.among(request, np.flatnonzero(self._storage.alive))
        rows = np.concatenate([part[0] for part in some])
        rough = np.concatenate([part[1] for part in some])
        bar = _bar(request, rough, _margin(request, self._storage.bounds))
        found = self.among(request, rows[rough >= bar])
        # Looked at last: what goes after this was there while all else was compared.
        return found if self._storage.alive[rows].all() else None

    def among(self, request: Request, rows: NDArray[np.int64]) -> Found:
        """Search some rows only: each is scored as it is."""
        best = _Best(request)
        skipped = self.rows_of(request.excluding)
        rows = rows[~np.isin(rows, skipped)] if len(skipped) else rows
        for start in range(0, len(rows), ROWS_PER_READ):
            some = rows[start : start + ROWS_PER_READ]
            scores = (self._storage.vectors(some).astype(np.float64) * request.probe.exact).sum(axis=1)
            kept = (scores >= request.threshold) & (self._storage.alive[some] != 0)
            best.add(scores[kept], self._storage.keys.take(some[kept]))
        return best.found


class _Scan:
    """One part of a pass: what it has noted of each request."""

    def __init__(
        self, storage: Storage, kernels: Kernels, requests: Sequence[Request], skipped: Sequence[NDArray[np.int64]]
    ) -> None:
        self._storage = storage
        self._kernels = kernels
        self._requests = requests
        self._skipped = skipped
        count = len(requests)
        room = max([_ROOM_MIN, *(_ROOM_SHARE * request.limit for request in requests)]) + BLOCK_ROWS
        self._margins = [_margin(request, storage.bounds) for request in requests]
        self._bars = np.array([_threshold_bar(*pair) for pair in zip(requests, self._margins, strict=True)], np.float32)
        self._rows = np.empty((count, room), np.int64)
        self._rough = np.empty((count, room), np.float32)
        self._counts = np.zeros(count, np.int64)
        self._lost = [False] * count

    def run(self, first: int, last: int) -> None:
        probes = np.stack([request.probe.codes for request in self._requests])
        storage, stride = self._storage, _ROWS_BEFORE_BARS
        while first < last:
            first = self._kernels.scan(
                *(storage.codes, storage.scales, first, min(first + stride, last), probes),
                *(self._bars, self._rows, self._rough, self._counts),
            )
            stride *= _BARS_GROWTH
            for number in range(len(self._requests)):
                self._prune(number)

    def near(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.float32]] | None:
        """Give the rows that may be among a request's best; None if they are too many to be noted."""
        if self._lost[number]:
            return None
        count = self._counts[number]
        return self._rows[number, :count].copy(), self._rough[number, :count].copy()

    def _prune(self, number: int) -> None:
        """Keep what may be among the best of a request, and raise its bar."""
        count = int(self._counts[number])
        if not count:
            return
        rows, rough = self._rows[number, :count], self._rough[number, :count]
        kept = self._storage.alive[rows] != 0
        if len(self._skipped[number]):
            kept &= ~np.isin(rows, self._skipped[number])
        rows, rough = rows[kept], rough[kept]
        bar = max(self._bars[number], _bar(self._requests[number], rough, self._margins[number]))
        kept = rough >= bar
        left = int(np.count_nonzero(kept))
        self._rows[number, :left], self._rough[number, :left] = rows[kept], rough[kept]
        self._counts[number], self._bars[number] = left, bar
        if left > (self._rows.shape[1] - BLOCK_ROWS) // 2:
            # So many rows are as good as the last that would be returned: the scan cannot tell them apart.
            self._lost[number], self._counts[number], self._bars[number] = True, 0, np.inf


class _Best:
    """The best of what has been scored exactly."""

    def __init__(self, request: Request) -> None:
        self._limit = request.limit
        self.found = Found(np.zeros(0), Keys(np.zeros(0, np.uint64), np.zeros(0, np.uint64)))

    def add(self, scores: NDArray[np.float64], keys: Keys) -> None:
        scores = np.concatenate([self.found.scores, scores])
        high = np.concatenate([self.found.keys.high, keys.high])
        low = np.concatenate([self.found.keys.low, keys.low])
        order = np.lexsort((low, high, -scores))[: self._limit]
        self.found = Found(scores[order], Keys(high[order], low[order]))


def _margin(request: Request, bounds: Bounds) -> float:
    """Give the margin in units of the probe's step, as rough scores are."""
    return request.probe.margin(bounds) / request.probe.step


def _threshold_bar(request: Request, margin: float) -> np.float32:
    return rounded_down(request.threshold / request.probe.step - margin)


def _bar(request: Request, rough: NDArray[np.float32], margin: float) -> np.float32:
    """Give a bar that every row among the best reaches: twice the margin below the limit-th best seen so far."""
    bar = _threshold_bar(request, margin)
    if len(rough) < request.limit:
        return bar
    last = float(np.partition(rough, len(rough) - request.limit)[len(rough) - request.limit])
    return max(bar, rounded_down(last - 2 * margin))
