"""A sample with answers that are known to the last photograph, for reports to count."""

import csv
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from recognizance.workflows.evaluate.document import Told
from recognizance.workflows.evaluate.labelled import Labelled, read_labelled
from recognizance.workflows.evaluate.service import UNREADABLE, Seen, SeenFace

TOLD = Told("invented", "none needed", "0", datetime(2026, 11, 26, tzinfo=UTC), {"engine": "in process", "model": "m"})

COUNTS: Mapping[tuple[str, str], Mapping[str, int]] = {
    ("darker", "female"): {"right": 150, "wrong": 60, "no face": 20, "unreadable": 1, "not told": 2},
    ("darker", "M"): {"right": 200, "wrong": 35, "no face": 3, "unreadable": 0, "not told": 0},
    ("lighter", "Female"): {"right": 210, "wrong": 31, "no face": 4, "unreadable": 0, "not told": 0},
    ("lighter", "man"): {"right": 230, "wrong": 30, "no face": 0, "unreadable": 0, "not told": 0},
    ("lighter", "unknown"): {"right": 7, "wrong": 0, "no face": 0, "unreadable": 0, "not told": 0},
}
"""Photographs by skin tone, label of gender and what came of them."""

AGES = ("34", "20-29", "more than 70", "grown-up")


def invented(folder: Path) -> tuple[Labelled, Seen]:
    """Write the labels of these photographs, and give the answers.

    Right answers have a confidence of 99.5 %, wrong ones of 99 % (each second) and 75 %.  Ages go round in `AGES`; all
    ranges of ages are 25 to 35 and all angles 10°.
    """
    rows, faces, failures = [], {}, {}
    for (tone, label), outcomes in COUNTS.items():
        is_female = label.lower().startswith("f")
        for outcome, number in outcomes.items():
            for index in range(number):
                name = f"{len(rows)}.jpg"
                rows.append((name, tone, label, AGES[len(rows) % len(AGES)], "frontal", "1"))
                if outcome == "unreadable":
                    failures[name] = UNREADABLE
                    continue
                gender = {"right": ("Male", "Female")[is_female], "wrong": ("Female", "Male")[is_female]}.get(outcome)
                confidence = None if gender is None else 99.5 if outcome == "right" else (99.0, 75.0)[index % 2]
                face = SeenFace(0.1, 0.1, 0.5, 0.5, 98.0, gender, confidence, 25, 35, 10.0, 10.0, 10.0, 50.0, 60.0)
                faces[name] = () if outcome == "no face" else (face, face) if index == 0 else (face,)
    for row in rows:
        (folder / row[0]).touch()
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "skin_tone", "gender", "age", "pose", "faces"), *rows])
    return read_labelled(folder / "labels.csv", folder), Seen(faces, failures, "ab" * 32)
