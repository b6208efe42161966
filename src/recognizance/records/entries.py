"""The pages of the ledger: entries are added, and never changed or removed; hash tiles; openings, sealed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, update

from recognizance.records import schema
from recognizance.records.transaction import Transaction
from recognizance.records.vault import KeyVault

_ENTRIES = schema.entries
_TILES = schema.hash_tiles
_OPENINGS = schema.openings
_ADD = insert(_ENTRIES)
_COUNT = select(func.coalesce(func.max(_ENTRIES.c.entry_index) + 1, 0))
_NEWEST = select(func.max(_ENTRIES.c.at))
_LAST = select(_ENTRIES.c.at).order_by(_ENTRIES.c.entry_index.desc()).limit(1)
_COLUMNS = select(_ENTRIES.c.entry_index, _ENTRIES.c.at, _ENTRIES.c.body)
_GET = _COLUMNS.where(_ENTRIES.c.entry_index == bindparam("wanted"))
_PAGE = (
    _COLUMNS.where(_ENTRIES.c.entry_index >= bindparam("first"))
    .order_by(_ENTRIES.c.entry_index)
    .limit(bindparam("at_most"))
)
_BACKWARDS = (
    _COLUMNS.where(_ENTRIES.c.entry_index >= bindparam("down_to"), _ENTRIES.c.entry_index < bindparam("before"))
    .order_by(_ENTRIES.c.entry_index.desc())
    .limit(1000)
)
_BODIES = (
    select(_ENTRIES.c.body)
    .where(_ENTRIES.c.entry_index >= bindparam("first"), _ENTRIES.c.entry_index < bindparam("end"))
    .order_by(_ENTRIES.c.entry_index)
)
_TILE = select(_TILES.c.hashes).where(_TILES.c.level == bindparam("level"), _TILES.c.tile_index == bindparam("wanted"))
_ADD_TILE = insert(_TILES)
_REPLACE_TILE = (
    update(_TILES)
    .where(_TILES.c.level == bindparam("at_level"), _TILES.c.tile_index == bindparam("wanted"))
    .values(hashes=bindparam("grown"))
)
_OPENING = select(_OPENINGS.c.sealed).where(_OPENINGS.c.entry_index == bindparam("wanted"))
_PUT_OPENING = insert(_OPENINGS)
_REPLACE_OPENING = (
    update(_OPENINGS).where(_OPENINGS.c.entry_index == bindparam("wanted")).values(sealed=bindparam("kept"))
)


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry: its place from 0, its time, and the exact bytes that the ledger hashes."""

    index: int
    at: datetime
    body: bytes


def get(tx: Transaction, index: int) -> EntryRow | None:
    """Read an entry."""
    row = tx.execute(_GET, {"wanted": index}).first()
    return None if row is None else EntryRow(*row)


def list_page(tx: Transaction, *, first: int = 0, limit: int) -> list[EntryRow]:
    """List entries in order, at most `limit`, beginning with index `first`."""
    return [EntryRow(*row) for row in tx.execute(_PAGE, {"first": first, "at_most": limit})]


def backwards(tx: Transaction, *, down_to: int) -> Iterator[EntryRow]:
    """Read entries from the newest to the one of index `down_to`."""
    before = count(tx)
    while page := [EntryRow(*row) for row in tx.execute(_BACKWARDS, {"down_to": down_to, "before": before})]:
        yield from page
        before = page[-1].index


def count(tx: Transaction) -> int:
    """Count the entries, which is also the next one's index."""
    return int(tx.execute(_COUNT).scalar_one())


def append(tx: Transaction, body_factory: Callable[[int], bytes], *, at: datetime) -> EntryRow:
    """Append an entry whose body is made of its index."""
    index = count(tx)
    entry = EntryRow(index, at, body_factory(index))
    add(tx, index, at, entry.body)
    return entry


def add(tx: Transaction, index: int, at: datetime, body: bytes) -> None:
    """Add the entry of the next index; it is there when, and only if, the transaction commits."""
    tx.execute(_ADD, {"entry_index": index, "at": at, "body": body})


class RecordedLog:
    """The ledger's storage in the record; see `recognizance.ledger.storage.LogStorage`."""

    def size(self, tx: Transaction) -> int:
        """Count the entries."""
        return count(tx)

    def add(self, tx: Transaction, index: int, at: datetime, body: bytes) -> None:
        """Add the entry of the next index."""
        add(tx, index, at, body)

    def bodies(self, tx: Transaction, first: int, count: int) -> list[bytes]:
        """Read up to `count` entries in order."""
        return list(tx.execute(_BODIES, {"first": first, "end": first + count}).scalars())

    def newest(self, tx: Transaction) -> datetime | None:
        """Give the latest time that any entry carries."""
        found: datetime | None = tx.execute(_NEWEST).scalar()
        return found

    def last(self, tx: Transaction) -> datetime | None:
        """Give the time of the last entry."""
        found: datetime | None = tx.execute(_LAST).scalar()
        return found

    def tile(self, tx: Transaction, level: int, index: int) -> bytes | None:
        """Read a hash tile."""
        found: bytes | None = tx.execute(_TILE, {"level": level, "wanted": index}).scalar()
        return found

    def put_tile(self, tx: Transaction, level: int, index: int, hashes: bytes) -> None:
        """Keep a hash tile."""
        if not tx.execute(_REPLACE_TILE, {"at_level": level, "wanted": index, "grown": hashes}).rowcount:
            tx.execute(_ADD_TILE, {"level": level, "tile_index": index, "hashes": hashes})

    def opening(self, tx: Transaction, index: int) -> bytes | None:
        """Read what opens the commitments of an entry."""
        sealed: bytes | None = tx.execute(_OPENING, {"wanted": index}).scalar()
        return None if sealed is None else tx.sealer.open(sealed, f"opening:{index}")

    def put_opening(self, tx: Transaction, index: int, opening: bytes) -> None:
        """Keep what opens the commitments of an entry, sealed."""
        tx.execute(_PUT_OPENING, {"entry_index": index, "sealed": tx.sealer.seal(opening, f"opening:{index}")})

    def replace_opening(self, tx: Transaction, index: int, opening: bytes) -> None:
        """Keep what is left of what opens the commitments of an entry, sealed."""
        sealed = tx.sealer.seal(opening, f"opening:{index}")
        tx.execute(_REPLACE_OPENING, {"wanted": index, "kept": sealed})

    def slot_keys(self, tx: Transaction) -> KeyVault:
        """Give people's own keys."""
        return tx.vault
