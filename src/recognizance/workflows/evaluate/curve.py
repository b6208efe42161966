"""Keep of a curve what a drawing of it shows."""

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.verification import Det

DET_POINTS_MAX = 400


def thin(curve: Det) -> NDArray[np.intp]:
    """Choose at most `DET_POINTS_MAX` points of a curve, its ends among them, dense wherever a rate changes."""
    points = len(curve.thresholds)
    if points <= DET_POINTS_MAX:
        return np.arange(points)
    share = DET_POINTS_MAX // 4 - 1
    small = 10.0 ** np.linspace(-7, 0, share)
    scores = np.linspace(curve.thresholds[0], curve.thresholds[-2], share)
    chosen = [
        np.array([0, points - 2, points - 1]),
        np.searchsorted(curve.fnmr, np.linspace(0, 1, share)),
        np.searchsorted(curve.fnmr, small),
        np.searchsorted(-curve.fmr, -small),
        np.searchsorted(curve.thresholds, scores),
    ]
    return np.unique(np.concatenate(chosen).clip(0, points - 1))
