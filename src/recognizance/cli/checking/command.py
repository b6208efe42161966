"""`recognizance policy check`: run the test vectors of rule packs through the wire."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, messages, output, table, waiting
from recognizance.errors import PackError

if TYPE_CHECKING:
    from recognizance.cli.checking.running import Checked
    from recognizance.settings import Settings
    from recognizance.workflows.engine import Engine


def check(
    context: typer.Context,
    packs: Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="The packs to check.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Check every pack there is, your own too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """Make each test vector's request of a server of its own, and compare what is decided with what is expected.

    The server is new for each pack, on loopback, from a folder that is thrown away; its clock is moved from vector to
    vector.  Your own server and its record are left alone.
    """
    invocation: Invocation = context.obj
    if bool(packs) == every:
        raise MisuseError("Name the packs to check, or all of them with --all.")
    settings = invocation.settings()
    from recognizance.bootstrap import open_engine

    engine = cache(partial(open_engine, settings))  # loaded when the first pack needs it, and once for all
    found = {pack: _check_pack(settings, engine, pack) for pack in packs or _all(settings)}
    if as_json:
        from recognizance.cli.answers import print_json

        print_json(_document(found))
    else:
        _show(found)
    return ExitCode.OK if all(_is_good(result) for result in found.values()) else ExitCode.FAILED


def _all(settings: "Settings") -> list[str]:
    from recognizance.bootstrap import pack_folders

    return [found.pack.id for found in pack_folders(settings).list_all()]


def _check_pack(settings: "Settings", engine: "Callable[[], Engine]", pack: str) -> "Sequence[Checked] | PackError":
    """Run a pack's vectors; a pack or vectors that cannot be used are a result too."""
    from recognizance.bootstrap import pack_folders
    from recognizance.cli.checking.running import run_vectors
    from recognizance.workflows.pack_folders import usable

    folders = pack_folders(settings)
    try:
        usable(folders.find(pack))
        vectors = folders.vectors(pack)
    except PackError as error:
        return error
    if not vectors:
        return PackError(f"The pack {pack} has no vectors: put a vectors.toml into its folder (docs/rules.md).")
    with waiting(f"Checking {pack} …"):
        checked = run_vectors(settings, engine(), pack, vectors)
    if messages().is_terminal:
        messages().print(f"{pack}: {_tally(checked)}")
    return checked


def _is_good(result: "Sequence[Checked] | PackError") -> bool:
    return not isinstance(result, PackError) and all(each.result == "passed" for each in result)


def _tally(checked: "Sequence[Checked]") -> str:
    results = [each.result for each in checked]
    told = [f"{results.count('passed')} of {count(len(results), 'vector')} passed"]
    if "failed" in results:
        told.append(f"{results.count('failed')} differ")
    if "not-run" in results:
        told.append(f"{results.count('not-run')} could not be run")
    return ", ".join(told)


def _show(found: "Mapping[str, Sequence[Checked] | PackError]") -> None:
    console = output()
    summary = table("pack", "vectors")
    differing = table("pack", "vector", "result", "what differs")
    for pack, result in found.items():
        if isinstance(result, PackError):
            summary.add_row(Text(pack, style="bold"), Text("cannot be used", style="red"))
            differing.add_row(pack, "–", "cannot be used", Text(result.message))
            continue
        summary.add_row(Text(pack, style="bold"), Text(_tally(result), style="" if _is_good(result) else "red"))
        for each in result:
            if each.result != "passed":
                differing.add_row(pack, Text(each.vector.name), each.result, Text("\n".join(each.differences)))
    console.print(summary)
    if differing.row_count:
        console.print(differing)
    every = [each for result in found.values() if not isinstance(result, PackError) for each in result]
    console.print(f"{count(len(found), 'pack')}: {_tally(every)}, through the wire.")


def _document(found: "Mapping[str, Sequence[Checked] | PackError]") -> dict[str, Any]:
    results = [each.result for result in found.values() if not isinstance(result, PackError) for each in result]
    return {
        "format": "recognizance-policy-check-1",
        "passed": results.count("passed"),
        "failed": results.count("failed"),
        "not_run": results.count("not-run"),
        "packs": [
            {
                "id": pack,
                "problem": result.message if isinstance(result, PackError) else None,
                "vectors": [] if isinstance(result, PackError) else [_vector_document(each) for each in result],
            }
            for pack, result in found.items()
        ],
    }


def _vector_document(checked: "Checked") -> dict[str, Any]:
    vector, outcome = checked.vector, checked.outcome
    return {
        "name": vector.name,
        "kind": vector.kind,
        "result": checked.result,
        "differences": list(checked.differences),
        "expected": {
            "decision": vector.expect,
            "rules": list(vector.rules),
            "threshold_applied_percent": vector.threshold_applied_percent,
        },
        "was": None
        if outcome is None
        else {
            "decision": outcome.decision,
            "rules": list(outcome.rules),
            "threshold_applied_percent": outcome.threshold_applied_percent,
        },
    }
