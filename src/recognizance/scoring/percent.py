"""The percent: ``30 − 10·log10(FMR)`` for FMR ≤ 1e-2, documented as ours (docs/method/calibration.md)."""

import math

PERCENT_AT_ANCHOR = 50.0
"""Percent at `FMR_AT_ANCHOR`; below it the percent is linear in the score."""

FMR_AT_ANCHOR = 1e-2

FMR_AT_FULL = 1e-7
"""The percent is 100 from here on; candidates stay ranked by score."""


def percent_of_fmr(fmr: float) -> float:
    """Translate a false match rate into a percent; ten points are a factor of ten.

    Parameters
    ----------
    fmr : float
        In (0, `FMR_AT_ANCHOR`].
    """
    return min(100.0, 30.0 - 10.0 * math.log10(max(fmr, FMR_AT_FULL)))


def fmr_of_percent(percent: float) -> float:
    """Translate a percent in [50, 100] back into the false match rate it stands for."""
    return float(10.0 ** ((30.0 - percent) / 10.0))
