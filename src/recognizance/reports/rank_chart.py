"""How many searches find their person within each rank, as an inline SVG."""

from collections.abc import Sequence

from recognizance.accuracy.rates import RULE_OF_30
from recognizance.reports.charts import WIDTH, drawing
from recognizance.reports.wording import finite

_LEFT, _TOP, _RIGHT, _BOTTOM = 46.0, 12.0, WIDTH - 12.0, 212.0


def rank_curve(shares: Sequence[object], searches: int) -> str:
    """Draw how many searches list their person within each rank, from none to all of them.

    Parameters
    ----------
    shares : sequence of float
        0..1, for rank 1, 2, 3, …
    searches : int
        Of how many; where fewer than 30 of them miss, the ground is tinted.
    """
    held = [finite(share) for share in shares]
    points = [share for share in held if share is not None]
    if len(points) < 2 or len(points) < len(held):
        return "<p>The curve is not drawn: there are fewer than two ranks, or nobody who could be found.</p>"

    def across(rank: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (rank - 1) / (len(points) - 1)

    def down(share: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * share

    few = down(max(0.0, 1 - RULE_OF_30 / searches))
    parts = [f'<path class="few" d="M{_LEFT:.1f} {_TOP:.1f}H{_RIGHT:.1f}V{few:.1f}H{_LEFT:.1f}Z"/>']
    for hundredths in (0, 25, 50, 75, 100):
        y = down(hundredths / 100)
        parts.append(f'<path class="grid" d="M{_LEFT:.1f} {y:.1f}H{_RIGHT:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 5:.1f}" y="{y + 4:.1f}" text-anchor="end">{hundredths}</text>')
    step = max(1, (len(points) - 1) // 4)
    # The last rank is always named; the one before it only where it leaves room.
    ranks = [rank for rank in range(1, len(points) + 1, step) if len(points) - rank >= step / 2] + [len(points)]
    parts += [
        f'<text x="{across(rank):.1f}" y="{_BOTTOM + 15:.1f}" text-anchor="middle">{rank}</text>' for rank in ranks
    ]
    line = " ".join(f"{across(rank):.1f},{down(share):.1f}" for rank, share in enumerate(points, 1))
    middle = (_TOP + _BOTTOM) / 2
    parts.append(
        f'<polyline class="curve" points="{line}"/>'
        f'<text x="{(_LEFT + _RIGHT) / 2:.1f}" y="{_BOTTOM + 33:.1f}" text-anchor="middle">'
        "within how many candidates</text>"
        f'<text transform="translate(9 {middle:.1f}) rotate(-90)" text-anchor="middle">found, of 100</text>'
    )
    said = f"{100 * points[0]:.4g} of 100 at rank 1, {100 * points[-1]:.4g} of 100 within {len(points)}."
    return drawing("ranks", 252, "Found within each rank", said, "".join(parts))
