"""A drawing of the scores of one group's pairs, on axes that it shares with other groups."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Self

from recognizance.reports.charts import WIDTH, decade, drawing, shortened
from recognizance.reports.wording import count, number, text

_LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 42.0, WIDTH - 10.0, 46.0, 146.0, 178.0
_LABELS_APART = 90.0
_LABEL_WIDTH = 28.0


@dataclass(frozen=True, slots=True)
class Axes:
    """What all drawings of a set share.

    Attributes
    ----------
    low, high : float
        Scores at the left and at the right end.
    decade_from : int
        The share at the foot is ten to this power; at the head it is 1.
    measure : str
        What scores are, written below.
    """

    low: float
    high: float
    decade_from: int
    measure: str

    @classmethod
    def over(cls, distributions: Sequence[Mapping[str, Any]], marked: Iterable[float], measure: str) -> Self:
        """Span every score that was seen or is marked, and every share down to the least."""
        seen, shares = [*marked], [0.1]
        for distribution in distributions:
            edges = distribution["edges"]
            for counts in (distribution["mated"], distribution["nonmated"]):
                for place, held in enumerate(counts):
                    if held:
                        seen += [edges[place], edges[place + 1]]
                        shares.append(held / sum(counts))
        if len(set(seen)) < 2:
            seen = [0.0, 1.0]
        return cls(min(seen), max(seen), math.floor(math.log10(min(shares)) + 1e-9), measure)

    def x(self, score: float) -> float:
        """Place a score."""
        return _LEFT + (_RIGHT - _LEFT) * min(1.0, max(0.0, (score - self.low) / (self.high - self.low)))

    def y(self, share: float) -> float:
        """Place a share, 0..1."""
        if share <= 0:
            return _BOTTOM
        return _BOTTOM - (_BOTTOM - _TOP) * max(0.0, 1 - math.log10(share) / self.decade_from)

    def ticks(self) -> Iterable[float]:
        """Choose round scores to write below."""
        rough = (self.high - self.low) / 8
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(one * power for one in (1, 2, 5, 10) if one * power >= rough)
        return (step * place for place in range(math.ceil(self.low / step), math.floor(self.high / step) + 1))


def distribution_panel(
    name: str, group: str, distribution: Mapping[str, Any], axes: Axes, marks: Sequence[tuple[str, float]]
) -> str:
    """Draw the share of pairs by score: strangers filled, the same person as a line; upwards logarithmic.

    Parameters
    ----------
    name : str
        Prefix of the drawing's ids, unique in the page.
    group : str
        Whose pairs.
    distribution : mapping
        "edges": scores, ascending, one more than counts; "mated", "nonmated": counts between them.
    axes : Axes
    marks : sequence of (label, score)
        Thresholds, ascending.
    """
    edges, mated, nonmated = distribution["edges"], distribution["mated"], distribution["nonmated"]
    parts = [
        f'<text class="label" x="0" y="11">{text(shortened(group))}</text>',
        f'<text x="0" y="25">{count(sum(nonmated))} pairs of strangers, {count(sum(mated))} of the same person</text>',
    ]
    every = max(1, -axes.decade_from // 4)
    for power in range(axes.decade_from, 1):
        y = axes.y(10.0**power)
        parts.append(f'<path class="grid" d="M{_LEFT:.1f} {y:.1f}H{_RIGHT:.1f}"/>')
        if power % every == 0:
            said = "all" if power == 0 else decade(power)
            parts.append(f'<text x="{_LEFT - 5:.1f}" y="{y + 4:.1f}" text-anchor="end">{said}</text>')
    if any(nonmated):
        parts.append(f'<path class="strangers" d="{_steps(edges, nonmated, axes)}Z"/>')
    if any(mated):
        parts.append(f'<path class="same" d="{_steps(edges, mated, axes)}"/>')
    for place, (label, score) in enumerate(marks):
        x = axes.x(score)
        before = (place == 0 and len(marks) > 1) or x > _RIGHT - _LABEL_WIDTH
        parts.append(
            f'<path class="at" d="M{x:.1f} {_TOP - 8:.1f}V{_BOTTOM:.1f}"/><text x="{x + (-3 if before else 3):.1f}"'
            f' y="{_TOP - 4:.1f}" text-anchor="{"end" if before else "start"}">{text(label)}</text>'
        )
    parts += _names(edges, mated, nonmated, axes)
    parts.append(f'<path class="axis" d="M{_LEFT:.1f} {_BOTTOM:.1f}H{_RIGHT:.1f}"/>')
    parts += (
        f'<text x="{axes.x(score):.1f}" y="{_BOTTOM + 14:.1f}" text-anchor="middle">{score:g}</text>'
        for score in (round(score, 9) + 0.0 for score in axes.ticks())
    )
    parts.append(
        f'<text x="{(_LEFT + _RIGHT) / 2:.1f}" y="{_BOTTOM + 29:.1f}" text-anchor="middle">{text(axes.measure)}</text>'
    )
    told = "; ".join(
        f"half of {count(sum(counts))} pairs of {who} score below about {number(_median(edges, counts), 2)}"
        for who, counts in (("strangers", nonmated), ("the same person", mated))
        if any(counts)
    )
    thresholds = "".join(f"; {label} is a score of {number(score)}" for label, score in marks)
    return drawing(name, _HEIGHT, f"Scores: {group}", f"{told or 'No pairs with a score'}{thresholds}.", "".join(parts))


def _steps(edges: Sequence[float], counts: Sequence[int], axes: Axes) -> str:
    """Go along the tops of the counts, from the foot and back to it."""
    total = sum(counts)
    held = [place for place, one in enumerate(counts) if one]
    path = f"M{axes.x(edges[held[0]]):.1f} {_BOTTOM:.1f}"
    for place in range(held[0], held[-1] + 1):
        path += f"V{axes.y(counts[place] / total):.1f}H{axes.x(edges[place + 1]):.1f}"
    return f"{path}V{_BOTTOM:.1f}"


def _names(edges: Sequence[float], mated: Sequence[int], nonmated: Sequence[int], axes: Axes) -> list[str]:
    """Name both shapes in their middle, unless the names would lie on one another."""
    if not any(mated) or not any(nonmated):
        return []
    places = [axes.x(_median(edges, counts)) for counts in (nonmated, mated)]
    if abs(places[0] - places[1]) < _LABELS_APART:
        return []
    return [
        f'<text class="label" x="{min(max(x, _LEFT + 32), _RIGHT - 36):.1f}" y="{_BOTTOM - 6:.1f}"'
        f' text-anchor="middle">{said}</text>'
        for x, said in zip(places, ("strangers", "same person"), strict=True)
    ]


def _median(edges: Sequence[float], counts: Sequence[int]) -> float:
    half = sum(counts) / 2
    return next(edges[place + 1] for place, reached in enumerate(accumulate(counts)) if reached >= half)
