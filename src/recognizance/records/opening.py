"""What is done before a record is used: its file is made or secured, its keys are checked, its schema is upgraded."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import inspect

from recognizance.errors import KeyFileError, RecordUnavailableError
from recognizance.records import meta
from recognizance.records.key_files import fsync_folder
from recognizance.records.transaction import Transaction
from recognizance.records.upgrading import bring_up_to_date

_KEY_ID = "sealing_key_id"
_VAULT = "vault"
_SLOTS = "vault_slots"


def prepare(tx: Transaction) -> None:
    """Create or upgrade the schema, once the keys are known to be those of this record.

    Raises
    ------
    KeyFileError, SchemaVersionError
    """
    tables = inspect(tx.connection)
    known = tables.has_table("alembic_version") and tables.has_table("meta")
    if known and (expected := meta.get(tx, _KEY_ID)) != tx.sealer.key_id:
        raise KeyFileError(
            f"The record was sealed with the key {expected}; the key file holds {tx.sealer.key_id}.",
            "Put back the key file that belongs to this record, or set the folder of keys to where it is.",
        )
    if known and (expected := meta.get(tx, _VAULT)) is not None:
        _require_vault(tx, expected, int(meta.get(tx, _SLOTS) or 0))
    bring_up_to_date(tx)
    if not known:
        meta.put(tx, _KEY_ID, tx.sealer.key_id)
    if tx.vault.identifier is None or meta.get(tx, _VAULT) is None:
        tx.vault.make()
        meta.put(tx, _VAULT, str(tx.vault.identifier))


def _require_vault(tx: Transaction, expected: str, slots: int) -> None:
    file = tx.vault.path
    remedy = (
        f"Put the newest copy of {file.name} back, or set the folder of keys to where it is. If it is lost, nobody can "
        f"open what the record holds of people; to begin anew, move the record away."
    )
    if tx.vault.identifier is None:
        raise KeyFileError(f"The record exists, but the keys of the people in it, {file}, are missing.", remedy)
    if tx.vault.identifier != expected:
        raise KeyFileError(f"The keys of people in {file} are those of another record.", remedy)
    if len(tx.vault) < slots:
        raise KeyFileError(
            f"{file} holds {len(tx.vault)} keys; the record has used {slots}: it is an old copy, or was cut short.",
            remedy,
        )


def note_slots(tx: Transaction) -> int:
    """Remember how many slots the vault has, so that an old copy of it is noticed; returns how many."""
    newest = max(tx.vault.newest, int(meta.get(tx, _SLOTS) or 0))
    meta.put(tx, _SLOTS, str(newest))
    return newest


def secure(path: Path) -> None:
    """Create the file before SQLite does, for its owner alone; SQLite gives the log files the same mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        fsync_folder(path.parent)
    except FileExistsError:
        for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            if file.exists():
                file.chmod(0o600)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Let one process at a time open the record: changing to WAL mode fails, not waits, if two try."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path.with_name(path.name + "-opening"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
    except OSError as error:
        raise RecordUnavailableError(
            f"The record {path} cannot be opened: {error.strerror or error}.",
            "Let the server's account own the home folder, on a local disk with free space.",
        ) from error
