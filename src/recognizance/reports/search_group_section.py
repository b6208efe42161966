"""What a page on searches says of groups of people."""

from collections.abc import Mapping, Sequence
from typing import Any

from recognizance.reports.group_section import LABELS, MEASURES, NOT_MEASURED, figures_of_bars
from recognizance.reports.markup import part, section, table
from recognizance.reports.wording import count, number, rate_cell, rate_of, text


def search_groups_section(groups: Sequence[Mapping[str, Any]]) -> str:
    """Set the section on groups of an identification: for each attribute its verdict, rates, bars and differentials."""
    body = LABELS + "".join(_group(i, one) for i, one in enumerate(groups)) if groups else NOT_MEASURED
    return section("groups", "Groups of people", body)


def differentials_table(attribute: str, percent: str, sides: Sequence[tuple[str, Mapping[str, Any] | None]]) -> str:
    """Set how far groups lie apart, a column for each rate; where one is not measured for each group, it says so."""
    if not any(told for _, told in sides):
        return (
            f'<p>How far the groups of {text(attribute)} lie apart: <span class="insufficient">insufficient</span>, as'
            " a group's rate is not measured.</p>"
        )
    rows = [(text(said), *(_measure(told, key) for _, told in sides)) for key, said in MEASURES]
    return table(
        f"How far groups of {attribute} lie apart at {percent}\u00a0%", ("Measure", *(name for name, _ in sides)), rows
    )


def own_group(told: Mapping[str, Any], share: object) -> str:
    """Set how often a false candidate is of the group of the person searched, beside the group's share (HTML)."""
    held = share if isinstance(share, int | float) else None
    beside = f"<small>the group is {number(100 * held, 1)} % of the gallery</small>" if held is not None else ""
    return f"{count(told['own'])} of {count(told['of'])}{beside}"


def _group(index: int, group: Mapping[str, Any]) -> str:
    attribute, percent, rank = str(group["attribute"]), number(group["percent"], 0), count(group["rank"])
    rows = group.get("rows") or ()
    rated = {key: [(str(row["group"]), rate_of(row[key])) for row in rows] for key in ("fpir", "fnir")}
    parts = [f'<p class="verdict">{text(group.get("verdict"))}</p>']
    if rows:
        listed, missed = "Somebody listed who is not the person (FPIR)", f"Person not among {rank} (FNIR)"
        parts += [
            table(
                f"Error rates by {attribute} of the person searched, at {percent}\u00a0%",
                ("Group", listed, missed, "First false candidate of the same group"),
                (
                    (
                        text(row["group"]),
                        rate_cell(row["fpir"]),
                        rate_cell(row["fnir"]),
                        own_group(row["first_candidate_of_own_group"], row.get("share_of_gallery")),
                    )
                    for row in rows
                ),
                kind="groups",
            ),
            figures_of_bars(
                (f"group{index}-fpir", f"Somebody else listed, by {attribute}", rated["fpir"]),
                (f"group{index}-fnir", f"Person missed, by {attribute}", rated["fnir"]),
            ),
        ]
    if group.get("searches_without_group"):
        parts.append(f"<p>{count(group['searches_without_group'])} searches are in no group: it is not labelled.</p>")
    told = group.get("differentials") or {}
    parts.append(
        differentials_table(attribute, percent, (("False positives", told.get("fpir")), ("Misses", told.get("fnir"))))
    )
    measured = any(rate.measured for bars in rated.values() for _, rate in bars)
    return part(f"By {attribute}, at {percent}\u00a0%", "\n".join(parts), insufficient=bool(rows) and not measured)


def _measure(side: Mapping[str, Any] | None, key: str) -> str:
    if side is None:
        return '<span class="insufficient">insufficient</span>'
    held = side.get(key)
    return text(held) if isinstance(held, str) else number(held, 2)
