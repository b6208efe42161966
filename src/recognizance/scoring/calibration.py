"""A model's calibration: from score to false match rate to percent, and back."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizance.errors import CalibrationError
from recognizance.scoring.percent import FMR_AT_ANCHOR, PERCENT_AT_ANCHOR, fmr_of_percent, percent_of_fmr

FORMAT = "recognizance-calibration-1"


@dataclass(frozen=True)
class Curve:
    """False match rate as a function of the score: straight lines in log10 between knots.

    Attributes
    ----------
    scores : ndarray of shape (n_knots,), float64
        Ascending, from -1 to 1.
    log10_fmr : ndarray of shape (n_knots,), float64
        Strictly descending once below ``log10(FMR_AT_ANCHOR)``.
    measured_to : float
        Highest score at which at least 30 false matches were counted; beyond it a fitted tail continues.
    """

    scores: NDArray[np.float64]
    log10_fmr: NDArray[np.float64]
    measured_to: float

    def fmr(self, score: float) -> float:
        """Give the rate at which different people score at least this much."""
        return float(10.0 ** np.interp(score, self.scores, self.log10_fmr))

    def score_at(self, fmr: float) -> float:
        """Find the lowest score whose false match rate does not exceed `fmr`.

        A rate beyond the end of the curve gives a score of 1.
        """
        wanted = float(np.log10(fmr))
        if wanted < self.log10_fmr[-1]:
            return 1.0
        return float(np.interp(-wanted, -self.log10_fmr, self.scores))


@dataclass(frozen=True, slots=True)
class RatesAt:
    """How often strangers reach a score: overall, and within the group in which they do so most.

    ``is_fitted`` and ``worst_is_fitted`` say that the score lies beyond the counts of the curve that gives the rate, in
    its fitted tail: an estimate, not a measurement.  ``groups_measured`` says how many groups have counts up to there.
    """

    fmr: float
    is_fitted: bool
    worst_group: str
    worst_fmr: float
    worst_is_fitted: bool
    groups_measured: int


@dataclass(frozen=True)
class Calibration:
    """What a model's scores mean.

    Attributes
    ----------
    model : str
        The embedding recipe it was made for.
    digest : str
        SHA-256 of the calibration's canonical JSON, hexadecimal; galleries remember it.
    overall : Curve
        Over all non-mated comparisons of the sample.
    same_group : Curve
        Over those within one race and gender, pooled.
    groups : dict of str to Curve
        Within each group.
    provenance : dict
        Sample, rules, sizes and digests, for people to read.
    """

    model: str
    digest: str
    overall: Curve
    same_group: Curve
    groups: dict[str, Curve]
    provenance: dict[str, Any]

    def fmr(self, score: float) -> float:
        """Give the overall false match rate of a score."""
        return self.overall.fmr(score)

    def percent(self, score: float) -> float:
        """Give the percent of a score, 0..100; never falls as the score rises."""
        anchor = self._anchor
        if score >= anchor:
            return max(PERCENT_AT_ANCHOR, percent_of_fmr(min(self.overall.fmr(score), FMR_AT_ANCHOR)))
        return PERCENT_AT_ANCHOR * max(score, 0.0) / anchor

    def score_at_percent(self, percent: float) -> float:
        """Find the lowest score whose percent reaches `percent` (up to rounding); -1 for 0 percent."""
        if percent <= 0:
            return -1.0
        if percent < PERCENT_AT_ANCHOR:
            return self._anchor * percent / PERCENT_AT_ANCHOR
        return self.overall.score_at(fmr_of_percent(min(percent, 100.0)))

    def worst_group(self, score: float) -> tuple[str, float]:
        """Name the group with the highest false match rate at this score, and give the rate.

        The rate is never lower than the overall one.
        """
        overall = self.overall.fmr(score)
        if not self.groups:
            return "overall", overall
        name = max(self.groups, key=lambda group: self.groups[group].fmr(score))
        return name, max(self.groups[name].fmr(score), overall)

    def rates_at(self, score: float) -> RatesAt:
        """Give the overall false match rate of a score beside the worst group's (`worst_group`)."""
        fmr = self.overall.fmr(score)
        group, worst = self.worst_group(score)
        deciding = self.groups[group] if worst > fmr else self.overall
        measured = sum(score <= curve.measured_to for curve in self.groups.values())
        return RatesAt(fmr, score > self.overall.measured_to, group, worst, score > deciding.measured_to, measured)

    def expected_false_candidates(self, references: int, score: float) -> float:
        """Expect this many strangers among the candidates of a search at this threshold.

        Computed with the worst group's rate, since a searched person may belong to it.
        """
        return references * self.worst_group(score)[1]

    @property
    def _anchor(self) -> float:
        return self.overall.score_at(FMR_AT_ANCHOR)


def read_calibration(text: str) -> Calibration:
    """Read a calibration file.

    Raises
    ------
    CalibrationError
        If the text is not a calibration, or not monotone.
    """
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise CalibrationError(f"The calibration has the format {document['format']!r}, not {FORMAT!r}.")
        body = {name: value for name, value in document.items() if name != "digest"}
        if document["digest"] != calibration_digest(body):
            raise CalibrationError(
                "The calibration was altered: its content is not what its digest says.",
                "Restore the file, or make it anew with `recognizance calibrate`.",
            )
        return Calibration(
            model=str(document["model"]),
            digest=calibration_digest(body),
            overall=_read_curve(document["overall"]),
            same_group=_read_curve(document["same_group"]),
            groups={str(name): _read_curve(curve) for name, curve in document["groups"].items()},
            provenance=dict(document["provenance"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CalibrationError(
            f"The calibration cannot be read ({error}).", "Make it anew with `recognizance calibrate`."
        ) from error


def calibration_digest(body: dict[str, Any]) -> str:
    """Give the SHA-256 of a calibration without its digest field, canonically written."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _read_curve(document: dict[str, Any]) -> Curve:
    scores = np.array(document["scores"], dtype=np.float64)
    rates = np.array(document["log10_fmr"], dtype=np.float64)
    falling = np.diff(rates)
    if scores.ndim != 1 or scores.shape != rates.shape or len(scores) < 2 or not np.isfinite(rates).all():
        raise CalibrationError("A curve needs as many finite rates as scores.")
    if (np.diff(scores) <= 0).any() or (falling > 0).any() or (falling[rates[1:] < np.log10(FMR_AT_ANCHOR)] >= 0).any():
        raise CalibrationError("A curve must fall as the score rises.")
    return Curve(scores, rates, float(document["measured_to"]))
