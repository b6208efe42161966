"""Comparisons of photographs whose subjects are known, whether listed or all with all."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.designs import ListedPairs, OneSubjectEach
from recognizance.accuracy.subjects import TrialSet
from recognizance.accuracy.verification import Det, Trials, det

Groups = NDArray[np.intp]
"""The group of each photograph, from 0; -1 where it is not known."""

EVERYBODY = -2
"""In the place of a group: all photographs, of known group or not."""


@dataclass(frozen=True, eq=False)
class Distribution:
    """How scores are distributed.

    Attributes
    ----------
    edges : ndarray of shape (n + 1,), float64
    mated, nonmated : ndarray of shape (n,), int64
        Comparisons that score from one edge up to the next; failures are in none.
    """

    edges: NDArray[np.float64]
    mated: NDArray[np.int64]
    nonmated: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Comparisons one by one.

    Attributes
    ----------
    first, second : ndarray of shape (n,), intp
        The photographs.
    is_mated : ndarray of shape (n,), bool
    scores : ndarray of shape (n,), floating
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    is_mated: NDArray[np.bool_]
    scores: NDArray[np.floating]


class Comparisons(Protocol):
    """What was compared, and how alike it was."""

    @property
    def subjects(self) -> NDArray[np.intp]:
        """Whom each photograph shows, shape (n_photographs,), from 0."""

    def mated(self, groups: Groups, group: int) -> TrialSet:
        """Give the comparisons of one subject within a group: both photographs belong to it."""

    def nonmated(self, groups: Groups, group: int) -> TrialSet:
        """Give those of two subjects within a group."""

    def between(self, groups: Groups) -> TrialSet:
        """Give the nonmated comparisons of photographs of two known groups."""

    def distribution(self, groups: Groups, group: int, edges: NDArray[np.float64]) -> Distribution:
        """Count scores within a group."""

    def det(self) -> Det:
        """Give the trade-off of all comparisons; see `verification.det`."""

    def rows(self, threshold: float) -> Rows:
        """Give comparisons one by one: all that are listed, else the mated ones and those that reach `threshold`."""


@dataclass(frozen=True, eq=False)
class Listed:
    """Comparisons of a list.

    Attributes
    ----------
    subjects : ndarray of shape (n_photographs,), intp
    first, second : ndarray of shape (n_pairs,), intp
        The photographs of each.
    is_mated : ndarray of shape (n_pairs,), bool
        As the list says.
    scores : ndarray of shape (n_pairs,), float64
        -inf where one of the photographs failed.
    """

    subjects: NDArray[np.intp]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    is_mated: NDArray[np.bool_]
    scores: NDArray[np.float64]

    @cached_property
    def _subject_count(self) -> int:
        return int(self.subjects.max()) + 1

    def mated(self, groups: Groups, group: int) -> TrialSet:
        """See `Comparisons.mated`."""
        held = self.is_mated & self._within(groups, group)
        of = self.subjects[self.first[held]]
        design = OneSubjectEach(np.bincount(of, minlength=self._subject_count).astype(np.float64))
        return TrialSet(design, of, of, self.scores[held])

    def nonmated(self, groups: Groups, group: int) -> TrialSet:
        """See `Comparisons.nonmated`."""
        return self._nonmated(self._within(groups, group))

    def between(self, groups: Groups) -> TrialSet:
        """See `Comparisons.between`."""
        first, second = groups[self.first], groups[self.second]
        return self._nonmated((first >= 0) & (second >= 0) & (first != second))

    def _nonmated(self, chosen: NDArray[np.bool_]) -> TrialSet:
        held = ~self.is_mated & chosen
        first, second = self.subjects[self.first[held]], self.subjects[self.second[held]]
        return TrialSet(ListedPairs(first, second, self._subject_count), first, second, self.scores[held])

    def _within(self, groups: Groups, group: int) -> NDArray[np.bool_]:
        if group == EVERYBODY:
            return np.ones(len(self.first), dtype=bool)
        within: NDArray[np.bool_] = (groups[self.first] == group) & (groups[self.second] == group)
        return within

    def distribution(self, groups: Groups, group: int, edges: NDArray[np.float64]) -> Distribution:
        """See `Comparisons.distribution`."""
        mated, nonmated = self.mated(groups, group).scores, self.nonmated(groups, group).scores
        return Distribution(edges, count_between(mated, edges), count_between(nonmated, edges))

    def det(self) -> Det:
        """See `Comparisons.det`."""
        return det(Trials(self.scores[self.is_mated], self.scores[~self.is_mated]))

    def rows(self, threshold: float) -> Rows:
        """See `Comparisons.rows`."""
        del threshold  # whatever is listed is told
        return Rows(self.first, self.second, self.is_mated, self.scores)


def count_between(scores: NDArray[np.floating], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count scores from each edge up to the next, the last one included; shape (n_edges - 1,)."""
    counted: NDArray[np.int64] = np.histogram(scores[scores > -np.inf], edges)[0].astype(np.int64)
    return counted
