"""Copies of galleries in a vector engine, and how they follow the record."""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from recognizance.errors import GalleryNotFoundError, VectorEngineError, VectorEngineUnavailableError
from recognizance.gallery import MilvusEngine, MilvusGallery
from recognizance.records import RecordStore, changes, engine_positions, galleries, references
from recognizance.records.engine_positions import Position
from recognizance.records.galleries import GalleryRow
from recognizance.records.references import TemplateBatch
from recognizance.workflows.vectors import Reconciled

_MANY = 4_096
_LOG = logging.getLogger(__name__)


@dataclass
class _Copy:
    """One gallery's copy; the lock is held while it is changed, so that what is erased is not added again."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    opened: MilvusGallery | None = None
    version: int = -1
    """The record's version that the copy is known to have followed up to."""
    failed_at: float = 0.0


class EngineCopies:
    """All copies in one engine.

    The record is right and the copy follows it: a change is first made durable in the record, and then everything
    since the copy's position is done in the engine; the position is moved when the engine has acknowledged.  A crash
    of either side between the two leaves the position behind, and whoever uses the copy next catches up first.
    """

    def __init__(self, store: RecordStore, engine: MilvusEngine, *, model: str, dimension: int) -> None:
        self._store = store
        self._engine = engine
        self._model = model
        self._dimension = dimension
        self._lock = threading.Lock()
        self._copies: dict[int, _Copy] = {}

    def ready(self, gallery: GalleryRow) -> MilvusGallery:
        """Return a gallery's copy when it holds everything up to `gallery`'s version, made if there is none.

        Raises
        ------
        VectorEngineError, VectorEngineUnavailableError
            If it cannot be brought so far now: then nothing may be said of what it holds.
        """
        copy = self._copy(gallery.id)
        if copy.opened is not None and copy.version >= gallery.version:
            return copy.opened
        arrived = time.monotonic()
        with copy.lock:
            if arrived < copy.failed_at:  # whoever stood in line does not wait for the same all over again
                raise VectorEngineUnavailableError(
                    "The vector engine gave no whole answer while this request waited.", "Try again shortly."
                )
            try:
                return self._follow(copy, gallery)
            except VectorEngineError:
                copy.opened = None  # it is counted again before it is trusted: the engine may have lost something
                copy.failed_at = time.monotonic()
                raise

    def reconcile(self, gallery: GalleryRow) -> Reconciled:
        """Compare a copy completely with the record, and set it right."""
        copy = self._copy(gallery.id)
        with copy.lock:
            copy.opened = None
            name = self._engine.collection(gallery.id, gallery.model)
            made = self._engine.prepare(name, self._dimension)
            held = MilvusGallery(self._engine, name, gallery.model, self._dimension)
            found = self._compare(gallery, held, fresh=made)
            if found.extra or found.different:
                held.forget()
            copy.opened = held
            return found

    def catch_up_all(self) -> None:
        """Have every copy follow that is behind."""
        with self._store.read() as tx:
            behind = engine_positions.behind(tx, self._model)
        for name in behind:
            if (gallery := self._find(name)) is not None:
                self.ready(gallery)

    def forget_all(self) -> None:
        """Have the engine write anew, without them, the files that hold what was erased."""
        with self._store.read() as tx:
            unforgotten = engine_positions.unforgotten(tx, self._model)
        for name in unforgotten:
            if (gallery := self._find(name)) is not None:
                self._forget(gallery)

    def _find(self, name: str) -> GalleryRow | None:
        try:
            with self._store.read() as tx:
                return galleries.get(tx, name)
        except GalleryNotFoundError:
            return None

    def _copy(self, gallery: int) -> _Copy:
        with self._lock:
            return self._copies.setdefault(gallery, _Copy())

    def _follow(self, copy: _Copy, gallery: GalleryRow) -> MilvusGallery:
        name = self._engine.collection(gallery.id, gallery.model)
        opening = copy.opened is None
        made = opening and self._engine.prepare(name, self._dimension)
        held = copy.opened or MilvusGallery(self._engine, name, gallery.model, self._dimension)
        with self._store.read() as tx:
            position = engine_positions.get(tx, gallery.id)
        if made or position is None or position.stale or position.collection != name:
            self._compare(gallery, held, fresh=made)
        elif not self._catch_up(gallery, held, position) or (opening and not self._counts_agree(gallery, held)):
            _LOG.warning("the copy of gallery %d does not agree with the record: comparing all of it", gallery.id)
            self._compare(gallery, held, fresh=False)
        copy.opened = held
        return held

    def _catch_up(self, gallery: GalleryRow, held: MilvusGallery, position: Position) -> bool:
        """Do in the engine what the record has done since a position; False if it no longer knows all of it."""
        while True:
            with self._store.read() as tx:
                now = galleries.get(tx, gallery.name)
                gone = changes.erased_since(tx, gallery.id, position.version)
                batch = next(references.templates(tx, gallery.id, after_sequence=position.sequence), None)
            if now.id != gallery.id or gone is None:
                return False
            if batch is not None:
                self._add(held, batch.face_ids, batch.templates)
                position = replace(position, sequence=int(batch.sequences[-1]))
                if len(batch.face_ids) >= _MANY:
                    self._move(gallery, position)  # so that a long way need not be gone twice
                continue
            if gone:
                held.remove(gone)
            if position.version < now.version:
                position = replace(position, version=now.version)
            self._move(gallery, position)
            self._copy(gallery.id).version = position.version
            return True

    def _add(self, held: MilvusGallery, face_ids: Sequence[str], templates: NDArray[np.float32]) -> None:
        """Add references, and take back those that were erased meanwhile, perhaps by another server."""
        held.add(face_ids, templates, held.model)
        with self._store.read() as tx:
            gone = set(face_ids) - references.taken(tx, face_ids)
        held.remove(gone)

    def _compare(self, gallery: GalleryRow, held: MilvusGallery, *, fresh: bool) -> Reconciled:
        with self._store.read() as tx:
            before = galleries.get(tx, gallery.name)
        sequence, count, missing, different, extra = 0, 0, 0, 0, 0
        while (batch := self._batch(gallery, sequence)) is not None:
            wrong = list(range(len(batch.face_ids)))
            if not fresh:
                there = held.fetch(batch.face_ids)
                wrong = [
                    row
                    for row, face_id in enumerate(batch.face_ids)
                    if face_id not in there or not np.array_equal(there[face_id], batch.templates[row])
                ]
                missing += sum(batch.face_ids[row] not in there for row in wrong)
                different += sum(batch.face_ids[row] in there for row in wrong)
            else:
                missing += len(wrong)
            if wrong:
                self._add(held, [batch.face_ids[row] for row in wrong], batch.templates[wrong])
            count += len(batch.face_ids)
            sequence = int(batch.sequences[-1])
        for identifiers in [] if fresh else held.identifiers():
            with self._store.read() as tx:
                gone = set(identifiers) - references.taken(tx, identifiers)
            held.remove(gone)
            extra += len(gone)
        position = Position(
            self._engine.collection(gallery.id, gallery.model), before.version, sequence, before.version
        )
        self._move(gallery, position)
        self._copy(gallery.id).version = before.version
        return Reconciled(count, missing, extra, different)

    def _batch(self, gallery: GalleryRow, after: int) -> TemplateBatch | None:
        with self._store.read() as tx:
            return next(references.templates(tx, gallery.id, after_sequence=after), None)

    def _counts_agree(self, gallery: GalleryRow, held: MilvusGallery) -> bool:
        with self._store.read() as tx:
            return galleries.counts(tx, gallery.id).faces == len(held)

    def _move(self, gallery: GalleryRow, position: Position) -> None:
        """Move a position on; one that another server has moved further stays."""
        with self._store.write() as tx:
            if galleries.exists(tx, gallery.id):
                there = engine_positions.get(tx, gallery.id)
                if there is not None and not there.stale and there.collection == position.collection:
                    position = replace(
                        position,
                        version=max(position.version, there.version),
                        sequence=max(position.sequence, there.sequence),
                        forgotten=max(position.forgotten, there.forgotten),
                    )
                engine_positions.put(tx, gallery.id, position)

    def _forget(self, gallery: GalleryRow) -> None:
        held = self.ready(gallery)
        with self._store.read() as tx:
            position = engine_positions.get(tx, gallery.id)
        # Outside the lock, for it takes seconds: what is erased meanwhile is forgotten the next time.
        if position is not None and held.forget():
            self._move(gallery, replace(position, forgotten=position.version))
