"""The record in a database of a PostgreSQL server, which any number of processes may use at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from recognizance.errors import RecordUnavailableError, SettingsError
from recognizance.records import postgresql
from recognizance.records.vacuuming import Vacuuming

_OLDEST = 130_000
_SERVER = text(
    "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding, "
    "current_setting('fsync') AS fsync, current_setting('full_page_writes') AS whole_pages, "
    "pg_is_in_recovery() AS standby"
)
_DAMAGE = text(
    """
    SELECT format('index %s is not valid', indexrelid::regclass) FROM pg_index
    WHERE NOT indisvalid AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)
    UNION ALL
    SELECT format('constraint %s of %s is not validated', conname, conrelid::regclass) FROM pg_constraint
    WHERE NOT convalidated AND connamespace = current_schema()::regnamespace
    UNION ALL
    SELECT format('the trigger %s of %s does not fire', tgname, tgrelid::regclass) FROM pg_trigger
    WHERE tgenabled NOT IN ('O', 'A') AND tgrelid IN
        (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)
    UNION ALL
    SELECT format('the trigger %s of entries is missing', wanted) FROM unnest(ARRAY[
        'entries_refuse_update', 'entries_refuse_delete', 'entries_refuse_truncate', 'entries_refuse_gap']) AS wanted
    WHERE NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgname = wanted AND tgrelid = to_regclass('entries'))
    """
)


class PostgresqlDatabase:
    """See `Database`.

    Parameters
    ----------
    url : str
        ``postgresql://USER@HOST/DATABASE``, without a password.

    Raises
    ------
    SettingsError
    """

    shared = True
    lost = (
        "The connection to the PostgreSQL server was lost, and what was being written was undone.",
        postgresql.AWAY,
    )

    def __init__(self, url: str) -> None:
        self._url = url
        info = postgresql.connection_string(url)
        self.reader = postgresql.make_engine(info, writer=False)
        self.writer = postgresql.make_engine(info, writer=True)
        self.vacuuming = Vacuuming(lambda: psycopg.connect(info))

    def __str__(self) -> str:
        return self._url

    def exists(self) -> bool:
        """See `Database.exists`."""
        with _told_whole(), self.reader.connect() as connection:
            return inspect(connection).has_table("alembic_version")

    @contextmanager
    def opening(self) -> Iterator[None]:
        """See `Database.opening`: the write lock keeps processes apart that make or upgrade the tables.

        Raises
        ------
        SettingsError
            If the server is too old, or would lose what it has acknowledged.
        """
        with _told_whole(), self.reader.connect() as connection:
            found = connection.execute(_SERVER).one()
        if found.version < _OLDEST:
            raise SettingsError(
                f"PostgreSQL {found.version // 10_000} is too old.", "Use PostgreSQL 13 or later; docs/postgresql.md."
            )
        if found.encoding != "UTF8":
            raise SettingsError(
                f"The database holds text as {found.encoding}.",
                "Make one with: createdb --encoding=UTF8 --locale=C --template=template0.",
            )
        if "off" in (found.fsync, found.whole_pages):
            raise SettingsError(
                "The PostgreSQL server runs with fsync or full_page_writes off: a crash of its machine would lose or "
                "damage what was acknowledged.",
                "Set both to on in postgresql.conf.",
            )
        if found.standby:
            raise RecordUnavailableError(
                "The PostgreSQL server is a standby.", "Name the primary server in the setting `record`."
            )
        yield

    def driver_of(self, connection: Connection) -> "psycopg.Connection[Any]":
        """See `Database.driver_of`."""
        return postgresql.driver_of(connection)

    def is_over(self, driver: "psycopg.Connection[Any]") -> bool:
        """See `Database.is_over`: the connection may be lost."""
        return driver.info.transaction_status in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN)

    def has_failed(self, driver: "psycopg.Connection[Any]") -> bool:
        """See `Database.has_failed`."""
        return driver.info.transaction_status == TransactionStatus.INERROR

    def run(self, driver: "psycopg.Connection[Any]", statement: str) -> None:
        """See `Database.run`."""
        try:
            done = driver.execute(statement.encode()).statusmessage
        except psycopg.Error as error:
            if statement == "COMMIT" and self.is_over(driver) and not error.sqlstate:
                raise RecordUnavailableError(
                    "The connection to the PostgreSQL server was lost during a commit: whether it happened is not "
                    "known.",
                    f"{postgresql.AWAY} Look first whether it was done.",
                ) from error
            postgresql.without_values(error)
            raise postgresql.unavailable(error) or IntegrityError(statement, None, error) from error
        if statement == "COMMIT" and done != "COMMIT":  # PostgreSQL rolls a failed transaction back instead
            raise RecordUnavailableError("The PostgreSQL server undid what was being written.", "Try again.")

    def scrub(self) -> bool:
        """See `Database.scrub`: the tables are vacuumed by and by, and nobody waits for it."""
        self.vacuuming.ask()
        return True

    def find_damage(self) -> list[str]:
        """See `Database.find_damage`: what PostgreSQL itself knows; `pg_amcheck` reads every page."""
        with self.reader.connect() as connection, connection.begin():
            return list(connection.execute(_DAMAGE).scalars())

    def close(self) -> None:
        """See `Database.close`."""
        self.vacuuming.close()
        self.reader.dispose()
        self.writer.dispose()


@contextmanager
def _told_whole() -> Iterator[None]:
    """Say why the server cannot be reached to whoever starts ours; clients are told only that it cannot."""
    try:
        yield
    except RecordUnavailableError as error:
        if not isinstance(error.__cause__, psycopg.Error):
            raise
        why = " ".join(str(error.__cause__).split())
        raise RecordUnavailableError(f"{error.message} It says: {why}", error.remedy) from error
