"""Drawings of error rates as inline SVG, in plain strings: nothing to fetch, nothing to run."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recognizance.accuracy.rates import RULE_OF_30
from recognizance.reports.wording import Rate, finite, in_how_many, text

NAMESPACE = "http://www.w3.org/2000/svg"
WIDTH = 360  # about a phone's width, so that letters keep their size there
_LABEL_LIMIT = 40
AXES = ("strangers taken for one person (FMR)", "same person missed (FNMR)")


@dataclass(frozen=True, slots=True)
class Curve:
    """What one measurement gives to a drawing of missed against false matches.

    Attributes
    ----------
    name : str
        Put before the labels of its marks; may be empty.
    det : mapping
        "fmr" and "fnmr": sequences of the same length, 0..1.  A rate of zero has no place on logarithmic axes.
    marks : sequence of (label, fmr, fnmr)
        Settings to mark; hollow where either rate is not measured.
    """

    name: str
    det: Mapping[str, Any]
    marks: Sequence[tuple[str, Rate, Rate]]

    @property
    def points(self) -> list[tuple[float, float]]:
        """False and missed match rates, where both are above zero."""
        pairs = zip(self.det.get("fmr") or (), self.det.get("fnmr") or (), strict=False)
        return [(x, y) for x, y in ((finite(a), finite(b)) for a, b in pairs) if x and y and x > 0 and y > 0]


def det_curve(
    det: Mapping[str, Any],
    marks: Iterable[tuple[str, Rate, Rate]],
    *,
    mated: int | None,
    nonmated: int | None,
    axes: tuple[str, str] = AXES,
) -> str:
    """Draw missed matches against false matches; parameters as in `Curve` and `det_curves`."""
    return det_curves((Curve("", det, tuple(marks)),), mated=mated, nonmated=nonmated, axes=axes)


def det_curves(
    curves: Sequence[Curve], *, mated: int | None, nonmated: int | None, axes: tuple[str, str] = AXES
) -> str:
    """Draw missed matches against false matches, both axes logarithmic.

    Parameters
    ----------
    curves : sequence of Curve
        One, or two: the second is dashed, with square marks.
    mated, nonmated : int or None
        Numbers of trials: where they allow fewer than 30 errors, the ground is tinted.
    axes : tuple of str
        What is counted across, and upwards.
    """
    if any(len(curve.points) < 2 for curve in curves):
        return "<p>The curve is not drawn: fewer than two of its points have errors on both sides.</p>"
    points = [point for curve in curves for point in curve.points]
    left, top, right, bottom = 46.0, 12.0, WIDTH - 12.0, 262.0
    x_low = min(math.floor(math.log10(min(x for x, _ in points))), -1)
    y_low = min(math.floor(math.log10(min(y for _, y in points))), -1)

    def across(rate: float) -> float:
        return left + (right - left) * (math.log10(rate) - x_low) / -x_low

    def down(rate: float) -> float:
        return bottom - (bottom - top) * (math.log10(rate) - y_low) / -y_low

    grounds = _few_errors(across, down, nonmated, mated, (left, top, right, bottom), (x_low, y_low))
    grid = []
    for power in range(x_low, 1):
        x = across(10.0**power)
        grid.append(f'<path class="grid" d="M{x:.1f} {top:.1f}V{bottom:.1f}"/>')
        if power % max(1, -x_low // 4) == 0:
            grid.append(f'<text x="{x:.1f}" y="{bottom + 15:.1f}" text-anchor="middle">{decade(power)}</text>')
    for power in range(y_low, 1):
        y = down(10.0**power)
        grid.append(f'<path class="grid" d="M{left:.1f} {y:.1f}H{right:.1f}"/>')
        grid.append(f'<text x="{left - 5:.1f}" y="{y + 4:.1f}" text-anchor="end">{decade(power)}</text>')
    lines, drawn, told = [], [], []
    for number, curve in enumerate(curves):
        line = " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in curve.points)
        lines.append(f'<polyline class="curve{" second" if number else ""}" points="{line}"/>')
        for label, fmr, fnmr in curve.marks:
            said = f"{curve.name} {label}".lstrip()
            told.append(f"{said}: {axes[0]} {told_rate(fmr)}, {axes[1]} {told_rate(fnmr)}")
            if not fmr.rate or not fnmr.rate:
                continue
            x, y = across(max(fmr.rate, 10.0**x_low)), down(max(fnmr.rate, 10.0**y_low))
            kind = f"mark{' second' if number else ''}{'' if fmr.measured and fnmr.measured else ' hollow'}"
            drawn.append(
                f'<rect class="{kind}" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>'
                if number
                else f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'
            )
            # The curve falls to the right: its labels stand above it, those of the second below.
            sides = ("start", 7.0) if x <= right - 50 else ("end", -7.0)
            if number:
                sides = ("end", -8.0) if x > left + 50 else ("start", 8.0)
            height = min(y + 16, bottom - 4) if number else max(y - 7, top + 10)
            drawn.append(
                f'<text class="label" x="{x + sides[1]:.1f}" y="{height:.1f}" text-anchor="{sides[0]}">'
                f"{text(said)}</text>"
            )
    middle = (top + bottom) / 2
    named = (
        f'<text x="{(left + right) / 2:.1f}" y="{bottom + 33:.1f}" text-anchor="middle">'
        f"{text(axes[0])}</text>"
        f'<text transform="translate(9 {middle:.1f}) rotate(-90)" text-anchor="middle">'
        f"{text(axes[1])}</text>"
    )
    body = f"{grounds}{''.join(grid)}{''.join(lines)}{''.join(drawn)}{named}"
    return drawing("det", 302, "One error against the other", "; ".join(told) + ".", body)


def _few_errors(
    across: Any, down: Any, nonmated: int | None, mated: int | None, box: tuple[float, ...], lows: tuple[int, int]
) -> str:
    left, top, right, bottom = box
    shapes = []
    if nonmated and RULE_OF_30 / nonmated > 10.0 ** lows[0]:
        edge = across(min(1.0, RULE_OF_30 / nonmated))
        shapes.append(f'<path class="few" d="M{left:.1f} {top:.1f}H{edge:.1f}V{bottom:.1f}H{left:.1f}Z"/>')
    if mated and RULE_OF_30 / mated > 10.0 ** lows[1]:
        edge = down(min(1.0, RULE_OF_30 / mated))
        shapes.append(f'<path class="few" d="M{left:.1f} {edge:.1f}H{right:.1f}V{bottom:.1f}H{left:.1f}Z"/>')
    return "".join(shapes)


def group_bars(name: str, title: str, rows: Sequence[tuple[str, Rate]]) -> str:
    """Draw a horizontal bar per group from zero, with the 95 % interval as a whisker.

    Parameters
    ----------
    name : str
        Prefix of the drawing's ids, unique in the page.
    title : str
        What the bars are.
    rows : sequence of (group, rate)
        A rate that is not measured gets its whisker alone and the word "insufficient".
    """
    highest = max((rate.high for _, rate in rows if rate.trials), default=0.0) or 1.0
    left, right, step, top = 4.0, WIDTH - 12.0, 40, 6

    def across(value: float) -> float:
        return left + (right - left) * min(1.0, max(0.0, value / highest))

    parts, told = [], []
    for index, (group, rate) in enumerate(rows):
        y = top + step * index
        said = in_how_many(rate.rate) if rate.measured and rate.rate is not None else "insufficient"
        told.append(f"{group}: {told_rate(rate)}")
        parts.append(
            f'<text class="label" x="{left:.1f}" y="{y + 11}">{text(shortened(group))}</text>'
            f'<text x="{right:.1f}" y="{y + 11}" text-anchor="end">{text(said)}</text>'
        )
        if not rate.trials:
            continue
        if rate.measured and rate.rate is not None:
            width = across(rate.rate) - left
            parts.append(f'<rect class="bar" x="{left:.1f}" y="{y + 16}" width="{width:.1f}" height="14"/>')
        low, high = across(rate.low), across(rate.high)
        parts.append(
            f'<path class="whisker" d="M{low:.1f} {y + 23}H{high:.1f}M{low:.1f} {y + 18}v10M{high:.1f} {y + 18}v10"/>'
        )
    foot = top + step * len(rows)
    parts.append(
        f'<path class="axis" d="M{left:.1f} {top}V{foot}H{right:.1f}"/>'
        f'<text x="{left:.1f}" y="{foot + 14}">0</text>'
        f'<text x="{right:.1f}" y="{foot + 14}" text-anchor="end">{in_how_many(highest)}</text>'
    )
    return drawing(name, foot + 20, title, "; ".join(told) + ".", "".join(parts))


def told_rate(rate: Rate) -> str:
    """Say a rate where a drawing is described."""
    if rate.measured and rate.rate is not None:
        return f"{in_how_many(rate.rate)}, {rate.bounds}"
    return f"insufficient, {rate.bounds}"


def shortened(name: str) -> str:
    """Cut a name to what fits above a drawing."""
    return name if len(name) <= _LABEL_LIMIT else name[: _LABEL_LIMIT - 1] + "…"


def decade(power: int) -> str:
    """Write ten to a power that is 0 or less."""
    return "1" if power == 0 else f"{10.0**power:g}" if power >= -2 else f"10{_superscript(power)}"


def _superscript(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def drawing(name: str, height: float, title: str, description: str, body: str) -> str:
    """Set a drawing of `WIDTH` with its title and description (text), `name` being the prefix of their ids."""
    return (
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {WIDTH} {height:g}" role="img"'
        f' aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{text(title)}</title><desc id="{name}-desc">{text(description)}</desc>{body}</svg>'
    )
