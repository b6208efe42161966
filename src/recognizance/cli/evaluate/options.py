"""Options that the commands of `recognizance evaluate` share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recognizance.cli.errors import MisuseError

if TYPE_CHECKING:
    from recognizance.workflows.evaluate.trial_list import Labels

OutOption = Annotated[
    Path,
    typer.Option(help="The folder for report.html, report.json and trials.csv; made if need be.", file_okay=False),
]
LabelsOption = Annotated[
    Path | None,
    typer.Option(
        help="A CSV file with a column `file` and one for each label; a column `subject` names the person.",
        dir_okay=False,
        exists=True,
    ),
]
GroupByOption = Annotated[
    list[str] | None,
    typer.Option(help="A label that makes groups, or several joined by commas.  Again for more.  Default: each."),
]
SampleOption = Annotated[str, typer.Option(help="What the photographs are, for people to read.")]
LicenceOption = Annotated[str, typer.Option(help="On what terms the photographs may be used.")]

NOT_DESCRIBED = "not described"
NOT_STATED = "not stated"


def groups_wanted(wanted: list[str] | None, labels: "Labels") -> list[tuple[str, ...]]:
    """Tell which labels make groups: those that are named, else each one but the subject.

    Raises
    ------
    MisuseError
        If there is no such label.
    """
    from recognizance.workflows.evaluate.trial_list import SUBJECT

    if wanted is None:
        return [(name,) for name in labels.attributes if name != SUBJECT]
    groups = [tuple(name.strip() for name in group.split(",")) for group in wanted]
    unknown = sorted({name for group in groups for name in group} - set(labels.attributes))
    if unknown:
        raise MisuseError(
            f"There is no label {', '.join(unknown)}.",
            f"The labels are {', '.join(labels.attributes)}." if labels.attributes else "Name a file with --labels.",
        )
    return groups
