"""The files of one gallery: its segments, and a list that says which of them count.

The list is replaced in one step.  So after a crash the gallery is as it was before or after a compaction, and files
that the list does not name are thrown away.
"""

import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from recognizance.errors import DamagedIndexError
from recognizance.gallery.layout import Layout, read_header, write_all
from recognizance.gallery.segment_file import FileStorage
from recognizance.gallery.segment_writing import Block, write_segment

_LIST = "segments.json"
_SUFFIX = ".segment"


class SegmentKeys(Protocol):
    """Keys that files are sealed under, and nothing else is, found again by number."""

    def make(self) -> tuple[int, bytes]:
        """Make a key of 32 bytes, durable on return."""
        ...

    def find(self, slot: int) -> bytes | None:
        """Find a key; None if it was destroyed, or never was."""
        ...

    def destroy(self, slots: Sequence[int]) -> None:
        """Destroy keys, so that no copy of a file can be opened any more; unknown ones are passed over."""
        ...


class Kept(NamedTuple):
    """What was found: segments, oldest first, and the mark that was left with them."""

    segments: list[FileStorage]
    mark: Mapping[str, Any]
    generation: int


class SegmentFolder:
    """A folder of segments.  One process owns it; one thread at a time writes."""

    def __init__(self, path: Path, keys: SegmentKeys, *, model: str, dimension: int) -> None:
        self.path = path
        self._keys = keys
        self._model = model
        self._dimension = dimension

    def load(self) -> Kept | None:
        """Open what the list names, and throw away what it does not.

        Returns
        -------
        Kept, or None
            None if there is nothing, or if any of it cannot be used: it is all thrown away then.
        """
        kept = self._kept()
        self._tidy({storage.path.name for storage in kept.segments} if kept else set())
        return kept

    def mark(self) -> Mapping[str, Any] | None:
        """Read the mark that was left with the segments; None if there is none."""
        try:
            return dict(json.loads((self.path / _LIST).read_bytes())["mark"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, blocks: Iterable[Block], rows: int) -> FileStorage:
        """Write a segment, sealed under a new key.

        Raises
        ------
        OSError
            If the disk is full or fails.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        slot, key = self._keys.make()
        path = self.path / f"{slot}-{secrets.token_hex(4)}{_SUFFIX}"
        try:
            write_segment(path, blocks, rows=rows, dimension=self._dimension, model=self._model, key=key, slot=slot)
            return FileStorage.open(path, model=self._model, dimension=self._dimension, key_of={slot: key}.get)
        except BaseException:
            self._keys.destroy([slot])
            path.unlink(missing_ok=True)
            raise

    def publish(self, segments: Sequence[FileStorage], mark: Mapping[str, Any], generation: int) -> None:
        """Let these segments count from now on.

        Raises
        ------
        OSError
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        listed = {"generation": generation, "mark": dict(mark), "segments": [storage.path.name for storage in segments]}
        draft = self.path / f".{_LIST}.draft"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            write_all(descriptor, json.dumps(listed).encode(), 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(self.path / _LIST)
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self, segments: Sequence[FileStorage]) -> None:
        """Throw segments away that count no longer, with their keys; searches under way may go on reading them."""
        # The keys first: a file names its key, and what is named by nothing is never destroyed.
        self._keys.destroy([storage.slot for storage in segments])
        for storage in segments:
            storage.path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Throw everything away."""
        self._tidy(set())
        with suppress(FileNotFoundError):
            self.path.rmdir()

    def holds_erased(self) -> bool:
        """Whether a file that counts has places of rows that were erased, which an older copy would still tell."""
        try:
            names = json.loads((self.path / _LIST).read_bytes())["segments"]
            return any(_has_dead_rows(self.path / Path(name).name) for name in names)
        except (OSError, ValueError, KeyError, TypeError):
            return True

    def _kept(self) -> Kept | None:
        try:
            listed = json.loads((self.path / _LIST).read_bytes())
            segments = [
                FileStorage.open(
                    self.path / Path(name).name, model=self._model, dimension=self._dimension, key_of=self._keys.find
                )
                for name in listed["segments"]
            ]
            return Kept(segments, dict(listed["mark"]), int(listed["generation"]))
        except (OSError, ValueError, KeyError, TypeError, DamagedIndexError):
            return None

    def _tidy(self, wanted: set[str]) -> None:
        if not wanted:
            (self.path / _LIST).unlink(missing_ok=True)
        unwanted = [
            file
            for file in (self.path.iterdir() if self.path.is_dir() else ())
            if file.name not in wanted and file.name != _LIST
        ]
        slots = (file.name.lstrip(".").partition("-")[0] for file in unwanted if _SUFFIX in file.name)
        self._keys.destroy([int(slot) for slot in slots if slot.isdecimal()])
        for file in unwanted:
            file.unlink(missing_ok=True)


def _has_dead_rows(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        header, _, _ = read_header(descriptor)
        layout = Layout(int(header["rows"]), int(header["dimension"]))
        return b"\0" in os.pread(descriptor, layout.rows, layout.places()["alive"])
    finally:
        os.close(descriptor)
