"""A report on what a service tells of faces as one page that anyone can read, keep and print."""

from collections.abc import Mapping
from typing import Any

from recognizance.reports.face_groups import caveats_section, compared_in_words, face_groups, spread_table
from recognizance.reports.gender import gender_groups, gender_rates, gender_sentences
from recognizance.reports.markup import items, page, section, table
from recognizance.reports.photographs_section import photographs_section
from recognizance.reports.wording import count, finite, moment, number, rate_cell, rate_sentence, text

_NAMES = {"gender": "Gender", "age": "AgeRange", "pose": "Pose"}
_AGE = {"error": "A range without the age, or no answer", "wrong": "A range without the age, of the answers"}


def attributes_page(report: Mapping[str, Any]) -> str:
    """Set a report of kind "attributes" as one HTML file without scripts, photographs or anything to fetch.

    A rate that the sample is too small to measure is never shown by itself.  What came from the report is escaped.
    """
    title = "How often is what this service tells of a face wrong?"
    header = (
        f'<h1>{title}</h1><p class="lead">Its answers on gender, age and pose, set beside labels, group by group.</p>'
        f'<p class="soft">Recognizance {text(report.get("version"))}, measured {moment(report.get("made_at"))}</p>'
    )
    main = (
        _plain_words(report)
        + photographs_section(report, {})
        + (_gender(report["gender"]) if report["gender"] else "")
        + (_age(report["age"]) if report["age"] else "")
        + (_pose(report["pose"]) if report["pose"] else "")
        + caveats_section(report)
    )
    footer = (
        f"<p>Format {text(report.get('format'))}. Made from report.json, which has the same numbers for programs.</p>"
    )
    return page(title, header=header, main=main, footer=footer)


def _plain_words(report: Mapping[str, Any]) -> str:
    parts = [
        "<p>A label is an annotator's judgement, a record's entry or what the person said. What is counted is how often"
        " the service disagrees with it.</p>"
    ]
    if gender := report["gender"]:
        groups = compared_in_words(gender["groups"], "error")
        parts.append(f"<h3>Gender</h3>\n{items(gender_sentences(gender))}{groups}")
    if age := report["age"]:
        told = [
            rate_sentence(age["rates"]["error"], "labelled photographs", "get a range without the age, or no answer"),
            rate_sentence(age["rates"]["wrong"], "photographs that get an answer", "get a range without the age"),
        ]
        if width := age["width_years"]:
            told.append(
                f"Half of the ranges are {number(width['quartiles'][1], 0)} years wide or wider. The wider a range, the"
                " easier it holds the age: one rate says nothing without the other."
            )
        if off := age["middle_off_absolute_years"]:
            told.append(
                f"Half of the ranges have their middle within {number(off['quartiles'][1], 1)} years of the age (of the"
                " nearer end of the label's band, where ages are labelled in bands)."
            )
        parts.append(f"<h3>Age</h3>\n{items(told)}{compared_in_words(age['groups'], 'error')}")
    if report["pose"]:
        parts.append(
            "<h3>Pose</h3>\n<p>Yaw is how far a head is turned to the side, pitch how far up or down, roll how far it"
            " is tilted, all in degrees. What was told for which label is set in the tables below.</p>"
        )
    missing = [
        *(f"{text(_NAMES.get(name, name))}: not told by this service." for name in report["not_told"]),
        *(f"{text(_NAMES.get(name, name))}: there was no label to compare it with." for name in report["not_labelled"]),
    ]
    if missing:
        parts.append(f"<h3>Not measured</h3>\n{items(missing)}")
    return section("plain", "In plain words", "\n".join(parts), kind="plain")


def _gender(gender: Mapping[str, Any]) -> str:
    return section(
        "gender",
        "Gender",
        f"<p>Photographs labelled neither female nor male: {count(gender['other_labels'])}.</p>"
        + gender_rates(gender)
        + gender_groups("gender-group", gender),
    )


def _age(age: Mapping[str, Any]) -> str:
    said = {**_AGE, "no_face": "No face found", "not_told": "A face, but no age told", "unreadable": "Not readable"}
    spreads = (
        ("Width of the range", age["width_years"]),
        ("Its middle less the age", age["middle_off_years"]),
        ("The same, without sign", age["middle_off_absolute_years"]),
    )
    return section(
        "age",
        "Age",
        f"<p>Ages labelled in years: {count(age['labelled_in_years'])}; in bands: {count(age['labelled_in_bands'])};"
        f" not at all, or not so that it could be read: {count(age['other_labels'])}. A range holds a band if they have"
        " an age in common.</p>"
        + table(
            "Errors and failures", ("What", "How often"), ((w, rate_cell(age["rates"][k])) for k, w in said.items())
        )
        + spread_table("Years", "What", spreads, 1)
        + face_groups(
            "age-group",
            age["groups"],
            {**_AGE, "no_face": "No face found"},
            _AGE,
            lambda group: (
                spread_table(
                    f"Middle of the range less the age, in years, by {group['attribute']}",
                    "Group",
                    [(row["group"], row["middle_off_years"]) for row in group["rows"]],
                    1,
                )
                + spread_table(
                    f"Width of the range, in years, by {group['attribute']}",
                    "Group",
                    [(row["group"], row["width_years"]) for row in group["rows"]],
                    1,
                )
            ),
        ),
    )


def _pose(pose: Mapping[str, Any]) -> str:
    parts = []
    if pose["angles"]:
        parts.append(
            spread_table(
                "Degrees from the labelled angle, without sign",
                "Angle",
                [(angle, told["off_absolute_degrees"]) for angle, told in pose["angles"].items()],
                1,
            )
            + "<p>Who counts an angle to the other side, has it off by twice its size: check that labels turn the way"
            " the API does.</p>"
        )
    if pose["poses"]:
        parts.append(
            table(
                "Median angles by labelled pose, in degrees; in small, where half of the faces lie",
                ("Pose", "Faces found", "Yaw", "Pitch", "Roll"),
                (
                    (
                        text(row["pose"]),
                        f"{count(row['found'])} of {count(row['photographs'])}",
                        *(_degrees(row[f"{angle}_degrees"]) for angle in ("yaw", "pitch", "roll")),
                    )
                    for row in pose["poses"]
                ),
            )
        )
    return section("pose", "Pose", "".join(parts))


def _degrees(told: Mapping[str, Any] | None) -> str:
    if told is None or any(finite(one) is None for one in told["quartiles"]):
        return "not told"
    low, middle, high = (round(one) for one in told["quartiles"])
    return f"{middle}<small>{low} to {high}</small>"
