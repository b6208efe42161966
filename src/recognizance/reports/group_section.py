"""What a verification report's page says of groups of people."""

from collections.abc import Mapping, Sequence
from typing import Any

from recognizance.reports.charts import group_bars
from recognizance.reports.markup import section, table
from recognizance.reports.wording import Rate, number, rate_cell, rate_of, text

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
    attribute, percent, rows = str(group["attribute"]), number(group["percent"], 0), group.get("rows") or ()
    false: list[tuple[str, Rate]] = [(str(row["group"]), rate_of(row["fmr"])) for row in rows]
    missed: list[tuple[str, Rate]] = [(str(row["group"]), rate_of(row["fnmr"])) for row in rows]
    verdict = text(group["verdict"]) if group.get("verdict") else "No verdict is given."
    parts = [f'<h3>By {text(attribute)}, at {percent} %</h3>\n<p class="verdict">{verdict}</p>']
    if rows:
        parts += [
            table(
                f"Error rates by {attribute} at {percent} %",
                ("Group", "Strangers taken for one person (FMR)", "Same person missed (FNMR)", "Score for equal FMR"),
                (
                    (
                        text(row["group"]),
                        rate_cell(row["fmr"]),
                        rate_cell(row["fnmr"]),
                        number(row.get("score_for_global_fmr")),
                    )
                    for row in rows
                ),
                kind="groups",
            ),
            '<p class="soft">Score for equal FMR: the score from which this group would have the false match rate that'
            " everyone together has at this setting.</p>",
            '<div class="pair">',
            figure_of_bars(f"group{index}-fmr", f"Strangers taken for one person, by {attribute}", false),
            figure_of_bars(f"group{index}-fnmr", f"Same person missed, by {attribute}", missed),
            "</div>",
        ]
    parts.append(_differentials(attribute, group.get("differentials"), false, missed))
    return "\n".join(parts)


def figure_of_bars(name: str, title: str, rows: Sequence[tuple[str, Rate]]) -> str:
    """Set a figure of a rate by group; `name` is the prefix of its ids."""
    return (
        f"<figure>{group_bars(name, title, rows)}<figcaption>{text(title)}. Lines are 95 % intervals;"
        " there is no bar where the sample is insufficient.</figcaption></figure>"
    )


def _differentials(
    attribute: str,
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
        f"How far groups of {attribute} lie apart", ("Measure", "False matches (FMR)", "Missed matches (FNMR)"), rows
    )
    return f"{whole}<p>Both together (GARBE, 0: equal, 1: most unequal): {_garbe(told.get('garbe'), all(enough))}.</p>"


def measure_cell(side: object, key: str, enough: bool) -> str:
    """Fill a cell (HTML) with one of `MEASURES`, and its interval."""
    if not enough:
        # A ratio of rates that are not measured is not measured either.
        return '<span class="insufficient">insufficient</span>'
    told: Mapping[str, Any] = side if isinstance(side, Mapping) else {}
    held, bounds = told.get(key), (told.get("intervals") or {}).get(key)
    if isinstance(held, str):
        return text(held)
    within = f"<small>95\u00a0% interval {number(bounds[0], 2)} to {number(bounds[1], 2)}</small>" if bounds else ""
    return f"{number(held, 2)}{within}"


def _garbe(told: object, enough: bool) -> str:
    if not enough:
        return '<span class="insufficient">insufficient</span>, as a group\'s rate is not measured'
    return number(told, 2)
