"""The threshold that keeps false candidates to a tolerated number a year, overall and for each group."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from recognizance.scoring.calibration import Calibration, Curve

OVERALL = "overall"

PERCENT_FULL = 100.0
"""The percent scale ends here (a false match rate of 1e-7): nobody can ask for more."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is searched in a year, and what is tolerated of it.

    Attributes
    ----------
    references : int
        In the gallery, at least 1.
    searches : int
        A year, at least 1.
    tolerated : float
        False candidates a year, above 0.
    """

    references: int
    searches: int
    tolerated: float

    def __post_init__(self) -> None:
        """Refuse what no threshold can be derived from."""
        if self.references < 1 or self.searches < 1 or not 0 < self.tolerated < math.inf:
            raise ValueError(f"{self} has no threshold: all three have to be above zero and finite.")

    @property
    def fmr(self) -> float:
        """The false match rate at which as many false candidates are expected as are tolerated."""
        return self.tolerated / (self.references * self.searches)

    def expected(self, fmr: float) -> float:
        """Expect this many false candidates a year at a false match rate, before any list is cut."""
        return self.references * self.searches * fmr


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a curve would need.

    Attributes
    ----------
    score : float or None
        In [-1, 1]; None where even the end of the curve has too high a rate.
    percent : float or None
        Rounded up to a tenth; None where 100 percent is not enough.
    is_fitted : bool
        Whether the score lies beyond the curve's counts, in its fitted tail.
    """

    score: float | None
    percent: float | None
    is_fitted: bool


@dataclass(frozen=True, slots=True)
class GroupAdvice:
    """One group, as if the searched person and the whole gallery belonged to it.

    Attributes
    ----------
    name : str
    own : Threshold
        What the group's curve would need.
    expected_at_overall, expected_at_set : float
        False candidates a year at the percent that the overall curve needs (100 where that is not enough), and at
        the one to set.
    """

    name: str
    own: Threshold
    expected_at_overall: float
    expected_at_set: float


@dataclass(frozen=True, slots=True)
class Advice:
    """The threshold to set, and what it and the overall one mean for each group.

    Attributes
    ----------
    load : Load
    overall : GroupAdvice
        The curve over all comparisons.
    groups : tuple of GroupAdvice
        The group with most false candidates at the overall threshold first.
    recommended : Threshold
        The highest that any curve needs, since the searched person may belong to that group.
    decided_by : str
        The group whose curve needs it, or "overall".
    overall_percent : float
        The one threshold that the overall curve alone would set; 100 where no percent is enough for it.
    set_percent, set_score : float
        What to set: the recommended percent, or 100 where no percent is enough.
    set_is_fitted : bool
        Whether the score to set lies in the fitted tail of the deciding curve.
    expected_at_set : float
        False candidates a year there, by the curve with most of them.
    worst_at_set : str
        Whose curve that is.
    is_reached : bool
        Whether that keeps to what is tolerated.
    """

    load: Load
    overall: GroupAdvice
    groups: tuple[GroupAdvice, ...]
    recommended: Threshold
    decided_by: str
    overall_percent: float
    set_percent: float
    set_score: float
    set_is_fitted: bool
    expected_at_set: float
    worst_at_set: str
    is_reached: bool


def advise(calibration: Calibration, load: Load) -> Advice:
    """Find the threshold that keeps to what is tolerated, whichever group the searched person belongs to."""
    curves = {OVERALL: calibration.overall, **calibration.groups}
    needed = {name: _threshold(calibration, curve, load.fmr) for name, curve in curves.items()}
    decided_by = max(needed, key=lambda name: (_reach(needed[name]), curves[name].fmr(1.0)))
    recommended = needed[decided_by]
    set_percent = _settable(recommended)
    set_score = calibration.score_at_percent(set_percent)
    overall_percent = _settable(needed[OVERALL])
    overall_score = calibration.score_at_percent(overall_percent)
    told = {
        name: GroupAdvice(
            name,
            needed[name],
            load.expected(curve.fmr(overall_score)),
            load.expected(curve.fmr(set_score)),
        )
        for name, curve in curves.items()
    }
    overall = told.pop(OVERALL)
    groups = tuple(sorted(told.values(), key=lambda group: (-group.expected_at_overall, group.name)))
    worst = max((overall, *groups), key=lambda group: group.expected_at_set)
    return Advice(
        load,
        overall,
        groups,
        recommended,
        decided_by,
        overall_percent,
        set_percent,
        set_score,
        set_score > curves[decided_by].measured_to,
        worst.expected_at_set,
        worst.name,
        recommended.percent is not None,
    )


def fnmr_at(scores: ArrayLike, fnmr: ArrayLike, score: float) -> float | None:
    """Read the false non-match rate at a score off a measured curve.

    Parameters
    ----------
    scores, fnmr : array_like of shape (n_points,)
        Thresholds, in any order, and the rate at each in 0..1; points without a finite score are left out.
    score : float
        The threshold.

    Returns
    -------
    float or None
        Straight between neighbouring points; None outside the scores that were measured.
    """
    at = np.asarray(scores, dtype=np.float64)
    rates = np.asarray(fnmr, dtype=np.float64)
    known = np.isfinite(at) & np.isfinite(rates)
    at, rates = at[known], rates[known]
    if not len(at) or not at.min() <= score <= at.max():
        return None
    order = np.lexsort((rates, at))
    return float(np.interp(score, at[order], rates[order]))


def _threshold(calibration: Calibration, curve: Curve, fmr: float) -> Threshold:
    if math.log10(fmr) < curve.log10_fmr[-1]:
        return Threshold(None, None, is_fitted=True)
    score = curve.score_at(fmr)
    beyond = score > calibration.score_at_percent(PERCENT_FULL) + 1e-9
    # A threshold that people type has one decimal: rounded up, or it would let more through than is tolerated.
    percent = min(PERCENT_FULL, math.ceil(round(calibration.percent(score) * 10, 6)) / 10)
    if fmr < 1:  # 0 percent lets everything through, also below a score of 0
        percent = max(percent, 0.1)
    return Threshold(score, None if beyond else percent, score > curve.measured_to)


def _settable(threshold: Threshold) -> float:
    return PERCENT_FULL if threshold.percent is None else threshold.percent


def _reach(threshold: Threshold) -> float:
    return math.inf if threshold.score is None else threshold.score
