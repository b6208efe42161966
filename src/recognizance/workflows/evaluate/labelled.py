"""Read which photographs are looked at, and what is known of the people in them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognizance.errors import TrialListError
from recognizance.workflows.evaluate.face_labels import gender_of, years_of
from recognizance.workflows.evaluate.people import numbered
from recognizance.workflows.evaluate.trial_list import SUBJECT, Labels, read_labels, require_photographs

GENDER = "gender"
AGE = "age"
POSE = "pose"
FACES = "faces"
ANGLES = ("yaw", "pitch", "roll")

_NO_GROUPS = {SUBJECT, FACES, *ANGLES}


@dataclass(frozen=True)
class Labelled:
    """Photographs, each once, with their labels.

    Attributes
    ----------
    path, sha256
        The file of labels and its digest, hexadecimal.
    photographs : tuple of str
        Names relative to a folder, in the order of the file.
    labels : Labels
        As the file has them.
    groups : Labels
        What makes groups of them: both genders in one spelling, and ages in years in bands of ten.
    subjects : mapping of str to str
        By name of the photograph: the person; one without the label `subject` is a person of its own.
    """

    path: Path
    sha256: str
    photographs: tuple[str, ...]
    labels: Labels
    groups: Labels
    subjects: Mapping[str, str]

    @property
    def has_subjects(self) -> bool:
        """Whether the file tells who is who."""
        return SUBJECT in self.labels.attributes

    def label(self, photograph: str, attribute: str) -> str:
        """Give one label; empty if it is not known."""
        return self.labels.of[photograph].get(attribute, "")

    def numbered(self, photographs: Sequence[str]) -> NDArray[np.intp]:
        """Give numbers to the people that photographs show, from 0."""
        return numbered([self.subjects[name] for name in photographs])

    def grouping(self) -> list[str]:
        """Name the labels that make groups: not who it is, nor what is counted or measured in degrees."""
        return [name for name in self.labels.attributes if name not in _NO_GROUPS]


def read_labelled(path: Path, folder: Path) -> Labelled:
    """Read a CSV file with a column `file`, the name relative to `folder`, and one for each label.

    Raises
    ------
    TrialListError
        Also if it lists nothing, or a photograph is missing.
    """
    labels = read_labels(path)
    if not labels.of:
        raise TrialListError(f"{path} lists no photograph.", "It has a column file, and one line a photograph.")
    require_photographs(path, folder, labels.of)
    groups = {
        name: {attribute: _grouped(attribute, value) for attribute, value in row.items()}
        for name, row in labels.of.items()
    }
    subjects = {
        # The two kinds of name can't be the same: no label begins with a space.
        name: row.get(SUBJECT) or f" {name}"
        for name, row in labels.of.items()
    }
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Labelled(path, digest, tuple(labels.of), labels, Labels(labels.attributes, groups), subjects)


def _grouped(attribute: str, value: str) -> str:
    if attribute == GENDER:
        return gender_of(value) or value
    if attribute == AGE:
        years = years_of(value)
        if years is not None and years.low == years.high:
            decade = int(years.low) // 10 * 10
            return f"{decade}-{decade + 9}"
    return value
