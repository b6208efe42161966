"""`recognizance backup` and `recognizance restore`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, is_attended, output, show_warning

if TYPE_CHECKING:
    from recognizance.workflows.restoring import Restored


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to make.", dir_okay=False)],
) -> int:
    """Copy the record to a file, while the server goes on.

    The keys are not in it: without the folder of keys nobody can open what concerns a person.  Keep that folder's own
    copy apart, and replace it after every erasure.
    """
    from recognizance.cli.connection import connect
    from recognizance.copies import back_up_record

    if file.exists():
        raise MisuseError(f"{file} exists already.", "Name a new file.")
    invocation: Invocation = context.obj
    if invocation.settings().record is not None:
        raise MisuseError(
            "The record is on PostgreSQL, which makes its own backups.",
            "Use pg_dump or pg_basebackup, as docs/postgresql.md says.",
        )
    with connect(invocation) as connection:
        connection.native.record_backup()
        held = back_up_record(connection.settings, file)
    entries = count(held, "entry", "entries")
    output().print(f"Wrote {file}: the record with its first {entries}, checked.", soft_wrap=True)
    return ExitCode.OK


def restore(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A file that `recognizance backup` made.  None for a record on PostgreSQL.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    roll_back_log: Annotated[
        bool,
        typer.Option(
            "--roll-back-log",
            help="Go on although the log had more entries than the backup has: they are lost, and the log says so.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> int:
    """Put a backup in the record's place; no server may be running.

    Whoever was erased after the backup was made is erased from it again.  A backup whose log is shorter than the
    newest checkpoint is refused.  A database on PostgreSQL is restored by PostgreSQL's own programs; run this command
    then, without FILE, before any server.
    """
    from recognizance.cli.connection import make_home
    from recognizance.copies import restore_record, take_over_database
    from recognizance.home import hold_home

    invocation: Invocation = context.obj
    settings = invocation.settings()
    if (file is None) != (settings.record is not None):
        raise MisuseError(
            "A record on PostgreSQL is restored by PostgreSQL's own programs."
            if file
            else "There is no backup to restore.",
            "Restore the database, then run this command without FILE." if file else "Name the backup's file.",
        )
    make_home(settings)
    with hold_home(settings):
        if file is None:
            _tell(take_over_database(settings, roll_back_log=roll_back_log))
            return ExitCode.OK
        if not yes and (settings.home / "record.db").exists():
            if not is_attended():
                raise MisuseError("There is no terminal to ask for confirmation.", "Add --yes.")
            typer.confirm(f"Replace the record in {settings.home} with {file}?", abort=True)
        done = restore_record(settings, file, roll_back_log=roll_back_log)
    _tell(done)
    return ExitCode.OK


def _tell(done: "Restored") -> None:
    console = output()
    console.print(f"Restored {count(done.entries, 'entry', 'entries')} (entry {done.entry} says so).", soft_wrap=True)
    if done.erased_again:
        console.print(f"Erased again what was erased after the backup: {count(done.erased_again, 'row')}.")
    if done.kept is not None:
        console.print(
            f"The record from before is kept as {done.kept}; delete it when it is not needed.", soft_wrap=True
        )
    if done.rolled_back_from is not None:
        lost = count(done.rolled_back_from - done.entries, "entry", "entries")
        show_warning(
            f"The log was rolled back: {lost} from after the backup are lost, and the log says so for good.",
            "Tell those who oversee the log; their witness refuses it until they consent to begin anew.",
        )
    if done.ended_again is None:
        show_warning(
            "What the record from before knew could not be carried over: access keys that were revoked, sessions that "
            "were closed and legal holds that were placed after the backup was made.",
            "Go through `recognizance operator key list`, `recognizance operator list` and `recognizance hold list`.",
        )
    elif done.ended_again:
        console.print(
            f"Ended again what had ended after the backup (keys, operators, roles, sessions, cases, memberships): "
            f"{done.ended_again:,}.",
            soft_wrap=True,
        )
    if not done.administered:
        show_warning(
            "No active administrator has an access key: nobody can administer the server.",
            "`recognizance operator recover ID` gives one to an administrator, `administrator` if there is no other.",
        )
