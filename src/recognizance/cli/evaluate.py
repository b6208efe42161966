"""`recognizance evaluate`."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, output, progress, table

if TYPE_CHECKING:
    from rich.table import Table

    from recognizance.scoring import Calibration
    from recognizance.workflows.evaluate.scoring_pairs import Scored
    from recognizance.workflows.evaluate.trial_list import Labels, TrialList

app = typer.Typer(help="Measure how well faces are told apart, on photographs whose truth is known.")


@app.callback()
def evaluate() -> None:
    """Measure how well faces are told apart, on photographs whose truth is known."""


@app.command("verify")
def verify(
    context: typer.Context,
    pairs: Annotated[
        Path, typer.Option(help="A CSV file with the columns a, b and mated (yes or no).", dir_okay=False, exists=True)
    ],
    out: Annotated[Path, typer.Option(help="The folder for report.html, report.json and trials.csv; made if need be.")],
    photos: Annotated[
        Path | None,
        typer.Option(
            help="The folder that the names in --pairs start from.  Default: the CSV file's own.",
            file_okay=False,
            exists=True,
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="A CSV file with a column `file` and one for each label; a column `subject` names the person.",
            dir_okay=False,
            exists=True,
        ),
    ] = None,
    group_by: Annotated[
        list[str] | None,
        typer.Option(help="A label that makes groups, or several joined by commas.  Again for more.  Default: each."),
    ] = None,
    sample: Annotated[str, typer.Option(help="What the photographs are, for people to read.")] = "not described",
    licence: Annotated[str, typer.Option(help="On what terms the photographs may be used.")] = "not stated",
) -> int:
    """Measure the error rates of one-to-one comparisons (1:1), overall and group by group.

    The engine of this program is measured, with the models of its settings; no server is asked and no gallery touched.
    """
    from datetime import UTC, datetime

    from recognizance import __version__
    from recognizance.bootstrap import digests, open_calibration, open_engine, thread_count
    from recognizance.reports.verification import verification_page
    from recognizance.workflows.evaluate.scoring_pairs import score_pairs
    from recognizance.workflows.evaluate.trial_list import NO_LABELS, read_labels, read_pairs
    from recognizance.workflows.evaluate.verify import Told, report

    invocation: Invocation = context.obj
    settings = invocation.settings()
    folder = photos or pairs.parent
    trials = read_pairs(pairs, folder)
    known = read_labels(labels) if labels else NO_LABELS
    groups = _groups(group_by, known)
    calibration = open_calibration(settings)
    out.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings)
    with progress("Comparing", len(trials.photographs), "photograph") as advance:
        scored = score_pairs(engine, trials, folder, threads=thread_count(settings), progress=advance)
    service = {
        "engine": "in process",
        "model": engine.model,
        "model_sha256": digests(settings),
        "calibration": calibration.digest,
    }
    told = Told(sample, licence, __version__, datetime.now(UTC), service)
    document = report(trials, known, scored, calibration, groups, told)
    _write(out / "report.json", json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    _write(out / "report.html", verification_page(document))
    _write_trials(out / "trials.csv", trials, scored, calibration)
    _show(document)
    output().print(f"Written to {out}: report.html, report.json, trials.csv.", soft_wrap=True)
    return ExitCode.OK


def _groups(wanted: list[str] | None, labels: "Labels") -> list[tuple[str, ...]]:
    """Tell which labels make groups: those that are named, else each one but the subject."""
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


def _write(path: Path, text: str) -> None:
    draft = path.with_name(path.name + ".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _write_trials(path: Path, trials: "TrialList", scored: "Scored", calibration: "Calibration") -> None:
    draft = path.with_name(path.name + ".tmp")
    with draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("a", "b", "mated", "score", "similarity_percent", "failure"))
        for pair, score in zip(trials.pairs, scored.scores, strict=True):
            failure = scored.failures.get(pair.a) or scored.failures.get(pair.b) or ""
            shown = ("", "") if math.isinf(score) else (f"{score:.9f}", f"{calibration.percent(score):.4f}")
            writer.writerow((pair.a, pair.b, "yes" if pair.mated else "no", *shown, failure))
    draft.replace(path)


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
