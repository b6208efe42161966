"""`recognizance ledger`: the log of every act, and what proves it (docs/method/ledger.md)."""

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, output, progress, show_warning

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Prove what was done: the log of every act, its receipts, exports and disclosures.",
)

_Out = Annotated[Path | None, typer.Option("--out", "-o", dir_okay=False, help="The file to write.  Default: print.")]
_STALE_SECONDS = 3600


@app.command()
def key(context: typer.Context) -> int:
    """Print the log's public key, for --key of recognizance-verify.

    Hand it to those who check the log on a way that does not lead through this server: on paper, in person.
    """
    from recognizance.bootstrap import open_record
    from recognizance.cli.connection import make_home

    invocation: Invocation = context.obj
    settings = invocation.settings()
    make_home(settings)
    with open_record(settings) as record:
        sys.stdout.write(f"{record.ledger.verifier_key}\n")
    return ExitCode.OK


@app.command()
def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """Show how the log stands, and how old its newest cosigned checkpoint is."""
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        found = connection.native.get_ledger_status()
    cosigned_at: datetime | None = found.get("CosignedAt")
    age = None if cosigned_at is None else (datetime.now(UTC) - cosigned_at).total_seconds()
    if as_json:
        print_json(
            {
                "format": "recognizance-ledger-status-1",
                "origin": found["Origin"],
                "key": found["VerifierKey"],
                "entries": found["Size"],
                "newest_entry_at": _moment(found.get("NewestEntryAt")),
                "witnesses": [{"name": row["Name"], "failure": row.get("Failure")} for row in found["Witnesses"]],
                "cosigned_entries": found.get("CosignedSize"),
                "cosigned_at": _moment(cosigned_at),
                "cosigned_age_seconds": age,
            }
        )
        return ExitCode.OK
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    grid.add_row("log", Text(found["Origin"]))
    grid.add_row("key", Text(found["VerifierKey"]))
    newest = found.get("NewestEntryAt")
    of = f", the newest of {newest:%Y-%m-%d %H:%M:%S} UTC" if newest else ""
    grid.add_row("entries", f"{found['Size']:,}{of}")
    for row in found["Witnesses"]:
        grid.add_row("witness", Text(f"{row['Name']}: {row.get('Failure') or 'cosigns'}"))
    if age is not None:
        grid.add_row("cosigned", f"{found['CosignedSize']:,} entries, {_age(age)} ago")
    output().print(grid)
    if not found["Witnesses"]:
        show_warning(
            "No witness cosigns this log: whoever holds its key could show different people different logs.",
            "`recognizance witness serve` runs one, at the office of whoever oversees this server.",
        )
    elif age is None or (age > _STALE_SECONDS and found["CosignedSize"] < found["Size"]):
        show_warning("No witness has cosigned what was added since then.", "Ask those who run the witness.")
    return ExitCode.OK


@app.command()
def receipt(
    context: typer.Context,
    index: Annotated[int, typer.Argument(min=0, help="The entry: what x-recognizance-entry named in the answer.")],
    out: _Out = None,
) -> int:
    """Prove one act: its entry, the proof that it is in the log, and a signed checkpoint, as one file."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        text = connection.native.get_receipt(Index=index)["Receipt"]
    return _give(text, out, f"the receipt of entry {index}", f"recognizance-verify receipt {out} --key …")


@app.command()
def consistency(
    context: typer.Context,
    old: Annotated[str, typer.Argument(help="An older checkpoint, receipt or export of this log, or a size.")],
    out: _Out = None,
) -> int:
    """Prove that the log still begins with what it was: a consistency proof up to a new checkpoint."""
    from recognizance.cli.connection import connect

    size = int(old) if old.isascii() and old.isdigit() else _size_of(Path(old))
    with connect(context.obj) as connection:
        text = connection.native.prove_consistency(OldSize=size)["Proof"]
    return _give(
        text, out, f"the proof from {size:,} entries on", f"recognizance-verify consistency {old} {out} --key …"
    )


@app.command()
def disclose(
    context: typer.Context,
    index: Annotated[int, typer.Argument(min=0, help="The entry.")],
    fields: Annotated[str, typer.Option(help="The fields to open, with commas between: case,gallery_name")],
    out: _Out = None,
) -> int:
    """Open fields that an entry only commits to, in a form that anybody can check; recorded."""
    from recognizance.cli.connection import connect

    wanted = [name for name in fields.replace(" ", "").split(",") if name]
    if not wanted:
        raise MisuseError("No field is named.", "Name at least one: --fields case")
    with connect(context.obj) as connection:
        text = connection.native.disclose_entry(Index=index, Fields=wanted)["Disclosure"]
    return _give(text, out, f"{', '.join(wanted)} of entry {index}", f"recognizance-verify disclosure {out} --key …")


@app.command()
def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The folder to make.", file_okay=False)],
) -> int:
    """Export the whole log: every entry, the tree over them and a signed checkpoint, as C2SP tiles."""
    from recognizance.cli.connection import connect
    from recognizance.cli.log_pages import LogPages
    from recognizance_verify.folder import verify_export
    from recognizance_verify.notes import Checkpoint, SignedNote, VerifierKey
    from recognizance_verify.trust import Trust

    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - keeps links as they were typed
    if folder.exists() and (folder.is_file() or any(folder.iterdir())):
        raise MisuseError(f"{folder} exists already.", "Name a new folder.")
    if not folder.parent.is_dir():
        raise MisuseError(f"{folder.parent} is no folder.", "Make it first.")
    draft = folder.with_name(f"{folder.name}.partial")
    if draft.exists():  # left behind by an interrupted export
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700)
    with connect(context.obj) as connection:
        note = connection.native.export_ledger()["Checkpoint"]
        checkpoint = Checkpoint.parse(SignedNote.parse(note).text)
        paths = list(_paths(checkpoint.size))
        key_text = connection.native.get_ledger_status()["VerifierKey"]
        with progress("Exporting", len(paths), "tile") as advance:
            for saved in LogPages(connection).save(draft, iter(paths)):
                advance(saved)
    (draft / "checkpoint").write_text(note, encoding="utf-8")
    verify_export(draft, Trust(VerifierKey.parse(key_text)))
    if folder.exists():
        folder.rmdir()
    draft.rename(folder)
    console = output()
    console.print(
        f"Exported {count(checkpoint.size, 'entry', 'entries')} to {folder}, and checked them.", soft_wrap=True
    )
    console.print(f"recognizance-verify log {folder} --key …", style="dim", soft_wrap=True)
    return ExitCode.OK


def _paths(size: int) -> Iterator[str]:
    from recognizance_verify.tiles import TILE_WIDTH, tile_path, tiles_of

    for level, index, width in tiles_of(size):
        yield tile_path(level, index, width)
    for first in range(0, size, TILE_WIDTH):
        yield tile_path(None, first // TILE_WIDTH, min(TILE_WIDTH, size - first))


def _size_of(file: Path) -> int:
    from recognizance_verify import VerificationError
    from recognizance_verify.notes import Checkpoint, SignedNote
    from recognizance_verify.receipts import HEADER, Receipt

    try:
        text = (file / "checkpoint" if file.is_dir() else file).read_text(encoding="utf-8")
        note = Receipt.parse(text).note if text.startswith(HEADER) else SignedNote.parse(text)
        return Checkpoint.parse(note.text).size
    except (VerificationError, UnicodeDecodeError) as error:
        raise MisuseError(f"{file}: {error}", "Give a checkpoint, a receipt, an export, or a number.") from error


def _give(text: str, out: Path | None, what: str, check: str) -> int:
    if out is None:
        sys.stdout.write(text)
        return ExitCode.OK
    out.write_text(text, encoding="utf-8")
    console = output()
    console.print(f"Wrote {what} to {out}.", soft_wrap=True)
    console.print(check, style="dim", soft_wrap=True)
    return ExitCode.OK


def _moment(value: Any) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat()


def _age(seconds: float) -> str:
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            return count(int(seconds // size), unit)
    return count(max(int(seconds), 0), "second")
