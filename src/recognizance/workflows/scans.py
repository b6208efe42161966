"""The embedded vector engine: scans of derived files, which are compared with the record before they are used."""

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizance.errors import DamagedIndexError, ErasedError, KeyFileError, RecordUnavailableError
from recognizance.gallery import Gallery, Machine, ScanGallery, identifiers
from recognizance.gallery.compaction import CompactionStoppedError
from recognizance.gallery.folder import SegmentFolder
from recognizance.gallery.scan import TAIL_ROWS, Compaction
from recognizance.gallery.segment_writing import Block
from recognizance.records import KeyVault, RecordStore, Transaction, changes, entries, galleries, references
from recognizance.records.galleries import GalleryRow
from recognizance.workflows.vectors import Mark, Reconciled, Upkeep

_KEY_PURPOSE = "scan segment v1"
_log = logging.getLogger(__name__)


class VaultKeys:
    """Keys of segments, derived from the slots of a vault that holds nothing else; see `gallery.folder.SegmentKeys`."""

    def __init__(self, vault: KeyVault) -> None:
        self._vault = vault

    def make(self) -> tuple[int, bytes]:
        """Take a slot that nobody has had."""
        slot = self._vault.take()
        return slot, self._vault.derive(slot, _KEY_PURPOSE)

    def find(self, slot: int) -> bytes | None:
        """Derive the key of a slot; None if it is destroyed or missing."""
        try:
            return self._vault.derive(slot, _KEY_PURPOSE)
        except (ErasedError, KeyFileError, OverflowError):
            return None

    def destroy(self, slots: Sequence[int]) -> None:
        """Destroy slots."""
        there = []
        for slot in slots:
            with suppress(KeyFileError, OverflowError):  # of an older copy of the keys: there is nothing to destroy
                if not self._vault.is_destroyed(slot):
                    there.append(slot)
        self._vault.destroy(there)


class _Compacting:
    """See `Upkeep`."""

    def __init__(self, compaction: Compaction) -> None:
        self._compaction = compaction

    def run(self) -> None:
        with suppress(CompactionStoppedError):
            self._compaction.run()

    def stop(self) -> None:
        self._compaction.stop()


class EmbeddedScans:
    """See `VectorEngine`.

    Parameters
    ----------
    folder : Path
        Has a folder for each gallery that is large enough to need one.
    vault : KeyVault
        For the keys of files alone.
    tail_rows : int
        See `gallery.scan.TAIL_ROWS`.
    """

    def __init__(
        self,
        store: RecordStore,
        folder: Path,
        vault: KeyVault,
        *,
        model: str,
        dimension: int,
        machine: Machine,
        tail_rows: int = TAIL_ROWS,
    ) -> None:
        self._store = store
        self._folder = folder
        self._keys = VaultKeys(vault)
        self._model = model
        self._dimension = dimension
        self._machine = machine
        self._tail_rows = tail_rows

    def load(self, tx: Transaction, gallery: GalleryRow) -> tuple[Gallery, Mark]:
        """See `VectorEngine.load`: takes over the files if they are those of this record, and makes them if not."""
        try:
            loaded = self._taken_over(tx, gallery)
        except (OSError, DamagedIndexError) as error:
            _log.warning("the index of gallery %d cannot be used: %s", gallery.id, error)
            loaded = None
        return loaded or self.load_anew(tx, gallery)

    def load_anew(self, tx: Transaction, gallery: GalleryRow) -> tuple[Gallery, Mark]:
        """See `VectorEngine.load_anew`: without files, if they cannot be written."""
        held = self._gallery(gallery.id)
        count = galleries.counts(tx, gallery.id).faces
        mark = Mark(gallery.version, references.newest_sequence(tx, gallery.id))
        try:
            self.forget(gallery.id)
            if count >= self._tail_rows:
                _log.info("reading %d references of gallery %d from the record", count, gallery.id)
                held.fill(_blocks(tx, gallery.id), count, _marked(tx, mark))
                return held, mark
        except (OSError, RecordUnavailableError) as error:  # of the record itself: it is told by what follows
            _log.warning("the index of gallery %d cannot be written: %s", gallery.id, error)
        for batch in references.templates(tx, gallery.id):
            held.add(batch.face_ids, batch.templates, gallery.model)
        return held, mark

    def _taken_over(self, tx: Transaction, gallery: GalleryRow) -> tuple[Gallery, Mark] | None:
        """Load what is kept and bring it to what the record says; None if that cannot be done."""
        kept = self._segments(gallery.id).mark()
        if kept is None or not _is_of(tx, kept):
            return None
        held = self._gallery(gallery.id)
        if held.load() is None:
            return None
        mark = follow(tx, gallery, held, Mark(int(kept["version"]), int(kept["sequence"])))
        if mark is None:
            return None
        held.require_sound()
        return (held, mark) if len(held) == galleries.counts(tx, gallery.id).faces else None

    def hold(self, identifiers: Sequence[str], vectors: NDArray[np.float32]) -> ScanGallery:
        """See `VectorEngine.hold`."""
        held = ScanGallery(self._model, self._dimension, machine=self._machine, tail_rows=self._tail_rows)
        if identifiers:
            held.add(identifiers, vectors, self._model)
        if held.is_due() and (compaction := held.compact({})) is not None:
            compaction.run()
        return held

    def is_kept(self, gallery_id: int) -> bool:
        """See `VectorEngine.is_kept`."""
        return self._path(gallery_id).is_dir()

    def is_stale(self, tx: Transaction, gallery: GalleryRow) -> bool:
        """See `VectorEngine.is_stale`."""
        segments = self._segments(gallery.id)
        kept = segments.mark()
        if kept is None or not _is_of(tx, kept) or segments.holds_erased():
            return True
        return changes.erased_since(tx, gallery.id, int(kept["version"])) != []

    def is_due(self, gallery: Gallery, *, leaving: bool = False) -> bool:
        """See `VectorEngine.is_due`."""
        return isinstance(gallery, ScanGallery) and gallery.is_due(leaving=leaving)

    def tend(
        self, tx: Transaction, gallery_id: int, gallery: Gallery, mark: Mark, *, leaving: bool = False
    ) -> Upkeep | None:
        """See `VectorEngine.tend`: a compaction."""
        begun = gallery.compact(_marked(tx, mark), leaving=leaving) if isinstance(gallery, ScanGallery) else None
        return _Compacting(begun) if begun is not None else None

    def forget(self, gallery_id: int) -> None:
        """See `VectorEngine.forget`."""
        self._segments(gallery_id).clear()

    def reconcile(self, gallery: GalleryRow) -> Reconciled:
        """See `VectorEngine.reconcile`: the files are made anew when the gallery is loaded next."""
        self.forget(gallery.id)
        with self._store.read() as tx:
            return Reconciled(galleries.counts(tx, gallery.id).faces)

    def keep_step(self) -> None:
        """See `VectorEngine.keep_step`: what is undone is done when it is loaded."""

    def kept(self) -> Iterator[int]:
        """See `VectorEngine.kept`."""
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if path.name.isdecimal():
                yield int(path.name)

    def _gallery(self, gallery_id: int) -> ScanGallery:
        return ScanGallery(
            self._model,
            self._dimension,
            folder=self._segments(gallery_id),
            machine=self._machine,
            tail_rows=self._tail_rows,
        )

    def _segments(self, gallery_id: int) -> SegmentFolder:
        return SegmentFolder(self._path(gallery_id), self._keys, model=self._model, dimension=self._dimension)

    def _path(self, gallery_id: int) -> Path:
        return self._folder / str(gallery_id)


def follow(tx: Transaction, gallery: GalleryRow, held: Gallery, since: Mark) -> Mark | None:
    """Add what came since, then remove what went; None if the record no longer says what went."""
    gone = changes.erased_since(tx, gallery.id, since.version)
    if gone is None:
        return None
    newest = since.sequence
    for batch in references.templates(tx, gallery.id, after_sequence=since.sequence):
        held.add(batch.face_ids, batch.templates, gallery.model)
        newest = int(batch.sequences[-1])
    held.remove(gone)
    return Mark(gallery.version, newest)


def _blocks(tx: Transaction, gallery_id: int) -> Iterator[Block]:
    for batch in references.templates(tx, gallery_id):
        yield identifiers.pack(batch.face_ids), batch.templates


def _marked(tx: Transaction, mark: Mark) -> dict[str, Any]:
    """Say what files hold, and of which record: one that is put back and goes on has other entries in these places."""
    size = entries.count(tx)
    return {"version": mark.version, "sequence": mark.sequence, "log_size": size, "log_end": _digest(tx, size)}


def _is_of(tx: Transaction, kept: Mapping[str, Any]) -> bool:
    try:
        return entries.count(tx) >= int(kept["log_size"]) and _digest(tx, int(kept["log_size"])) == kept["log_end"]
    except (KeyError, TypeError, ValueError):
        return False


def _digest(tx: Transaction, size: int) -> str:
    last = entries.get(tx, size - 1)
    return hashlib.sha256(last.body if last is not None else b"").hexdigest()
