"""`recognizance calibrate`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, output, progress, table

if TYPE_CHECKING:
    from recognizance.workflows.engine import Engine

SAME_PERSON_SCORE = 0.55
"""The default of `workflows.calibrate`, repeated so that --help loads no model; a test compares the two."""


def calibrate(
    context: typer.Context,
    photos: Annotated[
        Path, typer.Option(help="The folder of photographs, one face each.", file_okay=False, exists=True)
    ],
    labels: Annotated[
        Path, typer.Option(help="A CSV file with a column `file` and one for each label.", dir_okay=False, exists=True)
    ],
    group_by: Annotated[str, typer.Option(help="The labels that make a group, parted by commas, e.g. race,gender.")],
    sample: Annotated[str, typer.Option(help="What the sample is, for people to read.")],
    out: Annotated[Path, typer.Option(help="The calibration file to write.", dir_okay=False)],
    same_person_score: Annotated[
        float, typer.Option(min=-1, max=1, help="Photographs that score this much are taken to show one person.")
    ] = SAME_PERSON_SCORE,
    distinct: Annotated[
        bool, typer.Option("--distinct", help="All photographs show different people: compare them all.")
    ] = False,
    embedder: Annotated[
        str | None, typer.Option(help="The embedding model.  Default: the one of the settings.")
    ] = None,
    mirror: Annotated[
        bool | None,
        typer.Option("--mirror/--no-mirror", help="Average with the mirrored crop.  Default: as in the settings."),
    ] = None,
) -> int:
    """Make a model's calibration: what its scores mean, from photographs of different people."""
    from datetime import UTC, datetime

    from recognizance import __version__
    from recognizance.bootstrap import open_engine, thread_count
    from recognizance.workflows import calibrate as workflow

    invocation: Invocation = context.obj
    settings = invocation.settings(embedder=embedder, mirror=mirror)
    if not out.absolute().parent.is_dir():
        raise MisuseError(f"The folder of {out} does not exist.", "Make it first.")
    found = workflow.read_sample(photos, labels, [name.strip() for name in group_by.split(",")], sample)
    engine: Engine = open_engine(settings)
    with progress("Comparing", len(found.photographs), "photograph") as advance:
        text = workflow.calibrate(
            engine,
            found,
            threads=thread_count(settings),
            now=datetime.now(UTC),
            version=__version__,
            same_person_score=None if distinct else same_person_score,
            progress=lambda done: advance(),
        )
    draft = out.with_name(out.name + ".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(out)
    document = json.loads(text)
    _show(document)
    console = output()
    console.print(f"Written to {out}, digest {document['digest']}.", soft_wrap=True)
    console.print(
        f"To use it, name it {document['model']}.json, in the folder that RECOGNIZANCE_CALIBRATIONS names.",
        soft_wrap=True,
    )
    return ExitCode.OK


def _show(document: Mapping[str, Any]) -> None:
    told = document["provenance"]
    console = output()
    unusable, filtered = told["photographs_without_usable_face"], told["faces_failing_quality_filter_auto"]
    console.print(
        f"{count(told['photographs'], 'photograph')}: {unusable:,} without a usable face, {filtered:,} below the "
        f"quality filter; {told['faces_compared']:,} faces, {told['comparisons']:,} comparisons of different people, "
        f"{told['comparisons_within_groups']:,} of them within a group."
    )
    console.print()
    rows = table(
        "similarity",
        "false match rate",
        "score",
        "",
        title=f"Thresholds of {document['model']}",
        right=("similarity", "score"),
    )
    measured = document["overall"]["measured_to"]
    for name, score in told["thresholds"].items():
        exponent = _exponent(name)
        rows.add_row(
            f"{30 + 10 * exponent} %",
            f"1 in {10**exponent:,}",
            f"{score:.4f}",
            "measured" if score <= measured else "fitted tail",
        )
    console.print(rows)
    rules = told["sensitivity_to_same_person_score"]
    names = [name for name in rules[0] if name.startswith("score_at_fmr_")]
    sensitivity = table(
        "one person from score",
        "faces kept",
        *(f"1 in 10^{_exponent(name)}" for name in names),
        title="The same thresholds, had the rule for one person been another",
        right=("faces kept",),
    )
    for rule in rules:
        chosen = rule["same_person_score"] == told["same_person_score"]
        score = rule["same_person_score"]
        sensitivity.add_row(
            f"{'no rule' if score is None else f'{score:.2f}'}{' (chosen)' if chosen else ''}",
            f"{rule['faces']:,}",
            *(f"{rule[name]:.3f}" for name in names),
        )
    console.print(sensitivity)


def _exponent(name: str) -> int:
    return int(name.rpartition("-")[2])
