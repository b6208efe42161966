"""How numbers stand in reports: JSON has neither infinity nor nan."""

import math
from typing import Any

from recognizance.accuracy.comparisons import Distribution
from recognizance.accuracy.rates import Proportion


def number(value: float) -> float | None:
    """Give a number that JSON can hold; None for nan and infinity."""
    return float(value) if math.isfinite(value) else None


def proportion(value: Proportion) -> dict[str, Any]:
    """Write a proportion with its 95 % interval, and whether the sample measures it."""
    return {
        "errors": value.errors,
        "trials": value.trials,
        "rate": number(value.rate),
        "interval": list(value.interval),
        "measured": value.is_measured,
    }


def distribution(value: Distribution) -> dict[str, list[float]]:
    """Write how scores are distributed."""
    return {"edges": value.edges.tolist(), "mated": value.mated.tolist(), "nonmated": value.nonmated.tolist()}
