"""Templates in one byte a number, and how far a score of theirs can be from the true one.

A row x becomes codes c (int8) and a scale s (float32): x̂ = s·c.  A probe q becomes 16-bit codes and a step: q̂ = t·p.
Then, with exact arithmetic, q·x − q̂·x̂ = q·(x − x̂) + (q − q̂)·x̂, and by Cauchy and Schwarz

    |q·x − q̂·x̂| ≤ ‖q‖·max‖x − x̂‖ + ‖q − q̂‖·max‖x̂‖.

The scan computes (c·p)·s with an exact integer product and two roundings to float32; `Margin` adds what they can do.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CODE_MAX = 127
_INT32_MAX = 2**31 - 1
_ROUNDING = 2.0**-22
"""Twice what two roundings to float32 can change of a number, relative to it."""
_SAFETY = 1 + 1e-12
"""The norms themselves are computed in float64."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What holds for every row of a set.

    Attributes
    ----------
    residual_max : float
        Upper bound of ‖x − x̂‖.
    norm_max : float
        Upper bound of ‖x‖.
    """

    residual_max: float = 0.0
    norm_max: float = 0.0

    def widened(self, other: "Bounds") -> "Bounds":
        """Give bounds that hold for both sets."""
        return Bounds(max(self.residual_max, other.residual_max), max(self.norm_max, other.norm_max))


@dataclass(frozen=True, slots=True)
class Rows:
    """Quantised rows.

    Attributes
    ----------
    codes : ndarray of shape (n, dimension), int8
    scales : ndarray of shape (n,), float32
    """

    codes: NDArray[np.int8]
    scales: NDArray[np.float32]
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Probe:
    """A quantised probe.

    Attributes
    ----------
    exact : ndarray of shape (dimension,), float64
        The probe as it is.
    codes : ndarray of shape (dimension,), int16
    step : float
        Rough scores are in units of it.
    norm, error : float
        Upper bounds of ‖q‖ and ‖q − q̂‖.
    """

    exact: NDArray[np.float64]
    codes: NDArray[np.int16]
    step: float
    norm: float
    error: float

    def margin(self, bounds: Bounds) -> float:
        """Bound how far a rough score, times the step, can be from the exact score of any row within `bounds`."""
        approximate_norm_max = bounds.norm_max + bounds.residual_max
        quantising = self.norm * bounds.residual_max + self.error * approximate_norm_max
        rounding = (self.norm + self.error) * approximate_norm_max * _ROUNDING + self.step * 2.0**-148
        return (quantising + rounding) * _SAFETY


def quantise(vectors: NDArray[np.float32]) -> Rows:
    """Quantise templates, each by a scale of its own.

    Parameters
    ----------
    vectors : ndarray of shape (n, dimension), float32

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    if not np.isfinite(vectors).all():
        raise ValueError("a template has a number that is not finite")
    exact = vectors.astype(np.float64)
    scales = (np.abs(exact).max(axis=1, initial=0.0) / CODE_MAX).astype(np.float32)
    divisors = np.where(scales > 0, scales, 1).astype(np.float64)[:, None]
    codes = np.clip(np.rint(exact / divisors), -CODE_MAX, CODE_MAX).astype(np.int8)
    codes[scales == 0] = 0
    residuals = np.linalg.norm(exact - codes * scales.astype(np.float64)[:, None], axis=1)
    norms = np.linalg.norm(exact, axis=1)
    return Rows(codes, scales, Bounds(_upper(residuals), _upper(norms)))


def quantise_probe(vector: NDArray[np.float32]) -> Probe:
    """Quantise a probe, of shape (dimension,): as finely as a 32-bit product of all its numbers allows."""
    exact = vector.astype(np.float64)
    code_max = min(2**15 - 1, _INT32_MAX // (CODE_MAX * max(1, len(vector))))
    largest = float(np.abs(exact).max(initial=0.0))
    step = largest / code_max if largest / code_max > 0 else 1.0
    codes = np.rint(exact / step).astype(np.int16)
    error = np.linalg.norm(exact - codes * step)
    return Probe(exact, codes, step, _upper(np.linalg.norm(exact)), _upper(error))


def rounded_down(bar: float) -> np.float32:
    """Give a float32 that is no greater than `bar`."""
    with np.errstate(over="ignore"):
        rounded = np.float32(bar)
    return rounded if float(rounded) <= bar else np.float32(np.nextafter(rounded, np.float32(-np.inf)))


def _upper(numbers: "NDArray[np.float64] | np.floating") -> float:
    return float(np.max(numbers, initial=0.0)) * _SAFETY
