"""A report on the detection of faces as one page that anyone can read, keep and print."""

from collections.abc import Mapping
from typing import Any

from recognizance.reports.face_groups import caveats_section, compared_in_words, face_groups, spread_table
from recognizance.reports.markup import items, page, section, table
from recognizance.reports.photographs_section import photographs_section
from recognizance.reports.wording import count, moment, rate_cell, rate_sentence, text

_RATES = {
    "failure_to_detect": "No face found",
    "too_few": "Fewer faces than labelled",
    "too_many": "More faces than labelled",
    "unreadable": "Not readable",
}
_COMPARED = {"failure_to_detect": _RATES["failure_to_detect"], "too_many": _RATES["too_many"]}
_DESCRIBED = {
    "confidence": "Confidence in percent",
    "brightness": "Brightness, 0 to 100",
    "sharpness": "Sharpness, 0 to 100",
}


def detection_page(report: Mapping[str, Any]) -> str:
    """Set a report of kind "detection" as one HTML file without scripts, photographs or anything to fetch.

    A rate that the sample is too small to measure is never shown by itself.  What came from the report is escaped.
    """
    title = "How often does this service find no face where there is one?"
    header = (
        f'<h1>{title}</h1><p class="lead">Whoever is not found cannot be recognised, rightly or wrongly. A measurement,'
        " group by group.</p>"
        f'<p class="soft">Recognizance {text(report.get("version"))}, measured {moment(report.get("made_at"))}</p>'
    )
    told = {key: said for key, said in _RATES.items() if key in report["rates"]}
    by_group = {key: said for key, said in told.items() if key != "unreadable"}
    main = (
        _plain_words(report)
        + photographs_section(report, {})
        + section(
            "rates",
            "All photographs together",
            table(
                "Failures", ("What", "How often"), ((text(s), rate_cell(report["rates"][k])) for k, s in told.items())
            )
            + "<p>Photographs that could not be read are in the last line alone.</p>"
            + spread_table(
                "The largest face of each photograph",
                "What",
                [(said, report[key]) for key, said in _DESCRIBED.items()],
                1,
            ),
        )
        + section("groups", "Groups of people", face_groups("group", report["groups"], by_group, _COMPARED, _spreads))
        + caveats_section(report)
    )
    footer = (
        f"<p>Format {text(report.get('format'))}. Made from report.json, which has the same numbers for programs.</p>"
    )
    return page(title, header=header, main=main, footer=footer)


def _plain_words(report: Mapping[str, Any]) -> str:
    rates = report["rates"]
    told = [rate_sentence(rates["failure_to_detect"], "photographs that show a face", "have none found")]
    if faces := report["faces"]:
        told += [
            rate_sentence(rates["too_many"], "photographs", "have more faces found than they show"),
            f"In {count(faces['photographs'])} photographs that show {count(faces['labelled'])} faces,"
            f" {count(faces['found'])} were found.",
        ]
    else:
        told.append("How often something is taken for a face that is none: the labels do not tell how many there are.")
    return section(
        "plain",
        "In plain words",
        items(told) + f"<h3>Groups</h3>\n{compared_in_words(report['groups'], 'failure_to_detect')}",
        kind="plain",
    )


def _spreads(group: Mapping[str, Any]) -> str:
    return "".join(
        spread_table(
            f"{said}, of the largest face, by {group['attribute']}",
            "Group",
            [(row["group"], row[key]) for row in group["rows"]],
            1,
        )
        for key, said in _DESCRIBED.items()
    )
