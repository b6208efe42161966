"""`recognizance evaluate attributes`."""

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
from recognizance.cli.terminal import output, table

if TYPE_CHECKING:
    from recognizance.workflows.evaluate.labelled import Labelled
    from recognizance.workflows.evaluate.service import Seen

_TOLD = ("gender", "gender_confidence", "age_low", "age_high", "yaw", "pitch", "roll")
_LABELS = ("gender", "age", "pose", "yaw", "pitch", "roll")
_COLUMNS = ("file", *(f"label_{name}" for name in _LABELS), *(f"told_{name}" for name in _TOLD), "failure")


def attributes(
    context: typer.Context,
    photos: PhotosOption,
    labels: LabelsOption,
    out: OutOption,
    group_by: GroupByOption = None,
    sample: SampleOption = NOT_DESCRIBED,
    licence: LicenceOption = NOT_STATED,
) -> int:
    """Measure what is told of faces: gender, range of ages and pose, as far as labels allow.

    Labels that count: gender (female, male), age (34, 20-29, 70+), pose (words), yaw, pitch and roll (degrees).
    The engine of this program is measured, with the models of its settings; no server is asked and no gallery touched.
    """
    from recognizance.reports.attributes import attributes_page
    from recognizance.workflows.evaluate.attributes import report, require_labels
    from recognizance.workflows.evaluate.labelled import read_labelled

    listed = read_labelled(labels, photos)
    require_labels(listed)
    groups = groups_wanted(group_by, listed.labels) if group_by else [(name,) for name in listed.grouping()]
    out.mkdir(parents=True, exist_ok=True)
    seen, told = look(context.obj, photos, listed, attributes=True, sample=sample, licence=licence)
    document = report(listed, seen, groups, told)
    _show(document)
    leave(out, document, attributes_page(document), _COLUMNS, _trials(listed, seen))
    return ExitCode.OK


def _trials(listed: "Labelled", seen: "Seen") -> Iterator[tuple[object, ...]]:
    from recognizance.workflows.evaluate.service import NO_FACE

    for name in listed.photographs:
        faces = seen.faces.get(name)
        told = [getattr(faces[0], attribute) if faces else None for attribute in _TOLD]
        failure = seen.failures.get(name, "" if faces else NO_FACE)
        yield name, *(listed.label(name, attribute) for attribute in _LABELS), *told, failure


def _show(document: Mapping[str, Any]) -> None:
    show_sample(document)
    for name in document["not_told"]:
        output().print(f"Not told by this service: {name}.")
    for name in document["not_labelled"]:
        output().print(f"Not labelled, so not measured: {name}.")
    for name, wrong, key in (("gender", "another gender", "wrong"), ("age", "a range without the age", "wrong")):
        if told := document[name]:
            show_rates(
                name.capitalize(),
                "overall",
                [(f"{wrong}, or none", told["rates"]["error"]), (f"{wrong}, of the answers", told["rates"][key])],
            )
            show_groups(told["groups"], "error", f"{wrong.capitalize()}, or none")
    if pose := document["pose"]:
        _show_pose(pose)
    show_insufficient()


def _show_pose(pose: Mapping[str, Any]) -> None:
    console = output()
    if pose["angles"]:
        made = table("angle", "photographs", "half are within", title="Degrees from the label", right=("photographs",))
        for angle, told in pose["angles"].items():
            if off := told["off_absolute_degrees"]:
                made.add_row(angle, f"{off['count']:,}", f"{off['quartiles'][1]:.1f}°")
        console.print(made)
    if pose["poses"]:
        made = table("pose", "faces found", "median yaw", "half of them", title="Yaw told, by labelled pose")
        for row in pose["poses"]:
            found = f"{row['found']:,} of {row['photographs']:,}"
            yaw = row["yaw_degrees"]
            middle, between = "", ""
            if yaw:
                low, median, high = yaw["quartiles"]
                middle, between = f"{median:.0f}°", f"{low:.0f} to {high:.0f}°"
            made.add_row(row["pose"], found, middle, between)
        console.print(made)
