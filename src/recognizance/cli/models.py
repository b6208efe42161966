"""`recognizance models`."""

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from recognizance.cli.errors import ExitCode
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import WIDTH_FOR_IDENTIFIERS, output, show_warning

if TYPE_CHECKING:
    from recognizance.inference.manifest import ModelEntry
    from recognizance.settings import Settings

_NON_COMMERCIAL = re.compile(r"non[\s_-]*commercial|\bNC\b|research[\s_-]*only", re.IGNORECASE)


def models(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """List the models: where they come from, on what terms, and whether the files here are the right ones."""
    from recognizance.cli.answers import print_json
    from recognizance.inference.manifest import read_manifest

    invocation: Invocation = context.obj
    settings = invocation.settings()
    rows = [_describe(entry, settings) for entry in read_manifest(settings.manifest).values()]
    if as_json:
        print_json({"format": "recognizance-models-1", "models": rows})
        return ExitCode.OK
    for row in rows:
        _show(row)
    for row in rows:
        if row["non_commercial"]:
            show_warning(
                f"The licence of {row['name']} ({row['licence']}) does not allow commercial use.",
                "Whether your use is allowed is yours to judge; see docs/models.md.",
            )
    return ExitCode.OK


def _describe(entry: "ModelEntry", settings: "Settings") -> dict[str, Any]:
    from recognizance.errors import ModelDigestError, ModelUnavailableError
    from recognizance.inference.weights import read_weights

    problem = ""
    installed = True
    try:
        read_weights(entry, settings.models)
    except ModelDigestError as error:
        problem = error.message
    except ModelUnavailableError as error:
        installed, problem = False, f"{error.message} {error.remedy}".strip()
    return {
        "name": entry.name,
        "task": entry.task,
        "in_use": entry.name == settings.embedder or entry.task != "embedding",
        "licence": entry.licence,
        "non_commercial": bool(_NON_COMMERCIAL.search(entry.licence)),
        "source": entry.source,
        "training_data": entry.training_data,
        "file": entry.file,
        "package": entry.package or None,
        "sha256": entry.sha256,
        "installed": installed,
        "verified": not problem,
        "problem": problem or None,
        "runtime": entry.runtime,
        "dimension": entry.dimension or None,
        "calibration": _calibration(entry, settings),
    }


def _calibration(entry: "ModelEntry", settings: "Settings") -> dict[str, Any] | None:
    """Describe the calibration of an embedder; None if it has none."""
    from recognizance.bootstrap import open_calibration
    from recognizance.errors import CalibrationError

    if entry.task != "embedding":
        return None
    try:
        found = open_calibration(settings.model_copy(update={"embedder": entry.name}))
    except CalibrationError:
        return None
    told = found.provenance
    return {
        "model": found.model,
        "digest": found.digest,
        "sample": told.get("sample"),
        "faces_compared": told.get("faces_compared"),
        "comparisons": told.get("comparisons"),
    }


def _show(row: dict[str, Any]) -> None:
    from rich.table import Table

    console = output()
    console.print(Text.assemble((row["name"], "bold"), f"  {row['task']}", "  in use" if row["in_use"] else ""))
    state = Text("installed, digest verified", style="green")
    if row["problem"]:
        state = Text(row["problem"], style="bold red")
    digest = row["sha256"] if console.width >= WIDTH_FOR_IDENTIFIERS else f"{row['sha256'][:16]}…"
    facts = {
        "licence": Text(row["licence"]),
        "source": Text(row["source"]),
        "training data": Text(row["training_data"]),
        "file": Text(row["file"] + (f" (package {row['package']})" if row["package"] else "")),
        "SHA-256": Text(digest),
        "state": state,
        "runtime": Text(row["runtime"] + (f", {row['dimension']} numbers a face" if row["dimension"] else "")),
    }
    if row["task"] == "embedding":
        facts["calibration"] = _told(row["calibration"])
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, fact in facts.items():
        grid.add_row(f"  {name}", fact)
    console.print(grid)
    console.print()


def _told(calibration: dict[str, Any] | None) -> Text:
    if calibration is None:
        return Text("none: make one with `recognizance calibrate`", style="yellow")
    faces, comparisons = calibration["faces_compared"], calibration["comparisons"]
    size = f" ({faces:,} faces, {comparisons:,} comparisons)" if faces and comparisons else ""
    return Text(f"{calibration['sample']}{size}; digest {calibration['digest'][:16]}…")
