"""Looking at a record that another process owns."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recognizance.records.database import Database, database_at
from recognizance.records.sealing import Sealer
from recognizance.records.transaction import Transaction
from recognizance.records.vault import KeyVault


@contextmanager
def reading(place: Path | str | Database, *, sealer: Sealer, vault: KeyVault) -> Iterator[Transaction]:
    """Begin a transaction that only reads, without opening the record as its owner does.

    Raises
    ------
    RecordUnavailableError
        If it cannot be read.
    """
    database = database_at(place) if isinstance(place, Path | str) else place
    try:
        with database.reader.connect() as connection, connection.begin():
            yield Transaction(connection, sealer, vault)
    finally:
        database.close()
