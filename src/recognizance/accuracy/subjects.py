"""Rates whose intervals know that trials share subjects.

Comparisons of one person are alike: who fails once fails again, and who looks like one stranger looks like others.  An
interval for independent trials is then far too narrow.  Here the variance of a rate is summed over subjects, and the
interval is Wilson's for the number of independent trials that would have the same variance.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.designs import Design, OneSubjectEach, count_subjects, pair_keys
from recognizance.accuracy.rates import Proportion, wilson_interval

_T_975 = (12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622)
"""Student's t, 97.5 %, for 1 to 9 degrees of freedom; from there on a series serves."""
_Z_975 = 1.959964


@dataclass(frozen=True, eq=False)
class TrialSet:
    """Trials of one kind with their scores.

    Attributes
    ----------
    design : Design
        All trials, counted by subject.
    first, second : ndarray of shape (n_held,), intp
        Subjects of the trials that are held one by one: all that score `floor` or more.
    scores : ndarray of shape (n_held,), floating
        Higher is more alike.
    floor : float
        -inf if every trial is held.  Those that are not score less.
    """

    design: Design
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    scores: NDArray[np.floating]
    floor: float = -math.inf

    def matching(self, threshold: float) -> Proportion:
        """Count the trials that match, ``score >= threshold``: of nonmated ones the false match rate.

        Raises
        ------
        ValueError
            Below `floor`, where trials are not held.
        """
        return count_over(self.design, *self.matches(threshold))

    def missing(self, threshold: float) -> Proportion:
        """Count the trials that do not match, failures included: of mated ones the false non-match rate.

        Raises
        ------
        ValueError
        """
        return complement(self.matching(threshold))

    def matches(self, threshold: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Give the subjects of the trials that match, each of shape (n_matches,).

        Raises
        ------
        ValueError
        """
        if threshold < self.floor:
            raise ValueError(f"Trials are held from {self.floor} on; the threshold is {threshold}.")
        # As double, or a threshold would be rounded to the precision of the scores.
        matched = (self.scores >= np.float64(threshold)) & (self.scores > -np.inf)
        return self.first[matched], self.second[matched]


def count_over(design: Design, first: NDArray[np.intp], second: NDArray[np.intp]) -> Proportion:
    """Count erroneous trials, with the interval of their rate over subjects.

    Parameters
    ----------
    design : Design
        All trials.
    first, second : ndarray of shape (n_errors,), intp
        Subjects of the erroneous ones; the same where a trial is of one subject.
    """
    errors, trials = len(first), design.trials
    if not trials:
        return Proportion(0, 0)
    return Proportion(errors, trials, interval_over_subjects(design, first, second))


def count_by_subject(errors: NDArray[np.bool_], subjects: NDArray[np.intp]) -> Proportion:
    """Count errors of trials that belong to one subject each.

    Parameters
    ----------
    errors : ndarray of shape (n_trials,), bool
    subjects : ndarray of shape (n_trials,), intp
        The subject of each trial, from 0; trials of one subject rise and fall together.
    """
    design = OneSubjectEach(np.bincount(subjects).astype(np.float64))
    return count_over(design, subjects[errors], subjects[errors])


def complement(counted: Proportion) -> Proportion:
    """Turn errors into their opposite, with the interval."""
    low, high = counted.interval
    return Proportion(counted.trials - counted.errors, counted.trials, (1 - high, 1 - low))


def interval_over_subjects(design: Design, first: NDArray[np.intp], second: NDArray[np.intp]) -> tuple[float, float]:
    """Bound a rate (95 %) whose trials share subjects.

    With ``r`` a trial's residual (1 or 0, less the rate), the variance of a sum over trials that are dependent where
    they share a subject is the sum over subjects of their residuals' sum squared; trials of the same two subjects are
    in it twice, and are taken out once.

    Parameters
    ----------
    design, first, second
        As in `count_over`.

    Returns
    -------
    tuple of float
        Wilson's interval for as many independent trials as would have this variance (never more than there are), with
        Student's t for as many subjects as there are.  Without an error, or without a right answer, there is no
        variance to sum; trials of the same subject, or of the same two, are then counted as if they all went alike.

    References
    ----------
    Fafchamps and Gubert: The formation of risk sharing networks, J. Dev. Econ. 83 (2007), eq. 2.9; Aronow, Samii and
    Assenova: Cluster-robust variance estimation for dyadic data, Political Analysis 23 (2015).  Effective trials:
    Korn and Graubard: Confidence intervals for proportions with small expected number of positive counts, Survey
    Methodology 24 (1998); of unequal clusters that each go alike: Kish, Survey sampling (1965).
    """
    errors, trials = len(first), design.trials
    rate = errors / trials
    by_subject = design.by_subject
    subjects = int(np.count_nonzero(by_subject))
    if subjects < 2:
        return 0.0, 1.0
    if errors in (0, trials):
        alike = trials**2 / (design.squares or float(np.sum(by_subject**2)))
        return wilson_interval(rate * alike, alike)
    wrong = count_subjects(first, second, len(by_subject))
    summed = float(np.sum((wrong - rate * by_subject) ** 2)) - _twice_counted(design, first, second, rate)
    variance = max(summed / trials**2 * subjects / (subjects - 1), rate * (1 - rate) / trials)
    effective = rate * (1 - rate) / variance
    return wilson_interval(rate * effective, effective, student_975(subjects - 1))


def _twice_counted(design: Design, first: NDArray[np.intp], second: NDArray[np.intp], rate: float) -> float:
    """Sum the squared residuals of each two different subjects."""
    two = first != second
    count = len(design.by_subject)
    keys, wrong = np.unique(pair_keys(first[two], second[two], count), return_counts=True)
    trials = design.of_two(*np.divmod(keys, count))
    return float(np.sum(wrong**2 - 2 * rate * wrong * trials)) + rate**2 * design.squares


def student_975(freedom: int) -> float:
    """Give the 97.5 % quantile of Student's t for whole degrees of freedom, to 2e-4.

    References
    ----------
    Abramowitz and Stegun, 26.7.5.
    """
    if freedom <= len(_T_975):
        return _T_975[freedom - 1]
    z, n = _Z_975, freedom
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )
