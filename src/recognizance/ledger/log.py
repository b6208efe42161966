"""The log: entries, the Merkle tree over them, and what proves that an entry is in it.

The tree is kept as tiles.  A tile of level 0 is written when its 256 entries are there; the hash of a full tile joins
a tile one level up in the same transaction.  So an append costs the same in a log of a million entries as in one of a
thousand, and whatever a proof needs is read from few rows.

References
----------
RFC 6962, section 2.1; C2SP tlog-tiles, tlog-checkpoint, tlog-proof, tlog-witness.
"""

import secrets
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Generic

import msgspec

from recognizance.errors import NotFoundError
from recognizance.ledger.commitments import SECRET_BYTES, Concealed, ConcealedList, Opening, conceal, disclose, forget
from recognizance.ledger.entry import Entry, Value, canonical
from recognizance.ledger.storage import LogStorage, Tx
from recognizance_verify import notes, tiles, tree
from recognizance_verify.consistency import ConsistencyProof
from recognizance_verify.notes import SignedNote
from recognizance_verify.receipts import Receipt

_HASH_BYTES = 32
_OPENING = msgspec.msgpack.Decoder(Opening)


class Ledger(Generic[Tx]):
    """Appends entries, and proves what the log holds.  Any number of threads may use it.

    Parameters
    ----------
    storage : LogStorage
        Where the pages are.
    key : notes.SigningKey
        Signs checkpoints; its name is the log's origin.
    shared : bool
        Whether other processes append to the log too.
    """

    def __init__(self, storage: LogStorage[Tx], key: notes.SigningKey, *, shared: bool = False) -> None:
        self._storage = storage
        self._key = key
        self._shared = shared
        self._latest: datetime | None = None

    @property
    def origin(self) -> str:
        """The log's name."""
        return self._key.name

    @property
    def verifier_key(self) -> str:
        """The public key, as C2SP's verifier key string."""
        return str(self._key.verifier_key())

    def append(self, tx: Tx, entry: Entry, concealed: Iterable[Concealed | ConcealedList] = ()) -> int:
        """Append an entry in the transaction that holds the act's effect; return its index.

        It has this index when, and only if, the transaction commits.
        """
        index = self._storage.size(tx)
        commitments, opening = conceal(
            concealed, index=index, secret=secrets.token_bytes(SECRET_BYTES), keys=self._storage.slot_keys(tx)
        )
        self._storage.add(tx, index, entry.time, canonical(entry, index, commitments))
        if commitments:
            self._storage.put_opening(tx, index, msgspec.msgpack.encode(opening))
        if self._latest is not None:
            self._latest = max(self._latest, entry.time)
        if (index + 1) % tiles.TILE_WIDTH == 0:
            self._close_tile(tx, index // tiles.TILE_WIDTH)
        return index

    def _close_tile(self, tx: Tx, index: int) -> None:
        hashes = self._leaves(tx, index * tiles.TILE_WIDTH, tiles.TILE_WIDTH)
        level = 0
        self._storage.put_tile(tx, level, index, hashes)
        while True:
            root = _tile_root(hashes)
            level, index, place = level + 1, index // tiles.TILE_WIDTH, index % tiles.TILE_WIDTH
            hashes = (self._storage.tile(tx, level, index) or b"" if place else b"") + root
            self._storage.put_tile(tx, level, index, hashes)
            if len(hashes) < tiles.TILE_WIDTH * _HASH_BYTES:
                return

    def _leaves(self, tx: Tx, first: int, count: int) -> bytes:
        return b"".join(tree.leaf_hash(body) for body in self._storage.bodies(tx, first, count))

    def size(self, tx: Tx) -> int:
        """Count the entries."""
        return self._storage.size(tx)

    def newest(self, tx: Tx) -> datetime | None:
        """Read the latest time that any entry carries."""
        return self._storage.newest(tx)

    def latest(self, tx: Callable[[], AbstractContextManager[Tx]]) -> datetime | None:
        """Give the latest time that any entry carries.

        The whole log is read for it the first time only; of a shared log, then, the last entry.
        """
        if self._latest is None:
            with tx() as reading:
                self._latest = self._storage.newest(reading)
        elif self._shared:
            with tx() as reading:
                last = self._storage.last(reading)
            self._latest = max(filter(None, (self._latest, last)))
        return self._latest

    def entry(self, tx: Tx, index: int) -> bytes:
        """Read an entry.

        Raises
        ------
        NotFoundError
        """
        found = self._storage.bodies(tx, index, 1) if index >= 0 else []
        if not found:
            raise NotFoundError(f"The log has no entry {index}; it holds {self._storage.size(tx)}.")
        return found[0]

    def hash_tile(self, tx: Tx, level: int, index: int, width: int) -> bytes:
        """Read the first `width` hashes of a tile.

        Raises
        ------
        NotFoundError
            If the tree is smaller.
        """
        stored = self._storage.tile(tx, level, index)
        if stored is None and level == 0:
            stored = self._leaves(tx, index * tiles.TILE_WIDTH, width)
        if stored is None or len(stored) < width * _HASH_BYTES:
            raise NotFoundError(f"The log has no tile {tiles.tile_path(level, index, width)}.")
        return stored[: width * _HASH_BYTES]

    def entry_bundle(self, tx: Tx, index: int, width: int) -> bytes:
        """Read the first `width` entries of a bundle, each after its length.

        Raises
        ------
        NotFoundError
            If the log is shorter.
        """
        bodies = self._storage.bodies(tx, index * tiles.TILE_WIDTH, width)
        if len(bodies) < width:
            raise NotFoundError(f"The log has no entries {tiles.tile_path(None, index, width)}.")
        return tiles.pack_entries(bodies)

    def checkpoint(self, tx: Tx, size: int | None = None) -> str:
        """Sign the tree as it is, or as it was at an earlier size.

        Returns
        -------
        str
            A signed note.
        """
        size = self._storage.size(tx) if size is None else size
        text = notes.Checkpoint(self.origin, size, self.root(tx, size)).text()
        return f"{text}\n{self._key.sign(text)}"

    def root(self, tx: Tx, size: int) -> bytes:
        """Compute the root of the first `size` entries."""
        return tree.tree_root(size, self._reader(tx, size).hash_at)

    def inclusion(self, tx: Tx, index: int, size: int) -> list[bytes]:
        """Prove that entry `index` is in the tree of the first `size` entries."""
        return tree.inclusion_proof(index, size, self._reader(tx, size).hash_at)

    def consistency(self, tx: Tx, old: int, new: int) -> list[bytes]:
        """Prove that the tree of `new` entries begins with that of `old`."""
        return tree.consistency_proof(old, new, self._reader(tx, new).hash_at)

    def receipt(self, tx: Tx, index: int, checkpoint: str) -> Receipt:
        """Put entry, inclusion proof and checkpoint together.

        Parameters
        ----------
        checkpoint : str
            A signed checkpoint that covers the entry.

        Raises
        ------
        NotFoundError
            If there is no such entry.
        """
        note = SignedNote.parse(checkpoint)
        size = notes.Checkpoint.parse(note.text).size
        return Receipt(self.entry(tx, index), index, tuple(self.inclusion(tx, index, size)), note)

    def growth(self, tx: Tx, old: int, checkpoint: str) -> ConsistencyProof:
        """Put a consistency proof from an earlier size and the newer checkpoint together."""
        note = SignedNote.parse(checkpoint)
        size = notes.Checkpoint.parse(note.text).size
        return ConsistencyProof(old, tuple(self.consistency(tx, old, size)), note)

    def disclosure(self, tx: Tx, index: int, fields: Iterable[str]) -> list[dict[str, Value]]:
        """Open commitments of an entry.

        Raises
        ------
        NotFoundError
            If the entry commits to no such field; names those there are.
        ErasedError
            If what opens it was erased.
        """
        self.entry(tx, index)  # that it is not there is another answer than that it has no such field
        blob = self._storage.opening(tx, index)
        opening = _OPENING.decode(blob) if blob is not None else Opening(b"", {}, {})
        known = {*opening.fields, *opening.lists}
        keys = self._storage.slot_keys(tx)
        shown: list[dict[str, Value]] = []
        for field in fields:
            if field not in known:
                there = ", ".join(sorted(known)) or "none at all"
                raise NotFoundError(f"Entry {index} commits to no field {field}; it commits to: {there}.")
            shown.append(disclose(opening, field, index=index, keys=keys))
        return shown

    def forget(self, tx: Tx, index: int, fields: Collection[str]) -> None:
        """Drop what opens an entry's commitments to some fields, for good; the entry and every proof stay as they are.

        Fields that the entry does not commit to are passed over.
        """
        blob = self._storage.opening(tx, index)
        if blob is not None:
            opening = forget(_OPENING.decode(blob), fields)
            self._storage.replace_opening(tx, index, msgspec.msgpack.encode(opening))

    def _reader(self, tx: Tx, size: int) -> tiles.TileHashes:
        return tiles.TileHashes(lambda level, index, width: self.hash_tile(tx, level, index, width), size)


def _tile_root(hashes: bytes) -> bytes:
    row = [hashes[start : start + _HASH_BYTES] for start in range(0, len(hashes), _HASH_BYTES)]
    while len(row) > 1:
        row = [tree.node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]
