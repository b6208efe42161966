"""Expected false candidates a year over the threshold, as an SVG that needs nothing else."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from recognizance.accuracy.advice import OVERALL, Advice
from recognizance.scoring import Calibration, Curve

_WIDTH, _HEIGHT = 980, 600
_LEFT, _RIGHT, _TOP, _BOTTOM = 110, 740, 84, 520
_LABEL_STEP = 18
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
"""Okabe and Ito's, told apart by colour-blind readers; neighbouring lines never share one."""
_DECIDING = "#D55E00"
_STEP_PERCENT = 0.5


@dataclass(frozen=True, slots=True)
class _Frame:
    percent_from: float
    decade_from: int
    decade_to: int

    def x(self, percent: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (percent - self.percent_from) / (100 - self.percent_from)

    def y(self, expected: float) -> float:
        at = (math.log10(expected) - self.decade_from) / (self.decade_to - self.decade_from)
        return _BOTTOM - (_BOTTOM - _TOP) * at


def advice_svg(calibration: Calibration, advice: Advice) -> str:
    """Draw a line for each group and one over all, with what is tolerated and the threshold to set.

    Lines are dashed where they lie in a fitted tail.
    """
    curves = {OVERALL: calibration.overall, **calibration.groups}
    load = advice.load
    frame = _frame(calibration, advice, curves)
    at_end = {name: load.expected(curve.fmr(calibration.score_at_percent(100))) for name, curve in curves.items()}
    names = sorted(at_end, key=lambda name: -at_end[name])
    colours = {name: _COLOURS[number % len(_COLOURS)] for number, name in enumerate(names)}
    colours |= {advice.decided_by: _DECIDING, OVERALL: "#000000"}
    told = "expected false candidates a year, by threshold"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img" font-family="sans-serif" font-size="13" fill="#222">',
        f"<title>{told.capitalize()}</title>",
        f"<desc>{escape(_subtitle(advice))} Threshold to set: {advice.set_percent:.1f} %.</desc>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        _text(_LEFT, 28, told.capitalize(), 'font-size="18" font-weight="bold"'),
        _text(_LEFT, 50, _subtitle(advice)),
        *_axes(frame),
        *(
            _line(frame, calibration, curves[name], advice, colours[name], name in (OVERALL, advice.decided_by))
            for name in sorted(names, key=lambda name: name in (OVERALL, advice.decided_by))
        ),
        *_labels(frame, names, at_end, colours, (OVERALL, advice.decided_by)),
        *_marks(frame, advice),
        _text(
            _LEFT,
            _HEIGHT - 14,
            "Dashed: fitted, beyond what was counted.  A group's line: as if all people searched and enrolled were of "
            f"it.  {calibration.model}, {calibration.digest[:12]}….",
            'font-size="11" fill="#555"',
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _subtitle(advice: Advice) -> str:
    load = advice.load
    return f"{load.references:,} references, {load.searches:,} searches a year, {load.tolerated:,g} tolerated."


def _frame(calibration: Calibration, advice: Advice, curves: dict[str, Curve]) -> _Frame:
    begin = 50.0 if advice.set_percent >= 55 else 0.0
    ends = [advice.load.expected(curve.fmr(calibration.score_at_percent(100))) for curve in curves.values()]
    starts = [advice.load.expected(curve.fmr(calibration.score_at_percent(begin))) for curve in curves.values()]
    low, high = min(*ends, advice.load.tolerated), max(*starts, advice.load.tolerated)
    return _Frame(begin, math.floor(math.log10(low) - 0.05), math.ceil(math.log10(high) + 0.05))


def _axes(frame: _Frame) -> Iterable[str]:
    step = 5 if frame.percent_from else 10
    for percent in range(int(frame.percent_from), 101, step):
        x = frame.x(percent)
        yield f'<path d="M{x:.1f} {_TOP}V{_BOTTOM}" stroke="#e6e6e6"/>'
        yield _text(x, _BOTTOM + 20, f"{percent} %", 'text-anchor="middle"')
    every = max(1, math.ceil((frame.decade_to - frame.decade_from) / 12))
    for decade in range(frame.decade_from, frame.decade_to + 1, every):
        y = frame.y(10.0**decade)
        yield f'<path d="M{_LEFT} {y:.1f}H{_RIGHT}" stroke="#e6e6e6"/>'
        yield _text(_LEFT - 8, y + 4, _decade(decade), 'text-anchor="end"')
    yield f'<path d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}" stroke="#555" fill="none"/>'
    yield _text((_LEFT + _RIGHT) / 2, _BOTTOM + 42, "threshold (similarity)", 'text-anchor="middle"')


def _decade(decade: int) -> str:
    return f"{10.0**decade:,.0f}" if decade >= 0 else f"{10.0**decade:.{-decade}f}"


def _line(frame: _Frame, calibration: Calibration, curve: Curve, advice: Advice, colour: str, is_main: bool) -> str:
    counted: list[str] = []
    fitted: list[str] = []
    for number in range(round((100 - frame.percent_from) / _STEP_PERCENT) + 1):
        percent = frame.percent_from + number * _STEP_PERCENT
        score = max(0.0, calibration.score_at_percent(percent))
        point = f"{frame.x(percent):.1f},{frame.y(advice.load.expected(curve.fmr(score))):.1f}"
        if score <= curve.measured_to:
            counted.append(point)
        else:
            fitted.append(point)
    style = f'fill="none" stroke="{colour}" stroke-width="{2.6 if is_main else 1.3}"'
    drawn = f'<polyline points="{" ".join(counted)}" {style}/>' if counted else ""
    if fitted:
        drawn += f'<polyline points="{" ".join(counted[-1:] + fitted)}" {style} stroke-dasharray="6 4"/>'
    return drawn


def _labels(
    frame: _Frame, names: list[str], at_end: dict[str, float], colours: dict[str, str], main: tuple[str, ...]
) -> Iterable[str]:
    """Name each line at its end, from the highest down, moved apart where they would lie on one another."""
    places = [frame.y(at_end[name]) for name in names]
    for number in range(1, len(places)):
        places[number] = max(places[number], places[number - 1] + _LABEL_STEP)
    overflow = max(0.0, places[-1] - _BOTTOM)
    places[-1] -= overflow
    for number in range(len(places) - 2, -1, -1):
        places[number] = min(places[number], places[number + 1] - _LABEL_STEP)
    for name, y in zip(names, places, strict=True):
        yield (
            f'<path d="M{_RIGHT} {frame.y(at_end[name]):.1f}L{_RIGHT + 22} {y:.1f}H{_RIGHT + 34}" fill="none" '
            f'stroke="{colours[name]}" stroke-width="{2.6 if name in main else 1.3}"/>'
        )
        yield _text(_RIGHT + 39, y + 4, name, 'font-weight="bold"' if name in main else "")


def _marks(frame: _Frame, advice: Advice) -> Iterable[str]:
    y, x = frame.y(advice.load.tolerated), frame.x(advice.set_percent)
    yield f'<path d="M{_LEFT} {y:.1f}H{_RIGHT}" stroke="#222" stroke-width="1.5" stroke-dasharray="2 3"/>'
    # Where the lines are not: before the threshold they lie above what is tolerated, after it below.
    place, anchor = (_LEFT + 8, "start") if x > (_LEFT + _RIGHT) / 2 else (_RIGHT - 8, "end")
    said = f"tolerated: {advice.load.tolerated:,g} a year"
    halo = 'stroke="#fff" stroke-width="4" stroke-linejoin="round"'
    yield _text(place, y - 7, said, f'text-anchor="{anchor}" {halo}') + _text(
        place, y - 7, said, f'text-anchor="{anchor}"'
    )
    yield f'<path d="M{x:.1f} {_TOP - 6}V{_BOTTOM}" stroke="#222" stroke-width="2"/>'
    said = f"set {advice.set_percent:.1f} %" if advice.is_reached else "100 % is not enough"
    anchor = "end" if x > (_LEFT + _RIGHT) / 2 else "start"
    yield _text(x, _TOP - 11, said, f'font-weight="bold" text-anchor="{anchor}"')
    yield (
        f'<circle cx="{x:.1f}" cy="{frame.y(advice.expected_at_set):.1f}" r="5" fill="{_DECIDING}" stroke="#fff" '
        'stroke-width="1.5"/>'
    )


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'
