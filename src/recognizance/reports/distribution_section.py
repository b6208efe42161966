"""Which scores pairs got, of each group side by side on the same axes."""

from collections.abc import Mapping
from typing import Any

from recognizance.reports.distribution_chart import Axes, distribution_panel
from recognizance.reports.markup import part, section
from recognizance.reports.wording import number
from recognizance.workflows.evaluate.service import PERCENT

_MARKED_PERCENTS = (80, 99)
_HOW_TO_READ = (
    "<p>Filled: pairs of strangers. Dark line: pairs of the same person. What is filled to the right of a dashed line"
    " is taken for one person at this setting; what lies under the dark line to the left of it is missed. Height is the"
    " share of such pairs, and each line of the grid is ten times the one below it: on an even scale the few strangers"
    " with high scores, who are the false matches, could not be seen. A group of few pairs cannot show rare scores. A"
    " photograph without a usable face has no score and is not drawn.</p>\n"
)


def distribution_section(report: Mapping[str, Any]) -> str:
    """Set the section on scores: overall, then each attribute's groups; "" if the report has no distributions.

    A distribution is "edges" (scores, ascending, one more than counts) with the counts "mated" and "nonmated".  An
    attribute that is looked at from several settings has the same scores at each, and is drawn once.  Groups whose
    "score_is" is the similarity in percent, where the report's is not, are drawn on axes of their own.
    """
    of_report = report["service"].get("score_is") == PERCENT
    by_attribute: dict[str, tuple[bool, list[tuple[str, Mapping[str, Any]]]]] = {}
    for group in report.get("groups") or ():
        drawn = [(str(row["group"]), row["distribution"]) for row in group.get("rows") or () if row.get("distribution")]
        if drawn:
            by_attribute.setdefault(str(group["attribute"]), (of_report or group.get("score_is") == PERCENT, drawn))
    overall = [("Everyone", report["distribution"])] if report.get("distribution") else []
    sets = [("", of_report, overall)] if overall else []
    sets += [(f"By {attribute}", in_percent, drawn) for attribute, (in_percent, drawn) in by_attribute.items()]
    if not sets:
        return ""
    axes = {
        in_percent: Axes.over(
            [held for _, other, drawn in sets if other == in_percent for _, held in drawn],
            [score for _, score in _marks(report, in_percent)],
            PERCENT if in_percent else "score",
        )
        for in_percent in {in_percent for _, in_percent, _ in sets}
    }
    parts = []
    for index, (title, in_percent, drawn) in enumerate(sets):
        marks = _marks(report, in_percent)
        panels = "\n".join(
            distribution_panel(f"scores{index}-{place}", name, distribution, axes[in_percent], marks)
            for place, (name, distribution) in enumerate(drawn)
        )
        side_by_side = f'<div class="pair">{panels}</div>\n'
        parts.append(part(title, side_by_side) if title else side_by_side)
    return section("scores", "Scores, side by side", _HOW_TO_READ + "".join(parts))


def _marks(report: Mapping[str, Any], in_percent: bool) -> list[tuple[str, float]]:
    """Place the settings among scores."""
    return [
        (f"{number(row['percent'], 0)} %", float(row["percent"] if in_percent else row["score"]))
        for row in report.get("rates_at_percent") or ()
        if row["percent"] in _MARKED_PERCENTS and row.get("score") is not None
    ]
