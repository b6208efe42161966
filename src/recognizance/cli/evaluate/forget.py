"""`recognizance evaluate forget`."""

import typer

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.evaluate.at_endpoint import opened_elsewhere
from recognizance.cli.evaluate.options import OutOption
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, output


def forget(context: typer.Context, out: OutOption) -> int:
    """Delete the collections that interrupted evaluations have left at a service.  Answers are kept."""
    invocation: Invocation = context.obj
    if invocation.measured is None:
        raise MisuseError("Nothing says where the collections are.", "Name the service with --endpoint.")
    elsewhere, _ = invocation.measured
    with opened_elsewhere(invocation, elsewhere, out) as service:
        deleted = service.forget()
    output().print(f"Deleted {count(deleted, 'collection')}.")
    return ExitCode.OK
