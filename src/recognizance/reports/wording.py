"""Numbers as words: a rate is never told without how far to trust it."""

import html
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from recognizance.accuracy.rates import wilson_interval

ABSENT = "not available"
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def text(value: object) -> str:
    """Escape what came from a report for HTML text and attributes; None becomes "not available".

    Controls, lone surrogates and marks that reorder text are shown as U+FFFD: a name must not rearrange the page.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ABSENT
    shown = "".join(
        "\ufffd" if c in _BIDI_CONTROLS or (unicodedata.category(c) in {"Cc", "Cs", "Cn"} and c not in "\n\t") else c
        for c in str(value)
    )
    return html.escape(shown)


def finite(value: object) -> float | None:
    """Take a number of the report; None where it is null, nan or infinite."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def number(value: object, digits: int = 3) -> str:
    """Show a number with `digits` decimals, or "not available"."""
    held = finite(value)
    return ABSENT if held is None else f"{held:.{digits}f}"


def count(value: object) -> str:
    """Show a whole number with thousands separated, or "not available"."""
    held = finite(value)
    return ABSENT if held is None else f"{int(held):,}"


def moment(value: object) -> str:
    """Write a time of the report (ISO 8601) as people do, in UTC; what is none is shown as it is (HTML)."""
    try:
        told = datetime.fromisoformat(str(value)).astimezone(UTC)
    except ValueError:
        return text(value)
    return f"{told.day} {told:%B %Y, %H:%M} UTC"


def in_how_many(rate: float, towards: int = 0) -> str:
    """Say a rate as people count: "1 in 1,200" or "4.3 in 100".

    Parameters
    ----------
    rate : float
        In [0, 1].
    towards : int
        Rounds so that the rate said is higher (1) or lower (-1) than `rate`, for bounds, or nearest (0).
    """
    if rate <= 0:
        return "0"
    if rate >= 0.01:
        step = 10.0 if rate < 0.99 else 1000.0
        hundredths = _rounded(rate * 100 * step, towards) / step
        if rate < 1 and towards <= 0:
            hundredths = min(hundredths, 99.999)  # a rate that isn't all of them is never said to be
        return f"{hundredths:g} in 100"
    one_in = 1 / rate
    unit = 10.0 ** max(0, math.floor(math.log10(one_in)) - 2)
    return f"1 in {int(_rounded(one_in / unit, -towards) * unit):,}"


def span(low: float, high: float) -> str:
    """Say an interval, rounded outwards and both ends counted alike: "0.78 to 1.4 in 100" or "1 in 900 to 1 in 400"."""
    below = in_how_many(low, -1)
    if high >= 0.01:
        below = below.removesuffix(" in 100") if low >= 0.01 else f"{_rounded(low * 10000, -1) / 100:g}"
    return f"{below} to {in_how_many(high, 1)}"


def _rounded(value: float, towards: int) -> int:
    slack = 1e-9 * value
    return math.ceil(value - slack) if towards > 0 else math.floor(value + slack) if towards < 0 else round(value)


@dataclass(frozen=True, slots=True)
class Rate:
    """A proportion of the report.

    Attributes
    ----------
    errors, trials : int
        ``0 <= errors <= trials``.
    low, high : float
        The 95 % interval, 0..1.
    measured : bool
        Whether the sample is large enough, by the rule of 30, to call it a rate.
    """

    errors: int
    trials: int
    low: float
    high: float
    measured: bool

    @property
    def rate(self) -> float | None:
        """Errors a trial, 0..1; None without trials."""
        return self.errors / self.trials if self.trials else None

    @property
    def of(self) -> str:
        """Errors and trials, as counted."""
        return f"{self.errors:,} of {self.trials:,}"

    @property
    def bounds(self) -> str:
        """What the rate lies between; what it is below, or above, where no trial, or every trial, was an error."""
        if not self.trials:
            return "nothing was compared"
        if self.errors == 0:
            return f"below {in_how_many(self.high, 1)} (95\u00a0% interval)"
        if self.errors == self.trials:
            return f"above {in_how_many(self.low, -1)} (95\u00a0% interval)"
        return f"95\u00a0% interval {span(self.low, self.high)}"


def rate_of(proportion: Mapping[str, Any]) -> Rate:
    """Read a proportion of the report: "errors", "trials", and "interval" and "measured" where they are told.

    A rate that saw no error, or nothing else, is never taken for measured.
    """
    errors, trials = int(proportion["errors"]), int(proportion["trials"])
    told = [finite(bound) for bound in proportion.get("interval") or ()]
    low, high = wilson_interval(errors, trials)
    if len(told) == 2 and told[0] is not None and told[1] is not None:
        low, high = told[0], told[1]
    measured = proportion.get("measured") is True and 0 < errors < trials
    return Rate(errors, trials, low, high, measured)


def rate_cell(proportion: Mapping[str, Any] | None) -> str:
    """Fill a table's cell (HTML): the rate first where it is measured, else "insufficient" and the bounds."""
    if proportion is None:
        return ABSENT
    held = rate_of(proportion)
    if held.measured and held.rate is not None:
        return f"<strong>{in_how_many(held.rate)}</strong><small>{held.of}; {held.bounds}</small>"
    return f'<strong class="insufficient">insufficient</strong><small>{held.of}; {held.bounds}</small>'


def rate_sentence(proportion: Mapping[str, Any], of_what: str, happens: str) -> str:
    """Say a rate in a sentence (HTML).

    Parameters
    ----------
    proportion : mapping
        As in the report.
    of_what : str
        What is counted, such as "pairs of strangers".
    happens : str
        What happens to them in error, such as "would be taken for one person".
    """
    held = rate_of(proportion)
    if held.measured and held.rate is not None:
        return (
            f"Of {of_what}, about <strong>{in_how_many(held.rate)}</strong> {happens} ({held.of} here; {held.bounds})."
        )
    if not held.trials:
        return f'How many {of_what} {happens}: <strong class="insufficient">insufficient</strong>, none were compared.'
    return (
        f'How many {of_what} {happens}: <strong class="insufficient">insufficient</strong> sample, so not known. '
        f"It was {held.of} here; the rate is compatible with: {held.bounds}."
    )
