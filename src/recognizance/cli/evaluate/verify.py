"""`recognizance evaluate verify`."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.evaluate.folders import photographs_in
from recognizance.cli.evaluate.measured import opened
from recognizance.cli.evaluate.options import (
    NOT_DESCRIBED,
    NOT_STATED,
    GroupByOption,
    LabelsOption,
    LicenceOption,
    OutOption,
    SampleOption,
    groups_wanted,
)
from recognizance.cli.evaluate.written import leave
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, output, progress, table

if TYPE_CHECKING:
    from rich.table import Table

    from recognizance.workflows.evaluate.service import Photographs, Scale
    from recognizance.workflows.evaluate.verify import Verification


def verify(
    context: typer.Context,
    out: OutOption,
    pairs: Annotated[
        Path | None,
        typer.Option(
            help="A CSV file with the columns a, b and mated (yes or no).  Default: every photograph of --photos with "
            "every other.",
            dir_okay=False,
            exists=True,
        ),
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(
            help="The folder that the names in --pairs and --labels start from.  Default: the folder of --pairs.",
            file_okay=False,
            exists=True,
        ),
    ] = None,
    labels: LabelsOption = None,
    group_by: GroupByOption = None,
    sample: SampleOption = NOT_DESCRIBED,
    licence: LicenceOption = NOT_STATED,
) -> int:
    """Measure the error rates of one-to-one comparisons (1:1), overall and group by group.

    Without --pairs all photographs that --labels names, or all of the folder, are compared with all.  Who is who is
    then told by the label `subject`, or by a folder for each person.

    This program's engine is measured, in process and touching no gallery, unless --endpoint names another service.
    With --endpoint it is the service there: each pair is a call, and what was answered is kept in --out.
    """
    from datetime import UTC, datetime

    from recognizance import __version__
    from recognizance.reports.verification import verification_page
    from recognizance.workflows.evaluate.document import Told
    from recognizance.workflows.evaluate.people import grouped
    from recognizance.workflows.evaluate.service import Photographs
    from recognizance.workflows.evaluate.trial_list import (
        NO_LABELS,
        read_labels,
        read_labels_of,
        read_pairs,
        require_photographs,
    )
    from recognizance.workflows.evaluate.verify import report
    from recognizance.workflows.evaluate.verifying import verify_all, verify_pairs

    invocation: Invocation = context.obj
    folder = photos or (pairs.parent if pairs else None)
    if folder is None:
        raise MisuseError("There is nothing to compare.", "Name a folder with --photos, or a list with --pairs.")
    known, trials = NO_LABELS, None
    if pairs:
        trials = read_pairs(pairs, folder)
        photographs = Photographs(folder, trials.photographs)
        known = read_labels_of(labels, trials.photographs) if labels else NO_LABELS
    elif labels:
        known = read_labels(labels)
        require_photographs(labels, folder, known.of)
        photographs = Photographs(folder, tuple(known.of))
    else:
        photographs = photographs_in(folder)
    groups = groups_wanted(group_by, known)
    out.mkdir(parents=True, exist_ok=True)
    steps, unit = len(photographs.names), "photograph"
    if invocation.measured is not None:  # a call for each pair
        steps, unit = len(trials.pairs) if trials else steps * (steps - 1) // 2, "pair"
    with opened(invocation) as service:
        with progress("Comparing", steps, unit) as advance:
            if trials is None:
                verification = verify_all(service, photographs, known, advance)
            else:
                verification = verify_pairs(service, trials, photographs, known, advance)
        told = Told(sample, licence, __version__, datetime.now(UTC), service.describe())
        scale = service.scale
    groupings = [grouped(photographs.names, known, attributes) for attributes in groups]
    document = report(verification, groupings, scale, told)
    _show(document)
    columns = ("a", "b", "mated", "score", "similarity_percent", "failure")
    leave(out, document, verification_page(document), columns, _trials(photographs, verification, scale))
    return ExitCode.OK


def _trials(photographs: "Photographs", verification: "Verification", scale: "Scale") -> Iterator[tuple[object, ...]]:
    from recognizance.workflows.evaluate.verify import LOWEST_PERCENT

    rows = verification.comparisons.rows(scale.score_at_percent(LOWEST_PERCENT))
    names, failures = photographs.names, verification.failures
    for first, second, mated, score in zip(rows.first, rows.second, rows.is_mated, rows.scores, strict=True):
        a, b = names[first], names[second]
        failure = failures.get(a) or failures.get(b) or ""
        shown = ("", "") if math.isinf(score) else (f"{score:.9f}", f"{scale.percent(float(score)):.4f}")
        yield a, b, "yes" if mated else "no", *shown, failure


def _show(document: Mapping[str, Any]) -> None:
    sample = document["sample"]
    console = output()
    failed = sum(failure["errors"] for failure in sample["failures"].values())
    console.print(
        f"{count(sample['photographs'], 'photograph')} of {sample['subjects']:,} people, {failed:,} of them without a "
        f"usable face; {sample['mated']:,} pairs of one person, {sample['nonmated']:,} of two."
    )
    console.print()
    console.print(
        _rates(
            "similarity",
            "Error rates by threshold",
            [(f"{row['percent']} %", row) for row in document["rates_at_percent"]],
        )
    )
    for group in document["groups"]:
        title = f"{group['attribute']}, at {group['percent']} %"
        console.print(_rates(group["attribute"], title, [(row["group"], row) for row in group["rows"]]))
    console.print("* insufficient: fewer than 30 errors, or than 30 right answers, do not measure a rate.")


def _rates(of: str, title: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> "Table":
    made = table(
        of,
        "false matches",
        "95 % interval",
        "false non-matches",
        "95 % interval",
        title=title,
        right=("false matches", "false non-matches"),
    )
    for name, row in rows:
        made.add_row(name, *_cells(row["fmr"]), *_cells(row["fnmr"]))
    return made


def _cells(rate: Mapping[str, Any]) -> tuple[str, str]:
    if rate["rate"] is None:
        return "no pairs", ""
    low, high = rate["interval"]
    return (
        f"{rate['errors']:,} of {rate['trials']:,}{'' if rate['measured'] else ' *'}",
        f"{low:.2g} – {high:.2g}",
    )
