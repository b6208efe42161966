"""The record of everything: one SQLite file, its schema and migrations, and the functions that read and write it.

Open it with `RecordStore.open`; every function of the other modules takes the transaction that
``store.read()`` or ``store.write()`` hands out, so that what belongs together is kept or lost together.
"""

from recognizance.records.sealing import Sealer, load_or_create_key
from recognizance.records.store import RecordStore
from recognizance.records.transaction import Transaction
from recognizance.records.vault import KeyVault

__all__ = ["KeyVault", "RecordStore", "Sealer", "Transaction", "load_or_create_key"]
