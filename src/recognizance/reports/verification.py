"""A verification (1:1) accuracy report as one page that anyone can read, keep and print."""

from collections.abc import Mapping, Sequence
from typing import Any

from recognizance.reports.charts import det_curve
from recognizance.reports.distribution_section import distribution_section
from recognizance.reports.group_section import groups_section
from recognizance.reports.markup import figure, folded, items, page, section, table
from recognizance.reports.plain_groups import listed, shown_differences, unknown_rates
from recognizance.reports.sample_section import sample_section
from recognizance.reports.wording import (
    ABSENT,
    count,
    finite,
    in_how_many,
    moment,
    number,
    rate_cell,
    rate_of,
    rate_sentence,
    span,
    text,
)

_PLAIN_PERCENTS = (80, 99)
_MARKED_PERCENTS = (80, 90, 99)
_INDEPENDENT = (
    "The intervals take pairs for independent. Pairs that share a person are not, so what is really not known is more"
    " than the intervals say."
)
_OVER_SUBJECTS = (
    "The intervals are over people, not over pairs: pairs that share a person rise and fall together, and one person"
    " who is often mistaken counts as one. They say how far a rate could move if as many other people like these had"
    " been photographed; they say nothing of other kinds of people or photographs. Where no error was counted, or"
    " nothing else, each person, or each two, count once, however many photographs there are of them."
)


def verification_page(report: Mapping[str, Any]) -> str:
    """Set a report as one HTML file without scripts, photographs or anything to fetch.

    A rate that the sample is too small to measure is never shown by itself: the page says "insufficient", what was
    counted and what the rate lies between.

    Parameters
    ----------
    report : mapping
        A report of format "recognizance-accuracy-report-1" and kind "verify", as read from its JSON.

    Returns
    -------
    str
        HTML that is well-formed XML too; all that came from the report is escaped.

    References
    ----------
    ISO/IEC 19795-1:2021, reporting of performance; annex B, rule of 30.
    """
    title = "How often does this face comparison err?"
    header = (
        f'<h1>{title}</h1><p class="lead">A measurement of how often face recognition takes two strangers for one'
        " person, and how often it misses that two photographs show the same person.</p>"
        f'<p class="soft">Recognizance {text(report.get("version"))}, measured {moment(report.get("made_at"))}</p>'
    )
    main = (
        _plain_words(report)
        + sample_section(report)
        + _rates(report)
        + _det(report)
        + _true_match(report)
        + groups_section(report.get("groups") or ())
        + distribution_section(report)
        + section(
            "caveats",
            "What to keep in mind",
            items(
                [
                    *(text(caveat) for caveat in report.get("caveats") or ()),
                    _OVER_SUBJECTS if report.get("intervals") == "subjects" else _INDEPENDENT,
                    "These rates are those of this sample. Other cameras, light, ages or people give other rates.",
                ]
            ),
        )
    )
    footer = (
        f"<p>Format {text(report.get('format'))}. Made from report.json, which has the same numbers for programs.</p>"
    )
    return page(title, header=header, main=main, footer=footer)


def _plain_words(report: Mapping[str, Any]) -> str:
    parts = [
        "<p>A <strong>pair</strong> is two photographs, compared with each other: a 1:1 comparison. The program gives a"
        " similarity, and whoever uses it chooses the percentage from which a pair counts as one person. That"
        " percentage is a setting, not the chance of being right.</p>"
    ]
    rows = report.get("rates_at_percent") or ()
    for row in (row for row in rows if row["percent"] in _PLAIN_PERCENTS):
        strangers = rate_sentence(row["fmr"], "pairs of strangers", "would be taken for one person")
        missed = rate_sentence(row["fnmr"], "pairs of the same person", "would be missed")
        parts.append(f"<h3>At {number(row['percent'], 0)} %</h3>\n{items((strangers, missed))}")
    apart = shown_differences(report.get("groups") or ())
    if apart:
        parts.append(f"<h3>Whom the errors fall on</h3>\n{items(apart)}")
    parts.append(f"<h3>What is not known</h3>\n{items(_unknown(report, rows))}")
    if short := unknown_rates(report.get("groups") or ()):
        parts.append(folded("Of which groups it is not known", items(short)))
    return section("plain", "In plain words", "\n".join(parts), kind="plain")


def _unknown(report: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    told = []
    for key, said in (("fmr", "strangers are taken for one person"), ("fnmr", "the same person is missed")):
        settings = [f"{number(row['percent'], 0)} %" for row in rows if not rate_of(row[key]).measured]
        if settings:
            told.append(
                f"How often {said} at {listed(settings)}: the sample is"
                ' <strong class="insufficient">insufficient</strong>. A rate is called measured here after at least'
                " 30 errors and as many pairs without."
            )
    if unknown_rates(report.get("groups") or ()):
        told.append(
            "How often either error happens among some groups of people: their samples are"
            ' <strong class="insufficient">insufficient</strong>.'
        )
    if not report.get("groups"):
        told.append("Whether errors fall on some groups of people more than on others: that was not measured.")
    told.append(
        "How often a search of a whole gallery errs. A search compares one photograph with everyone in the gallery, so"
        " the larger the gallery, the more strangers are taken for the person searched."
    )
    return told


def _rates(report: Mapping[str, Any]) -> str:
    rows = [
        (f"{number(row['percent'], 0)} %<small>score {number(row.get('score'))}</small>", *map(rate_cell, sides))
        for row in report.get("rates_at_percent") or ()
        for sides in [(row["fmr"], row["fnmr"])]
    ]
    body = table(
        "Error rates at each setting",
        ("Setting", "Strangers taken for one person (FMR)", "Same person missed (FNMR)"),
        rows,
        kind="settings",
    )
    equal = report.get("equal_error") or {}
    rate, bounds = finite(equal.get("rate")), [finite(bound) for bound in equal.get("interval") or ()]
    if equal.get("measured") is True and rate and len(bounds) == 2 and bounds[0] is not None and bounds[1] is not None:
        body += (
            f"<p>Both errors are equally frequent at the score {number(equal.get('score'))}: {in_how_many(rate)}"
            f" (95 % interval {span(bounds[0], bounds[1])}).</p>"
        )
    else:
        body += (
            '<p>The rate where both errors are equally frequent: <span class="insufficient">insufficient</span>.</p>'
        )
    folds = report.get("ten_folds")
    if folds and folds.get("measured") is not True:
        counted = f" ({count(folds['wrong'])} of {count(folds['pairs'])} were wrong)" if "wrong" in folds else ""
        body += (
            f"<p>Share of right answers over {count(folds.get('folds'))} parts of the sample:"
            f' <span class="insufficient">insufficient</span>{counted}.</p>\n'
        )
    elif folds and finite(folds.get("accuracy")) is not None:
        body += (
            f"<p>Share of right answers over {count(folds.get('folds'))} parts of the sample, the score chosen on the"
            f" others each time: {number(100 * folds['accuracy'], 2)} %,"
            f" standard error {_percentage_points(folds.get('standard_error'))}.</p>"
        )
    return section("rates", "Error rates", body)


def _percentage_points(share: object) -> str:
    held = finite(share)
    return ABSENT if held is None else f"{100 * held:.2f} percentage points"


def _det(report: Mapping[str, Any]) -> str:
    marks = [
        (f"{number(row['percent'], 0)} %", rate_of(row["fmr"]), rate_of(row["fnmr"]))
        for row in report.get("rates_at_percent") or ()
        if row["percent"] in _MARKED_PERCENTS
    ]
    sample = report["sample"]
    drawn = det_curve(report.get("det") or {}, marks, mated=sample.get("mated"), nonmated=sample.get("nonmated"))
    off = [label for label, fmr, fnmr in marks if not (fmr.rate and fnmr.rate)]
    absent = f" Without an error on one side, {listed(off)} has no place on these axes." if off else ""
    return section(
        "det",
        "One error against the other",
        figure(
            drawn,
            "Detection error trade-off: a stricter setting is further left and higher. In the tinted"
            " ground fewer than 30 errors were counted: the sample is insufficient there, and a hollow mark is not"
            f" measured.{absent}",
        ),
    )


def _true_match(report: Mapping[str, Any]) -> str:
    rows = [
        (
            in_how_many(float(row["fmr"])),
            number(row["score"]) if row.get("score") is not None else "none",
            rate_cell(row["tmr"])
            if row.get("tmr") is not None
            else f'<strong class="insufficient">insufficient</strong><small>{text(row.get("reason"))}</small>',
        )
        for row in report.get("true_match_at_fmr") or ()
    ]
    return section(
        "true-match",
        "How often the same person is found, at a chosen false match rate",
        table(
            "True match rate at a false match rate",
            ("Strangers taken for one person", "From score", "Same person found"),
            rows,
        ),
    )
