"""The record: its database, and its transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from recognizance.errors import KeyFileError, RecordUnavailableError
from recognizance.records import erasures, opening
from recognizance.records.batch import Batch
from recognizance.records.database import Database, database_at
from recognizance.records.sealing import Sealer
from recognizance.records.transaction import Transaction
from recognizance.records.turns import Turns
from recognizance.records.vault import KeyVault


class RecordStore:
    """The record of everything, in one SQLite file or on PostgreSQL.  Any number of threads may use it at once.

    Every method raises `RecordUnavailableError`, naming the cause and the remedy, when the disk is full or
    fails, when the database's server is away, when another process keeps the record locked, or when it is damaged;
    nothing was changed then, and the store can be used again at once.  Only where the connection to a server is lost
    during a commit it is not known, and said so, whether it happened.  A violated constraint stays
    `sqlalchemy.exc.IntegrityError`.
    """

    def __init__(self, database: Database, sealer: Sealer, vault: KeyVault) -> None:
        self.database = database
        self.sealer = sealer
        self.vault = vault
        self._reader = database.reader
        self._writer = database.writer
        self._turns = Turns()
        self._batch: Batch | None = None
        """The open transaction; whoever has the turn may use it."""
        self._scrub_due = False
        self._erasure_due = False
        self._slots_noted = 0

    @classmethod
    def open(cls, place: Path | str | Database, *, sealer: Sealer, vault: KeyVault) -> Self:
        """Open a record, creating it or upgrading its schema first where needed.

        Parameters
        ----------
        place : Path, str or Database
            A file of SQLite's, made with mode 0600; or the URL of a database on a PostgreSQL server.

        Raises
        ------
        SchemaVersionError
            If a newer version of Recognizance wrote it.
        KeyFileError
            If it was sealed with another key than `sealer`'s, or `vault` is not its vault or an old copy of it.
        RecordUnavailableError
            If it cannot be read or written, or is damaged.
        """
        database = database_at(place) if isinstance(place, Path | str) else place
        store = cls(database, sealer, vault)
        try:
            with database.opening():
                with store.write() as tx:
                    opening.prepare(tx)
                # What a crash, or an upgrade from a version that kept it in plain, may have left behind.
                destroyed = erasures.destroy_keys(store._writer, vault)
                if destroyed or not database.shared:
                    store.scrub()
        except BaseException:
            store.close()
            raise
        return store

    @property
    def shared(self) -> bool:
        """Whether other processes may change the record: what was read of it may be out of date at once."""
        return self.database.shared

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Begin a transaction that sees the record as it stands at its first query, whatever is written since.

        Keep it short: while it lasts, `scrub` has to wait.
        """
        with self._reader.connect() as connection, connection.begin():
            yield Transaction(connection, self.sealer, self.vault)

    @contextmanager
    def write(self, *, alone: bool = False) -> Iterator[Transaction]:
        """Begin a block of the one transaction that may write; others wait for their turn.

        What was written is durable when the block has ended; if it ends with an exception, nothing was.  The keys of
        what was erased are destroyed then, and the log is scrubbed.  Blocks that stand in line together share one
        commit: each sees what those before it did, is undone by itself if it raises, and returns when all are durable.

        Parameters
        ----------
        alone : bool
            Share with nobody: for blocks that take long, so that short ones need not wait for their end.
        """
        batch = self._join(alone=alone)
        saw_others = batch.kept > 0
        tx = Transaction(batch.connection, self.sealer, self.vault)
        try:
            with batch.block():
                yield tx
                if self.vault.newest > self._slots_noted:
                    batch.slots_noted = opening.note_slots(tx)
            batch.erases |= tx.erases
        except BaseException as error:
            self._leave(batch, alone=alone)
            if saw_others and isinstance(error, Exception):
                batch.settle()  # it may have failed for what others did, which has to be true first
            raise
        self._leave(batch, alone=alone)
        batch.settle(erases=tx.erases)

    def _join(self, *, alone: bool) -> Batch:
        """Wait for the turn, and open a batch unless whoever had it before left one open."""
        self._wait_for_turn(alone=alone)
        try:
            self._batch = self._batch or Batch(self.database)
        except BaseException:
            self._turns.hand_on()
            raise
        return self._batch

    def _leave(self, batch: Batch, *, alone: bool = False) -> None:
        """End the turn; the last one of those in line commits for all."""
        if not alone and batch.may_grow and self._turns.hand_to_sharer():
            return
        try:
            self._batch = None
            self._conclude(batch)
        finally:
            self._turns.hand_on()

    def _conclude(self, batch: Batch) -> None:
        error = None
        try:
            if batch.finish():
                self._slots_noted = max(self._slots_noted, batch.slots_noted)
                if batch.erases or self._erasure_due:
                    error = self._destroy_keys()
                if self._scrub_due:
                    self._try_scrub()
            elif batch.erases:
                self._erasure_due = True  # it may have been committed all the same; the list of keys knows
        finally:
            batch.announce(error)

    def _destroy_keys(self) -> RecordUnavailableError | None:
        """Destroy the keys of what was erased; if that fails it is tried again with every write and when opening."""
        self._scrub_due = True
        self._erasure_due = True
        try:
            erasures.destroy_keys(self._writer, self.vault)
        except (RecordUnavailableError, KeyFileError) as error:
            return RecordUnavailableError(
                f"The erasure is in the record, but its keys could not be destroyed yet: {error.message}",
                f"{error.remedy} It is tried again by itself.",
            )
        self._erasure_due = False
        return None

    def _wait_for_turn(self, *, alone: bool) -> None:
        if self._turns.is_mine():
            raise RuntimeError("a write transaction within another would wait for itself")
        try:
            self._turns.take(alone=alone)
        except BaseException:
            if self._turns.is_mine():  # interrupted too late: others may count on this thread's commit
                if self._batch is not None:
                    self._leave(self._batch)
                else:
                    self._turns.hand_on()
            raise

    def scrub(self) -> bool:
        """Remove what is left of erased rows; `write` does it after an erasure.

        SQLite: everything is moved from the write-ahead log to the file, where what was erased is overwritten, and the
        log is emptied.  While another transaction reads an older state, that cannot be done; it is tried again after
        every write and when the store closes, and nobody waits for it.  PostgreSQL: the tables are vacuumed by a
        thread of their own.  What the disk itself keeps of overwritten blocks is beyond the reach of any program.

        Returns
        -------
        bool
            Whether it is done, or will be without being asked again.
        """
        self._wait_for_turn(alone=True)
        try:
            return self._try_scrub()
        finally:
            self._turns.hand_on()

    def _try_scrub(self) -> bool:
        self._scrub_due = not self.database.scrub()
        return not self._scrub_due

    def integrity_check(self) -> list[str]:
        """Check the database's structure and every foreign key; an empty list means that all is well."""
        return self.database.find_damage()

    def close(self) -> None:
        """Close every connection that is not in use, and the vault; SQLite's last one empties the write-ahead log."""
        self.database.close()
        self.vault.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
