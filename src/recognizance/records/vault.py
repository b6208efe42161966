"""A key for each person's data, in a file that can forget single keys.

What concerns one person is sealed under a slot of its own; overwriting the slot erases it, in every copy of the record
that was ever made.  So the file stays out of the record's backups.
"""

import hmac
import os
import threading
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from recognizance.errors import ErasedError
from recognizance.records.sealing import Sealer, open_with, seal_with
from recognizance.records.slots import DESTROYED, SlotFile

VAULT_FILE = "subject.keys"
SCAN_VAULT_FILE = "scan.keys"
"""Keys of derived files: nothing is lost with it, and nothing in it is anybody's."""

SLOTS_AHEAD = 256
"""Slots made durable at once: those that a crash leaves unused are lost, and nothing else is."""


class KeyVault:
    """The slots of one folder of keys, numbered from 1.  Threads and processes may use it at once.

    The key of a slot comes from the slot's bytes and from the sealing key together: neither opens anything alone.
    Every method that needs a slot's key raises `ErasedError` once it is destroyed, and `KeyFileError` if the file does
    not hold it; those that write raise `RecordUnavailableError` if the disk fails or is full.
    """

    def __init__(self, slots: SlotFile, sealer: Sealer) -> None:
        self._slots = slots
        self._root = sealer.derive("recognizance subject keys v1")
        self._lock = threading.Lock()
        self._unused: deque[int] = deque()
        self._process = os.getpid()
        self.newest = 0
        """The highest slot that this process has made."""

    @classmethod
    def open(cls, folder: Path, *, sealer: Sealer, name: str = VAULT_FILE) -> Self:
        """Open a vault of a folder of keys; where there is none yet, `make` makes it.

        Raises
        ------
        KeyFileError
            If other accounts can reach the file, it belongs to another sealing key, or is not a vault.
        """
        vault = cls(SlotFile(folder / name, sealer.key_id), sealer)
        vault.identifier  # noqa: B018 - looks whether there is one, and at it
        return vault

    @property
    def path(self) -> Path:
        """Where the slots lie."""
        return self._slots.path

    @property
    def identifier(self) -> str | None:
        """Which vault this is; None as long as there is no file."""
        return self._slots.identifier

    def make(self) -> None:
        """Make the file unless there is one."""
        with self._lock:
            self._slots.make()

    def close(self) -> None:
        """Close the file."""
        self._slots.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        """Count the slots, destroyed ones too."""
        return len(self._slots)

    def take(self) -> int:
        """Hand out a slot that nobody has had; its key is durable."""
        return self.take_many(1)[0]

    def take_many(self, count: int) -> list[int]:
        """Hand out several slots."""
        with self._lock:
            if self._process != os.getpid():  # a fork: what was made ahead is the other process's
                self._unused.clear()
                self._process = os.getpid()
            if len(self._unused) < count:
                added = self._slots.add(max(SLOTS_AHEAD, count - len(self._unused)))
                self._unused.extend(added)
                self.newest = added[-1]
            return [self._unused.popleft() for _ in range(count)]

    def seal(self, slot: int, plaintext: bytes, context: str) -> bytes:
        """Encrypt under a slot's key; it opens with the same slot and context only."""
        return seal_with(AESGCM(self._key(slot, b"seal")), plaintext, context)

    def open_sealed(self, slot: int, sealed: bytes, context: str) -> bytes:
        """Decrypt what `seal` returned.

        Raises
        ------
        ErasedError
            If the slot is destroyed.
        RecordUnavailableError
            If it was altered, cut short or moved from another place.
        """
        return open_with(AESGCM(self._key(slot, b"seal")), sealed, context)

    def derive(self, slot: int, purpose: str) -> bytes:
        """Derive 32 bytes from a slot's key: always the same for one purpose."""
        return self._key(slot, b"derive: " + purpose.encode())

    def is_destroyed(self, slot: int) -> bool:
        """Whether a slot's key is gone."""
        return self._slots.read(slot) == DESTROYED

    def destroy(self, slots: Iterable[int]) -> None:
        """Overwrite slots; when this returns they are gone from the file, for good.

        If the disk fails some may be gone and others not, and it can be tried again.  What a disk keeps of
        overwritten blocks, as flash memory and copying file systems do, is beyond the reach of any program.
        """
        wanted = sorted(set(slots))
        for slot in wanted:
            self._slots.read(slot)  # all are there, before the first one goes
        with self._lock:
            if wanted:
                self._slots.overwrite(wanted)

    def _key(self, slot: int, purpose: bytes) -> bytes:
        own = self._slots.read(slot)
        if own == DESTROYED:
            raise ErasedError("What was asked for was erased.")
        return hmac.digest(self._root, own + slot.to_bytes(8) + purpose, "sha256")
