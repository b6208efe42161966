"""Photographs with labelled age and gender, and how they are parted."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import samples

BANDS = {
    "20-29": (20, 29),
    "30-39": (30, 39),
    "40-49": (40, 49),
    "50-59": (50, 59),
    "60-69": (60, 69),
    "more than 70": (70, 84),  # 84 is an assumption
}


@dataclass(frozen=True)
class Labelled:
    """One photograph; ages in completed years, both ends included, equal where the age is known."""

    path: Path
    male: bool
    ages: tuple[int, int]
    race: str = ""
    pose: str = "front"

    @property
    def fitted(self) -> bool:
        """Whether it may be fitted to: FairFace's with an even number; the others are for checking."""
        return int(self.path.stem) % 2 == 0


def fairface(each: int | None = None) -> list[Labelled]:
    """List FairFace's photographs, at most `each` of a race and gender, always the same."""
    root = samples.folder("fairface")
    taken: dict[tuple[str, str], int] = {}
    listed = []
    with (root / "labels.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            group = row["race"], row["gender"]
            taken[group] = taken.get(group, 0) + 1
            if each is None or taken[group] <= each:
                path = root / "images" / row["file"]
                listed.append(Labelled(path, row["gender"] == "Male", BANDS[row["age"]], row["race"]))
    return listed


def london(poses: Sequence[str] = ("front",)) -> list[Labelled]:
    """List the London set's photographs of people whose age is recorded."""
    with (samples.folder("london") / "people.csv").open(newline="", encoding="utf-8") as file:
        people = {row["id"]: row for row in csv.DictReader(file) if row["age"].isdigit()}
    return [
        Labelled(photo.path, person["gender"] == "male", (int(person["age"]),) * 2, person["ethnicity"], photo.pose)
        for photo in samples.london(poses)
        if (person := people.get(photo.subject))
    ]


def meds2() -> list[Labelled]:
    """List MEDS-II's photographs."""
    root = samples.folder("meds2")
    with (root / "labels" / "truth" / "subject_metadata.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if (root / "images" / row["img_name"]).is_file()]
    return [
        Labelled(
            root / "images" / row["img_name"],
            row["sex"] == "M",
            (int(float(row["age_phd"])),) * 2,
            row["rac"],
            row["label"],
        )
        for row in rows
    ]
