"""Everything that is SQLite's alone: connections, transactions, durability, errors, triggers."""

import sqlite3
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext

from recognizance.errors import RecordUnavailableError

BUSY_TIMEOUT_MS = 10_000

_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA synchronous = FULL",  # in WAL mode, only FULL makes a commit survive a power cut
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # erased means overwritten
    "PRAGMA temp_store = MEMORY",  # sorting never leaves faces in temporary files
    "PRAGMA recursive_triggers = ON",  # otherwise INSERT OR REPLACE deletes without firing delete triggers
    "PRAGMA cache_size = -8192",
    "PRAGMA journal_size_limit = 67108864",
)

_DAMAGED = ("The record is damaged", "Stop the server and restore the home folder from a backup.")
_REMEDIES = {
    sqlite3.SQLITE_FULL: ("The disk that holds the record is full", "Free space on it and try again."),
    sqlite3.SQLITE_IOERR: (
        "The disk that holds the record failed to read or write",
        "Check its free space, quota and health, then try again.",
    ),
    sqlite3.SQLITE_BUSY: ("Another process is using the record", "Try again; stop the other process if it stays."),
    sqlite3.SQLITE_LOCKED: ("Another task is using the record", "Try again."),
    sqlite3.SQLITE_PROTOCOL: ("Another process is using the record", "Try again."),
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CANTOPEN: (
        "The record cannot be opened",
        "Let the server's account own the home folder and everything in it.",
    ),
    sqlite3.SQLITE_READONLY: (
        "The record cannot be written here",
        "Let the server's account own the home folder, on a disk mounted for writing.",
    ),
    sqlite3.SQLITE_PERM: ("The record cannot be opened", "Let the server's account own the home folder."),
    sqlite3.SQLITE_NOMEM: ("There is not enough memory to use the record", "Free memory and try again."),
}


def make_engine(path: Path, *, writer: bool) -> Engine:
    """Make the connections to a record.

    Parameters
    ----------
    path : Path
        The database file; it exists.
    writer : bool
        One connection whose transactions hold SQLite's write lock from their start, so that none can fail
        half-way for having read before another wrote; or any number of connections that cannot write.
    """
    # Threads that read are as many as the server runs; a pool that makes them wait would only hide that.
    sizes = {"pool_size": 1, "max_overflow": 0} if writer else {"pool_size": 16, "max_overflow": -1}
    url = URL.create("sqlite+pysqlite", database=str(path))
    # Parameters are faces and secrets: they have no place in messages and logs.
    engine = create_engine(url, pool_use_lifo=True, hide_parameters=True, **sizes)
    begin_statement = "BEGIN IMMEDIATE" if writer else "BEGIN"

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        # The driver otherwise begins transactions of its own, late, and never before a SELECT.
        connection.isolation_level = None
        for pragma in _PRAGMAS if writer else (*_PRAGMAS, "PRAGMA query_only = ON"):
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin_statement)

    @event.listens_for(engine, "handle_error")
    def translate(context: ExceptionContext) -> RecordUnavailableError | None:
        connection = context.connection
        if connection is not None and connection.in_transaction() and not driver_of(connection).in_transaction:
            # SQLite rolled back by itself, and would make each further statement durable on its own.
            context.is_disconnect, context.invalidate_pool_on_disconnect = True, False
        return unavailable(context.original_exception)

    return engine


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return the driver's connection."""
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def unavailable(error: BaseException | None) -> RecordUnavailableError | None:
    """Name an error of SQLite's that is the machine's fault; None for ours, such as a violated constraint."""
    if not isinstance(error, sqlite3.Error):
        return None
    code = getattr(error, "sqlite_errorcode", None)
    known = _REMEDIES.get(code & 0xFF) if code is not None else None  # the low byte is the kind, the rest detail
    return RecordUnavailableError(f"{known[0]} ({error}).", known[1]) if known else None


def execute_alone(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement that SQLite accepts outside transactions only.

    Raises
    ------
    RecordUnavailableError
    """
    try:
        connection = engine.raw_connection()
        try:
            return connection.cursor().execute(statement).fetchall()  # type: ignore[no-any-return]
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise unavailable(error) or error from error


def use_write_ahead_log(engine: Engine) -> None:
    """Let readers and the writer work at once; the file remembers it.

    Raises
    ------
    RecordUnavailableError
        If the file system has no shared memory for it, as network file systems have not.
    """
    ((mode,),) = execute_alone(engine, "PRAGMA journal_mode = WAL")
    if mode != "wal":
        raise RecordUnavailableError(
            "The file system of the record does not support a write-ahead log.", "Use a local disk."
        )


def append_only_triggers() -> tuple[str, ...]:
    """Statements that let `entries` grow by the next entry, and in no other way."""
    refuse = "BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END"
    return (
        f"CREATE TRIGGER entries_refuse_update BEFORE UPDATE ON entries {refuse}",
        f"CREATE TRIGGER entries_refuse_delete BEFORE DELETE ON entries {refuse}",
        "CREATE TRIGGER entries_refuse_gap BEFORE INSERT ON entries "
        "WHEN NEW.entry_index <> (SELECT coalesce(max(entry_index) + 1, 0) FROM entries) "
        "BEGIN SELECT RAISE(ABORT, 'entries are numbered without gaps'); END",
    )


def empty_log(engine: Engine) -> bool:
    """Empty the write-ahead log if nobody reads from it; say whether it is empty.  Never waits, never raises."""
    try:
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA busy_timeout = 0")
            try:
                ((busy, _, _),) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        finally:
            connection.close()
    except sqlite3.Error:
        return False
    return not busy
