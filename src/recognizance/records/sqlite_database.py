"""The record in a file of SQLite's, which one process at a time owns."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from recognizance.records import opening, sqlite


class SqliteDatabase:
    """See `Database`.

    Parameters
    ----------
    path : Path
        The file; `opening` creates it.
    """

    shared = False
    lost = (
        "The disk that holds the record failed, and everything that was being written was undone.",
        "Check its free space, quota and health, then try again.",
    )

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.reader = sqlite.make_engine(self.path, writer=False)
        self.writer = sqlite.make_engine(self.path, writer=True)

    def __str__(self) -> str:
        return str(self.path)

    def exists(self) -> bool:
        """See `Database.exists`."""
        return self.path.exists()

    @contextmanager
    def opening(self) -> Iterator[None]:
        """See `Database.opening`."""
        with opening.one_at_a_time(self.path):
            opening.secure(self.path)
            sqlite.use_write_ahead_log(self.writer)
            yield

    def driver_of(self, connection: Connection) -> sqlite3.Connection:
        """See `Database.driver_of`."""
        return sqlite.driver_of(connection)

    def is_over(self, driver: sqlite3.Connection) -> bool:
        """See `Database.is_over`: SQLite rolls back when the disk fails in the middle of a statement."""
        return not driver.in_transaction

    def has_failed(self, driver: Any) -> bool:
        """See `Database.has_failed`: what a statement did that failed is undone by itself."""
        return False

    def run(self, driver: sqlite3.Connection, statement: str) -> None:
        """See `Database.run`."""
        try:
            driver.execute(statement)
        except sqlite3.Error as error:
            raise sqlite.unavailable(error) or IntegrityError(statement, None, error) from error

    def scrub(self) -> bool:
        """See `Database.scrub`: what was erased is overwritten in the file, and the write-ahead log is emptied."""
        return sqlite.empty_log(self.writer)

    def find_damage(self) -> list[str]:
        """See `Database.find_damage`: the file's structure, and every foreign key."""
        with self.reader.connect() as connection, connection.begin():
            found = [row[0] for row in connection.execute(text("PRAGMA integrity_check"))]
            orphans = [
                f"row {row[1]} of {row[0]} names a row of {row[2]} that does not exist"
                for row in connection.execute(text("PRAGMA foreign_key_check"))
            ]
        return [line for line in found if line != "ok"] + orphans

    def close(self) -> None:
        """See `Database.close`; the last connection empties the write-ahead log."""
        self.reader.dispose()
        self.writer.dispose()
