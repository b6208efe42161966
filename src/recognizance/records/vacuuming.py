"""Let PostgreSQL give back the room of erased rows soon, not when its autovacuum comes to it."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

TABLES = (
    "gallery_references",
    "subjects",
    "photographs",
    "images",
    "searches",
    "search_candidates",
    "idempotency",
    "slots_to_destroy",
)
"""Those with rows that concern a person."""

PAUSE_SECONDS = 30.0
LONGEST_SECONDS = 600

_log = logging.getLogger(__name__)


class Vacuuming:
    """Runs VACUUM in a thread of its own: at once when asked, then at most every `PAUSE_SECONDS`.

    Nobody waits for it: what makes an erasure final is that the keys are destroyed.

    Parameters
    ----------
    connect : callable
        Opens a connection of the driver's.
    """

    def __init__(self, connect: Callable[[], "psycopg.Connection[Any]"]) -> None:
        self._connect = connect
        self._changed = threading.Condition()
        self._due = False
        self._under_way = False
        self._closed = False
        self._thread: threading.Thread | None = None
        self._connection: psycopg.Connection[Any] | None = None

    def ask(self) -> None:
        """Have the tables vacuumed."""
        with self._changed:
            self._due = True
            self._changed.notify_all()
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="vacuum", daemon=True)
                self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is due; say whether that came to be."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._due and not self._under_way, seconds)

    def close(self) -> None:
        """End what is under way; autovacuum comes to the rest."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            if self._connection is not None:
                self._connection.cancel()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._due or self._closed)
                if self._closed:
                    return
                self._due, self._under_way = False, True
            try:
                self._vacuum()
            except psycopg.Error as error:
                if not self._closed:
                    _log.warning("PostgreSQL could not vacuum after an erasure; autovacuum will: %s", error)
            with self._changed:
                self._under_way = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._closed, PAUSE_SECONDS)

    def _vacuum(self) -> None:
        connection = self._connect()
        try:
            connection.autocommit = True
            connection.execute(f"SET statement_timeout = '{LONGEST_SECONDS}s'")
            connection.execute("SET lock_timeout = '10s'")
            with self._changed:
                if self._closed:
                    return
                self._connection = connection
            for table in TABLES:
                connection.execute(sql.SQL("VACUUM {}").format(sql.Identifier(table)))
        finally:
            with self._changed:
                self._connection = None
            connection.close()
