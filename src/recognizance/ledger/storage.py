"""What the ledger asks of whoever keeps it; `bootstrap` joins it to the record."""

from datetime import datetime
from typing import Protocol, TypeVar

from recognizance.ledger.commitments import SlotKeys

Tx = TypeVar("Tx", contravariant=True)


class LogStorage(Protocol[Tx]):
    """The pages of the log.  Every method works inside the transaction that it is given."""

    def size(self, tx: Tx) -> int:
        """Count the entries, which is also the next one's index."""

    def add(self, tx: Tx, index: int, at: datetime, body: bytes) -> None:
        """Add the entry of the next index."""

    def bodies(self, tx: Tx, first: int, count: int) -> list[bytes]:
        """Read up to `count` entries in order, beginning with index `first`."""

    def newest(self, tx: Tx) -> datetime | None:
        """Give the latest time that any entry carries; None if there are none."""

    def last(self, tx: Tx) -> datetime | None:
        """Give the time of the last entry; None if there are none."""

    def tile(self, tx: Tx, level: int, index: int) -> bytes | None:
        """Read a hash tile: 1 to 256 hashes of 32 bytes."""

    def put_tile(self, tx: Tx, level: int, index: int, hashes: bytes) -> None:
        """Keep a hash tile; it replaces a shorter one."""

    def opening(self, tx: Tx, index: int) -> bytes | None:
        """Read what opens the commitments of an entry; None if it has none."""

    def put_opening(self, tx: Tx, index: int, opening: bytes) -> None:
        """Keep what opens the commitments of an entry, sealed."""

    def replace_opening(self, tx: Tx, index: int, opening: bytes) -> None:
        """Keep what is left of what opens the commitments of an entry."""

    def slot_keys(self, tx: Tx) -> SlotKeys:
        """Give people's own keys."""
