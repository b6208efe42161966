"""The report of the congress test as one page that anyone can read, keep and print."""

from collections.abc import Mapping
from typing import Any

from recognizance.reports.false_match_groups import false_match_groups_section
from recognizance.reports.markup import items, page, section, table
from recognizance.reports.search_sample_section import search_sample_section
from recognizance.reports.wording import count, finite, moment, number, rate_cell, rate_of, rate_sentence, text

_PLAIN_PERCENTS = (80, 99)


def false_matches_page(report: Mapping[str, Any]) -> str:
    """Set a report as one HTML file without scripts, photographs, names of files or anything to fetch.

    Candidates that nobody has judged are shown apart, and what the count of false matches is at least and at most.

    Parameters
    ----------
    report : mapping
        A report of format "recognizance-accuracy-report-1" and kind "false-matches", as read from its JSON.

    Returns
    -------
    str
        HTML that is well-formed XML too; all that came from the report is escaped.

    References
    ----------
    Snow: Amazon's face recognition falsely matched 28 members of Congress with mugshots, ACLU (2018).
    """
    title = "Who is taken for somebody else?"
    header = (
        f'<h1>{title}</h1><p class="lead">People who should not be in a gallery were searched in it. This is how many'
        " of them the program matched with somebody who is.</p>"
        f'<p class="soft">Recognizance {text(report.get("version"))}, measured {moment(report.get("made_at"))}</p>'
    )
    sample = report["sample"]
    files = [
        (f"{said}: {held['file']}", str(held["sha256"]))
        for said, held in (("Known mates", sample.get("known_mates")), ("Adjudication", sample.get("adjudication")))
        if held
    ]
    said = (
        "A photograph that could not be read or has no face that was found is not left out: it is counted as searched,"
        " and as not matched."
    )
    main = (
        _plain_words(report)
        + search_sample_section(report, (), files, said)
        + _rates(report)
        + false_match_groups_section(report.get("groups") or ())
        + section("caveats", "What to keep in mind", items(text(caveat) for caveat in report.get("caveats") or ()))
    )
    footer = (
        f"<p>Format {text(report.get('format'))}. Made from report.json, which has the same numbers for programs; every"
        " candidate is in trials.csv.</p>"
    )
    return page(title, header=header, main=main, footer=footer)


def _plain_words(report: Mapping[str, Any]) -> str:
    sample = report["sample"]
    probes = count(sample["probes"]["photographs"])
    parts = [
        f"<p>{probes} photographs were searched in a gallery of {count(sample['gallery']['photographs'])}. Nobody"
        " should have been found. Whoever uses the program chooses the percentage of similarity from which somebody is"
        f" listed: it is {number(report.get('default_percent'), 0)} % where nothing else is set.</p>"
    ]
    for row in (row for row in report.get("rates_at_percent") or () if row["percent"] in _PLAIN_PERCENTS):
        default = ", which is used where nothing else is set" if row.get("is_default") else ""
        parts.append(
            f"<h3>At {number(row['percent'], 0)} %{default}</h3>\n{items([*_told(row, probes), *_shares(report, row)])}"
        )
    parts.append(f"<h3>What is not known</h3>\n{items(_unknown(report))}")
    return section("plain", "In plain words", "\n".join(parts), kind="plain")


def _told(row: Mapping[str, Any], probes: str) -> list[str]:
    held = row["candidates"]
    counts = (
        f"Candidates that were listed: {count(sum(held.values()))}. Somebody else:"
        f" <strong>{count(held['different'])}</strong>. The same person: <strong>{count(held['same'])}</strong>. Not"
        f" adjudicated, as nobody has looked yet: <strong>{count(held['not_adjudicated'])}</strong>."
    )
    known, most = rate_of(row["known_false"]), rate_of(row["at_most"])
    if not held["not_adjudicated"]:
        return [
            f"<strong>{count(known.errors)} of {probes}</strong> photographs were falsely matched with somebody else.",
            rate_sentence(row["known_false"], "photographs of such people", "would be falsely matched"),
            counts,
        ]
    return [
        f"At least <strong>{count(known.errors)}</strong> and at most <strong>{count(most.errors)}</strong> of {probes}"
        " photographs were falsely matched with somebody else: at most, if all that is not adjudicated is false.",
        counts,
    ]


def _shares(report: Mapping[str, Any], setting: Mapping[str, Any]) -> list[str]:
    """Say of each attribute which group is falsely matched beyond its share.

    Only where all is adjudicated and measured, and the interval lies above the share: else chance would be told too.
    """
    told = []
    for group in report.get("groups") or ():
        if group["percent"] != setting["percent"] or setting["candidates"]["not_adjudicated"]:
            continue
        shares = [(row, rate_of(row["share_of_known_false"])) for row in group["rows"]]
        if len(shares) < 2 or not all(held.measured for _, held in shares):
            continue
        row, held = max(shares, key=lambda one: (one[1].rate or 0) - one[0]["share_of_probes"])
        if held.low <= row["share_of_probes"]:
            continue
        told.append(
            f"By {text(group['attribute'])}: {text(row['group'])} are {number(100 * row['share_of_probes'], 0)} % of"
            f" those searched and <strong>{number(100 * (held.rate or 0), 0)} %</strong> of those falsely matched"
            f" ({held.of}; {held.bounds})."
        )
    return told


def _unknown(report: Mapping[str, Any]) -> list[str]:
    told = []
    rows = report.get("rates_at_percent") or ()
    left = rows[0]["candidates"]["not_adjudicated"] if rows else 0
    if left:
        told.append(
            f"Whether {count(left)} candidates show the person searched: a person has to look at the two photographs"
            " (adjudicate.csv lists them)."
        )
    if not report.get("groups"):
        told.append("Whether some groups of people are falsely matched more than others: that was not measured.")
    told.append("How often the program misses people who are in a gallery: nobody here was to be found.")
    told.append("How many would be falsely matched in a larger gallery: more people, so more who look alike.")
    return told


def _rates(report: Mapping[str, Any]) -> str:
    rows = report.get("rates_at_percent") or ()
    default = "<small>where nothing else is set</small>"
    heads = ("Listed from", "Falsely matched, known", "Falsely matched, at most")
    probes = table(
        "Photographs that were falsely matched with somebody",
        heads,
        (
            (
                f"{number(row['percent'], 0)} %{default if row.get('is_default') else ''}",
                rate_cell(row["known_false"]),
                rate_cell(row["at_most"]),
            )
            for row in rows
        ),
    )
    candidates = table(
        "Everybody who was listed",
        ("Listed from", "Somebody else", "Not adjudicated", "The same person", "Expected of strangers"),
        (
            (
                f"{number(row['percent'], 0)} %",
                *(count(row["candidates"][key]) for key in ("different", "not_adjudicated", "same")),
                _expected(row.get("expected")),
            )
            for row in rows
        ),
    )
    return section(
        "rates",
        "False matches by setting",
        f"{probes}<p>At most: if all candidates that nobody has judged are somebody else.</p>{candidates}"
        '<p class="soft">Expected of strangers: what the program\'s own calibration foretells for as many comparisons'
        " of people drawn from its sample; in parentheses, if all were of the group that is falsely matched most often."
        "</p>",
    )


def _expected(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return "not told by the service"
    overall, worst = (finite(told.get(key)) for key in ("candidates", "if_all_of_worst_group"))
    return f"{_few(overall)} ({_few(worst)})"


def _few(value: float | None) -> str:
    """Show an expected count with two digits."""
    if value is None:
        return text(None)
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}" if value >= 0.01 else "under 0.01"
