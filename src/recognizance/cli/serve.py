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
    from recognizance.errors import RefusedError
    from recognizance.home import RunningServer
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
    from recognizance.bootstrap import administrator_key, record_exists
    from recognizance.cli.connection import make_home
    from recognizance.server import serving

    invocation: Invocation = context.obj
    settings = invocation.settings(port=port, host=host)
    make_home(settings)
    first_start = not record_exists(settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        if messages().is_terminal:
            messages().print("Loading the models …", style="dim")
        with serving(settings) as server:
            _welcome(
                invocation, settings, server.running.endpoint, administrator_key(settings), first_start=first_start
            )
            # No longer by an exception: one that is raised while Python tidies up is lost, and with it the signal.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda number, frame: server.stop())
            server.run()
    except _StoppedError:
        pass
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
    from recognizance.home import RunningServer

    invocation: Invocation = context.obj
    settings = invocation.settings(port=port)
    make_home(settings)
    running = running_server(settings)
    key = _key(settings) if running is None else _key_of(settings, running)
    if running is None or port is not None:
        running = RunningServer(0, settings.host, settings.port)
    endpoint = running.endpoint
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


def _key_of(settings: "Settings", running: "RunningServer") -> "KeyPair":
    """Read the administrator's key, once the running server has recorded that it is handed out."""
    import botocore.session

    from recognizance.bootstrap import administrator_key
    from recognizance.native import native_client

    pair = administrator_key(settings)
    if pair is None:
        raise _closed()
    session = botocore.session.Session()
    session.set_credentials(pair.access_key_id, pair.secret)
    native_client(session, running.endpoint, region=settings.region).hand_out_key()
    return pair


def _key(settings: "Settings") -> "KeyPair":
    """Hand the administrator's key out without a server; on first use the record is made."""
    from recognizance.bootstrap import now, open_record
    from recognizance.cli.connection import running_server
    from recognizance.errors import HomeInUseError
    from recognizance.home import hold_home
    from recognizance.workflows.first_start import hand_out_alone

    deadline = time.monotonic() + _ENV_PATIENCE_SECONDS
    while True:
        try:
            with hold_home(settings), open_record(settings) as record:
                return hand_out_alone(record.store, record.ledger, now)
        except HomeInUseError:  # a server that is starting, or another command
            running = running_server(settings)
            if running is not None:
                return _key_of(settings, running)
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _closed() -> "RefusedError":
    from recognizance.errors import RefusedError
    from recognizance.workflows.first_start import NAMED

    return RefusedError(NAMED.explanation, NAMED.remedy)


def _stop(number: int, frame: FrameType | None) -> None:
    raise _StoppedError


def _welcome(
    invocation: Invocation, settings: "Settings", endpoint: str, key: "KeyPair | None", *, first_start: bool
) -> None:
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
    if settings.record is not None:
        grid.add_row("  record", Text(settings.record))
    grid.add_row("  keys", Text(f"{settings.keys_folder} (outside the data: back them up apart from it)"))
    if first_start and key is not None:
        grid.add_row("  new", Text(f"data folder, keys, administrator with the access key {key.access_key_id}"))
        if console.is_terminal:  # a person looks on; anything else could be kept, as logs are
            grid.add_row("  secret", Text(f"{key.secret} (shown this once)"))
    console.print(grid)
    console.print()
    if key is None:
        console.print("Operators sign with their own access keys: `recognizance operator list` shows them.")
    else:
        console.print(
            "Point boto3, the AWS CLI or another SDK at it, in any shell (this prints both parts of the key):"
        )
        console.print()
        console.print(Text(f'  eval "$({invocation.command("env")})"', style="bold"), soft_wrap=True)
        console.print("  aws rekognition list-collections")
    console.print()
    console.print("Ctrl-C stops it.", style="dim")
    console.file.flush()
