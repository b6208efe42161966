"""`recognizance evaluate forget`."""

from pathlib import Path
from typing import Annotated

import typer

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.evaluate.at_endpoint import opened_elsewhere
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, output


def forget(
    context: typer.Context,
    out: Annotated[
        Path,
        typer.Option(help="The folder of the evaluation that was interrupted.", file_okay=False, exists=True),
    ],
) -> int:
    """Delete the collections that interrupted evaluations have left at a service.  Answers are kept."""
    invocation: Invocation = context.obj
    if invocation.measured is None:
        raise MisuseError("Nothing says where the collections are.", "Name the service with --endpoint.")
    elsewhere, _ = invocation.measured
    with opened_elsewhere(invocation, elsewhere, out) as service:
        deleted = service.forget()
    output().print(f"Deleted {count(deleted, 'collection')}.")
    return ExitCode.OK
