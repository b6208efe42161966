"""Milvus as the vector engine: what the shelf asks of a `VectorEngine`, by copies that follow the record."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import Candidate, Template
from recognizance.errors import VectorEngineError, VectorEngineUnavailableError
from recognizance.gallery import Gallery, MilvusEngine, MilvusGallery
from recognizance.records import RecordStore, Transaction, engine_positions, galleries, references
from recognizance.records.galleries import GalleryRow
from recognizance.workflows.engine_copies import EngineCopies
from recognizance.workflows.vectors import Mark, Reconciled, Upkeep

Hold = Callable[[Sequence[str], NDArray[np.float32]], Gallery]

_PATIENCE_S = 10.0
"""How long an engine that was away is left alone before what is left undone is tried again."""

_FORGETTING_S = 60.0
"""How often erased templates are compacted out of the engine's files, if there are any: all of that time together."""

_LOG = logging.getLogger(__name__)


class CopiedGallery:
    """See `Gallery`: a gallery whose copy is brought to what the record says before anything is asked of it.

    Adding and removing have the copy follow the record, in which the change is durable already; what is searched is
    never older than the record was when the search began.
    """

    def __init__(self, store: RecordStore, copies: EngineCopies, gallery: GalleryRow) -> None:
        self._store = store
        self._copies = copies
        self._gallery = gallery

    @property
    def model(self) -> str:
        """See `Gallery.model`."""
        return self._gallery.model

    def __len__(self) -> int:
        """See `Gallery.__len__`: as the record counts them."""
        with self._store.read() as tx:
            return galleries.counts(tx, self._gallery.id).faces

    def add(self, identifiers: Sequence[str], vectors: NDArray[np.float32], model: str) -> None:
        """See `Gallery.add`."""
        self._follow()

    def remove(self, identifiers: Collection[str]) -> None:
        """See `Gallery.remove`."""
        self._follow()

    def search(
        self,
        probe: Template,
        *,
        limit: int,
        threshold: float,
        excluding: Collection[str] = (),
        among: Collection[str] | None = None,
    ) -> tuple[Candidate, ...]:
        """See `Gallery.search`."""
        return self._current().search(probe, limit=limit, threshold=threshold, excluding=excluding, among=among)

    def _current(self) -> MilvusGallery:
        with self._store.read() as tx:
            row = galleries.get(tx, self._gallery.name)
        return self._copies.ready(row)

    def _follow(self) -> None:
        try:
            self._current()
        except VectorEngineUnavailableError as error:
            raise VectorEngineUnavailableError(
                "The change is in the record, and the vector engine could not follow yet: until it has, which it does "
                "by itself, nothing is searched in this gallery.",
                "See the server's log for what is wrong with the engine.",
            ) from error


class MilvusCopies:
    """See `VectorEngine`.

    Parameters
    ----------
    hold : callable
        Makes galleries in memory, for what comes from no one row of the record.
    """

    def __init__(self, store: RecordStore, engine: MilvusEngine, *, model: str, dimension: int, hold: Hold) -> None:
        self._store = store
        self._engine = engine
        self._copies = EngineCopies(store, engine, model=model, dimension=dimension)
        self._hold = hold
        self._lock = threading.Lock()
        self._to_drop: set[int] = set()
        self._orphans_due = True
        self._again_at = 0.0
        self._forget_at = 0.0

    def load(self, tx: Transaction, gallery: GalleryRow) -> tuple[Gallery, Mark]:
        """See `VectorEngine.load`: the copy follows the record first, and is compared with it where it has to be."""
        self._copies.ready(gallery)
        return CopiedGallery(self._store, self._copies, gallery), _mark(tx, gallery)

    def load_anew(self, tx: Transaction, gallery: GalleryRow) -> tuple[Gallery, Mark]:
        """See `VectorEngine.load_anew`: compared completely with the record, and set right."""
        self._copies.reconcile(gallery)
        return CopiedGallery(self._store, self._copies, gallery), _mark(tx, gallery)

    def reconcile(self, gallery: GalleryRow) -> Reconciled:
        """See `VectorEngine.reconcile`."""
        return self._copies.reconcile(gallery)

    def hold(self, identifiers: Sequence[str], vectors: NDArray[np.float32]) -> Gallery:
        """See `VectorEngine.hold`."""
        return self._hold(identifiers, vectors)

    def is_kept(self, gallery_id: int) -> bool:
        """See `VectorEngine.is_kept`."""
        with self._store.read() as tx:
            return engine_positions.get(tx, gallery_id) is not None

    def is_stale(self, tx: Transaction, gallery: GalleryRow) -> bool:
        """See `VectorEngine.is_stale`."""
        position = engine_positions.get(tx, gallery.id)
        return position is None or position.stale or position.version < gallery.version

    def is_due(self, gallery: Gallery, *, leaving: bool = False) -> bool:
        """See `VectorEngine.is_due`: Milvus tends its segments itself."""
        return False

    def tend(
        self, tx: Transaction, gallery_id: int, gallery: Gallery, mark: Mark, *, leaving: bool = False
    ) -> Upkeep | None:
        """See `VectorEngine.tend`."""
        return None

    def forget(self, gallery_id: int) -> None:
        """See `VectorEngine.forget`: if the engine is away, as soon as it is back."""
        with self._lock:
            self._to_drop.add(gallery_id)
        try:
            self._drop()
        except VectorEngineError as error:
            _LOG.warning("The copy of the deleted gallery %d is dropped later: %s", gallery_id, error.message)

    def kept(self) -> Iterable[int]:
        """See `VectorEngine.kept`."""
        return set(self._engine.collections().values())

    def keep_step(self) -> None:
        """See `VectorEngine.keep_step`."""
        if time.monotonic() < self._again_at:
            return
        try:
            if self._orphans_due:
                self._find_orphans()
            self._drop()
            self._copies.catch_up_all()
            if time.monotonic() >= self._forget_at:
                self._copies.forget_all()
                self._forget_at = time.monotonic() + _FORGETTING_S
        except VectorEngineError as error:
            self._again_at = time.monotonic() + _PATIENCE_S
            _LOG.warning("Copies in the vector engine are behind the record: %s", error.message)

    def _find_orphans(self) -> None:
        """Have copies dropped whose galleries were deleted when a crash, or an engine that was away, came between."""
        found = set(self.kept())
        with self._store.read() as tx:
            self._to_drop |= found - galleries.models(tx).keys()
        self._orphans_due = False

    def _drop(self) -> None:
        with self._lock:
            wanted = set(self._to_drop)
        if wanted:
            for name, number in self._engine.collections().items():
                if number in wanted:
                    self._engine.drop(name)
            with self._lock:
                self._to_drop -= wanted


def _mark(tx: Transaction, gallery: GalleryRow) -> Mark:
    return Mark(gallery.version, references.newest_sequence(tx, gallery.id))
