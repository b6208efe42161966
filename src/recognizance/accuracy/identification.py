"""Rates of 1:N searches.

A search asks one probe of a gallery and gets candidates, best first.  Of a mated search the gallery holds the probe's
subject, of a nonmated one it does not.  Nothing is dropped: a probe that failed found nobody, which is a miss if a
mate was there to be found, and no false positive if not.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.rates import RULE_OF_30, Proportion


@dataclass(frozen=True, slots=True, eq=False)
class MatedSearches:
    """What came of searches whose subject is in the gallery.

    Parameters
    ----------
    ranks : ndarray of shape (n_searches,), integer
        Place of the first mate in the candidate list, from 1; 0 where it is not listed or the probe failed.
    scores : ndarray of shape (n_searches,), float64
        That mate's score, higher is more alike; -inf exactly where the rank is 0.

    Raises
    ------
    ValueError
        If ranks and scores do not tell the same, or a score is nan or +inf.
    """

    ranks: NDArray[np.int64]
    scores: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.ranks.ndim != 1 or self.ranks.shape != self.scores.shape:
            raise ValueError("Each mated search has one rank and one score.")
        _refuse_unordered(self.scores)
        if (self.ranks < 0).any() or ((self.ranks == 0) != np.isneginf(self.scores)).any():
            raise ValueError("A rank is from 1; it is 0, and the score is -inf, where no mate was found.")


@dataclass(frozen=True, slots=True, eq=False)
class NonmatedSearches:
    """What came of searches whose subject is not in the gallery.

    Parameters
    ----------
    best_scores : ndarray of shape (n_searches,), float64
        Score of the first candidate, higher is more alike; -inf where there was none or the probe failed.

    Raises
    ------
    ValueError
        If a score is nan or +inf.
    """

    best_scores: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.best_scores.ndim != 1:
            raise ValueError("Each nonmated search has one best score.")
        _refuse_unordered(self.best_scores)


def false_positives(nonmated: NonmatedSearches, threshold: float) -> NDArray[np.bool_]:
    """Tell which nonmated searches return anybody; shape (n_searches,).  See `fpir`."""
    best = nonmated.best_scores
    return (best >= threshold) & ~np.isneginf(best)


def misses(mated: MatedSearches, rank: int, threshold: float) -> NDArray[np.bool_]:
    """Tell which mated searches do not return a mate; shape (n_searches,).  See `fnir`."""
    return ~((mated.ranks > 0) & (mated.ranks <= rank) & (mated.scores >= threshold))


def fpir(nonmated: NonmatedSearches, threshold: float) -> Proportion:
    """Count the nonmated searches that return anybody.

    Parameters
    ----------
    threshold : float
        A candidate is returned if ``score >= threshold``.  At -inf everybody is, but nobody to a failed probe.

    References
    ----------
    ISO/IEC 19795-1:2021, false positive identification rate; NIST FRTE 1:N, FPIR(N, T).
    """
    errors = false_positives(nonmated, threshold)
    return Proportion(int(errors.sum()), len(errors))


def fnir(mated: MatedSearches, rank: int, threshold: float) -> Proportion:
    """Count the mated searches that miss: no mate among the first `rank` candidates with ``score >= threshold``.

    Parameters
    ----------
    rank : int
        From 1.  The size of the gallery or more leaves the threshold alone to decide.
    threshold : float
        -inf leaves the rank alone to decide; a mate that is not found is a miss at every threshold.

    References
    ----------
    ISO/IEC 19795-1:2021, false negative identification rate; NIST FRTE 1:N, FNIR(N, R, T).
    """
    errors = misses(mated, rank, threshold)
    return Proportion(int(errors.sum()), len(errors))


def cumulative_match(mated: MatedSearches, rank_max: int) -> NDArray[np.float64]:
    """Tell the share of mated searches with a mate within each rank, whatever its score.

    Returns
    -------
    ndarray of shape (rank_max,), float64
        Item i is ``1 - FNIR`` at rank i + 1 without threshold, 0..1, never falling; nan without searches.  It
        describes a closed set, where everybody searched is enrolled: it says nothing of false positives.

    References
    ----------
    ISO/IEC 19795-1:2021, cumulative match characteristic.
    """
    if not len(mated.ranks):
        return np.full(rank_max, np.nan)
    listed = mated.ranks[(mated.ranks > 0) & (mated.ranks <= rank_max)]
    counts = np.bincount(listed, minlength=rank_max + 1)[1:]
    shares: NDArray[np.float64] = counts.cumsum() / len(mated.ranks)
    return shares


def threshold_at_fpir(nonmated: NonmatedSearches, rate: float) -> float | None:
    """Find the lowest threshold whose measured FPIR does not exceed `rate`.

    Parameters
    ----------
    rate : float
        Target FPIR in (0, 1].

    Returns
    -------
    float or None
        On the score scale, one float64 above the highest score it must refuse; -inf if every candidate may be
        returned.  None if `rate` allows fewer than 30 errors over these searches (rule of 30): the sample is too
        small to find it.  Where scores are tied, fewer errors may be left than `rate` allows.

    References
    ----------
    ISO/IEC 19795-1:2021, false positive identification rate; annex B, rule of 30.
    """
    trials = len(nonmated.best_scores)
    # The product is rounded (3e-4 of 100,000 gives 29.99…); the quotient is what FPIR compares.
    allowed = min(trials, math.floor(rate * trials) + 1)
    while allowed and allowed / trials > rate:
        allowed -= 1
    if allowed < RULE_OF_30:
        return None
    if allowed == trials:
        return -math.inf
    refused = np.sort(nonmated.best_scores)[trials - 1 - allowed]
    return -math.inf if np.isneginf(refused) else float(np.nextafter(refused, np.inf))


def searches_from_scores(
    scores: NDArray[np.floating[Any]], probe_subjects: NDArray[Any], reference_subjects: NDArray[Any]
) -> tuple[MatedSearches, NonmatedSearches]:
    """Search every probe in a gallery that lists everybody.

    Equal scores are ordered by reference index.  A subject with several references takes several places; the first
    counts for a mate.

    Parameters
    ----------
    scores : ndarray of shape (n_probes, n_references), floating
        Higher is more alike; -inf where the probe or the reference failed, which lists no candidate.
    probe_subjects : ndarray of shape (n_probes,)
        Who each probe shows.  A probe whose subject has no reference is a nonmated search.
    reference_subjects : ndarray of shape (n_references,)
        Who each reference shows, in the same names.  A reference that failed to enrol still makes its subject's
        searches mated ones.

    Returns
    -------
    MatedSearches, NonmatedSearches
        Each in the order of the probes.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a score is nan or +inf.
    """
    if scores.shape != (len(probe_subjects), len(reference_subjects)):
        raise ValueError("Scores have a row for each probe and a column for each reference.")
    _refuse_unordered(scores)
    ranks: list[int] = []
    mate_scores: list[float] = []
    best_scores: list[float] = []
    for row, subject in zip(scores, probe_subjects, strict=True):
        mates = np.flatnonzero(reference_subjects == subject)
        if not len(mates):
            best_scores.append(float(row.max(initial=-np.inf)))
            continue
        first = mates[row[mates].argmax()]
        score = float(row[first])
        before = int((row > score).sum() + (row[:first] == score).sum())
        ranks.append(0 if math.isinf(score) else before + 1)
        mate_scores.append(score)
    return (
        MatedSearches(np.array(ranks, dtype=np.int64), np.array(mate_scores, dtype=np.float64)),
        NonmatedSearches(np.array(best_scores, dtype=np.float64)),
    )


def _refuse_unordered(scores: NDArray[np.floating[Any]]) -> None:
    """Refuse nan, which is neither above nor below a threshold, and +inf, which no threshold is above."""
    if np.isnan(scores).any() or np.isposinf(scores).any():
        raise ValueError("A score is a number, or -inf for a failure.")
