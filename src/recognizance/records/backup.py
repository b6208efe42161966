"""Copies of the record, made while it is in use, and what a file that claims to be one holds."""

import os
import secrets
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from recognizance.errors import BackupError
from recognizance.records.key_files import fsync_folder
from recognizance.records.sqlite_database import SqliteDatabase
from recognizance.records.store import RecordStore

_PAGES_PER_STEP = 2_000


@dataclass(frozen=True, slots=True)
class BackupFile:
    """What a backup holds: so many entries, sealed with this key, under this version of the schema."""

    path: Path
    entries: int
    schema_version: str
    sealing_key_id: str


def back_up(store: RecordStore, path: Path) -> BackupFile:
    """Copy the record to a new file, while others go on writing.

    The file has mode 0600 and is whole, checked and durable, or it is not there.  The keys are not in it.

    Raises
    ------
    BackupError
        If the file exists, cannot be written, or is found damaged; or if the record is on PostgreSQL, which has
        programs of its own for that.
    """
    if not isinstance(store.database, SqliteDatabase):
        raise BackupError(
            "The record is on PostgreSQL, which makes its own backups.",
            "Use pg_dump or pg_basebackup, as docs/postgresql.md says.",
        )
    if path.exists():
        raise BackupError(f"{path} exists already.", "Name a new file.")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        with (
            closing(sqlite3.connect(f"{store.database.path.as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(draft)) as target,
        ):
            # One state, read to the end: the copy would begin anew with every write of others, and might never end.
            source.isolation_level = None
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(target, pages=_PAGES_PER_STEP, sleep=0.0)
            # One file, whole by itself: the copy would otherwise ask for a write-ahead log of its own.
            target.execute("PRAGMA journal_mode = DELETE")
        described = describe(draft)
        _sync(draft)
        os.link(draft, path)
        fsync_folder(path.parent)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BackupError(
            f"The backup {path} cannot be made: {reason}.", "Name a file on a disk with enough free space."
        ) from error
    finally:
        for left in (draft, draft.with_name(draft.name + "-journal")):
            with suppress(FileNotFoundError):
                left.unlink()
    return BackupFile(path, described.entries, described.schema_version, described.sealing_key_id)


def describe(path: Path) -> BackupFile:
    """Check a backup from its first to its last page, and say what it holds.

    Raises
    ------
    BackupError
        If it is no backup, or damaged.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            ((verdict,), *_) = connection.execute("PRAGMA integrity_check(1)").fetchall()
            if verdict != "ok":
                raise BackupError(f"{path} is damaged: {verdict}.", "Use another backup.")
            ((version,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            ((key,),) = connection.execute("SELECT value FROM meta WHERE key = 'sealing_key_id'").fetchall()
            ((entries,),) = connection.execute("SELECT coalesce(max(entry_index) + 1, 0) FROM entries").fetchall()
    except (sqlite3.Error, ValueError) as error:
        raise BackupError(f"{path} is not a backup of Recognizance, or is damaged: {error}.", "Use another.") from error
    return BackupFile(path, int(entries), str(version), str(key))


def copy_back(path: Path, draft: Path) -> None:
    """Copy a backup to where a record is made of it, durably.

    Raises
    ------
    BackupError
    """
    try:
        with path.open("rb") as source:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as target:
                while block := source.read(1 << 20):
                    target.write(block)
                target.flush()
                os.fsync(target.fileno())
    except OSError as error:
        raise BackupError(
            f"{path} cannot be copied into the home folder: {error.strerror}.", "Free space on its disk."
        ) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
