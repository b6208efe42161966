"""Every photograph compared with every other, without a list of pairs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.comparisons import EVERYBODY, Distribution, Groups, Rows, count_between
from recognizance.accuracy.designs import EveryPair, OneSubjectEach
from recognizance.accuracy.nonmated import BINS, Histogram
from recognizance.accuracy.subjects import TrialSet
from recognizance.accuracy.verification import Det

_ROWS = 512
_SAMPLE = 2000
HELD_SHARE = 0.08
"""The share of nonmated comparisons that is held one by one, roughly: the highest."""


@dataclass(frozen=True, eq=False)
class AllWithAll:
    """Photographs by their templates; see `Comparisons` for the methods.

    Memory grows with the number of photographs, and with the comparisons that score `floor` or more.  The others are
    only counted, to 1/20,000 of a score.

    Attributes
    ----------
    subjects : ndarray of shape (n_photographs,), intp
    templates : ndarray of shape (n_photographs, dimension), float32
        Unit length; anything where a photograph failed.
    failed : ndarray of shape (n_photographs,), bool
    floor : float
        Nonmated comparisons are held one by one from this score on.
    """

    subjects: NDArray[np.intp]
    templates: NDArray[np.float32]
    failed: NDArray[np.bool_]
    floor: float

    def mated(self, groups: Groups, group: int) -> TrialSet:
        """See `Comparisons.mated`."""
        first, second, scores = self._mated
        if group != EVERYBODY:
            within = (groups[first] == group) & (groups[second] == group)
            first, scores = first[within], scores[within]
        of = self.subjects[first]
        return TrialSet(OneSubjectEach(self._counted(of)), of, of, scores)

    def nonmated(self, groups: Groups, group: int) -> TrialSet:
        """See `Comparisons.nonmated`."""
        first, second, _ = self._held
        if group == EVERYBODY:
            return self._trials([self._counted(self.subjects)], [], np.ones(len(first), dtype=bool))
        within = (groups[first] == group) & (groups[second] == group)
        return self._trials([self._counted(self.subjects[groups == group])], [], within)

    def between(self, groups: Groups) -> TrialSet:
        """See `Comparisons.between`."""
        first, second, _ = self._held
        apart = (groups[first] >= 0) & (groups[second] >= 0) & (groups[first] != groups[second])
        within = [self._counted(self.subjects[groups == group]) for group in range(int(groups.max()) + 1)]
        return self._trials([self._counted(self.subjects[groups >= 0])], within, apart)

    def _trials(
        self, added: list[NDArray[np.float64]], taken: list[NDArray[np.float64]], held: NDArray[np.bool_]
    ) -> TrialSet:
        first, second, scores = self._held
        count = int(self.subjects.max()) + 1
        design = EveryPair(np.reshape(added, (-1, count)), np.reshape(taken, (-1, count)))
        return TrialSet(design, self.subjects[first[held]], self.subjects[second[held]], scores[held], self.floor)

    def distribution(self, groups: Groups, group: int, edges: NDArray[np.float64]) -> Distribution:
        """See `Comparisons.distribution`; edges are whole multiples of 1/20,000."""
        mated = count_between(self.mated(groups, group).scores, edges)
        if group == EVERYBODY:
            fine = self._histogram.counts
        else:
            fine = _count(self.templates, self.subjects, np.flatnonzero((groups == group) & ~self.failed))
        starts = np.rint((edges + 1) / 2 * BINS).astype(np.intp).clip(0, BINS)
        below = np.concatenate([[0], np.cumsum(fine)])
        return Distribution(edges, mated, np.diff(below[starts]))

    def det(self) -> Det:
        """See `Comparisons.det`: at both edges of the bins in which scores of either kind lie."""
        mated = self.mated(self.subjects, EVERYBODY)
        of_mated = np.floor((mated.scores[mated.scores > -np.inf] + 1) / 2 * BINS).astype(np.intp)
        # The last bin has those that score 1 and, by rounding, a little more: no edge parts them but infinity.
        bins = np.concatenate([np.flatnonzero(self._histogram.counts), of_mated]).clip(0, BINS - 1)
        edges = np.unique(np.concatenate([bins, bins + 1]))
        thresholds = np.concatenate([edges[edges < BINS] / BINS * 2 - 1, [np.inf]])
        design = EveryPair(self._counted(self.subjects)[None, :], np.zeros((0, int(self.subjects.max()) + 1)))
        taken = np.append(self._histogram.at_least(thresholds[:-1]), 0) / design.trials
        missed = np.searchsorted(np.sort(mated.scores), thresholds, side="left") / len(mated.scores)
        return Det(thresholds, taken, missed)

    def _counted(self, subjects: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.bincount(subjects, minlength=int(self.subjects.max()) + 1).astype(np.float64)

    def rows(self, threshold: float) -> Rows:
        """See `Comparisons.rows`."""
        first, second, scores = self._mated
        other, another, reached = (held[self._held[2] >= np.float64(threshold)] for held in self._held)
        return Rows(
            np.concatenate([first, other]),
            np.concatenate([second, another]),
            np.arange(len(first) + len(other)) < len(first),
            np.concatenate([scores, reached]),
        )

    @cached_property
    def _mated(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        """Give the mated comparisons: photographs and scores."""
        order = np.argsort(self.subjects, kind="stable")
        starts = np.flatnonzero(np.diff(self.subjects[order], prepend=-1))
        firsts, seconds = [], []
        for photographs in np.split(order, starts[1:]):
            a, b = np.triu_indices(len(photographs), 1)
            firsts.append(photographs[a])
            seconds.append(photographs[b])
        first, second = np.concatenate(firsts), np.concatenate(seconds)
        scores = np.einsum("ij,ij->i", self.templates[first], self.templates[second]).astype(np.float64)
        scores[self.failed[first] | self.failed[second]] = -np.inf
        return first, second, scores

    @cached_property
    def _held(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
        """Give the nonmated comparisons that score `floor` or more: photographs and scores."""
        rows = np.flatnonzero(~self.failed)
        first, second, kept = [], [], []
        for start, scores in _blocks(self.templates, self.subjects, rows):
            a, b = np.nonzero(scores >= np.float32(self.floor))
            first.append(rows[start + a])
            second.append(rows[start + b])
            kept.append(scores[a, b])
        none = np.zeros(0, dtype=np.intp)
        return (
            np.concatenate([none, *first]),
            np.concatenate([none, *second]),
            np.concatenate([np.zeros(0, dtype=np.float32), *kept]),
        )

    @cached_property
    def _histogram(self) -> Histogram:
        return Histogram(_count(self.templates, self.subjects, np.flatnonzero(~self.failed)))


def choose_floor(templates: NDArray[np.float32], failed: NDArray[np.bool_], highest: float) -> float:
    """Choose from which score on comparisons are held: `HELD_SHARE` of a sample of them, and `highest` at most.

    Parameters
    ----------
    templates : ndarray of shape (n, dimension), float32
    failed : ndarray of shape (n,), bool
    highest : float
        The lowest threshold at which errors have to be known one by one.
    """
    rows = np.random.default_rng(0).permutation(np.flatnonzero(~failed))[:_SAMPLE]
    if len(rows) < _SAMPLE:
        return -1.0
    scores = templates[rows] @ templates[rows].T
    return min(float(np.quantile(scores[np.triu_indices(len(rows), 1)], 1 - HELD_SHARE)), highest)


def _blocks(
    templates: NDArray[np.float32], subjects: NDArray[np.intp], rows: NDArray[np.intp]
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Compare `rows` with those behind them, some at a time.

    Gives the place in `rows` of each block's first, and scores of shape (n_block, n_behind) from that place on, -2
    where the two are the same photograph, of one subject, or were compared before.
    """
    chosen, whom = templates[rows], subjects[rows]
    for start in range(0, len(rows), _ROWS):
        block = chosen[start : start + _ROWS]
        scores = block @ chosen[start:].T
        count = len(block)
        scores[:, :count][np.tril_indices(count)] = -2
        scores[whom[start : start + count, None] == whom[None, start:]] = -2
        yield start, scores


def _count(templates: NDArray[np.float32], subjects: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.int64]:
    """Count the scores of nonmated comparisons among `rows`, shape (BINS,)."""
    counts = np.zeros(BINS, dtype=np.int64)
    for _, scores in _blocks(templates, subjects, rows):
        bins = ((scores + 1) * (BINS / 2)).astype(np.int32)
        # What was not to be compared falls far below zero, and into no bin.
        counted = np.bincount(bins.ravel().clip(-1, BINS - 1) + 1, minlength=BINS + 1)
        counts += counted[1:]
    return counts
