"""What the commands of `recognizance evaluate` share that look at faces one by one."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recognizance.cli.evaluate.measured import opened
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, output, progress, table

if TYPE_CHECKING:
    from rich.table import Table

    from recognizance.workflows.evaluate.document import Told
    from recognizance.workflows.evaluate.labelled import Labelled
    from recognizance.workflows.evaluate.service import Seen

PhotosOption = Annotated[
    Path, typer.Option(help="The folder that the names in --labels start from.", file_okay=False, exists=True)
]
LabelsOption = Annotated[
    Path,
    typer.Option(
        help="A CSV file with a column `file`, a line for each photograph, and a column for each label; a column "
        "`subject` names the person.",
        dir_okay=False,
        exists=True,
    ),
]


def look(
    invocation: Invocation, photos: Path, listed: "Labelled", *, attributes: bool, sample: str, licence: str
) -> tuple["Seen", "Told"]:
    """Have the service find the faces of the listed photographs."""
    from datetime import UTC, datetime

    from recognizance import __version__
    from recognizance.workflows.evaluate.document import Told
    from recognizance.workflows.evaluate.service import Photographs

    with opened(invocation) as service:
        with progress("Looking", len(listed.photographs), "photograph") as advance:
            seen = service.detect(Photographs(photos, listed.photographs), attributes=attributes, progress=advance)
        return seen, Told(sample, licence, __version__, datetime.now(UTC), service.describe())


def show_sample(document: Mapping[str, Any]) -> None:
    """Say how many photographs were looked at, and how many failed."""
    sample = document["sample"]
    failures = sample["failures"]
    output().print(
        f"{count(sample['photographs'], 'photograph')}; {failures['no_face']['errors']:,} in which no face was found, "
        f"{failures['unreadable']['errors']:,} that could not be read."
    )
    output().print()


def show_rates(title: str, of: str, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Show rates in a table, each with its interval."""
    made: Table = table(of, "counted", "rate", "95 % interval", title=title, right=("counted", "rate"))
    for name, rate in rows:
        low, high = rate["interval"]
        made.add_row(
            name,
            f"{rate['errors']:,} of {rate['trials']:,}",
            f"{100 * rate['rate']:.3g} %" if rate["measured"] else "*",
            f"{100 * low:.3g} – {100 * high:.3g} %" if rate["trials"] else "",
        )
    output().print(made)


def show_groups(groups: Sequence[Mapping[str, Any]], key: str, what: str) -> None:
    """Show one rate by group."""
    for group in groups:
        show_rates(
            f"{what}, by {group['attribute']}",
            group["attribute"],
            ((row["group"], row["rates"][key]) for row in group["rows"]),
        )


def show_insufficient() -> None:
    """Say what the asterisk means."""
    output().print("* insufficient: fewer than 30 errors, or than 30 right answers, do not measure a rate.")
