"""`recognizance bench`: what this machine does, and what a larger gallery would take."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from recognizance.cli.errors import ExitCode
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, few, messages, output, progress, show_warning, strangers, table

if TYPE_CHECKING:
    from recognizance.settings import Settings
    from recognizance.workflows.bench.enrolment import Enrolment
    from recognizance.workflows.bench.plan import Plan
    from recognizance.workflows.bench.searching import Searches

_REFERENCES_MIN = 1_000
_SMALLEST = 10_000
_PHOTOGRAPHS_MAX = 1_000
_PHOTOGRAPHS_BYTES_MAX = 256_000_000


def bench(
    context: typer.Context,
    references: Annotated[
        int, typer.Option(min=_REFERENCES_MIN, help="Measure galleries of up to so many references.")
    ] = 1_000_000,
    photographs: Annotated[
        Path | None,
        typer.Option(
            help="Measure enrolment with your own photographs (folders in it too).  Default: the one that scikit-image "
            "ships.",
            file_okay=False,
        ),
    ] = None,
    enrolment: Annotated[
        bool, typer.Option("--enrolment/--no-enrolment", help="Measure enrolment too (default).")
    ] = True,
    plan: Annotated[
        int, typer.Option(min=1, help="Calculate what so many references would take on this machine.")
    ] = 20_000_000,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw the curves into this .svg or .png (needs matplotlib).", dir_okay=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """Measure this machine: searches by gallery size, enrolment, memory; and calculate what more would take.

    Searches are for the best ten among random templates.  resident_mb is what a fresh process grows by from before it
    opens the files to after searches; the code that is compiled once for all galleries is kernels_mb.
    """
    from recognizance.bootstrap import open_calibration, thread_count
    from recognizance.cli.answers import print_json
    from recognizance.cli.curves import draw, require_plottable
    from recognizance.workflows.bench import plan as planning

    invocation: Invocation = context.obj
    settings = invocation.settings()
    calibration = open_calibration(settings)
    if plot is not None:
        require_plottable(plot)
    pictures = _read(photographs, settings) if enrolment else []
    measured, dimension, file_mb = _measure_searches(references, settings)
    enrolled = _measure_enrolment(pictures, settings) if enrolment else None
    planned = planning.plan(
        plan,
        measured[-1],
        dimension=dimension,
        threads=thread_count(settings),
        photographs_per_second=enrolled.photographs_per_second if enrolled else None,
        calibration=calibration,
    )
    document = _document(measured, enrolled, planned, settings, dimension, file_mb)
    if plot is not None:
        draw(measured, plot, title=f"{document['machine']['cpu']}, {dimension} numbers a template")
    if as_json:
        print_json(document)
    else:
        _show(output(), document, measured, planned)
    return ExitCode.OK


def sizes(references: int) -> list[int]:
    """List the galleries to measure: powers of ten below the largest, and the largest."""
    found = []
    size = _SMALLEST
    while size < references:
        found.append(size)
        size *= 10
    return [*found, references]


def _read(photographs: Path | None, settings: "Settings") -> list[bytes]:
    from recognizance.cli.demo import astronaut
    from recognizance.cli.items import read_photograph
    from recognizance.cli.sources import photographs_below
    from recognizance.errors import NotFoundError

    if photographs is None:
        return [astronaut().read_bytes()]
    if not photographs.is_dir():
        raise NotFoundError(f"There is no folder {photographs}.")
    paths, _ = photographs_below(photographs)
    if not paths:
        raise NotFoundError(f"There are no JPEG or PNG files in {photographs}.")
    found: list[bytes] = []
    for path in paths[:_PHOTOGRAPHS_MAX]:
        found.append(read_photograph(path, settings))
        if sum(map(len, found)) > _PHOTOGRAPHS_BYTES_MAX:
            break
    return found


def _measure_searches(references: int, settings: "Settings") -> tuple[list["Searches"], int, float]:
    import tempfile

    from recognizance.bootstrap import template_dimension, thread_count
    from recognizance.workflows.bench import material, searching

    dimension = template_dimension(settings)
    settings.cache_folder.mkdir(parents=True, exist_ok=True)
    measured: list[Searches] = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir=settings.cache_folder) as made:
        material.require_room(Path(made), references, dimension)
        for size in sizes(references):
            folder = Path(made) / str(size)
            with progress("Making references", size, "reference") as advance:
                file_bytes = material.fill(folder, size, dimension, progress=advance)
            messages().print(f"Searching among {size:,} references …")
            fits = material.matrix_fits(size, dimension)
            task = searching.Task(str(folder), size, dimension, thread_count(settings), fits)
            measured.append(searching.measure(task))
            for file in folder.iterdir():
                file.unlink()
            if not fits:
                show_warning(f"numpy's matrix of {size:,} references does not fit the memory: it is not measured.")
    return measured, dimension, file_bytes / 1e6


def _measure_enrolment(pictures: Sequence[bytes], settings: "Settings") -> "Enrolment":
    from recognizance.bootstrap import open_engine, thread_count
    from recognizance.workflows.bench import enrolment

    messages().print("Making templates of photographs …")
    return enrolment.measure(open_engine(settings), pictures, threads=thread_count(settings))


def _document(
    measured: Sequence["Searches"],
    enrolled: "Enrolment | None",
    planned: "Plan",
    settings: "Settings",
    dimension: int,
    file_mb: float,
) -> dict[str, Any]:
    from recognizance.bootstrap import thread_count
    from recognizance.workflows.bench.machine import describe_machine
    from recognizance.workflows.bench.searching import BATCH, LIMIT

    return {
        "format": "recognizance-bench-1",
        **asdict(measured[-1]),
        "file_mb": file_mb,
        "dimension": dimension,
        "candidates": LIMIT,
        "batch_size": BATCH,
        "threads": thread_count(settings),
        "enrol_per_second": enrolled.photographs_per_second if enrolled else None,
        "enrol_faces_per_second": enrolled.faces_per_second if enrolled else None,
        "machine": describe_machine(),
        "sizes": [asdict(row) for row in measured],
        "plan": asdict(planned),
    }


def _show(console: Console, document: dict[str, Any], measured: Sequence["Searches"], planned: "Plan") -> None:
    from recognizance.cli.curves import sketch

    machine, threads = document["machine"], document["threads"]
    console.print(
        f"{machine['cpu']}, {count(machine['cores'], 'core')}, {machine['memory_gb']:.0f} GB of memory, load "
        f"{machine['load_1min']:.1f}.  {document['dimension']} numbers a template; the best ten of each search.",
        soft_wrap=True,
    )
    console.print()
    columns = ("references", "one thread", f"{threads} threads", f"{document['batch_size']} at once, each")
    others = ("reading only", "numpy float32", "ready in s", "resident MB")
    rows = table(*columns, *others, right=(*columns, *others), title="Search, milliseconds")
    for row in measured:
        rows.add_row(
            f"{row.references:,}",
            *map(milliseconds, (row.search_ms, row.search_all_threads_ms, row.batch_search_ms, row.streaming_read_ms)),
            milliseconds(row.numpy_ms) if row.numpy_ms is not None else "–",
            f"{row.ready_s:.1f}",
            f"{row.resident_mb:.0f}",
        )
    console.print(rows)
    console.print(
        f"Beside the galleries, the compiled code of the search takes {measured[-1].kernels_mb:.0f} MB, once.",
        soft_wrap=True,
    )
    console.print()
    for line in sketch(measured, width=min(console.width, 100)):
        console.print(line, soft_wrap=True)
    console.print()
    if document["enrol_per_second"] is not None:
        console.print(
            f"Enrolment: {document['enrol_per_second']:.1f} photographs a second with "
            f"{count(threads, 'thread')}, {document['enrol_faces_per_second']:.1f} faces.",
            soft_wrap=True,
        )
        console.print()
    _show_plan(console, planned)


def _show_plan(console: Console, planned: "Plan") -> None:
    days = "" if planned.enrol_days is None else f", {duration(planned.enrol_days)} to enrol"
    console.print(
        f"By calculation from these figures, {count(planned.references, 'photograph')} of one face: "
        f"{planned.memory_gb:.1f} GB in memory, {planned.disk_gb:.1f} GB on disk besides the record and the "
        f"photographs, {milliseconds(planned.search_ms)} ms a search with one thread "
        f"({milliseconds(planned.search_all_threads_ms)} ms with all), {few(planned.searches_per_second)} searches a "
        f"second from many clients{days}.",
        soft_wrap=True,
    )
    rows = table(
        "similarity",
        "strangers who reach it",
        "of the worst group",
        title=f"False candidates to expect of a search among {planned.references:,}",
        right=("similarity", "of the worst group"),
    )
    for row in planned.false_candidates:
        rate = strangers(row.expected / planned.references)
        rows.add_row(f"{row.threshold_percent:g} %", f"{few(row.expected)} ({rate})", few(row.expected_in_worst_group))
    console.print(rows)


def milliseconds(value: float) -> str:
    """Write milliseconds with three digits where there are as many."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def duration(days: float) -> str:
    """Write a time in the unit that people would."""
    for unit, length in (("day", 1.0), ("hour", 1 / 24), ("minute", 1 / 1440)):
        if days >= 2 * length:
            return f"{days / length:,.1f} {unit}s"
    return "under 2 minutes"
