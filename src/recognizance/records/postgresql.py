"""Everything that is PostgreSQL's alone: connections, transactions, durability, errors, triggers."""

import logging
import select
from typing import Any, cast

import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Format
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, DisconnectionError

from recognizance.errors import RecordUnavailableError, SettingsError

WRITE_LOCK = 0x7265636F676E697A
"""Number of the advisory lock of those who write; advisory locks belong to one database."""

LOCK_SECONDS = 30
"""How long a write waits for those of other processes."""

IDLE_SECONDS = 60
"""How long a write may do nothing: a process that hangs with the write lock would stop all others."""

_DEFAULTS = {
    "application_name": "recognizance",
    "connect_timeout": "10",
    # A server that is gone without a word is noticed within half a minute.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}

_log = logging.getLogger(__name__)

_OF_VALUES = "22"
"""Errors of values, such as a number out of range, quote them at once."""

AWAY = "See that the PostgreSQL server runs and that the setting `record` names it, then try again."
_AGAIN = "Try again."
_REMEDIES = {
    "53100": ("The disk of the PostgreSQL server is full", "Free space on it and try again."),
    "53200": ("The PostgreSQL server has not enough memory", "Free memory on its machine and try again."),
    "53300": ("The PostgreSQL server accepts no more connections", "Raise its max_connections, or run fewer servers."),
    "55P03": ("Another process keeps the record locked", "Try again; end the other process if it stays."),
    "57014": ("The PostgreSQL server ended a statement", "Raise its statement_timeout if it is what ended it."),
    "25006": ("The record cannot be written here", "Name the primary server in the setting `record`, not a standby."),
    "25P02": ("A statement had failed before, and what was being written is undone", _AGAIN),
    "25P03": ("A write took too long between two statements and was undone", _AGAIN),
    "40001": ("Another process changed the same part of the record", _AGAIN),
    "40P01": ("Another process changed the same part of the record", _AGAIN),
    "42501": ("The role in the PostgreSQL server may not do that", "Let the role own the tables; docs/postgresql.md."),
    "58030": ("The disk of the PostgreSQL server failed", "Check its health and free space, then try again."),
    "XX001": ("The record is damaged", "Restore the database from a backup; docs/postgresql.md."),
    "XX002": ("An index of the record is damaged", "Rebuild it: REINDEX DATABASE; and check the server's disk."),
}


class _BinaryCursor(psycopg.ServerCursor[Any]):
    """Streams rows as they are: as text, every template is twice as long and has to be translated."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.format = Format.BINARY


def connection_string(url: str) -> str:
    """Complete the URL of a database to what the driver connects with.

    Raises
    ------
    SettingsError
        If it is malformed, or holds a password.
    """
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise SettingsError(
            f"The setting `record` cannot be used: {str(error).strip()}.", "Give postgresql://USER@HOST/DATABASE."
        ) from error
    if "password" in given:
        raise SettingsError(
            "The setting `record` holds a password.", "Put it into the file that PGPASSFILE names; docs/postgresql.md."
        )
    return make_conninfo(url, **{name: value for name, value in _DEFAULTS.items() if name not in given})


def make_engine(connection_info: str, *, writer: bool) -> Engine:
    """Make the connections to a record.

    Parameters
    ----------
    connection_info : str
        As `connection_string` gives it.
    writer : bool
        One connection whose transactions wait for the write lock first, so that they follow one another in all
        processes; or any number of connections whose transactions see one state and cannot write.
    """
    sizes = {"pool_size": 1, "max_overflow": 0} if writer else {"pool_size": 16, "max_overflow": -1}
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(connection_info, client_encoding="utf-8"),
        pool_use_lifo=True,
        hide_parameters=True,
        **sizes,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: "psycopg.Connection[Any]", _: object) -> None:
        connection.autocommit = True
        # Acknowledged means durable, whatever the server's default is.
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        if writer:
            connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
            connection.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
        connection.autocommit = False
        # A write sees what was committed before it got the lock; a snapshot would be older.
        connection.isolation_level = IsolationLevel.READ_COMMITTED if writer else IsolationLevel.REPEATABLE_READ
        connection.read_only = not writer
        connection.server_cursor_factory = _BinaryCursor

    @event.listens_for(engine, "checkout")
    def require_alive(connection: "psycopg.Connection[Any]", *_: object) -> None:
        # A connection that the server has ended can be read from; asking the server itself would take a round trip.
        if connection.closed or _can_be_read(connection.fileno()):
            raise DisconnectionError

    if writer:

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")

    @event.listens_for(engine, "handle_error")
    def translate(context: ExceptionContext) -> BaseException | None:
        error = context.original_exception
        if not isinstance(error, psycopg.Error):
            return None
        if (found := unavailable(error)) is not None:
            return found
        without_values(error)
        kind = type(context.sqlalchemy_exception)
        if not issubclass(kind, DBAPIError):
            return None
        return kind(context.statement, None, error, hide_parameters=True)

    return engine


def _can_be_read(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def driver_of(connection: Connection) -> "psycopg.Connection[Any]":
    """Return the driver's connection."""
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def without_values(error: psycopg.Error) -> None:
    """Reduce an error to what it says first, or to its kind: the rest quotes values."""
    quotes = (error.sqlstate or "").startswith(_OF_VALUES)
    if error.diag.message_primary:
        error.args = (type(error).__name__ if quotes else error.diag.message_primary,)


def unavailable(error: BaseException | None) -> RecordUnavailableError | None:
    """Name an error that is the machine's fault; None for ours, such as a violated constraint."""
    if not isinstance(error, psycopg.Error):
        return None
    state = error.sqlstate or ""
    told = " ".join((error.diag.message_primary or str(error)).split())
    known = _REMEDIES.get(state)
    if known is not None:
        return RecordUnavailableError(f"{known[0]} ({told}).", known[1])
    if not state and isinstance(error, psycopg.OperationalError):
        # What the driver says names hosts and folders, which is nothing for clients; `Database.opening` tells it.
        _log.warning("PostgreSQL: %s", told)
        return RecordUnavailableError("The PostgreSQL server of the record cannot be reached.", AWAY)
    if state.startswith(("08", "28", "3D", "57P")):
        return RecordUnavailableError(f"The PostgreSQL server of the record cannot be used ({told}).", AWAY)
    return None


def append_only_triggers() -> tuple[str, ...]:
    """Statements that let `entries` grow by the next entry, and in no other way."""
    return (
        """
        CREATE FUNCTION entries_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'entries are append-only' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """,
        """
        CREATE FUNCTION entries_refuse_gap() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.entry_index <> (SELECT coalesce(max(entry_index) + 1, 0) FROM entries) THEN
                RAISE EXCEPTION 'entries are numbered without gaps'
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$
        """,
        "CREATE TRIGGER entries_refuse_update BEFORE UPDATE ON entries FOR EACH STATEMENT "
        "EXECUTE FUNCTION entries_refuse()",
        "CREATE TRIGGER entries_refuse_delete BEFORE DELETE ON entries FOR EACH STATEMENT "
        "EXECUTE FUNCTION entries_refuse()",
        "CREATE TRIGGER entries_refuse_truncate BEFORE TRUNCATE ON entries FOR EACH STATEMENT "
        "EXECUTE FUNCTION entries_refuse()",
        "CREATE TRIGGER entries_refuse_gap BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION entries_refuse_gap()",
    )
