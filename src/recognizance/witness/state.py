"""What a witness remembers: of each log its key and the newest checkpoint that it has cosigned.

One SQLite file. Each use opens it anew, so that several processes can share it; a step from one checkpoint to the next
is one immediate transaction, so that of two different steps only one can ever be taken.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from recognizance.errors import InvalidRequestError, KeyFileError, NotFoundError, RecordUnavailableError
from recognizance.witness.watched import WatchedLog
from recognizance_verify import VerificationError
from recognizance_verify.encoding import shown
from recognizance_verify.keys import LOG, VerifierKey
from recognizance_verify.notes import SignedNote

_VERSION = 1
_PATIENCE_SECONDS = 10.0
_SCHEMA = (
    "CREATE TABLE identity (one INTEGER PRIMARY KEY CHECK (one = 1), key TEXT) STRICT",
    "CREATE TABLE log (origin TEXT PRIMARY KEY, key TEXT NOT NULL, note TEXT, conflict TEXT) STRICT",
    f"PRAGMA user_version = {_VERSION}",
)
_DAMAGED = (
    "Put the witness's folder back from its newest copy only if nothing was cosigned since; otherwise begin a new "
    "witness, with a new key, in a new folder."
)


class WitnessState:
    """The memory of the witness whose key is `witness`; any number of threads and processes may use it.

    Raises
    ------
    KeyFileError
        If the file is the memory of another witness.
    RecordUnavailableError
        If it is missing or damaged.
    """

    def __init__(self, file: Path, witness: VerifierKey) -> None:
        self._file = file
        self._witness = witness
        self._turns = threading.Lock()
        with self._transaction() as connection:
            [(known,)] = connection.execute("SELECT key FROM identity").fetchall() or [(None,)]
            if known is None:
                connection.execute("INSERT INTO identity VALUES (1, ?)", [str(witness)])
            elif known != str(witness):
                raise KeyFileError(
                    f"{file} is the memory of another witness: {known}.", "Put the key file back that belongs to it."
                )
            self._all(connection)

    @staticmethod
    def create(file: Path) -> None:
        """Make an empty memory where there is none.

        Raises
        ------
        RecordUnavailableError
        """
        file.touch(mode=0o600)
        with _using(file) as connection:
            if connection.execute("PRAGMA user_version").fetchone() == (0,):
                for statement in _SCHEMA:
                    connection.execute(statement)

    @staticmethod
    def is_bound(file: Path) -> bool:
        """Tell whether a witness's key has been used with this memory.

        Raises
        ------
        RecordUnavailableError
        """
        with _using(file) as connection:
            if connection.execute("PRAGMA user_version").fetchone() == (0,):
                return False
            return connection.execute("SELECT key FROM identity").fetchone() is not None

    def logs(self) -> list[WatchedLog]:
        """List the logs, by origin."""
        with self._transaction() as connection:
            return self._all(connection)

    def find(self, origin: str) -> WatchedLog:
        """Find a log.

        Raises
        ------
        NotFoundError
        """
        with self._transaction() as connection:
            return self._find(connection, origin)

    def add(self, key: VerifierKey) -> bool:
        """Watch a log; False if it is watched already.

        Raises
        ------
        InvalidRequestError
            If the key is no log's, or the log is known by another key.
        """
        if key.kind != LOG:
            raise InvalidRequestError(f"The key of {shown(key.name)} is a witness's and not a log's.")
        if key.public == self._witness.public:
            raise InvalidRequestError("A witness cannot watch a log that is signed with the witness's own key.")
        with self._transaction() as connection:
            try:
                known = self._find(connection, key.name).key
            except NotFoundError:
                connection.execute("INSERT INTO log (origin, key) VALUES (?, ?)", [key.name, str(key)])
                return True
        if known != key:
            raise InvalidRequestError(
                f"The log {shown(key.name)} is known by another key: {known}.",
                "A log keeps its key. If you consent to its beginning anew: `recognizance witness forget`.",
            )
        return False

    def forget(self, origin: str) -> WatchedLog:
        """Forget a log, key and all; gives what was known of it.

        Raises
        ------
        NotFoundError
        """
        with self._transaction() as connection:
            known = self._find(connection, origin)
            connection.execute("DELETE FROM log WHERE origin = ?", [origin])
        return known

    def advance(self, origin: str, cosign: Callable[[WatchedLog], SignedNote]) -> SignedNote:
        """Take a log's next step: what `cosign` makes of what is known is durable on return, and not before.

        Parameters
        ----------
        cosign : callable
            Gives the next checkpoint with the log's signature and this witness's, or raises to leave all as it is.

        Raises
        ------
        NotFoundError
            If the log is not watched.
        RecordUnavailableError
            If the step could not be made durable; the cosignature must not leave then.
        """
        with self._transaction() as connection:
            known = self._find(connection, origin)
            note = cosign(known)
            after = self._read(origin, str(known.key), note.serialize(), None).checkpoint
            before = known.checkpoint
            if after.size < before.size or (after.size == before.size and after.root != before.root):
                raise ValueError(f"A witness does not go back: from {before} to {after}.")  # `cosign` is wrong
            connection.execute("UPDATE log SET note = ? WHERE origin = ?", [note.serialize(), origin])
        return note

    def keep_conflict(self, origin: str, note: SignedNote) -> None:
        """Keep the proof that a log has signed two different checkpoints of one size; the first one stays."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE log SET conflict = ? WHERE origin = ? AND conflict IS NULL", [note.serialize(), origin]
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._turns, _using(self._file) as connection:
            if connection.execute("PRAGMA user_version").fetchone() != (_VERSION,):
                raise self._damaged("it is empty, or of another version of this program")
            # Each time: a row that damage hides would be a log that may begin anew.  A witness's few pages are quick.
            if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise self._damaged("SQLite finds it inconsistent")
            yield connection

    def _all(self, connection: sqlite3.Connection) -> list[WatchedLog]:
        rows = connection.execute("SELECT origin, key, note, conflict FROM log ORDER BY origin")
        return [self._read(*row) for row in rows]

    def _find(self, connection: sqlite3.Connection, origin: str) -> WatchedLog:
        query = "SELECT origin, key, note, conflict FROM log WHERE origin = ?"
        row = connection.execute(query, [origin]).fetchone()
        if row is None:
            raise NotFoundError(
                f"The witness {self._witness.name} does not watch the log {shown(origin)}.",
                "`recognizance witness logs` lists those it does.",
            )
        return self._read(*row)

    def _read(self, origin: str, key: str, note: str | None, conflict: str | None) -> WatchedLog:
        try:
            return WatchedLog.read(origin, key, note, conflict, self._witness)
        except VerificationError as error:
            raise self._damaged(str(error)) from error

    def _damaged(self, why: str) -> RecordUnavailableError:
        return RecordUnavailableError(
            f"The witness's memory, {self._file}, is damaged ({why}); nothing is cosigned.", _DAMAGED
        )


@contextmanager
def _using(file: Path) -> Iterator[sqlite3.Connection]:
    """Open the file for one immediate transaction; without a commit, closing takes everything back."""
    try:
        connection = sqlite3.connect(
            f"{file.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=_PATIENCE_SECONDS
        )
        with closing(connection):
            # EXTRA is FULL, and a committed step cannot come undone by a journal that a power failure brings back.
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise RecordUnavailableError(
            f"The witness's memory, {file}, cannot be used: {error}.",
            "See that the file is there, that its folder belongs to the witness's account, and that the disk has room.",
        ) from error
    except sqlite3.DatabaseError as error:
        raise RecordUnavailableError(
            f"The witness's memory, {file}, is damaged ({error}); nothing is cosigned.", _DAMAGED
        ) from error
