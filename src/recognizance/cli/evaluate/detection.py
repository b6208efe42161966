"""`recognizance evaluate detection`."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import typer

from recognizance.cli.errors import ExitCode
from recognizance.cli.evaluate.faces import (
    LabelsOption,
    PhotosOption,
    look,
    show_groups,
    show_insufficient,
    show_rates,
    show_sample,
)
from recognizance.cli.evaluate.options import (
    NOT_DESCRIBED,
    NOT_STATED,
    GroupByOption,
    LicenceOption,
    OutOption,
    SampleOption,
    groups_wanted,
)
from recognizance.cli.evaluate.written import leave

if TYPE_CHECKING:
    from recognizance.workflows.evaluate.labelled import Labelled
    from recognizance.workflows.evaluate.service import Seen

_COLUMNS = ("file", "faces_labelled", "faces_found", "confidence_percent", "brightness", "sharpness", "failure")


def detection(
    context: typer.Context,
    photos: PhotosOption,
    labels: LabelsOption,
    out: OutOption,
    group_by: GroupByOption = None,
    sample: SampleOption = NOT_DESCRIBED,
    licence: LicenceOption = NOT_STATED,
) -> int:
    """Measure how often no face is found in a photograph that shows one, by group.

    A label `faces` tells how many faces a photograph shows; then faces too many and too few are counted too.
    The engine of this program is measured, with the models of its settings; no server is asked and no gallery touched.
    """
    from recognizance.reports.detection import detection_page
    from recognizance.workflows.evaluate.detection import faces_labelled, report
    from recognizance.workflows.evaluate.labelled import read_labelled

    listed = read_labelled(labels, photos)
    faces_labelled(listed)
    groups = groups_wanted(group_by, listed.labels) if group_by else [(name,) for name in listed.grouping()]
    out.mkdir(parents=True, exist_ok=True)
    seen, told = look(context.obj, photos, listed, attributes=False, sample=sample, licence=licence)
    document = report(listed, seen, groups, told)
    _show(document)
    leave(out, document, detection_page(document), _COLUMNS, _trials(listed, seen))
    return ExitCode.OK


def _trials(listed: "Labelled", seen: "Seen") -> Iterator[tuple[object, ...]]:
    from recognizance.workflows.evaluate.labelled import FACES

    for name in listed.photographs:
        faces = seen.faces.get(name)
        told = (faces[0].confidence, faces[0].brightness, faces[0].sharpness) if faces else (None,) * 3
        found = "" if faces is None else len(faces)
        yield name, listed.label(name, FACES), found, *told, seen.failures.get(name, "")


def _show(document: Mapping[str, Any]) -> None:
    show_sample(document)
    said = {
        "failure_to_detect": "no face found",
        "too_few": "fewer faces than labelled",
        "too_many": "more faces than labelled",
        "unreadable": "not readable",
    }
    rates = document["rates"]
    show_rates("Photographs", "overall", [(words, rates[key]) for key, words in said.items() if key in rates])
    show_groups(document["groups"], "failure_to_detect", "No face found")
    show_insufficient()
