"""An identification (1:N) accuracy report as one page that anyone can read, keep and print."""

from collections.abc import Mapping
from typing import Any

from recognizance.reports.charts import det_curve
from recognizance.reports.markup import figure, items, page, section, table
from recognizance.reports.plain_groups import shown_differences
from recognizance.reports.rank_chart import rank_curve
from recognizance.reports.search_group_section import search_groups_section
from recognizance.reports.search_sample_section import search_sample_section
from recognizance.reports.wording import count, in_how_many, moment, number, rate_cell, rate_of, rate_sentence, text

_PLAIN_PERCENTS = (80, 99)
_MARKED_PERCENTS = (80, 90, 99)
_ERRORS = (
    ("fpir", "a search for somebody who is not in the gallery lists somebody else"),
    ("fnir", "a search misses the person"),
)


def identification_page(report: Mapping[str, Any]) -> str:
    """Set a report as one HTML file without scripts, photographs, names of files or anything to fetch.

    A rate that the sample is too small to measure is never shown by itself: the page says "insufficient", what was
    counted and what the rate lies between.

    Parameters
    ----------
    report : mapping
        A report of format "recognizance-accuracy-report-1" and kind "identify", as read from its JSON.

    Returns
    -------
    str
        HTML that is well-formed XML too; all that came from the report is escaped.

    References
    ----------
    ISO/IEC 19795-1:2021, identification; NIST FRTE 1:N, FPIR(N, T) and FNIR(N, R, T).
    """
    title = "How often does a search of this gallery err?"
    header = (
        f'<h1>{title}</h1><p class="lead">A measurement of how often a search by face lists somebody for a person who'
        " is not in the gallery, and how often it does not list a person who is.</p>"
        f'<p class="soft">Recognizance {text(report.get("version"))}, measured {moment(report.get("made_at"))}</p>'
    )
    probes = report["sample"]["probes"]
    people = [
        (
            "Searches for people in the gallery",
            f"{count(probes['mated'])}, of {count(probes['mated_subjects'])} people",
        ),
        ("Searches for others", f"{count(probes['nonmated'])}, of {count(probes['nonmated_subjects'])} people"),
        ("Candidates asked for", count(report["limit"])),
    ]
    said = (
        "A photograph that could not be read or has no face that was found is not left out: a search with it lists"
        " nobody, and a person whose photograph in the gallery failed is missed."
    )
    main = (
        _plain_words(report)
        + search_sample_section(report, people, (), said)
        + _rates(report)
        + _ranks(report)
        + _open_set(report)
        + search_groups_section(report.get("groups") or ())
        + section("caveats", "What to keep in mind", items(text(caveat) for caveat in report.get("caveats") or ()))
    )
    footer = (
        f"<p>Format {text(report.get('format'))}. Made from report.json, which has the same numbers for programs; every"
        " candidate is in trials.csv.</p>"
    )
    return page(title, header=header, main=main, footer=footer)


def _plain_words(report: Mapping[str, Any]) -> str:
    sample, limit = report["sample"], report["limit"]
    parts = [
        "<p>A <strong>search</strong> takes one photograph and lists those in the gallery"
        f" ({count(sample['gallery']['photographs'])} photographs here) that look most like it, each with a similarity."
        " It can err in two ways: it lists somebody although the person is not in the gallery, or it does not list the"
        " person who is. Whoever uses it chooses the percentage from which anybody is listed. That percentage is a"
        " setting, not the chance of being right.</p>"
    ]
    rows = report.get("rates_at_percent") or ()
    for row in (row for row in rows if row["percent"] in _PLAIN_PERCENTS):
        listed = rate_sentence(
            row["fpir"], "searches for people who are not in the gallery", "would list somebody all the same"
        )
        missed = rate_sentence(
            row["fnir"][-1],
            "searches for people who are in the gallery",
            f"would not list them among the first {count(limit)}",
        )
        parts.append(f"<h3>At {number(row['percent'], 0)} %</h3>\n{items((listed, missed))}")
    apart = shown_differences(report.get("groups") or (), _ERRORS)
    if apart:
        parts.append(f"<h3>Whom the errors fall on</h3>\n{items(apart)}")
    parts.append(f"<h3>What is not known</h3>\n{items(_unknown(report))}")
    return section("plain", "In plain words", "\n".join(parts), kind="plain")


def _unknown(report: Mapping[str, Any]) -> list[str]:
    told = []
    if not report.get("groups"):
        told.append("Whether errors fall on some groups of people more than on others: that was not measured.")
    elif any("insufficient" in str(group.get("verdict")) for group in report["groups"]):
        told.append(
            "Whether errors fall on some groups of people more than on others, where the sample is"
            ' <strong class="insufficient">insufficient</strong> below.'
        )
    if report.get("mates_beyond_limit"):
        told.append(
            f"Whether a longer list would have held the person in {count(report['mates_beyond_limit'])} searches that"
            " are counted as missed."
        )
    told.append("How often a larger gallery errs: the more people are in it, the more of them look like somebody else.")
    told.append("How often the person who looks at the list then errs.")
    return told


def _rates(report: Mapping[str, Any]) -> str:
    rows = report.get("rates_at_percent") or ()
    ranks = [one["rank"] for one in rows[0]["fnir"]] if rows else []
    cells = [
        (f"{number(row['percent'], 0)} %", rate_cell(row["fpir"]), *(rate_cell(one) for one in row["fnir"]))
        for row in rows
    ]
    cells.append(("any similarity", "always", *(rate_cell(one) for one in report.get("fnir_at_rank") or ())))
    heads = ("Listed from", "Somebody listed who is not the person (FPIR)")
    missed = ("Person not first (FNIR)" if rank == 1 else f"Person not among {count(rank)} (FNIR)" for rank in ranks)
    return section(
        "rates", "Error rates", table("Error rates by setting", (*heads, *missed), cells, kind="groups settings")
    )


def _ranks(report: Mapping[str, Any]) -> str:
    drawn = rank_curve(report.get("rank_curve") or (), report["sample"]["probes"]["mated"])
    return section(
        "rank-curve",
        "How far down the list the person is",
        figure(
            drawn,
            "Of the searches for people who are in the gallery, how many list them within so many candidates, whatever"
            " the similarity (cumulative match). It says nothing of people who are not in the gallery: a"
            " list of any length has somebody for each of them."
            " In the tinted ground fewer than 30 were missed: the sample is insufficient there.",
        ),
    )


def _open_set(report: Mapping[str, Any]) -> str:
    curve, limit = report.get("open_set") or {}, count(report["limit"])
    probes = report["sample"]["probes"]
    marks = [
        (f"{number(row['percent'], 0)} %", rate_of(row["fpir"]), rate_of(row["fnir"][-1]))
        for row in report.get("rates_at_percent") or ()
        if row["percent"] in _MARKED_PERCENTS
    ]
    drawn = det_curve(
        {"fmr": curve.get("fpir"), "fnmr": curve.get("fnir")},
        marks,
        mated=probes["mated"],
        nonmated=probes["nonmated"],
        axes=("somebody else listed (FPIR)", f"person not among {limit} (FNIR)"),
    )
    rows = [
        (
            in_how_many(float(row["fpir"])),
            f"{number(row['percent'], 2)} %" if row.get("percent") is not None else "none",
            rate_cell(row["fnir"])
            if row.get("fnir") is not None
            else f'<strong class="insufficient">insufficient</strong><small>{text(row.get("reason"))}</small>',
        )
        for row in report.get("fnir_at_fpir") or ()
    ]
    return section(
        "open-set",
        "One error against the other",
        figure(
            drawn,
            "A stricter setting is further left and higher. In the tinted ground fewer than 30"
            " errors were counted: the sample is insufficient there, and a hollow mark is not measured.",
        )
        + table(
            "Misses at a chosen rate of false positives",
            ("Somebody else listed", "From similarity", f"Person not among {limit}"),
            rows,
        ),
    )
