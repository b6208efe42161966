"""What the record asks of the database that holds it."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Engine

from recognizance.errors import SettingsError

SCHEMES = ("postgresql://", "postgres://")


class Database(Protocol):
    """One database: a file of SQLite's, or a database of a PostgreSQL server.

    Its connections translate errors that are the machine's fault into `RecordUnavailableError` with a remedy; a
    violated constraint stays `sqlalchemy.exc.IntegrityError`.  What was written is in neither.
    """

    reader: Engine
    """Its transactions see one state, and cannot write."""
    writer: Engine
    """Its transactions hold the write lock from their start: one at a time, in all processes together."""
    shared: bool
    """Whether other processes write to it while this one has it open."""
    lost: tuple[str, str]
    """What to say, and the remedy, when a transaction ended by itself."""

    def __str__(self) -> str:
        """Name it in messages."""

    def exists(self) -> bool:
        """Whether a record was made in it."""

    def opening(self) -> AbstractContextManager[None]:
        """Make it ready; what is done in the block, one process at a time does, or the write lock sees to it."""

    def driver_of(self, connection: Any) -> Any:
        """Give the driver's connection, which `is_over`, `has_failed` and `run` take."""

    def is_over(self, driver: Any) -> bool:
        """Whether the transaction ended by itself: what follows would not belong to it."""

    def has_failed(self, driver: Any) -> bool:
        """Whether a statement failed, and nothing but a rollback is accepted any more."""

    def run(self, driver: Any, statement: str) -> None:
        """Run a statement that governs the transaction.

        Raises
        ------
        RecordUnavailableError, sqlalchemy.exc.IntegrityError
        """

    def scrub(self) -> bool:
        """Remove what is left of erased rows as far as a database can, or see to it; say whether that is done."""

    def find_damage(self) -> list[str]:
        """Look for damage; an empty list means that none was found."""

    def close(self) -> None:
        """Close every connection that is not in use."""


def database_at(place: Path | str) -> Database:
    """Give the database at a place: a path of a file, or the URL of a database on a PostgreSQL server.

    Raises
    ------
    SettingsError
        If it is neither, or its driver is not installed.
    """
    if isinstance(place, Path):
        from recognizance.records.sqlite_database import SqliteDatabase

        return SqliteDatabase(place)
    if not place.startswith(SCHEMES):
        raise SettingsError(f"{place} is no database for the record.", "Give postgresql://USER@HOST/DATABASE.")
    try:
        from recognizance.records.postgresql_database import PostgresqlDatabase
    except ImportError as error:
        raise SettingsError(
            f"The record is to be kept on PostgreSQL, and its driver cannot be loaded: {error}.",
            "Install it: pip install 'recognizance[postgresql]'.",
        ) from error
    return PostgresqlDatabase(place)
