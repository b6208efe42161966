"""What the networks' outputs mean, by labelled photographs."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recognizance.errors import CalibrationError

FORMAT = "recognizance-attributes-1"

_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True, slots=True)
class AttributeCalibration:
    """A logistic curve for the gender, two straight lines for the ages.

    Attributes
    ----------
    models : mapping
        SHA-256 of the ``age`` and the ``gender`` network that it was made for.
    slope, offset : float
        The log odds of the label ``Male`` are ``slope · log odds of the network + offset``.
    low, high : tuple of float
        An end of the range is ``low[0] · expected age + low[1] · spread``, in years.
    coverage : float
        The share of labelled ages that the range was made to hold.
    provenance : mapping
        The sample, and what was measured on the part of it that nothing was fitted to.

    References
    ----------
    Platt: Probabilistic outputs for support vector machines (1999); Koenker, Bassett: Regression quantiles,
    Econometrica 46 (1978).
    """

    models: Mapping[str, str]
    slope: float
    offset: float
    low: tuple[float, float]
    high: tuple[float, float]
    coverage: float
    provenance: Mapping[str, Any]

    def gender(self, male: float) -> tuple[str, float]:
        """Tell the likelier label, and how sure it is in percent, 50 to 100.

        Parameters
        ----------
        male : float
            The network's probability, 0 to 1.
        """
        bounded = min(max(male, _LEAST_PROBABILITY), 1 - _LEAST_PROBABILITY)
        odds = self.slope * math.log(bounded / (1 - bounded)) + self.offset
        return "Male" if odds > 0 else "Female", 100 / (1 + math.exp(-abs(odds)))

    def ages(self, expected_years: float, spread_years: float) -> tuple[int, int]:
        """Give the range of ages in completed years, both ends included.

        Parameters
        ----------
        expected_years, spread_years : float
            Mean and standard deviation of the network's distribution.
        """
        low, high = (ratio * expected_years + share * spread_years for ratio, share in (self.low, self.high))
        return max(0, math.floor(low)), math.floor(high)


def read_attribute_calibration(text: str) -> AttributeCalibration:
    """Read what ``benchmarks/attribute_calibration.py`` wrote.

    Raises
    ------
    CalibrationError
    """
    try:
        spelt = json.loads(text)
        if spelt["format"] != FORMAT:
            raise CalibrationError(f"The attributes' calibration has the format {spelt['format']!r}, not {FORMAT!r}.")
        return AttributeCalibration(
            models=spelt["models"],
            slope=float(spelt["gender"]["slope"]),
            offset=float(spelt["gender"]["offset"]),
            low=_pair(spelt["age"]["low"]),
            high=_pair(spelt["age"]["high"]),
            coverage=float(spelt["age"]["coverage"]),
            provenance=spelt["provenance"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CalibrationError(f"The attributes' calibration cannot be read: {error!r}.") from error


def _pair(spelt: Any) -> tuple[float, float]:
    first, second = spelt
    return float(first), float(second)
