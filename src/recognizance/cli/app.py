"""The commands, and the one place where failures become sentences and exit codes."""

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from recognizance.cli import (
    advise,
    approvals,
    authorities,
    bench,
    calibrate,
    cases,
    copies,
    demo,
    enrol,
    erase,
    evaluate,
    exporting,
    galleries,
    holds,
    importing,
    ledger,
    models,
    operators,
    photographs,
    policies,
    purposes,
    reconcile,
    review,
    search,
    searches,
    serve,
    sessions,
    witness,
)
from recognizance.cli.errors import ExitCode, explain
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import messages, show_error

app = typer.Typer(
    name="recognizance",
    help="A face recognition server of your own that speaks Amazon Rekognition's API, and its command line.",
    epilog="Exit codes and JSON formats: docs/cli.md.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("serve")(serve.serve)
app.command("env")(serve.env)
app.command("demo")(demo.demo)
app.command("enrol")(enrol.enrol)
app.command("search")(search.search)
app.add_typer(searches.app, name="searches")
app.command("compare")(photographs.compare)
app.command("detect")(photographs.detect)
app.add_typer(galleries.app, name="galleries")
app.add_typer(ledger.app, name="ledger")
app.add_typer(witness.app, name="witness")
app.add_typer(operators.app, name="operator")
app.add_typer(sessions.app, name="session")
app.add_typer(purposes.app, name="purpose")
app.add_typer(cases.app, name="case")
app.add_typer(authorities.app, name="authority")
app.add_typer(review.app, name="review")
app.add_typer(approvals.app, name="approvals")
app.add_typer(policies.app, name="policy")
app.command("erase")(erase.erase)
app.add_typer(holds.app, name="hold")
app.command("backup")(copies.backup)
app.command("restore")(copies.restore)
app.command("reconcile")(reconcile.reconcile)
app.command("export")(exporting.export)
app.command("import")(importing.import_gallery)
app.command("models")(models.models)
app.command("calibrate")(calibrate.calibrate)
app.add_typer(evaluate.app, name="evaluate")
app.command("advise")(advise.advise)
app.command("bench")(bench.bench)


def _show_version(wanted: bool) -> None:
    if wanted:
        from recognizance import __version__

        sys.stdout.write(f"recognizance {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            help="The folder with everything the server keeps.  Default: RECOGNIZANCE_HOME, else your data folder."
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help="The AWS profile to sign with.  Default: RECOGNIZANCE_PROFILE; else the first start's administrator, "
            "and once there are named operators, what the AWS SDKs find."
        ),
    ] = None,
    purpose: Annotated[
        str | None, typer.Option(help="What this is for; a registered purpose has a legal basis.")
    ] = None,
    case: Annotated[str | None, typer.Option(help="The case that this is for: open, and one that you work on.")] = None,
    authority: Annotated[
        str | None, typer.Option(help="The document id of the warrant, order or emergency of the case that allows it.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="What the photograph comes from: still, stored-video or live.")
    ] = None,
    edits: Annotated[
        str | None,
        typer.Option(help="What was done to the photograph, as cropped+lightened; or none.  Order of the alphabet."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the program's own trace when something fails.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of every command; they come before its name."""
    invocation: Invocation = context.obj
    invocation.home, invocation.debug = home, debug
    invocation.profile = profile or os.environ.get("RECOGNIZANCE_PROFILE") or None
    said = {"purpose": purpose, "case": case, "authority": authority, "source": source, "edits": edits}
    invocation.say({key: value for key, value in said.items() if value is not None})


def run(arguments: Sequence[str]) -> int:
    """Run one command and give the process's exit code."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):  # names of files need not be text in the terminal's encoding
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    invocation = Invocation()
    try:
        code = app(list(arguments) or ["--help"], prog_name="recognizance", standalone_mode=False, obj=invocation)
        sys.stdout.flush()
        return int(code or ExitCode.OK)
    except BrokenPipeError:
        _forget_stdout()
        return ExitCode.READER_GONE
    except SystemExit as end:
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        _forget_stdout()  # Typer's way to end then
        return ExitCode.READER_GONE
    except (KeyboardInterrupt, typer.Abort):
        messages().print("Interrupted.")
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort: no person should have to read a traceback
        failure = explain(error)
        if invocation.debug:
            messages().print_exception()
        show_error(failure.message, failure.remedy)
        return failure.code


def _forget_stdout() -> None:
    """Let nothing more be written to a reader that went away, also not by the interpreter's exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
