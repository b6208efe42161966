"""`recognizance evaluate compare`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.terminal import output, show_warning, table

_FINDINGS = {
    "not_same_sample": "not compared",
    "different_trials": "not the same trials",
    "insufficient": "insufficient",
    "intervals_overlap": "no difference shown",
    "less_in_a": "less often in A",
    "less_in_b": "less often in B",
}

_Report = Annotated[Path, typer.Argument(help="A report.json of `recognizance evaluate`.", dir_okay=False, exists=True)]


def compare(
    a: _Report,
    b: _Report,
    out: Annotated[
        Path, typer.Option(help="The folder for compare.html and compare.json; made if need be.", file_okay=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as one JSON document instead.")] = False,
) -> int:
    """Set two reports side by side: two services, or two versions, measured on the same photographs."""
    from recognizance.cli.accuracy_reports import load_report
    from recognizance.cli.answers import print_json
    from recognizance.cli.evaluate.written import replaced
    from recognizance.reports.comparison import comparison
    from recognizance.reports.comparison_page import comparison_page

    first, second = load_report(a), load_report(b)
    if first["kind"] != second["kind"]:
        raise MisuseError(
            f"{a} is a report of the kind {first['kind']!r}, and {b} of the kind {second['kind']!r}.",
            "Compare reports of the same command.",
        )
    try:
        compared = comparison(first, second)
        compared["a"]["name"], compared["b"]["name"] = str(a), str(b)
        page = comparison_page(compared)
        numbers = json.dumps(compared, indent=1, ensure_ascii=False, allow_nan=False)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise MisuseError(
            f"{a} or {b} is damaged: it is not as `recognizance evaluate` writes reports ({error!r}).",
            "Measure again.",
        ) from error
    out.mkdir(parents=True, exist_ok=True)
    with replaced(out / "compare.html") as file:
        file.write(page)
    with replaced(out / "compare.json") as file:
        file.write(f"{numbers}\n")
    if as_json:
        print_json(compared)
    else:
        _show(compared)
        output().print(f"Written to {out}: compare.html, compare.json.", soft_wrap=True)
    if not compared["same_sample"]:
        show_warning(
            "These are not measurements of the same sample: nothing here shows that A or B errs less.",
            "Measure both on the same photographs, with the same list of trials.",
        )
    return ExitCode.OK


def _show(compared: Mapping[str, Any]) -> None:
    from recognizance.reports.comparison import setting

    rows = table("similarity", "rate", "A", "B", "difference", title="Rates side by side", right=("A", "B"))
    for row in compared["rates"]:
        rows.add_row(
            setting(row["percent"]), row["rate"].upper(), *map(_cell, (row["a"], row["b"])), _FINDINGS[row["finding"]]
        )
    output().print(rows)
    for group in compared["groups"]:
        at = "" if group["percent"] is None else f", at {setting(group['percent'])}"
        rows = table(
            group["attribute"], "rate", "A", "B", "difference", title=f"{group['attribute']}{at}", right=("A", "B")
        )
        for row in group["rows"]:
            rows.add_row(
                row["group"], row["rate"].upper(), *map(_cell, (row["a"], row["b"])), _FINDINGS[row["finding"]]
            )
        output().print(rows)
    changed = (
        ", ".join(told["name"].replace("_", " ") for told in compared["changed"]) or "nothing that the reports tell"
    )
    output().print(f"What changed: {changed}.", soft_wrap=True)


def _cell(rate: Mapping[str, Any]) -> str:
    return f"{rate['errors']:,} of {rate['trials']:,}"
