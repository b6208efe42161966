"""The journal behind the ledger: entries are added, and never changed or removed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, insert, select

from recognizance.records import schema
from recognizance.records.transaction import Transaction, chunks

_ENTRIES = schema.entries
_SALTS = schema.entry_salts
_COUNT = select(func.coalesce(func.max(_ENTRIES.c.entry_index) + 1, 0))
_COLUMNS = select(_ENTRIES.c.entry_index, _ENTRIES.c.at, _ENTRIES.c.body)
_GET = _COLUMNS.where(_ENTRIES.c.entry_index == bindparam("wanted"))
_PAGE = (
    _COLUMNS.where(_ENTRIES.c.entry_index >= bindparam("first"))
    .order_by(_ENTRIES.c.entry_index)
    .limit(bindparam("at_most"))
)
_GET_SALTS = (
    select(_SALTS.c.name, _SALTS.c.salt).where(_SALTS.c.entry_index == bindparam("wanted")).order_by(_SALTS.c.name)
)
_DESTROY_SALTS = delete(_SALTS).where(_SALTS.c.entry_index.in_(bindparam("indexes", expanding=True)))


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry: its place from 0, its time, and the exact bytes that the ledger hashes."""

    index: int
    at: datetime
    body: bytes


def append(
    tx: Transaction,
    body_factory: Callable[[int], bytes],
    *,
    at: datetime,
    salts: Mapping[str, bytes] | None = None,
) -> EntryRow:
    """Append an entry; it has its index when, and only if, the transaction commits.

    Parameters
    ----------
    body_factory : callable
        Makes the body, given the index.
    salts : mapping of str to bytes, optional
        The secrets of the commitments in the body, by name; they can be destroyed later, the entry cannot.
    """
    index = count(tx)
    entry = EntryRow(index, at, body_factory(index))
    tx.execute(insert(_ENTRIES), {"entry_index": index, "at": at, "body": entry.body})
    if salts:
        rows = [{"entry_index": index, "name": name, "salt": salt} for name, salt in salts.items()]
        tx.execute(insert(_SALTS), rows)
    return entry


def get(tx: Transaction, index: int) -> EntryRow | None:
    """Read an entry."""
    row = tx.execute(_GET, {"wanted": index}).first()
    return None if row is None else EntryRow(*row)


def list_page(tx: Transaction, *, first: int = 0, limit: int) -> list[EntryRow]:
    """List entries in order, at most `limit`, beginning with index `first`."""
    return [EntryRow(*row) for row in tx.execute(_PAGE, {"first": first, "at_most": limit})]


def count(tx: Transaction) -> int:
    """Count the entries, which is also the next one's index."""
    return int(tx.execute(_COUNT).scalar_one())


def salts_of(tx: Transaction, index: int) -> dict[str, bytes]:
    """Read the salts of an entry by name; empty if it never had any or they were destroyed."""
    return {row.name: row.salt for row in tx.execute(_GET_SALTS, {"wanted": index})}


def destroy_salts(tx: Transaction, indexes: Iterable[int]) -> int:
    """Make the commitments of entries mean nothing to anybody any more; returns how many salts went."""
    return sum(tx.execute(_DESTROY_SALTS, {"indexes": chunk}).rowcount for chunk in chunks(indexes))
