"""What the page of the congress test says of groups of people."""

from collections.abc import Mapping, Sequence
from typing import Any

from recognizance.reports.group_section import LABELS, NOT_MEASURED, figure_of_bars
from recognizance.reports.markup import figure, part, section, table
from recognizance.reports.search_group_section import differentials_table, own_group
from recognizance.reports.share_chart import share_bars
from recognizance.reports.wording import count, finite, number, rate_cell, rate_of, text

_SHOWN_PERCENTS = (80, 99)


def false_match_groups_section(groups: Sequence[Mapping[str, Any]]) -> str:
    """Set the section on groups: who is falsely matched, beside who was searched."""
    if not groups:
        return section("groups", "Groups of people", NOT_MEASURED)
    settings: dict[str, list[Mapping[str, Any]]] = {}
    for group in groups:
        settings.setdefault(str(group["attribute"]), []).append(group)
    parts = [_attribute(index, name, held) for index, (name, held) in enumerate(settings.items())]
    return section("groups", "Groups of people", LABELS + "".join(parts))


def _attribute(index: int, attribute: str, settings: Sequence[Mapping[str, Any]]) -> str:
    parts = [
        _setting(f"group{index}-{number(one['percent'], 0)}", attribute, one)
        for one in settings
        if one["percent"] in _SHOWN_PERCENTS and one.get("rows")
    ]
    names = [row["group"] for row in settings[0].get("rows") or ()]
    every = table(
        f"Falsely matched, of those searched, by {attribute} and setting: known – at most",
        ("Group", *(f"{number(one['percent'], 0)}\u00a0%" for one in settings)),
        ((text(name), *(_counted(one["rows"][place]) for one in settings)) for place, name in enumerate(names)),
    )
    without = settings[0].get("probes_without_group")
    if without:
        every += f"<p>{count(without)} photographs are in no group: it is not labelled.</p>"
    return "".join([*parts, part(f"By {attribute}, at every setting", every)])


def _counted(row: Mapping[str, Any]) -> str:
    known, most = count(row["known_false"]["errors"]), count(row["at_most"]["errors"])
    return f"{known if known == most else f'{known} – {most}'}<small>of {count(row['probes'])}</small>"


def _setting(name: str, attribute: str, group: Mapping[str, Any]) -> str:
    rows, percent = group["rows"], number(group["percent"], 0)
    # What is left to adjudicate is shown where there is any: shares of the known ones alone could mislead.
    left = any(row["candidates"]["not_adjudicated"] for row in rows)
    share, rate = ("share_of_at_most", "at_most") if left else ("share_of_known_false", "known_false")
    matched = "falsely matched at most" if left else "falsely matched"
    shares = [(str(row["group"]), finite(row.get("share_of_probes")) or 0.0, rate_of(row[share])) for row in rows]
    body = "\n".join(
        [
            f'<p class="verdict">{text(group.get("verdict"))}</p>',
            table(
                f"Who was {matched}, by {attribute}, at {percent}\u00a0%",
                (
                    "Group",
                    "Of all searched",
                    f"Of all {matched}",
                    f"Of the group, {matched}",
                    "False candidates of the same group",
                ),
                (
                    (
                        text(row["group"]),
                        f"{number(100 * of_all, 1)} %<small>{count(row['probes'])}</small>",
                        _share(row[share]),
                        rate_cell(row[rate]),
                        own_group(row["candidates_of_own_group"], row.get("share_of_gallery")),
                    )
                    for row, (_, of_all, _) in zip(rows, shares, strict=True)
                ),
                kind="groups",
            ),
            '<div class="pair">',
            figure(
                share_bars(f"{name}-share", f"Shares by {attribute}", shares),
                f"A dot: the group's share of all searched. The line: its share of all {matched}, a 95 % interval; a"
                " bar where the sample is sufficient.",
            ),
            figure_of_bars(
                f"{name}-rate",
                f"{matched.capitalize()}, by {attribute}",
                [(str(row["group"]), rate_of(row[rate])) for row in rows],
            ),
            "</div>",
            "" if left else differentials_table(attribute, percent, (("Falsely matched", group.get("differentials")),)),
        ]
    )
    measured = any(rate_of(row[rate]).measured for row in rows)
    return part(f"By {attribute}, at {percent}\u00a0%", body, insufficient=not measured)


def _share(proportion: Mapping[str, Any]) -> str:
    """Set a share as counted: it is of this sample, and the interval says what it shows beyond."""
    held = rate_of(proportion)
    if held.rate is None:
        return "nobody was"
    mark = "" if held.measured else '<small class="insufficient">insufficient for other samples</small>'
    return f"{number(100 * held.rate, 1)} %<small>{held.of}; {held.bounds}</small>{mark}"
