"""Intervals for what is measured on comparisons that share subjects."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000


def subject_weights(
    first: NDArray[np.intp], second: NDArray[np.intp], subjects: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Draw the subjects anew, with replacement, and weigh each comparison by how often its subjects were drawn.

    A subject's comparisons rise and fall together, which is why drawing comparisons would give intervals that are far
    too narrow.  A comparison of two subjects weighs the product of their draws, a mated one its subject's.

    Parameters
    ----------
    first, second : ndarray of shape (n_trials,), intp
        Subject of each side, 0..subjects - 1; the same in a mated trial.

    Returns
    -------
    ndarray of shape (n_trials,), float64

    References
    ----------
    Bolle, Ratha and Pankanti: Error analysis of pattern recognition systems, the subsets bootstrap, CVIU 93 (2004).
    """
    drawn = np.bincount(random.integers(0, subjects, subjects), minlength=subjects).astype(np.float64)
    weights: NDArray[np.float64] = np.where(first == second, drawn[first], drawn[first] * drawn[second])
    return weights


def bootstrap_interval(
    measure: Callable[[NDArray[np.float64]], float],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    subjects: int,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[float, float]:
    """Bound a measure by resampling subjects: the middle 95 % of what `measure` gives for drawn weights.

    Parameters
    ----------
    measure : callable
        Takes the weights of the trials, shape (n_trials,), and gives the measure; nan where a draw has none.

    Returns
    -------
    tuple of float
        Lower and upper bound; (nan, nan) if no draw gave a measure.
    """
    random = np.random.default_rng(seed)
    found = np.array([measure(subject_weights(first, second, subjects, random)) for _ in range(resamples)])
    found = found[np.isfinite(found)]
    if not len(found):
        return float("nan"), float("nan")
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)
