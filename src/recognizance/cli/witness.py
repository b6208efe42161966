"""`recognizance witness`: the second party, who remembers the log and cosigns what grew out of it."""

import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.terminal import count, is_attended, messages, output, show_warning, table

if TYPE_CHECKING:
    from recognizance.witness.server import WitnessServer
    from recognizance.witness.watched import WatchedLog
    from recognizance_verify.keys import VerifierKey

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Be the second party: remember somebody's log, and cosign only what grew out of it.",
)

PORT = 8751

_Folder = Annotated[Path, typer.Option("--folder", help="The witness's own folder: its key and its memory.")]


@app.command()
def serve(
    folder: _Folder,
    name: Annotated[
        str | None, typer.Option(help="The witness's name, e.g. board.example.org; needed the first time only.")
    ] = None,
    log: Annotated[
        list[str] | None,
        typer.Option(help="Watch this log too: what `recognizance ledger key` printed there.  May be repeated."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 picks a free one.")] = PORT,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
) -> int:
    """Cosign the logs that this witness watches, until Ctrl-C; the first start makes its key.

    It needs no home folder and no models.  Run it where those who run the server have no access.
    """
    from recognizance.witness.folder import open_folder
    from recognizance.witness.server import listening
    from recognizance.witness.service import WitnessService

    keys = [_log_key(text) for text in log or []]
    opened = open_folder(folder, name=name)
    for key in keys:
        opened.state.add(key)
    logs = opened.state.logs()
    service = WitnessService(opened.state, opened.key, _now)
    with listening(service, host, port) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            # Not by an exception: one that is raised while Python tidies up is lost, and so would be the signal.
            signal.signal(number, lambda number, frame: server.stop())
        _welcome(folder, server, service.verifier_key, logs)
        server.run()
    output().print("Stopped.")
    return ExitCode.OK


@app.command("key")
def show_key(folder: _Folder) -> int:
    """Print the witness's public key, for --witness of recognizance-verify."""
    from recognizance.witness.folder import open_folder

    sys.stdout.write(f"{open_folder(folder).key.verifier_key()}\n")
    return ExitCode.OK


@app.command()
def add_log(
    folder: _Folder,
    key: Annotated[str, typer.Argument(help="The log's key: what `recognizance ledger key` printed there.")],
) -> int:
    """Watch a log; a witness that is running does so at once."""
    from recognizance.witness.folder import open_folder

    parsed = _log_key(key)
    added = open_folder(folder).state.add(parsed)
    console = output()
    console.print(Text(f"{'Watching' if added else 'Already watching'} {parsed.name}."), soft_wrap=True)
    return ExitCode.OK


@app.command()
def logs(
    folder: _Folder,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """List the logs, and the newest checkpoint of each that was cosigned."""
    from recognizance.cli.answers import print_json
    from recognizance.witness.folder import open_folder
    from recognizance_verify.encoding import encode_base64

    found = open_folder(folder).state.logs()
    if as_json:
        print_json({"format": "recognizance-witness-logs-1", "logs": [_row(log) for log in found]})
        return ExitCode.OK
    console = output()
    if not found:
        console.print("This witness watches no log yet.")
        console.print("`recognizance witness add-log --folder DIR KEY` adds one.", soft_wrap=True)
        return ExitCode.OK
    rows = table("log", "entries", "root", "cosigned", right=("entries",))
    for log in found:
        never = log.cosigned_at is None
        rows.add_row(
            Text(log.key.name, style="bold"),
            "" if never else f"{log.checkpoint.size:,}",
            "" if never else encode_base64(log.checkpoint.root),
            "never" if never else f"{_moment(log):%Y-%m-%d %H:%M:%S} UTC",
        )
    console.print(rows)
    for log in found:
        if log.conflict is not None:
            show_warning(
                f"{log.key.name} has signed two different checkpoints of one size: it shows different logs to "
                "different people.",
                "`recognizance witness logs --json` has the one that was not cosigned, under conflict.  Keep it.",
            )
    return ExitCode.OK


@app.command()
def forget(
    folder: _Folder,
    origin: Annotated[str, typer.Argument(help="The log's name, as `recognizance witness logs` shows it.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> int:
    """Forget a log, for those who consent to its beginning anew; prints the checkpoint that is given up.

    Afterwards `add-log` lets it begin with whatever it is then: the witness cannot tell any more whether entries were
    removed or changed.
    """
    from recognizance.witness.folder import open_folder

    if not yes and not is_attended():
        raise MisuseError("There is no terminal to ask for confirmation.", "Add --yes.")
    state = open_folder(folder).state
    known = state.find(origin)
    if not yes:
        typer.confirm(f"{_given_up(known)}  Forget it?", abort=True)
    known = state.forget(origin)
    if known.note is not None:
        sys.stdout.write(known.note.serialize())
        sys.stdout.flush()
    messages().print(Text(f"Forgot {origin}.  {_given_up(known)}"), soft_wrap=True)
    if known.note is not None:
        messages().print("Keep the checkpoint above: it shows what the log was.", soft_wrap=True)
    return ExitCode.OK


def _log_key(text: str) -> "VerifierKey":
    from recognizance_verify import VerificationError
    from recognizance_verify.keys import LOG, VerifierKey

    try:
        key = VerifierKey.parse(text.strip())
    except VerificationError as error:
        raise MisuseError(f"That is no log's key: {error}", "`recognizance ledger key` prints it there.") from error
    if key.kind != LOG:
        raise MisuseError(f"That is the key of the witness {key.name} and not of a log.")
    return key


def _row(log: "WatchedLog") -> dict[str, object]:
    from recognizance_verify.encoding import encode_base64

    cosigned = log.note is not None
    return {
        "origin": log.key.name,
        "key": str(log.key),
        "entries": log.checkpoint.size if cosigned else None,
        "root": encode_base64(log.checkpoint.root) if cosigned else None,
        "cosigned_at": _moment(log).isoformat() if cosigned else None,
        "checkpoint": log.note.serialize() if log.note is not None else None,
        "conflict": log.conflict,
    }


def _given_up(log: "WatchedLog") -> str:
    if log.note is None:
        return f"Nothing of {log.key.name} was cosigned yet."
    return (
        f"Of {log.key.name} the witness has cosigned {count(log.checkpoint.size, 'entry', 'entries')}, last on "
        f"{_moment(log):%Y-%m-%d %H:%M:%S} UTC; without that memory it cannot tell whether any of them is removed or "
        "changed."
    )


def _welcome(folder: Path, server: "WitnessServer", key: "VerifierKey", watched: "list[WatchedLog]") -> None:
    console = output()
    console.print(
        Text.assemble("The witness ", (key.name, "bold"), " listens on ", (server.endpoint, "bold cyan")),
        soft_wrap=True,
    )
    console.print()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("  folder", Text(f"{folder.absolute()} (its key and its memory; never put an older copy back)"))
    grid.add_row("  logs", Text(", ".join(log.key.name for log in watched) or "none yet: add-log"))
    console.print(grid)
    console.print()
    console.print("Its public key, for --witness of recognizance-verify:")
    console.print()
    console.print(Text(f"  {key}", style="bold"), soft_wrap=True)
    console.print()
    console.print("For settings.toml of the server whose log it is, with the URL that leads here from there:")
    console.print()
    console.print(Text(f'  witnesses = ["{server.endpoint} {key}"]', style="bold"), soft_wrap=True)
    console.print()
    console.print("Ctrl-C stops it.", style="dim")
    console.file.flush()
    if not server.loopback:
        show_warning(
            "The witness speaks plain HTTP, and other machines can reach it.",
            "Put a TLS proxy in front of it, and let the server's setting name an https URL.",
        )


def _moment(log: "WatchedLog") -> datetime:
    return datetime.fromtimestamp(log.cosigned_at or 0, UTC)


def _now() -> datetime:
    return datetime.now(UTC)
