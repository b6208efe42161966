"""Groups' shares of those who were falsely matched, beside their shares of all, as an inline SVG."""

from collections.abc import Sequence

from recognizance.reports.charts import WIDTH, drawing, told_rate
from recognizance.reports.wording import Rate, text

_LEFT, _RIGHT, _STEP, _TOP = 4.0, WIDTH - 12.0, 40, 6
_LABEL_LIMIT = 30


def share_bars(name: str, title: str, rows: Sequence[tuple[str, float, Rate]]) -> str:
    """Draw a row for each group, from none to all: a dot for its share of all, a bar for its share of the matched.

    Parameters
    ----------
    name : str
        Prefix of the drawing's ids, unique in the page.
    title : str
        Whose shares they are.
    rows : sequence of (group, share of all, share of the matched)
        Shares of all in 0..1.  One that is not measured gets its 95 % interval alone.
    """

    def across(share: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * share

    parts, told = [], []
    for index, (group, of_all, matched) in enumerate(rows):
        y = _TOP + _STEP * index
        label = group if len(group) <= _LABEL_LIMIT else group[: _LABEL_LIMIT - 1] + "…"
        told.append(f"{group}: {100 * of_all:.3g} of 100 of all, {told_rate(matched)} of the matched")
        parts.append(
            f'<text class="label" x="{_LEFT:.1f}" y="{y + 11}">{text(label)}</text>'
            f'<text x="{_RIGHT:.1f}" y="{y + 11}" text-anchor="end">{matched.of} matched</text>'
        )
        if matched.measured and matched.rate is not None:
            width = across(matched.rate) - _LEFT
            parts.append(f'<rect class="bar" x="{_LEFT:.1f}" y="{y + 16}" width="{width:.1f}" height="14"/>')
        if matched.trials:
            low, high = across(matched.low), across(matched.high)
            ends = f"M{low:.1f} {y + 18}v10M{high:.1f} {y + 18}v10"
            parts.append(f'<path class="whisker" d="M{low:.1f} {y + 23}H{high:.1f}{ends}"/>')
        parts.append(f'<circle class="mark hollow" cx="{across(of_all):.1f}" cy="{y + 23}" r="4.5"/>')
    foot = _TOP + _STEP * len(rows)
    parts.append(
        f'<path class="axis" d="M{_LEFT:.1f} {_TOP}V{foot}H{_RIGHT:.1f}"/>'
        f'<text x="{_LEFT:.1f}" y="{foot + 14}">none</text>'
        f'<text x="{_RIGHT:.1f}" y="{foot + 14}" text-anchor="end">all</text>'
    )
    return drawing(name, foot + 20, title, "; ".join(told) + ".", "".join(parts))
