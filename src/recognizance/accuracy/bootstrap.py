"""Intervals of what is measured on several rates at once: subjects are drawn anew, not trials."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.designs import Design, weigh_pairs
from recognizance.accuracy.subjects import TrialSet

RESAMPLES = 1000
_WORK_MAX = 400_000_000
"""Trials weighed in all resamples together: bounds the time where very many are held."""
_STEPS = 401
_SPREAD = 3.0
"""A draw's equal error rate is looked for up to this many times the sample's."""

Draws = NDArray[np.float64]


def draw_subjects(subjects: int, *, resamples: int = RESAMPLES, seed: int = 0) -> Draws:
    """Draw as many subjects as there are, with replacement, again and again.

    Returns
    -------
    ndarray of shape (resamples, subjects), float64
        How often each was drawn.

    References
    ----------
    Bolle, Ratha and Pankanti: Error analysis of pattern recognition systems, the subsets bootstrap, CVIU 93 (2004).
    """
    random = np.random.default_rng(seed)
    drawn = random.multinomial(subjects, np.full(subjects, 1 / subjects), size=resamples)
    return drawn.astype(np.float64)


def drawn_rates(design: Design, first: NDArray[np.intp], second: NDArray[np.intp], draws: Draws) -> NDArray[np.float64]:
    """Give the rate of errors in each draw; nan where it drew no trial.

    Parameters
    ----------
    design : Design
    first, second : ndarray of shape (n_errors,), intp
        Subjects of the erroneous trials.
    draws : ndarray of shape (n_draws, n_subjects), float64

    Returns
    -------
    ndarray of shape (n_draws,), float64
    """
    wrong = weigh_pairs(draws, first, second, np.ones(len(first)))
    return _over(wrong, design.weighted(draws))


def middle(found: NDArray[np.float64]) -> tuple[float, float] | None:
    """Give the middle 95 % of what the draws gave; None if fewer than nine in ten gave anything."""
    kept = found[np.isfinite(found)]
    if len(kept) < 0.9 * len(found):
        return None
    low, high = np.quantile(kept, [0.025, 0.975])
    return float(low), float(high)


def middle_of_ratios(found: NDArray[np.float64]) -> tuple[float, float | None] | None:
    """Give the middle 95 % of ratios, infinite in draws whose lower rate was 0; no upper end if those reach it."""
    kept = found[~np.isnan(found)]
    infinite = np.isinf(kept)
    if len(kept) < 0.9 * len(found) or infinite.all():
        return None
    low, high = np.quantile(np.where(infinite, kept[~infinite].max(), kept), [0.025, 0.975])
    return float(low), None if infinite.mean() > 0.025 else float(high)


@dataclass(frozen=True)
class DrawnRates:
    """A rate of each group in each draw.

    Attributes
    ----------
    rates : mapping of str to ndarray of shape (n_draws,), float64
        By name of the group; all of the same draws.
    """

    rates: Mapping[str, NDArray[np.float64]]

    @cached_property
    def _sorted(self) -> NDArray[np.float64]:
        return np.sort(np.stack(list(self.rates.values())), axis=0)

    def max_over_min(self) -> NDArray[np.float64]:
        """See `differentials.Differentials`; infinite in draws where a rate is 0, nan where all are."""
        return self._ratio(self._sorted[0])

    def max_over_geometric_mean(self) -> NDArray[np.float64]:
        """See `differentials.Differentials`; as `max_over_min` where a rate is 0."""
        positive = self._sorted[0] > 0
        logs = np.log(np.where(positive, self._sorted, 1.0)).mean(axis=0)
        return self._ratio(np.where(positive, np.exp(logs), 0.0))

    def _ratio(self, below: NDArray[np.float64]) -> NDArray[np.float64]:
        highest = self._sorted[-1]
        return np.where((highest > 0) & (below == 0), np.inf, _over(highest, below))

    def gini(self) -> NDArray[np.float64]:
        """See `differentials.gini`."""
        groups = len(self._sorted)
        ranks = 2 * np.arange(1, groups + 1) - groups - 1
        return _over(ranks @ self._sorted, (groups - 1) * self._sorted.sum(axis=0))


def _over(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = np.full(len(above), np.nan)
    np.divide(above, below, out=shares, where=below > 0)
    return shares


def equal_error_interval(
    mated: TrialSet, nonmated: TrialSet, threshold: float, subjects: int, *, seed: int = 0
) -> tuple[float, float] | None:
    """Bound the equal error rate.

    Parameters
    ----------
    mated, nonmated : TrialSet
    threshold : float
        Where the rates of the sample are equal.
    subjects : int

    Returns
    -------
    tuple of float or None
        The middle 95 % over draws of subjects, with the rates read at `_STEPS` thresholds around the sample's.  None
        where trials are not held as far down as that takes, or too few draws have both rates.
    """
    if threshold < nonmated.floor:
        return None
    low, high = _around(mated, nonmated, threshold)
    if low < nonmated.floor or not low < high:
        return None
    steps = np.linspace(low, high, _STEPS)
    held = int(np.count_nonzero(nonmated.scores >= low)) + len(mated.scores)
    draws = draw_subjects(subjects, resamples=max(100, min(RESAMPLES, _WORK_MAX // max(held, 1))), seed=seed)
    missed, taken = 1 - _curve(mated, steps, draws), _curve(nonmated, steps, draws)
    apart = np.where(np.isnan(missed) | np.isnan(taken), np.inf, np.abs(missed - taken))
    at = np.argmin(apart, axis=1)
    rows = np.arange(len(draws))
    return middle((missed[rows, at] + taken[rows, at]) / 2)


def _around(mated: TrialSet, nonmated: TrialSet, threshold: float) -> tuple[float, float]:
    """Give thresholds between which the equal error rate of a draw is looked for."""
    rate = max(nonmated.matching(threshold).rate, mated.missing(threshold).rate, 1 / len(mated.scores))
    wanted = math.ceil(min(1.0, _SPREAD * rate) * nonmated.design.trials)
    scores = nonmated.scores[nonmated.scores > -np.inf]
    known = mated.scores[mated.scores > -np.inf]
    if not len(scores) or not len(known):
        return 0.0, 0.0
    if wanted >= len(scores):
        low = float(scores.min()) if nonmated.floor == -math.inf else -math.inf
    else:
        low = float(np.partition(scores, len(scores) - wanted)[len(scores) - wanted])
    return min(low, float(threshold)), max(float(np.quantile(known, min(1.0, _SPREAD * rate))), float(scores.max()))


def _curve(trials: TrialSet, steps: NDArray[np.float64], draws: Draws) -> NDArray[np.float64]:
    """Give the share of trials that match at each step in each draw, shape (n_draws, n_steps)."""
    kept = trials.scores >= steps[0]
    at = np.searchsorted(steps, trials.scores[kept], side="right") - 1
    first, second = trials.first[kept], trials.second[kept]
    total = trials.design.weighted(draws)
    found = np.full((len(draws), len(steps)), np.nan)
    one = bool(np.array_equal(first, second))
    for row, drawn in enumerate(draws):
        if total[row] > 0:
            weights = drawn[first] if one else drawn[first] * drawn[second]
            counted = np.bincount(at, weights, minlength=len(steps))
            found[row] = np.cumsum(counted[::-1])[::-1] / total[row]
    return found
