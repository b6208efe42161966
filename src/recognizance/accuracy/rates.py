"""Proportions and how far to trust them."""

import math

RULE_OF_30 = 30
"""Errors to be seen before a rate is called measured: ±30 % at 90 % confidence (ISO/IEC 19795-1, annex B)."""


def wilson_interval(errors: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """Bound a proportion.

    Parameters
    ----------
    errors, trials : int
        ``0 <= errors <= trials``.
    z : float
        Standard normal quantile; the default gives 95 %.

    Returns
    -------
    tuple of float
        Lower and upper bound in [0, 1]; (0, 1) without trials.

    References
    ----------
    Wilson: Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if trials == 0:
        return 0.0, 1.0
    rate = errors / trials
    weight = z * z / trials
    centre = (rate + weight / 2) / (1 + weight)
    half = z * math.sqrt(rate * (1 - rate) / trials + weight / (4 * trials)) / (1 + weight)
    return max(0.0, centre - half), min(1.0, centre + half)
