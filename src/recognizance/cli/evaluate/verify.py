"""`recognizance evaluate verify`."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recognizance.cli.errors import ExitCode
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

    from recognizance.workflows.evaluate.service import Compared, Scale
    from recognizance.workflows.evaluate.trial_list import TrialList


def verify(
    context: typer.Context,
    pairs: Annotated[
        Path, typer.Option(help="A CSV file with the columns a, b and mated (yes or no).", dir_okay=False, exists=True)
    ],
    out: OutOption,
    photos: Annotated[
        Path | None,
        typer.Option(
            help="The folder that the names in --pairs start from.  Default: the CSV file's own.",
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

    The engine of this program is measured, with the models of its settings; no server is asked and no gallery touched.
    With --endpoint it is the service there: each pair is a call, and what was answered is kept in --out.
    """
    from datetime import UTC, datetime

    from recognizance import __version__
    from recognizance.reports.verification import verification_page
    from recognizance.workflows.evaluate.document import Told
    from recognizance.workflows.evaluate.service import Photographs
    from recognizance.workflows.evaluate.trial_list import NO_LABELS, read_labels, read_pairs
    from recognizance.workflows.evaluate.verify import report

    invocation: Invocation = context.obj
    folder = photos or pairs.parent
    trials = read_pairs(pairs, folder)
    known = read_labels(labels) if labels else NO_LABELS
    groups = groups_wanted(group_by, known)
    out.mkdir(parents=True, exist_ok=True)
    steps = (len(trials.photographs), "photograph") if invocation.measured is None else (len(trials.pairs), "pair")
    with opened(invocation) as service:
        with progress("Comparing", *steps) as advance:
            compared = service.compare(
                Photographs(folder, trials.photographs), [(pair.a, pair.b) for pair in trials.pairs], advance
            )
        told = Told(sample, licence, __version__, datetime.now(UTC), service.describe())
        scale = service.scale
    document = report(trials, known, compared, scale, groups, told)
    _show(document)
    columns = ("a", "b", "mated", "score", "similarity_percent", "failure")
    leave(out, document, verification_page(document), columns, _trials(trials, compared, scale))
    return ExitCode.OK


def _trials(trials: "TrialList", compared: "Compared", scale: "Scale") -> Iterator[tuple[object, ...]]:
    for pair, score in zip(trials.pairs, compared.scores, strict=True):
        failure = compared.failures.get(pair.a) or compared.failures.get(pair.b) or ""
        shown = ("", "") if math.isinf(score) else (f"{score:.9f}", f"{scale.percent(score):.4f}")
        yield pair.a, pair.b, "yes" if pair.mated else "no", *shown, failure


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
