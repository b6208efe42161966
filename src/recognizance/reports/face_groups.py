"""What pages on single faces say of groups of people."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from recognizance.reports.group_section import LABELS, MEASURES, NOT_MEASURED, figures_of_bars, measure_cell
from recognizance.reports.markup import items, part, section, table
from recognizance.reports.wording import count, finite, number, rate_cell, rate_of, text

Groups = Sequence[Mapping[str, Any]]


def face_groups(
    name: str,
    groups: Groups,
    columns: Mapping[str, str],
    compared: Mapping[str, str],
    more: Callable[[Mapping[str, Any]], str] | None = None,
) -> str:
    """Set for each kind of group the verdicts, the rates, bars and how far apart they lie (HTML, without a section).

    Parameters
    ----------
    name : str
        Begins the drawings' ids.
    groups : sequence of mapping
        As in the report.
    columns, compared : mapping of str to str
        The rates in the table, and those that groups are compared by: what they are (text), by their key.
    more : callable
        What else is set of a kind of group (HTML).
    """
    if not groups:
        return NOT_MEASURED
    return LABELS + "".join(
        _kind(f"{name}{index}", group, columns, compared, more(group) if more else "")
        for index, group in enumerate(groups)
    )


def _kind(
    name: str, group: Mapping[str, Any], columns: Mapping[str, str], compared: Mapping[str, str], more: str
) -> str:
    attribute, rows = str(group["attribute"]), group["rows"]
    compared = {key: said for key, said in compared.items() if key in group["compared"]}
    parts = [
        f'<p class="verdict"><strong>{text(said)}:</strong> {_verdict(group, key)}</p>\n'
        for key, said in compared.items()
    ]
    if group["photographs_without_group"]:
        parts.append(f"<p>Photographs without such a label: {count(group['photographs_without_group'])}.</p>\n")
    if not rows:
        return part(f"By {attribute}", "".join(parts) + more)
    parts.append(
        table(
            f"Rates by {attribute}",
            ("Group", *columns.values()),
            (
                (
                    f"{text(row['group'])}<small>{count(row['photographs'])} photographs</small>",
                    *(rate_cell(row["rates"].get(key)) for key in columns),
                )
                for row in rows
            ),
            kind="groups",
        )
    )
    rated = {key: [(str(row["group"]), rate_of(row["rates"][key])) for row in rows] for key in compared}
    parts.append(
        figures_of_bars(*((f"{name}-{key}", f"{compared[key]}, by {attribute}", bars) for key, bars in rated.items()))
    )
    enough = {key: all(rate.measured for _, rate in bars) for key, bars in rated.items()}
    if any(group["compared"][key]["differentials"] for key in compared):
        parts.append(
            table(
                f"How far groups of {attribute} lie apart",
                ("Measure", *compared.values()),
                (
                    (
                        text(said),
                        *(
                            measure_cell(group["compared"][key]["differentials"], measure, enough[key])
                            for key in compared
                        ),
                    )
                    for measure, said in MEASURES
                ),
            )
        )
    else:
        parts.append(f"<p>How far the groups of {text(attribute)} lie apart was not computed.</p>\n")
    measured = any(rate.measured for bars in rated.values() for _, rate in bars)
    return part(f"By {attribute}", "".join(parts) + more, insufficient=not measured)


def compared_in_words(groups: Groups, key: str) -> str:
    """Say in short what the report shows of differences between groups in the rate `key` (HTML)."""
    told = [f"By {text(group['attribute'])}: {_verdict(group, key)}" for group in groups]
    return items(told or ["Whether errors fall on some groups of people more than on others was not measured."])


def _verdict(group: Mapping[str, Any], key: str) -> str:
    """Say a verdict (HTML); one that is withheld in short, as the table tells what was counted."""
    verdict, rows = str(group["compared"][key]["verdict"]), group["rows"]
    short = sum(not rate_of(row["rates"][key]).measured for row in rows)
    if len(rows) < 2 or not short:
        return text(verdict)
    return (
        'the sample is <strong class="insufficient">insufficient</strong> to say whether errors are more frequent in'
        f" some groups than in others: {short} of {len(rows)} groups have fewer than 30 errors, or fewer than 30"
        " photographs without."
    )


def spread_table(caption: str, first: str, rows: Iterable[tuple[str, Mapping[str, Any] | None]], digits: int) -> str:
    """Set how numbers are spread, a row each; the names of rows are text."""

    def cells(name: str, told: Mapping[str, Any] | None) -> tuple[str, ...]:
        if told is None:
            return (text(name), "0", *["none"] * 6)
        values = (told["mean"], told["least"], *told["quartiles"], told["greatest"])
        return (text(name), count(told["count"]), *("none" if finite(v) is None else number(v, digits) for v in values))

    return table(
        caption,
        (first, "Faces", "Mean", "Least", "A quarter is below", "Half is below", "Three quarters are below", "Most"),
        (cells(name, told) for name, told in rows),
        kind="groups",
    )


def caveats_section(report: Mapping[str, Any]) -> str:
    """Set what a report has to be read with."""
    told = [*(text(one) for one in report.get("caveats") or ())]
    told.append("These figures are those of this sample. Other cameras, light, ages or people give others.")
    return section("caveats", "What to keep in mind", items(told))
