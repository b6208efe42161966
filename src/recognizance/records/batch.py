"""Write blocks that share one transaction, and so one commit."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from recognizance.errors import RecordUnavailableError
from recognizance.records.database import Database

BLOCKS_MAX = 64
OPEN_MAX_S = 0.005
"""How long a transaction stays open for others to join: whoever has joined waits for the last of them."""


class Batch:
    """One transaction of the database's, in which blocks of several threads run one after another.

    Each block is kept or undone by itself; those that are kept become durable together, or none of them happened.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.connection = database.writer.connect()
        try:
            self.connection.begin()  # takes the write lock
            self._driver = database.driver_of(self.connection)
        except BaseException:
            self.connection.close()
            raise
        self._opened = time.monotonic()
        self._over = threading.Event()
        self._error: BaseException | None = None
        self._erasure_error: RecordUnavailableError | None = None
        self._blocks = 0
        self.kept = 0
        self.slots_noted = 0
        self.erases = False

    @property
    def may_grow(self) -> bool:
        """Whether another block may join."""
        return self.kept > 0 and self._blocks < BLOCKS_MAX and self._is_young and not self._lost

    @property
    def _is_young(self) -> bool:
        return time.monotonic() - self._opened < OPEN_MAX_S

    @property
    def _lost(self) -> bool:
        """Whether everything was rolled back: SQLite's disk failed, or the connection to PostgreSQL is lost."""
        return self.connection.invalidated or self._database.is_over(self._driver)

    @contextmanager
    def block(self) -> Iterator[None]:
        """Run a block; if it raises, what it did is undone, and what others did before it stays."""
        self._blocks += 1
        # A block that nothing was kept before is undone with the whole transaction: savepoints cost time, SQLite's a
        # lot of it in blocks that write much.
        apart = self.kept > 0
        if apart:
            self._savepoint("SAVEPOINT block")
        try:
            yield
            self._require_sound()
        except BaseException as error:
            if self._lost:
                self._error = error if isinstance(error, RecordUnavailableError) else None
            elif apart:
                self._savepoint("ROLLBACK TO block", "RELEASE block")
            raise
        if apart and not self._lost:
            self._savepoint("RELEASE block")
        self.kept += 1

    def finish(self) -> bool:
        """Commit what was kept; return whether there is anything new in the record.  Errors wait for `settle`."""
        try:
            if self._lost:
                self._error = self._error or RecordUnavailableError(*self._database.lost)
            else:
                self._database.run(self._driver, "COMMIT" if self.kept else "ROLLBACK")
        except (RecordUnavailableError, SQLAlchemyError) as error:
            self._error = error
        except BaseException:
            self._error = RecordUnavailableError(*self._database.lost)
            raise
        finally:
            self.connection.close()  # which rolls back what is still open
        return self.kept > 0 and self._error is None

    def announce(self, erasure_error: RecordUnavailableError | None = None) -> None:
        """Let everybody who waits in `settle` go; those who erased something, with an error if there is one."""
        self._erasure_error = erasure_error
        self._over.set()

    def settle(self, *, erases: bool = False) -> None:
        """Wait until what was kept is durable.

        Parameters
        ----------
        erases : bool
            Whether the block that waits erased something.

        Raises
        ------
        RecordUnavailableError
            If it could not be made so: nothing that was done in the batch has happened.  Or if the block erased
            something and its keys could not be destroyed.
        """
        self._over.wait()
        if erases and self._erasure_error is not None:
            raise RecordUnavailableError(self._erasure_error.message, self._erasure_error.remedy)
        if isinstance(self._error, RecordUnavailableError):
            # An error for each thread: those that raise the same one write into its traceback together.
            raise RecordUnavailableError(self._error.message, self._error.remedy) from self._error
        if self._error is not None:
            raise self._error

    def _require_sound(self) -> None:
        """Refuse to keep a block that overlooked an error: PostgreSQL would undo at the commit what others did too."""
        if not self._lost and self._database.has_failed(self._driver):
            raise RecordUnavailableError("A statement failed, and what was being written was undone.", "Try again.")

    def _savepoint(self, *statements: str) -> None:
        try:
            for statement in statements:
                self._database.run(self._driver, statement)
        except (RecordUnavailableError, SQLAlchemyError):
            self.connection.invalidate()  # nobody knows what it holds: all of it goes
            raise
