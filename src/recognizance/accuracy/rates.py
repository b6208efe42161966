"""Proportions and how far to trust them."""

import math
from dataclasses import dataclass

RULE_OF_30 = 30
"""Errors to be seen before a rate is called measured: ±30 % at 90 % confidence (ISO/IEC 19795-1, annex B)."""


def wilson_interval(errors: float, trials: float, z: float = 1.959964) -> tuple[float, float]:
    """Bound a proportion.

    Parameters
    ----------
    errors, trials : float
        ``0 <= errors <= trials``; no whole numbers where trials are counted as so many independent ones.
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
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return 0.0 if errors == 0 else low, 1.0 if errors == trials else high


@dataclass(frozen=True, slots=True)
class Proportion:
    """Errors among trials, with how far to trust the rate.

    Attributes
    ----------
    errors, trials : int
        ``0 <= errors <= trials``.
    over_subjects : tuple of float, optional
        The rate's 95 % interval where it is known that trials share subjects (`accuracy.subjects`).
    """

    errors: int
    trials: int
    over_subjects: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse what is no proportion."""
        if not 0 <= self.errors <= self.trials:
            raise ValueError(f"{self.errors} errors of {self.trials} trials are no proportion.")

    @property
    def rate(self) -> float:
        """Errors a trial, 0..1; nan without trials."""
        return self.errors / self.trials if self.trials else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The rate's 95 % interval: over subjects if given, else Wilson's, for independent trials."""
        if self.over_subjects is not None:
            return self.over_subjects
        return wilson_interval(self.errors, self.trials)

    @property
    def is_measured(self) -> bool:
        """Whether the sample is large enough to call the rate measured, by the rule of 30 on both sides."""
        return RULE_OF_30 <= self.errors <= self.trials - RULE_OF_30
