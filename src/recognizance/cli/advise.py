"""`recognizance advise`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, few, output, percent, show_warning, table

if TYPE_CHECKING:
    from rich.table import Table

    from recognizance.accuracy.advice import Advice, GroupAdvice, Threshold
    from recognizance.cli.accuracy_reports import Measured
    from recognizance.scoring import Calibration


def advise(
    context: typer.Context,
    references: Annotated[int, typer.Option(min=1, help="How many references the gallery holds.")],
    searches_a_year: Annotated[int, typer.Option(min=1, help="How many searches a year.")],
    tolerate: Annotated[
        float, typer.Option(help="How many false candidates a year are tolerated, of all searches together.")
    ],
    report: Annotated[
        Path | None,
        typer.Option(
            help="The report.json of `recognizance evaluate verify`: what the threshold costs in missed mates.",
            dir_okay=False,
            exists=True,
        ),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw expected false candidates by threshold into this .svg.", dir_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """Advise a threshold: from gallery size, searches a year and tolerated false candidates, for each group."""
    from recognizance.accuracy.advice import Load
    from recognizance.accuracy.advice import advise as derive
    from recognizance.bootstrap import open_calibration
    from recognizance.cli.accuracy_reports import read_report
    from recognizance.cli.answers import print_json
    from recognizance.reports.advice_plot import advice_svg

    if not 0 < tolerate < math.inf:
        raise MisuseError(
            f"--tolerate cannot be {tolerate:g}.", "No threshold excludes every false candidate: say a number above 0."
        )
    if plot is not None and (plot.suffix.lower() != ".svg" or not plot.absolute().parent.is_dir()):
        raise MisuseError(f"{plot} cannot be drawn into: it is no .svg by its name, or its folder does not exist.")
    invocation: Invocation = context.obj
    calibration = open_calibration(invocation.settings())
    measured = read_report(report, calibration) if report is not None else None
    advice = derive(calibration, Load(references, searches_a_year, tolerate))
    if plot is not None:
        plot.write_text(advice_svg(calibration, advice), encoding="utf-8")
    if as_json:
        print_json(_document(calibration, advice, measured))
    else:
        _show(calibration, advice, measured)
        if plot is not None:
            output().print(f"Drawn into {plot}.", soft_wrap=True)
    if not advice.is_reached:
        show_warning(*_unreached(advice))
    return ExitCode.OK


def _document(calibration: "Calibration", advice: "Advice", measured: "Measured | None") -> dict[str, Any]:
    load = advice.load
    return {
        "format": "recognizance-advice-1",
        "model": calibration.model,
        "calibration": calibration.digest,
        "references": load.references,
        "searches_a_year": load.searches,
        "tolerated_a_year": load.tolerated,
        "fmr_needed": load.fmr,
        "set": {
            "percent": advice.set_percent,
            "score": advice.set_score,
            "fitted": advice.set_is_fitted,
            "decided_by": advice.decided_by,
            "worst_group": advice.worst_at_set,
            "expected_a_year": advice.expected_at_set,
            "reached": advice.is_reached,
        },
        "overall_percent": advice.overall_percent,
        "overall": _row(advice.overall),
        "groups": [{"group": group.name, **_row(group)} for group in advice.groups],
        "missed_mates": None
        if measured is None
        else {
            "at_set": measured.everybody.at(measured.scores, advice.set_score),
            "at_overall": measured.everybody.at(measured.scores, calibration.score_at_percent(advice.overall_percent)),
            "groups": [
                {"group": group.of, "at_set": group.at(measured.scores, advice.set_score)} for group in measured.groups
            ],
            "mated": measured.everybody.mated,
            "nonmated": measured.nonmated,
            "photographs": measured.photographs,
            "pairs_file": measured.list_name,
            "scores": list(measured.range),
        },
    }


def _row(group: "GroupAdvice") -> dict[str, Any]:
    return {
        "percent": group.own.percent,
        "score": group.own.score,
        "fitted": group.own.is_fitted,
        "expected_a_year_at_overall": group.expected_at_overall,
        "expected_a_year_at_set": group.expected_at_set,
    }


def _show(calibration: "Calibration", advice: "Advice", measured: "Measured | None") -> None:
    load, console = advice.load, output()
    console.print(
        f"{count(load.references, 'reference')}, {count(load.searches, 'search', 'searches')} a year, "
        f"{load.tolerated:,g} false candidates a year tolerated: of comparisons with strangers, 1 in "
        f"{few(1 / load.fmr)} may reach the threshold."
    )
    console.print()
    short = "" if advice.is_reached else ", which is not enough"
    console.print(f"Set {percent(advice.set_percent)} (score {advice.set_score:.4f}){short}.", style="bold")
    decided = "the overall curve" if advice.decided_by == "overall" else advice.decided_by
    console.print(
        f"Decided by {decided}, which needs the highest threshold: the searched person may belong to it.  Expected: "
        f"{few(advice.expected_at_set)} false candidates a year by the group with most ({advice.worst_at_set}), "
        f"{few(advice.overall.expected_at_set)} overall."
    )
    if advice.set_is_fitted:
        console.print("This lies beyond what was counted for it, in a fitted tail: an estimate, not a measurement.")
    console.print()
    one = f"at {percent(advice.overall_percent)}"
    there = f"at {percent(advice.set_percent)}"
    columns = ["would need", "score", one] if one == there else ["would need", "score", one, there]
    rows = table("group", *columns, "basis", title="False candidates a year, by threshold", right=columns)
    for group in (advice.overall, *advice.groups):
        own = group.own
        expected = [few(group.expected_at_overall)] + ([] if one == there else [few(group.expected_at_set)])
        rows.add_row(
            group.name,
            "over 100 %" if own.percent is None else percent(own.percent),
            "none" if own.score is None else f"{own.score:.4f}",
            *expected,
            _basis(own),
        )
    console.print(rows)
    enough = "" if advice.overall.own.percent is not None else ", and 100 % is not enough"
    console.print(
        f"{percent(advice.overall_percent)} is what the overall curve alone would set{enough}.  A group's row: as if "
        "all people searched and enrolled were of it; a mixed gallery usually has fewer."
    )
    console.print()
    console.print("Cost in missed mates", style="bold")
    console.print(_cost(advice, measured), soft_wrap=True)
    if measured is not None and measured.groups:
        console.print(_cost_by_group(advice, measured))


def _basis(own: "Threshold") -> str:
    if own.score is None:
        return "no threshold reaches it"
    return "fitted tail" if own.is_fitted else "measured"


def _cost(advice: "Advice", measured: "Measured | None") -> str:
    if measured is None:
        return (
            "Not known for your photographs.  A higher threshold misses more people who are in the gallery; how many "
            "depends on your cameras and people.  Measure it: `recognizance evaluate verify --pairs FILE.csv`, then "
            "give its report.json to --report."
        )
    sample = (
        f"the report's {count(measured.everybody.mated, 'mated comparison')} "
        f"({count(measured.photographs, 'photograph')}, {measured.list_name})"
    )
    missed = measured.everybody.at(measured.scores, advice.set_score)
    if missed is None:
        low, high = measured.range
        return (
            f"Not known: the score {advice.set_score:.4f} lies outside what was measured on {sample}, {low:.4f} to "
            f"{high:.4f}."
        )
    low, high = missed["interval"]
    told = "" if missed["measured"] else "  Fewer than 30 errors, or all but 30: an impression, no measurement."
    about = f"About {_share(missed['fnmr'])}" if missed["fnmr"] else "None"
    return (
        f"{about} of {sample} are missed at {percent(advice.set_percent)} (95 % interval {_share(low)} to "
        f"{_share(high)}).{told}  It holds for photographs like those."
    )


def _share(rate: float) -> str:
    """Write a share; a small one is never rounded to none."""
    return f"{rate:.1%}" if rate >= 0.01 else f"{few(100 * rate)}%"


def _cost_by_group(advice: "Advice", measured: "Measured") -> "Table":
    made = table(
        "group of the report",
        "missed",
        "95 % interval",
        "mated comparisons",
        title=f"Mates missed at {percent(advice.set_percent)}",
        right=("missed", "mated comparisons"),
    )
    for group in measured.groups:
        missed = group.at(measured.scores, advice.set_score)
        if missed is None:
            made.add_row(group.of, "not measured there", "", f"{group.mated:,}")
        else:
            low, high = missed["interval"]
            star = "" if missed["measured"] else " *"
            made.add_row(
                group.of, f"{_share(missed['fnmr'])}{star}", f"{_share(low)} – {_share(high)}", f"{group.mated:,}"
            )
    made.caption = "* insufficient: fewer than 30 errors, or than 30 right answers, do not measure a rate."
    made.caption_justify = "left"
    return made


def _unreached(advice: "Advice") -> tuple[str, str]:
    load = advice.load
    end = "even a score of 1" if advice.recommended.score is None else "100 %, where the scale ends,"
    times = advice.expected_at_set / load.tolerated
    return (
        f"No threshold keeps to {load.tolerated:,g} a year for {advice.decided_by}: {end} is not enough; at 100 % "
        f"{few(advice.expected_at_set)} are expected.",
        f"It would be enough with {few(times)} times fewer searches or references"
        f" ({count(math.floor(load.searches / times), 'search', 'searches')} a year of this gallery), or with "
        f"{few(advice.expected_at_set)} tolerated.  Search parts of the gallery (--subject), keep fewer, search less.",
    )
