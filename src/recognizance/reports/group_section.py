"""What a verification report's page says of groups of people."""

from collections.abc import Mapping, Sequence
from typing import Any

from recognizance.reports.charts import group_bars
from recognizance.reports.markup import figure, part, section, table
from recognizance.reports.wording import Rate, finite, number, rate_cell, rate_of, text
from recognizance.workflows.evaluate.service import PERCENT

MEASURES = (
    ("max_over_min", "Highest rate over lowest"),
    ("max_over_geometric_mean", "Highest rate over the geometric mean"),
    ("gini", "Gini coefficient (0: equal, 1: one group has all errors)"),
    ("worst", "Group of the highest rate"),
    ("best", "Group of the lowest rate"),
)
_SIDES = ("fmr", "fnmr")
LABELS = (
    "<p>Groups are named as the data set labels them. Labels of race are not skin tone: they are someone's"
    " classification of people, and a result by such labels says nothing reliable about darker or lighter skin.</p>"
)
NOT_MEASURED = (
    "<p>Nothing was measured by group, so it is <strong>not known</strong> from this report whether errors fall on some"
    " groups of people more than on others.</p>"
)


def groups_section(groups: Sequence[Mapping[str, Any]]) -> str:
    """Set the section on groups: for each attribute its verdict, rates, bars and differentials."""
    if not groups:
        return section("groups", "Groups of people", NOT_MEASURED)
    return section("groups", "Groups of people", LABELS + "".join(_group(i, one) for i, one in enumerate(groups)))


def _group(index: int, group: Mapping[str, Any]) -> str:
    attribute, rows = str(group["attribute"]), group.get("rows") or ()
    where = f"by {attribute} at {number(group['percent'], 0)}\u00a0%"
    false: list[tuple[str, Rate]] = [(str(row["group"]), rate_of(row["fmr"])) for row in rows]
    missed: list[tuple[str, Rate]] = [(str(row["group"]), rate_of(row["fnmr"])) for row in rows]
    verdict = f'<p class="verdict">{text(group["verdict"]) if group.get("verdict") else "No verdict is given."}</p>\n'
    heading = f"By {attribute}, at {number(group['percent'], 0)}\u00a0%"
    if not rows:
        return part(heading, verdict)
    drawn = figures_of_bars(
        (f"group{index}-fmr", f"Strangers taken for one person, by {attribute}", false),
        (f"group{index}-fnmr", f"Same person missed, by {attribute}", missed),
    )
    rates = _rates(where, rows, " %" if group.get("score_is") == PERCENT else "")
    apart = _differentials(attribute, where, group.get("differentials"), false, missed)
    if any(rate.measured for _, rate in (*false, *missed)):
        return part(heading, verdict + drawn + rates + apart)
    few = (
        '<p><strong class="insufficient">insufficient</strong>: the sample is too small to tell how often either error'
        " happens to any of these groups, and so whether they differ.</p>\n"
    )
    return part(heading, few + verdict + drawn + rates, insufficient=True)


def _rates(where: str, rows: Sequence[Mapping[str, Any]], unit: str) -> str:
    rates = table(
        f"Error rates {where}",
        ("Group", "Strangers taken for one person (FMR)", "Same person missed (FNMR)", "Score for equal FMR"),
        (
            (text(row["group"]), rate_cell(row["fmr"]), rate_cell(row["fnmr"]), f"{number(own)}{unit if own else ''}")
            for row in rows
            for own in [finite(row.get("score_for_global_fmr"))]
        ),
        kind="groups",
    )
    return (
        f'{rates}<p class="soft">Score for equal FMR: the score from which this group would have the false match rate'
        " that everyone together has at this setting.</p>\n"
    )


def figure_of_bars(name: str, title: str, rows: Sequence[tuple[str, Rate]]) -> str:
    """Set a figure of a rate by group; `name` is the prefix of its ids."""
    return figure(
        group_bars(name, title, rows),
        f"{text(title)}. Lines are 95 % intervals; there is no bar where the sample is insufficient.",
    )


def figures_of_bars(*figures: tuple[str, str, Sequence[tuple[str, Rate]]]) -> str:
    """Set figures side by side, each by name, title and rates as `figure_of_bars`; not those of which nothing is."""
    drawn = [figure_of_bars(*one) for one in figures if any(rate.trials for _, rate in one[2])]
    return f'<div class="pair">{"".join(drawn)}</div>\n' if drawn else ""


def _differentials(
    attribute: str,
    where: str,
    told: Mapping[str, Any] | None,
    false: Sequence[tuple[str, Rate]],
    missed: Sequence[tuple[str, Rate]],
) -> str:
    if not told:
        return f"<p>How far the groups of {text(attribute)} lie apart was not computed.</p>"
    enough = [bool(rates) and all(rate.measured for _, rate in rates) for rates in (false, missed)]
    rows = [
        (text(said), *(measure_cell(told.get(side), key, held) for side, held in zip(_SIDES, enough, strict=True)))
        for key, said in MEASURES
    ]
    whole = table(
        f"How far groups lie apart {where}", ("Measure", "False matches (FMR)", "Missed matches (FNMR)"), rows
    )
    garbe = f"<p>Both together (GARBE, 0: equal, 1: most unequal): {_garbe(told, all(enough))}.</p>\n"
    return whole + garbe


def measure_cell(side: object, key: str, enough: bool) -> str:
    """Fill a cell (HTML) with one of `MEASURES`, and its interval."""
    if not enough:
        # A ratio of rates that are not measured is not measured either.
        return '<span class="insufficient">insufficient</span>'
    if not isinstance(side, Mapping):
        return number(None)
    if key in {"worst", "best"}:
        return text(side.get(key))
    bounds = _bounds((side.get("intervals") or {}).get(key))
    return number(side.get(key), 2) + (f"<small>{bounds}</small>" if bounds else "")


def _garbe(told: Mapping[str, Any], enough: bool) -> str:
    if not enough:
        return '<span class="insufficient">insufficient</span>, as a group\'s rate is not measured'
    bounds = _bounds(told.get("garbe_interval"))
    return number(told.get("garbe"), 2) + (f" ({bounds})" if bounds else "")


def _bounds(interval: Sequence[object] | None) -> str:
    low, high = map(finite, interval or (None, None))
    if low is None and high is None:
        return ""
    # A ratio has no upper bound where the lower rate may be none.
    return (
        f"95 % interval from {number(low, 2)}"
        if high is None
        else f"95 % interval {number(low, 2)} to {number(high, 2)}"
    )
