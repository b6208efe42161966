"""`recognizance serve` and `recognizance env`."""

import os
import shlex
import signal
import time
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from recognizance.cli.errors import ExitCode
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import messages, output

if TYPE_CHECKING:
    from recognizance.authority.access_keys import KeyPair
    from recognizance.settings import Settings

_ENV_PATIENCE_SECONDS = 30.0


class _StoppedError(Exception):
    """SIGTERM or Ctrl-C came."""


def serve(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="The port; 0 picks a free one.  Default: RECOGNIZANCE_PORT, else 8750."),
    ] = None,
    host: Annotated[str | None, typer.Option(help="The address, on loopback.  Default: 127.0.0.1.")] = None,
) -> int:
    """Serve Rekognition's face API, and the other commands, until Ctrl-C.

    The first start makes what it needs: the home folder, the sealing key, an administrator with an access key.
    """
    from recognizance.bootstrap import administrator_key
    from recognizance.cli.connection import make_home
    from recognizance.server import serving

    invocation: Invocation = context.obj
    settings = invocation.settings(port=port, host=host)
    make_home(settings)
    first_start = not (settings.home / "record.db").exists()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        if messages().is_terminal:
            messages().print("Loading the models …", style="dim")
        with serving(settings) as server:
            _welcome(
                invocation, settings, server.running.endpoint, administrator_key(settings), first_start=first_start
            )
            server.run()
    except _StoppedError:
        output().print("Stopped.")
    return ExitCode.OK


def env(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The port.  Default: the running server's, else the settings'.")
    ] = None,
) -> int:
    """Print what points boto3, the AWS CLI and other SDKs at this server: eval "$(recognizance env)"."""
    import sys

    from recognizance.cli.connection import make_home, running_server
    from recognizance.server import RunningServer

    invocation: Invocation = context.obj
    settings = invocation.settings(port=port)
    make_home(settings)
    key = _key(settings)
    running = running_server(settings) if port is None else None
    endpoint = (running or RunningServer(0, settings.host, settings.port)).endpoint
    exports = {
        "AWS_ENDPOINT_URL_REKOGNITION": endpoint,
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,  # the one that boto3 and the AWS CLI read
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in exports.items()]
    if "AWS_SESSION_TOKEN" in os.environ:
        lines.append("unset AWS_SESSION_TOKEN")  # it would be sent along, and belongs to another key
    sys.stdout.write("\n".join(lines) + "\n")
    return ExitCode.OK


def _key(settings: "Settings") -> "KeyPair":
    """Read the administrator's key; on first use the record is made, which takes owning the home folder."""
    from recognizance.bootstrap import administrator_key
    from recognizance.errors import HomeInUseError
    from recognizance.server import find_server, hold_home

    there_already = (settings.home / "record.db").exists()
    deadline = time.monotonic() + _ENV_PATIENCE_SECONDS
    while find_server(settings) is None:
        try:
            with hold_home(settings):
                return administrator_key(settings)
        except HomeInUseError:
            # A server that is starting, or another command; where there is no record yet, that one makes it.
            if there_already or time.monotonic() > deadline:
                break
            time.sleep(0.2)
    return administrator_key(settings)


def _stop(number: int, frame: FrameType | None) -> None:
    raise _StoppedError


def _welcome(invocation: Invocation, settings: "Settings", endpoint: str, key: "KeyPair", *, first_start: bool) -> None:
    from recognizance import __version__

    console = output()
    console.print(
        Text.assemble(("Recognizance", "bold"), f" {__version__} listens on ", (endpoint, "bold cyan")), soft_wrap=True
    )
    console.print()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("  data", Text(str(settings.home)))
    grid.add_row("  keys", Text(f"{settings.keys_folder} (outside the data: back them up apart from it)"))
    if first_start:
        grid.add_row("  new", Text(f"data folder, sealing key, administrator with the access key {key.access_key_id}"))
    console.print(grid)
    console.print()
    console.print("Point boto3, the AWS CLI or another SDK at it, in any shell (this prints both parts of the key):")
    console.print()
    console.print(Text(f'  eval "$({invocation.command("env")})"', style="bold"), soft_wrap=True)
    console.print("  aws rekognition list-collections")
    console.print()
    console.print("Ctrl-C stops it.", style="dim")
    console.file.flush()
