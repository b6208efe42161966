"""`recognizance evaluate gender`."""

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

_COLUMNS = ("file", "label", "told", "confidence_percent", "outcome")


def gender(
    context: typer.Context,
    photos: PhotosOption,
    labels: LabelsOption,
    out: OutOption,
    group_by: GroupByOption = None,
    sample: SampleOption = NOT_DESCRIBED,
    licence: LicenceOption = NOT_STATED,
) -> int:
    """Measure how often the Gender attribute is wrong, by group (the Gender Shades test).

    Needs a label `gender` (female or male).  By default groups are made by gender, and by gender with each other label.
    The engine of this program is measured, with the models of its settings; no server is asked and no gallery touched.
    """
    from recognizance.reports.gender import gender_page
    from recognizance.workflows.evaluate.gender import report, require_labels
    from recognizance.workflows.evaluate.labelled import GENDER, read_labelled

    listed = read_labelled(labels, photos)
    require_labels(listed)
    others = [(name, GENDER) for name in listed.grouping() if name != GENDER]
    groups = groups_wanted(group_by, listed.labels) if group_by else [(GENDER,), *others]
    out.mkdir(parents=True, exist_ok=True)
    seen, told = look(context.obj, photos, listed, attributes=True, sample=sample, licence=licence)
    document = report(listed, seen, groups, told)
    _show(document)
    leave(out, document, gender_page(document), _COLUMNS, _trials(listed, seen))
    return ExitCode.OK


def _trials(listed: "Labelled", seen: "Seen") -> Iterator[tuple[object, ...]]:
    from recognizance.workflows.evaluate.gender import outcomes_of
    from recognizance.workflows.evaluate.labelled import GENDER

    outcomes = outcomes_of(listed, seen)
    for name in listed.photographs:
        faces = seen.faces.get(name)
        told = (faces[0].gender, faces[0].gender_confidence) if faces else (None, None)
        yield name, listed.label(name, GENDER), *told, outcomes.get(name, "not compared")


def _show(document: Mapping[str, Any]) -> None:
    show_sample(document)
    rates = document["rates"]
    show_rates(
        "Gender told",
        "overall",
        [
            ("another than the label's, or none", rates["error"]),
            ("another, of the answers", rates["wrong"]),
            (f"another, of answers with {document['confident_percent']} % or more", rates["confident_wrong"]),
        ],
    )
    show_groups(document["groups"], "error", "Another gender than the label's, or none")
    show_insufficient()
