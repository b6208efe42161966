"""A report on the Gender attribute as one page that anyone can read, keep and print."""

from collections.abc import Mapping
from typing import Any

from recognizance.reports.face_groups import caveats_section, compared_in_words, face_groups
from recognizance.reports.markup import items, page, section, table
from recognizance.reports.photographs_section import photographs_section
from recognizance.reports.wording import count, finite, in_how_many, moment, rate_cell, rate_sentence, text

COMPARED = {"error": "Another gender than labelled, or no answer", "wrong": "Another gender, of the answers"}


def gender_page(report: Mapping[str, Any]) -> str:
    """Set a report of kind "gender" as one HTML file without scripts, photographs or anything to fetch.

    A rate that the sample is too small to measure is never shown by itself.  What came from the report is escaped.
    """
    title = "How often does this service tell a person's gender wrong?"
    header = (
        f'<h1>{title}</h1><p class="lead">A measurement of how often the attribute Gender is another than the label of'
        " the photograph, group by group: the test known as Gender Shades.</p>"
        f'<p class="soft">Recognizance {text(report.get("version"))}, measured {moment(report.get("made_at"))}</p>'
    )
    main = (
        _plain_words(report)
        + photographs_section(report, {"Labelled neither female nor male": report["other_labels"]})
        + section("rates", "All photographs together", gender_rates(report) + _reliability(report))
        + section("groups", "Groups of people", gender_groups("gender", report))
        + caveats_section(report)
    )
    footer = (
        f"<p>Format {text(report.get('format'))}. Made from report.json, which has the same numbers for programs.</p>"
    )
    return page(title, header=header, main=main, footer=footer)


def gender_sentences(measured: Mapping[str, Any]) -> list[str]:
    """Say the rates in sentences (HTML): with failures as errors, and of the answers alone."""
    rates, confident = measured["rates"], count(measured["confident_percent"])
    return [
        rate_sentence(rates["error"], "labelled photographs", "get another gender than the label's, or no answer"),
        rate_sentence(rates["wrong"], "photographs that get an answer", "get another gender than the label's"),
        rate_sentence(
            rates["confident_wrong"],
            f"answers given with a confidence of {confident} % or more",
            "are another gender than the label's",
        ),
    ]


def gender_rates(measured: Mapping[str, Any]) -> str:
    """Set the rates over all photographs (HTML)."""
    said = {
        "error": "Another gender than labelled, or no answer",
        "wrong": "Another gender, of the answers",
        "confident_wrong": f"Another gender, of answers with {count(measured['confident_percent'])} % or more",
        "no_face": "No face found",
        "not_told": "A face, but no gender told",
        "unreadable": "Not readable",
    }
    return table(
        "Errors and failures",
        ("What", "How often"),
        ((text(w), rate_cell(measured["rates"][k])) for k, w in said.items()),
    )


def gender_groups(name: str, measured: Mapping[str, Any]) -> str:
    """Set the rates by group (HTML)."""
    columns = {
        **COMPARED,
        "no_face": "No face found",
        "confident_wrong": f"Another gender, of answers with {count(measured['confident_percent'])} % or more",
    }
    return face_groups(name, measured["groups"], columns, COMPARED)


def _plain_words(report: Mapping[str, Any]) -> str:
    return section(
        "plain",
        "In plain words",
        "<p>The service looks at a face and tells <strong>Female</strong> or <strong>Male</strong>, with a confidence"
        " in percent. Here its answers are set beside labels. A label is an annotator's judgement, or a record's:"
        " nobody's gender can be seen in a photograph, and what is counted is how often the two disagree.</p>"
        f"{items(gender_sentences(report))}<p>In the first figure a photograph without an answer counts as an error,"
        " for a person whose face is not found is not served either; the second leaves it out.</p>"
        f"<h3>Groups</h3>\n{compared_in_words(report['groups'], 'error')}",
        kind="plain",
    )


def _reliability(report: Mapping[str, Any]) -> str:
    rows = [
        (
            f"{count(row['from_percent'])} to {count(row['to_percent'])} %",
            "not told" if finite(row["promised_wrong"]) is None else in_how_many(row["promised_wrong"]),
            rate_cell(row["wrong"]),
        )
        for row in report["reliability"]
    ]
    if not rows:
        return "<p>The service told no confidence with its answers.</p>"
    return (
        "<h3>What its confidence is worth</h3>\n<p>If confidence means what it says, both columns agree: of answers"
        " with 90 %, one in ten is wrong.</p>"
        + table(
            "Errors by confidence",
            ("Confidence", "Wrong, if it were as said", "Another gender than labelled"),
            rows,
        )
    )
