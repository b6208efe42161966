"""Back the record up and restore it: what needs the folders of the settings, and no server."""

import os
import pwd
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from recognizance.authority.revocations import Ended, ended_in
from recognizance.bootstrap import join_ledger, now, open_record
from recognizance.errors import BackupError, KeyFileError, RecordUnavailableError, SchemaVersionError
from recognizance.records import KeyVault, RecordStore, Sealer, holds, load_or_create_key
from recognizance.records.backup import back_up, copy_back, describe
from recognizance.records.database import Database, database_at
from recognizance.records.holds import Hold
from recognizance.records.log_key import read_head, write_head
from recognizance.settings import Settings
from recognizance.workflows.heads import read_checkpoint
from recognizance.workflows.restoring import (
    KnownRules,
    OpenLog,
    Restored,
    exchange,
    newest_known,
    restore,
    rules_in_force,
)

KEYS_OF_PEOPLE_SINCE = "0002"
"""The first version of the schema that seals people's data under keys of their own."""


def back_up_record(settings: Settings, file: Path) -> int:
    """Copy the record to a new file; return how many entries it holds.

    Raises
    ------
    BackupError
    """
    with open_record(settings) as record:
        return back_up(record.store, file.absolute()).entries


def restore_record(settings: Settings, file: Path, *, roll_back_log: bool) -> Restored:
    """Put a backup in the record's place.  The caller holds the home folder.

    The backup is copied, checked and brought up to date beside the record; who was erased after it was made is erased
    from it; the restore is recorded in its log; then it takes the record's place, in one step.

    Raises
    ------
    BackupError
        If the file is no backup of this installation.
    LogRolledBackError
        If entries would be lost, and `roll_back_log` does not allow that.
    """
    path = settings.home / "record.db"
    found = describe(file)
    sealer = Sealer(load_or_create_key(settings.keys_folder, record=path))
    if found.sealing_key_id != sealer.key_id:
        raise BackupError(
            f"{file} was sealed with the key {found.sealing_key_id}; the folder of keys holds {sealer.key_id}.",
            "Put the folder of keys back that belongs to it, or set RECOGNIZANCE_KEYS to where it is.",
        )
    if found.schema_version < KEYS_OF_PEOPLE_SINCE:
        _require_nothing_erased(settings, sealer, file)
    draft = settings.home / "record.db.restoring"
    _clear(draft)
    try:
        copy_back(file, draft)
        with _open(settings, draft, sealer) as copy:
            head_text = read_head(settings.keys_folder)
            head = None if head_text is None else read_checkpoint(head_text, copy.ledger.verifier_key)
            with _present(settings, path, sealer) as present:
                if present is not None and not present.store.scrub():
                    raise BackupError(
                        f"Another program reads {path}: what is in its write-ahead log would be lost.",
                        "End that program, then restore again.",
                    )
                known = newest_known(present, head)
                ended, standing, rules = _carried_over(present)
            done = restore(
                copy,
                known,
                roll_back_log=roll_back_log,
                account=_account(),
                clock=now,
                ended=ended,
                standing=standing,
                rules=rules,
            )
            copy.store.scrub()
            with copy.store.read() as tx:
                checkpoint = copy.ledger.checkpoint(tx)
        kept = exchange(draft, path, settings.home / f"record.db.before-{now():%Y%m%dT%H%M%S.%fZ}")
        write_head(settings.keys_folder, checkpoint)
    finally:
        _clear(draft)
    return replace(done, kept=kept)


def take_over_database(settings: Settings, *, roll_back_log: bool) -> Restored:
    """Make the record of a database on PostgreSQL that its own programs have restored.  No server uses it.

    Who was erased after the backup was made is erased from it; the restore is recorded in its log.

    Raises
    ------
    BackupError
        If there is no record in the database.
    LogRolledBackError
        If entries would be lost, and `roll_back_log` does not allow that.
    """
    with closing(database_at(settings.record_place)) as database:
        if not database.exists():
            raise BackupError(
                f"There is no record in {database}.", "Restore the database first, by pg_restore for example."
            )
        sealer = Sealer(load_or_create_key(settings.keys_folder, record=database))
        with _open(settings, database, sealer) as copy:
            head_text = read_head(settings.keys_folder)
            head = None if head_text is None else read_checkpoint(head_text, copy.ledger.verifier_key)
            done = restore(copy, head, roll_back_log=roll_back_log, account=_account(), clock=now)
            with copy.store.read() as tx:
                checkpoint = copy.ledger.checkpoint(tx)
        write_head(settings.keys_folder, checkpoint)
    return done


@contextmanager
def _open(settings: Settings, path: Path | Database, sealer: Sealer) -> Iterator[OpenLog]:
    with (
        KeyVault.open(settings.keys_folder, sealer=sealer) as vault,
        RecordStore.open(path, sealer=sealer, vault=vault) as store,
    ):
        yield OpenLog(store, join_ledger(settings, store))


@contextmanager
def _present(settings: Settings, path: Path, sealer: Sealer) -> Iterator[OpenLog | None]:
    """Open the record in place; None if there is none, or it can no longer be read."""
    if not path.exists():
        yield None
        return
    try:
        opened = _open(settings, path, sealer)
        present = opened.__enter__()
    except (RecordUnavailableError, SchemaVersionError, KeyFileError):
        yield None  # the reason to restore
        return
    try:
        yield present
    finally:
        opened.__exit__(None, None, None)


def _carried_over(present: OpenLog | None) -> tuple[Ended | None, list[Hold], KnownRules | None]:
    """Read what a restore must not undo: what is over, what is held, and which rules are in force."""
    if present is None:
        return None, [], None
    with present.store.read() as tx:
        return ended_in(tx), holds.list_all(tx), rules_in_force(tx)


def _require_nothing_erased(settings: Settings, sealer: Sealer, file: Path) -> None:
    """Refuse what holds people in plain once somebody was erased: nobody could find them in it to erase them again."""
    with KeyVault.open(settings.keys_folder, sealer=sealer) as vault:
        if any(vault.is_destroyed(slot) for slot in range(1, len(vault) + 1)):
            raise BackupError(
                f"{file} was made by a version without keys of people's own, and people were erased since: it would "
                f"bring them back.",
                "Restore a newer backup, and destroy this one.",
            )


def _account() -> str:
    with suppress(KeyError):
        return pwd.getpwuid(os.getuid()).pw_name
    return str(os.getuid())


def _clear(draft: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-opening", "-journal"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)
