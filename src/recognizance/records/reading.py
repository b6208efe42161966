"""Looking at a record that another process owns."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recognizance.records import sqlite
from recognizance.records.sealing import Sealer
from recognizance.records.transaction import Transaction
from recognizance.records.vault import KeyVault


@contextmanager
def reading(path: Path, *, sealer: Sealer, vault: KeyVault) -> Iterator[Transaction]:
    """Begin a transaction that only reads, without opening the record as its owner does.

    Raises
    ------
    RecordUnavailableError
        If it cannot be read.
    """
    engine = sqlite.make_engine(path, writer=False)
    try:
        with engine.connect() as connection, connection.begin():
            yield Transaction(connection, sealer, vault)
    finally:
        engine.dispose()
