"""Error rates of comparing one to one (1:1)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.rates import RULE_OF_30, Proportion
from recognizance.errors import InsufficientTrialsError

FOLDS = 10


@dataclass(frozen=True)
class Trials:
    """Scores of comparisons whose truth is known.  A failure to detect or to enrol scores -inf: it never matches.

    Attributes
    ----------
    mated, nonmated : ndarray of shape (n,), float64
        Scores of the same and of different subjects; higher is more alike.
    """

    mated: NDArray[np.float64]
    nonmated: NDArray[np.float64]


@dataclass(frozen=True)
class Det:
    """The detection error trade-off: one point for each threshold at which a rate changes.

    Attributes
    ----------
    thresholds : ndarray of shape (n_points,), float64
        Ascending; the last is +inf, at which nothing matches.
    fmr, fnmr : ndarray of shape (n_points,), float64
        0..1; `fmr` never rises and `fnmr` never falls along them.
    """

    thresholds: NDArray[np.float64]
    fmr: NDArray[np.float64]
    fnmr: NDArray[np.float64]


def count_fmr(trials: Trials, threshold: float) -> Proportion:
    """Count the nonmated comparisons that match.  A match is ``score >= threshold``."""
    return Proportion(_at_least(trials.nonmated, threshold), len(trials.nonmated))


def count_fnmr(trials: Trials, threshold: float) -> Proportion:
    """Count the mated comparisons that do not match, failures included."""
    total = len(trials.mated)
    return Proportion(total - _at_least(trials.mated, threshold), total)


def threshold_at_fmr(nonmated: NDArray[np.floating], fmr: float, trials: int | None = None) -> float:
    """Find the lowest threshold whose measured false match rate does not exceed `fmr`.

    Parameters
    ----------
    nonmated : ndarray of shape (n_scores,), floating
        Scores between different subjects.
    fmr : float
        Target rate in (0, 1).
    trials : int, optional
        How many comparisons there were, where `nonmated` has the highest scores only.

    Raises
    ------
    InsufficientTrialsError
        If `fmr` allows fewer than 30 errors over these trials (rule of 30), or takes scores that are not there.

    References
    ----------
    ISO/IEC 19795-1:2021, false match rate.
    """
    trials = len(nonmated) if trials is None else trials
    allowed = math.floor(fmr * trials + 1e-9)
    if allowed < RULE_OF_30:
        needed = math.ceil(RULE_OF_30 / fmr)
        raise InsufficientTrialsError(
            f"{trials:,} comparisons of different people cannot show a false match rate of {fmr:g}: "
            f"{needed:,} would (rule of 30)."
        )
    if allowed >= len(nonmated):
        if len(nonmated) < trials:
            raise InsufficientTrialsError(f"A false match rate of {fmr:g} lies below the scores that were kept.")
        return -math.inf
    # The (allowed + 1)-th highest must not match, so the threshold is just above it.
    highest = np.partition(nonmated, len(nonmated) - allowed - 1)[len(nonmated) - allowed - 1]
    return float(np.nextafter(highest, np.inf, dtype=nonmated.dtype))


def det(trials: Trials) -> Det:
    """Give false match and false non-match rate at each threshold where one of them changes.

    Raises
    ------
    InsufficientTrialsError
        Without mated or without nonmated trials.

    References
    ----------
    ISO/IEC 19795-1:2021, detection error trade-off.
    """
    if not len(trials.mated) or not len(trials.nonmated):
        raise InsufficientTrialsError("A trade-off needs comparisons of the same and of different people.")
    scores = np.concatenate([trials.mated, trials.nonmated])
    # Nothing matches at +inf, and a failure matches nowhere.
    thresholds = np.concatenate([np.unique(scores[scores > -np.inf]), [np.inf]])
    mated, nonmated = np.sort(trials.mated), np.sort(trials.nonmated)
    fnmr = np.searchsorted(mated, thresholds, side="left") / len(mated)
    fmr = (len(nonmated) - np.searchsorted(nonmated, thresholds, side="left")) / len(nonmated)
    return Det(thresholds, fmr, fnmr)


def equal_error(curve: Det) -> tuple[float, float]:
    """Give the equal error rate and its threshold: where the two rates cross, or the middle of the step there."""
    at = int(np.flatnonzero(curve.fnmr >= curve.fmr)[0])
    if at == 0:
        return float(max(curve.fnmr[0], curve.fmr[0])), float(curve.thresholds[0])
    # Between two points both rates step; whichever is nearer to equal is taken.
    before = abs(curve.fmr[at - 1] - curve.fnmr[at - 1])
    best = at if abs(curve.fmr[at] - curve.fnmr[at]) <= before else at - 1
    return float((curve.fmr[best] + curve.fnmr[best]) / 2), float(curve.thresholds[best])


def ten_fold_accuracy(
    scores: NDArray[np.float64], mated: NDArray[np.bool_], folds: NDArray[np.intp]
) -> tuple[float, float, int]:
    """Measure accuracy as LFW does: each fold at the threshold that is best on the others.

    Parameters
    ----------
    scores : ndarray of shape (n_pairs,), float64
    mated : ndarray of shape (n_pairs,), bool
    folds : ndarray of shape (n_pairs,), intp
        Fold of each pair, 0..n_folds - 1.

    Returns
    -------
    tuple
        Mean accuracy over the folds, 0..1, its standard error, and how many pairs were decided wrongly.

    Raises
    ------
    InsufficientTrialsError
        With fewer than two folds.

    References
    ----------
    Huang et al.: Labeled Faces in the Wild, University of Massachusetts, technical report 07-49 (2007).
    """
    numbers = np.unique(folds)
    if len(numbers) < 2:
        raise InsufficientTrialsError("Accuracy over folds needs two folds at least.")
    found, wrong = [], 0
    for number in numbers:
        held_out = folds == number
        threshold = _best_threshold(scores[~held_out], mated[~held_out])
        matched = (scores[held_out] >= threshold) & (scores[held_out] > -np.inf)
        found.append(float(np.mean(matched == mated[held_out])))
        wrong += int(np.count_nonzero(matched != mated[held_out]))
    return float(np.mean(found)), float(np.std(found, ddof=1) / math.sqrt(len(found))), wrong


def _best_threshold(scores: NDArray[np.float64], mated: NDArray[np.bool_]) -> float:
    """Find the lowest threshold at which most pairs are decided rightly."""
    # A failure matches at no threshold, so that -inf is none to choose.
    thresholds = np.concatenate([np.unique(scores[scores > -np.inf]), [np.inf]])
    same, different = np.sort(scores[mated]), np.sort(scores[~mated])
    right = len(same) - np.searchsorted(same, thresholds) + np.searchsorted(different, thresholds)
    return float(thresholds[int(np.argmax(right))])


def _at_least(scores: NDArray[np.float64], threshold: float) -> int:
    return int(np.count_nonzero((scores >= threshold) & (scores > -np.inf)))
