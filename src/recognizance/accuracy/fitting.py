"""From counted scores to a calibration curve with a fitted tail."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.nonmated import Histogram
from recognizance.accuracy.rates import RULE_OF_30
from recognizance.errors import CalibrationError
from recognizance.scoring import Curve
from recognizance.scoring.percent import FMR_AT_ANCHOR

KNOT_STEP = 0.005

TAIL_FROM_FMR = 1e-2
"""The tail is fitted to the measured curve from this rate on."""

_SLOPE_MIN = 1e-3  # log10 per unit of score: keeps the curve strictly falling


@dataclass(frozen=True)
class Tail:
    """``log10 FMR = constant + slope·s + curvature·s²`` with curvature ≤ 0, shifted to meet the last measured knot."""

    constant: float
    slope: float
    curvature: float
    residual: float


def fit_curve(histogram: Histogram, *, counted_to: float = 1.0) -> tuple[Curve, Tail]:
    """Make a curve: measured where at least 30 false matches were counted, fitted beyond.

    Parameters
    ----------
    histogram : Histogram
        Non-mated scores.
    counted_to : float
        Highest score whose count is to be believed.  Where faces that score s or more were taken for one person
        and dropped, counts just below s lack everything above it; they are not used, and the tail continues.

    Raises
    ------
    CalibrationError
        If the sample is too small to measure a false match rate of 1e-2.

    Notes
    -----
    The logarithm of a normal distribution's tail is a parabola to first order; a positive curvature (a tail
    that flattens) is not extrapolated but replaced by a straight line, which errs towards more false matches.
    """
    total = histogram.total
    if total * FMR_AT_ANCHOR < RULE_OF_30:
        raise CalibrationError(
            f"{total:,} comparisons are too few to measure a false match rate of {FMR_AT_ANCHOR:g}.",
            "Calibrate on more faces: at least 80 that pass the quality filter, in each group.",
        )
    scores = np.round(np.arange(-1, 1 + KNOT_STEP / 2, KNOT_STEP), 6)
    counts = histogram.at_least(scores)
    measured = int(np.flatnonzero((counts >= RULE_OF_30) & (scores <= counted_to))[-1])
    rates = np.zeros(len(scores))
    rates[: measured + 1] = np.log10(counts[: measured + 1] / total)
    tail = _fit_tail(scores[: measured + 1], rates[: measured + 1], counts[: measured + 1])
    beyond = scores[measured + 1 :]
    rates[measured + 1 :] = _evaluate(tail, beyond)
    rates = np.minimum.accumulate(rates)
    # Ties (no score fell between two knots) would make the curve flat; give them the least slope instead.
    rates -= np.arange(len(rates)) * KNOT_STEP * _SLOPE_MIN
    return Curve(scores, np.round(rates, 6), float(scores[measured])), tail


def _fit_tail(scores: NDArray[np.float64], rates: NDArray[np.float64], counts: NDArray[np.int64]) -> Tail:
    """Fit the tail by weighted least squares; knots weigh as the counts behind them."""
    chosen = rates <= np.log10(TAIL_FROM_FMR)
    if chosen.sum() < 3:
        chosen = np.zeros(len(rates), dtype=bool)
        chosen[-6:] = True
    s, y = scores[chosen], rates[chosen]
    weights = np.sqrt(np.minimum(counts[chosen], 3000).astype(np.float64))
    curvature, slope, constant = np.polyfit(s, y, 2, w=weights)
    if curvature > 0:
        curvature = 0.0
        slope, constant = np.polyfit(s, y, 1, w=weights)
    residual = float(np.sqrt(np.mean((np.polyval([curvature, slope, constant], s) - y) ** 2)))
    # Meet the measured curve at its end.
    constant += y[-1] - float(np.polyval([curvature, slope, constant], s[-1]))
    return Tail(float(constant), float(slope), float(curvature), residual)


def _evaluate(tail: Tail, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    values: NDArray[np.float64] = tail.constant + scores * (tail.slope + scores * tail.curvature)
    return values
