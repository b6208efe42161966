"""Who is compared with whom: how many trials each subject, and each two subjects, have in an evaluation.

The uncertainty of a rate depends on it: a subject's trials rise and fall together.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.intp]
Counts = NDArray[np.float64]


class Design(Protocol):
    """The trials of one kind, counted by subject."""

    @property
    def trials(self) -> int:
        """How many there are."""

    @property
    def by_subject(self) -> Counts:
        """Trials that a subject takes part in, shape (n_subjects,)."""

    @property
    def squares(self) -> float:
        """Sum over each two different subjects of their trials squared; 0 if trials are of one subject."""

    def of_two(self, first: Numbers, second: Numbers) -> Counts:
        """Give the trials between each two subjects, shape (n,)."""

    def weighted(self, draws: Counts) -> Counts:
        """Weigh the trials by how often their subjects were drawn, shapes (n_draws, n_subjects) and (n_draws,)."""


@dataclass(frozen=True)
class OneSubjectEach:
    """Trials of one subject each: mated comparisons, searches, faces described.

    Attributes
    ----------
    by_subject : ndarray of shape (n_subjects,), float64
    """

    by_subject: Counts

    @property
    def trials(self) -> int:
        """See `Design.trials`."""
        return int(self.by_subject.sum())

    @property
    def squares(self) -> float:
        """See `Design.squares`."""
        return 0.0

    def of_two(self, first: Numbers, second: Numbers) -> Counts:
        """See `Design.of_two`."""
        return np.where(first == second, self.by_subject[first], 0.0)

    def weighted(self, draws: Counts) -> Counts:
        """See `Design.weighted`."""
        return draws @ self.by_subject


@dataclass(frozen=True)
class ListedPairs:
    """Comparisons of two different subjects, each listed.

    Attributes
    ----------
    first, second : ndarray of shape (n_trials,), intp
        The subjects of each.
    subjects : int
    """

    first: Numbers
    second: Numbers
    subjects: int

    @property
    def trials(self) -> int:
        """See `Design.trials`."""
        return len(self.first)

    @cached_property
    def by_subject(self) -> Counts:
        """See `Design.by_subject`."""
        return count_subjects(self.first, self.second, self.subjects)

    @cached_property
    def squares(self) -> float:
        """See `Design.squares`."""
        return float(np.sum(self._twos[1] ** 2))

    def of_two(self, first: Numbers, second: Numbers) -> Counts:
        """See `Design.of_two`."""
        keys, counts = self._twos
        if not len(keys):
            return np.zeros(len(first))
        wanted = pair_keys(first, second, self.subjects)
        at = np.searchsorted(keys, wanted).clip(0, len(keys) - 1)
        return np.where(keys[at] == wanted, counts[at], 0.0)

    def weighted(self, draws: Counts) -> Counts:
        """See `Design.weighted`."""
        keys, counts = self._twos
        first, second = np.divmod(keys, self.subjects)
        return weigh_pairs(draws, first, second, counts)

    @cached_property
    def _twos(self) -> tuple[NDArray[np.int64], Counts]:
        keys, counts = np.unique(pair_keys(self.first, self.second, self.subjects), return_counts=True)
        return keys, counts.astype(np.float64)


@dataclass(frozen=True)
class EveryPair:
    """Every photograph compared with every one of another subject, without a list of them.

    Attributes
    ----------
    added : ndarray of shape (n_added, n_subjects), float64
        Photographs of each subject; all pairs within each row count.
    taken : ndarray of shape (n_taken, n_subjects), float64
        Likewise; their pairs do not count.  Pairs between groups are all of everybody's less those within each group.
    """

    added: Counts
    taken: Counts

    @cached_property
    def _rows(self) -> tuple[Counts, Counts]:
        rows = np.concatenate([self.added, self.taken])
        return rows, np.repeat([1.0, -1.0], [len(self.added), len(self.taken)])

    @cached_property
    def trials(self) -> int:
        """See `Design.trials`."""
        return int(self.by_subject.sum()) // 2

    @cached_property
    def by_subject(self) -> Counts:
        """See `Design.by_subject`."""
        rows, signs = self._rows
        counted: Counts = signs @ (rows * (rows.sum(axis=1, keepdims=True) - rows))
        return counted

    @cached_property
    def squares(self) -> float:
        """See `Design.squares`."""
        rows, signs = self._rows
        crossed = (rows @ rows.T) ** 2 - (rows**2) @ (rows**2).T
        return float(signs @ crossed @ signs) / 2

    def of_two(self, first: Numbers, second: Numbers) -> Counts:
        """See `Design.of_two`."""
        rows, signs = self._rows
        counted: Counts = signs @ (rows[:, first] * rows[:, second])
        return np.where(first == second, 0.0, counted)

    def weighted(self, draws: Counts) -> Counts:
        """See `Design.weighted`."""
        rows, signs = self._rows
        weighed: Counts = ((draws @ rows.T) ** 2 - (draws**2) @ (rows**2).T) @ signs / 2
        return weighed


def count_subjects(first: Numbers, second: Numbers, subjects: int) -> Counts:
    """Count each subject's part in trials of two subjects, or of one (``first == second``), shape (subjects,)."""
    counted = np.bincount(first, minlength=subjects)
    other = second[first != second]
    return (counted + np.bincount(other, minlength=subjects)).astype(np.float64)


def pair_keys(first: Numbers, second: Numbers, subjects: int) -> NDArray[np.int64]:
    """Give each two subjects a number, whichever comes first; ``divmod(key, subjects)`` gives them back."""
    low, high = np.minimum(first, second).astype(np.int64), np.maximum(first, second).astype(np.int64)
    return low * subjects + high


def weigh_pairs(draws: Counts, first: Numbers, second: Numbers, counts: Counts) -> Counts:
    """Sum `counts` of pairs, each weighed by the product of its subjects' draws (by the draws, if it is of one).

    Parameters
    ----------
    draws : ndarray of shape (n_draws, n_subjects), float64
    first, second : ndarray of shape (n_pairs,), intp
    counts : ndarray of shape (n_pairs,), float64

    Returns
    -------
    ndarray of shape (n_draws,), float64
    """
    one = first == second
    two = ~one
    summed = draws @ np.bincount(first[one], counts[one], minlength=draws.shape[1])
    a, b, times = first[two], second[two], counts[two]
    for row, drawn in enumerate(draws):
        summed[row] += np.dot(drawn[a] * drawn[b], times)
    return summed
