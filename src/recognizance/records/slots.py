"""The file of subject keys: slots of 32 random bytes that are added ahead and overwritten one by one."""

import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

from recognizance.errors import KeyFileError, RecordUnavailableError
from recognizance.records import key_files

SLOT_BYTES = 32
DESTROYED = bytes(SLOT_BYTES)

_MAGIC = "recognizance-subject-keys-1"
_HEADER_BYTES = 64


class SlotFile:
    """Numbered slots, from 1.  What several processes do to one file at a time is kept apart by a lock on it.

    Every method raises `RecordUnavailableError` if the disk fails or is full.
    """

    def __init__(self, path: Path, key_id: str) -> None:
        self.path = path
        self._key_id = key_id
        self._identifier: str | None = None
        self._descriptor = -1

    @property
    def identifier(self) -> str | None:
        """Which file this is, wherever it lies; None as long as there is none.

        Raises
        ------
        KeyFileError
            If other accounts can reach the file, it belongs to another sealing key, or is of another kind.
        """
        if self._identifier is None and self.path.exists():
            self._open()
        return self._identifier

    def make(self) -> None:
        """Make the file unless there is one."""
        if self.identifier is None:
            header = f"{_MAGIC} {self._key_id} {secrets.token_hex(8)}"
            with _disk(self.path):
                key_files.write_once(self.path, header.ljust(_HEADER_BYTES - 1) + "\n")
            self._open()

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __len__(self) -> int:
        """Count the slots, destroyed ones too.  One that a crash cut short is none: nobody was given it."""
        if not self._is_open():
            return 0
        return max(0, os.fstat(self._descriptor).st_size - _HEADER_BYTES) // SLOT_BYTES

    def read(self, slot: int) -> bytes:
        """Read a slot, always from the file: no copy in memory outlives a key that another process destroyed.

        Raises
        ------
        KeyFileError
            If there is no such slot.
        """
        own = os.pread(self._descriptor, SLOT_BYTES, _place(slot)) if slot > 0 and self._is_open() else b""
        if len(own) != SLOT_BYTES:
            raise KeyFileError(
                f"The record names a key that {self.path} does not hold: that file is older than the record.",
                "Put the newest copy of it back.",
            )
        return own

    def add(self, count: int) -> range:
        """Append random slots behind all that are there; they are durable on return.

        Raises
        ------
        KeyFileError
            If the file was moved or replaced since it was opened: what is written to it would be lost.
        """
        self.make()
        with self._alone():
            if not self._is_in_place():
                raise KeyFileError(
                    f"The file {self.path} was moved or replaced while it was in use.", "Start the server again."
                )
            first = len(self) + 1
            try:
                _write_all(self._descriptor, os.urandom(count * SLOT_BYTES), _place(first))
                os.fsync(self._descriptor)
            except OSError:
                os.ftruncate(self._descriptor, _place(first))
                raise
        return range(first, first + count)

    def overwrite(self, slots: Sequence[int]) -> None:
        """Destroy slots, given in ascending order; durable on return."""
        with self._alone():
            for first, count in _runs(slots):
                _write_all(self._descriptor, DESTROYED * count, _place(first))
            os.fsync(self._descriptor)
            if any(self.read(slot) != DESTROYED for slot in slots):
                raise RecordUnavailableError(
                    f"The disk of {self.path} does not keep what is written to it.", "Check the disk's health."
                )

    def _is_open(self) -> bool:
        return self.identifier is not None and self._descriptor >= 0

    def _open(self) -> None:
        with _disk(self.path):
            key_files.require_private(self.path)
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            header = os.pread(self._descriptor, _HEADER_BYTES, 0)
        fields = header.decode("ascii", "replace").split()
        if len(header) != _HEADER_BYTES or len(fields) != 3 or fields[0] != _MAGIC:
            raise KeyFileError(f"{self.path} is not a file of subject keys.", "Put the newest copy of it back.")
        if fields[1] != self._key_id:
            raise KeyFileError(
                f"The keys in {self.path} belong to the sealing key {fields[1]}; the key file holds {self._key_id}.",
                "Put back the sealing key that belongs to it.",
            )
        self._identifier = fields[2]

    def _is_in_place(self) -> bool:
        return self.path.exists() and os.path.samestat(self.path.stat(), os.fstat(self._descriptor))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from changing the file."""
        with _disk(self.path):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)


def _place(slot: int) -> int:
    return _HEADER_BYTES + (slot - 1) * SLOT_BYTES


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Group ascending numbers into (first, count) of those that follow one another."""
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield run[0], len(run)


def _write_all(descriptor: int, data: bytes, place: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, place)
        view, place = view[written:], place + written


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Name the disk's errors."""
    try:
        yield
    except OSError as error:
        raise RecordUnavailableError(
            f"The file of subject keys {path} cannot be used: {error.strerror or error}.",
            "Let the folder of keys be one that the server's account owns, on a local disk with free space.",
        ) from error
