"""The record: one file, its connections and its transactions."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Engine, text

from recognizance.errors import KeyFileError, RecordUnavailableError
from recognizance.records import meta, sqlite
from recognizance.records.sealing import Sealer, fsync_folder
from recognizance.records.transaction import Transaction
from recognizance.records.upgrading import bring_up_to_date

_KEY_ID = "sealing_key_id"


class RecordStore:
    """The record of everything, in one SQLite file.  Any number of threads may use it at once.

    Every method raises `RecordUnavailableError`, naming the cause and the remedy, when the disk is full or
    fails, when another process keeps the record locked, or when it is damaged; nothing was changed then, and
    the store can be used again at once.  A violated constraint stays `sqlalchemy.exc.IntegrityError`.
    """

    def __init__(self, path: Path, sealer: Sealer, reader: Engine, writer: Engine) -> None:
        self.path = path
        self.sealer = sealer
        self._reader = reader
        self._writer = writer
        self._writing = threading.Lock()
        self._writing_thread: int | None = None
        self._scrub_due = False

    @classmethod
    def open(cls, path: Path, *, sealer: Sealer) -> Self:
        """Open a record, creating it (mode 0600) or upgrading its schema first where needed.

        Raises
        ------
        SchemaVersionError
            If a newer version of Recognizance wrote it.
        KeyFileError
            If it was sealed with another key than `sealer`'s.
        RecordUnavailableError
            If it cannot be read or written, or is damaged.
        """
        path = path.absolute()
        store = cls(path, sealer, sqlite.make_engine(path, writer=False), sqlite.make_engine(path, writer=True))
        try:
            with _opening(path):
                _secure(path)
                sqlite.use_write_ahead_log(store._writer)
                with store.write() as tx:
                    _prepare(tx)
        except BaseException:
            store.close()
            raise
        return store

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Begin a transaction that sees the record as it stands at its first query, whatever is written since.

        Keep it short: while it lasts, `scrub` has to wait.
        """
        with self._reader.connect() as connection, connection.begin():
            yield Transaction(connection, self.sealer)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Begin the one transaction that may write; others wait for their turn.

        What was written is durable when the block has ended; if it ends with an exception, nothing was.
        """
        if self._writing_thread == threading.get_ident():
            raise RuntimeError("a write transaction within another would wait for itself")
        with self._writing:
            self._writing_thread = threading.get_ident()
            try:
                with self._writer.connect() as connection, connection.begin():
                    yield Transaction(connection, self.sealer)
                if self._scrub_due:
                    self._try_scrub()
            finally:
                self._writing_thread = None

    def scrub(self) -> bool:
        """Move everything from the write-ahead log to the file and empty the log.

        Call it after an erasure: what was erased is overwritten in the file, but stays in the log until then.
        While another transaction reads an older state, the log cannot be emptied; it is tried again after every
        write and when the store closes, and nobody waits for it.  What the disk itself keeps of overwritten
        blocks is beyond the reach of any program.

        Returns
        -------
        bool
            Whether the log is empty.
        """
        with self._writing:
            return self._try_scrub()

    def _try_scrub(self) -> bool:
        self._scrub_due = not sqlite.empty_log(self._writer)
        return not self._scrub_due

    def integrity_check(self) -> list[str]:
        """Check the file's structure and every foreign key; an empty list means that all is well."""
        with self.read() as tx:
            found = [row[0] for row in tx.execute(text("PRAGMA integrity_check"))]
            orphans = [
                f"row {row[1]} of {row[0]} names a row of {row[2]} that does not exist"
                for row in tx.execute(text("PRAGMA foreign_key_check"))
            ]
        return [line for line in found if line != "ok"] + orphans

    def close(self) -> None:
        """Close every connection that is not in use; the last one to close empties the write-ahead log."""
        self._reader.dispose()
        self._writer.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _prepare(tx: Transaction) -> None:
    was_empty = bring_up_to_date(tx.connection)
    if was_empty:
        meta.put(tx, _KEY_ID, tx.sealer.key_id)
    elif (expected := meta.get(tx, _KEY_ID)) != tx.sealer.key_id:
        raise KeyFileError(
            f"The record was sealed with the key {expected}; the key file holds {tx.sealer.key_id}.",
            "Put back the key file that belongs to this record, or set the folder of keys to where it is.",
        )


def _secure(path: Path) -> None:
    """Create the file before SQLite does, for its owner alone; SQLite gives the log files the same mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        fsync_folder(path.parent)
    except FileExistsError:
        for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            if file.exists():
                file.chmod(0o600)


@contextmanager
def _opening(path: Path) -> Iterator[None]:
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
