"""Count how different people score, in a sample where some people may appear more than once."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

BINS = 40_000
"""Histogram bins over -1..1: 0.00005 a bin, far below any threshold's meaning."""

_BLOCK = 1024


@dataclass
class Histogram:
    """Counts of scores; bin i holds scores in [-1 + 2i/BINS, -1 + 2(i+1)/BINS)."""

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, dtype=np.int64))

    @property
    def total(self) -> int:
        """How many comparisons were counted."""
        return int(self.counts.sum())

    def at_least(self, scores: NDArray[np.float64]) -> NDArray[np.int64]:
        """Count the comparisons at or above each score, to the bin."""
        above = np.concatenate([self.counts[::-1].cumsum()[::-1], [0]])
        edge = np.ceil((scores + 1) / 2 * BINS - 1e-9).astype(np.int64).clip(0, BINS)
        counted: NDArray[np.int64] = above[edge]
        return counted


def keep_one_of_each(
    templates: NDArray[np.float32], order: NDArray[np.intp], same_person_score: float
) -> NDArray[np.intp]:
    """Keep one face of each person, where a person may appear several times unannounced.

    Faces that score at least `same_person_score` are linked; of each connected cluster the first in `order`
    (best first) is kept.

    Parameters
    ----------
    templates : ndarray of shape (n, dimension), float32
        Unit length.
    order : ndarray of shape (n,), intp
        Row numbers, best face first.

    Returns
    -------
    ndarray of shape (n_kept,), intp
        Ascending row numbers.
    """
    parent = np.arange(len(templates))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = int(parent[row])
        return row

    for start in range(0, len(templates), _BLOCK):
        scores = templates[start : start + _BLOCK] @ templates.T
        for row, other in np.argwhere(scores >= same_person_score):
            first, second = root(start + int(row)), root(int(other))
            if first != second:
                parent[second] = first
    best: dict[int, int] = {}
    for row in order:
        best.setdefault(root(int(row)), int(row))
    return np.array(sorted(best.values()), dtype=np.intp)


def count_nonmated(
    templates: NDArray[np.float32], groups: NDArray[np.intp], group_count: int
) -> tuple[Histogram, list[Histogram]]:
    """Compare every face with every other, once.

    Parameters
    ----------
    templates : ndarray of shape (n, dimension), float32
        Unit length, one face a person.
    groups : ndarray of shape (n,), intp
        Group of each face, 0..group_count - 1.

    Returns
    -------
    Histogram
        Over all comparisons.
    list of Histogram
        Over those within each group.
    """
    overall = np.zeros(BINS, dtype=np.int64)
    within = np.zeros((group_count, BINS), dtype=np.int64)
    for start in range(0, len(templates), _BLOCK):
        block = templates[start : start + _BLOCK]
        scores = block @ templates[start:].T
        bins = ((scores + 1) * (BINS / 2)).astype(np.int64).clip(0, BINS - 1)
        fresh = np.arange(scores.shape[1])[None, :] > np.arange(len(block))[:, None]
        overall += np.bincount(bins[fresh], minlength=BINS)
        same = fresh & (groups[start:][None, :] == groups[start : start + len(block)][:, None])
        rows = np.nonzero(same)[0]
        keys = groups[start + rows] * BINS + bins[same]
        within += np.bincount(keys, minlength=group_count * BINS).reshape(group_count, BINS)
    return Histogram(overall), [Histogram(counts) for counts in within]
