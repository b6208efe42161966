"""Galleries in memory, loaded from the record when first used, kept in step with it, and let go when idle."""

import logging
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import Candidate, Template
from recognizance.errors import DamagedIndexError, ModelMismatchError, RecognizanceError, RecordUnavailableError
from recognizance.gallery import Gallery
from recognizance.records import RecordStore, galleries
from recognizance.records.galleries import GalleryRow
from recognizance.workflows.shelved import ShelvedGallery, unit
from recognizance.workflows.vectors import Reconciled, VectorEngine

_ALL = 2**31 - 1

_log = logging.getLogger(__name__)


class Shelf:
    """The galleries in memory.

    A change holds the gallery's lock from before its transaction commits until the memory has followed, and so
    does loading: whoever searches after a change was acknowledged sees it.

    Parameters
    ----------
    shared : bool
        Whether other processes write to the record: then every search first follows what the record says.
    """

    def __init__(self, store: RecordStore, engine: VectorEngine, *, model: str, shared: bool = False) -> None:
        self._store = store
        self._engine = engine
        self._model = model
        self._shared = shared
        self._lock = threading.Lock()
        self._shelved: dict[int, ShelvedGallery] = {}
        self._upkeep = ThreadPoolExecutor(1, thread_name_prefix="upkeep")

    def references(self, gallery: GalleryRow) -> Gallery:
        """Return the gallery of references, as the record says by now.

        Parameters
        ----------
        gallery : GalleryRow
            As it was read for the act at hand.

        Raises
        ------
        ModelMismatchError
            If the gallery was made with another model than the server runs.
        GalleryNotFoundError
            If it was deleted meanwhile.
        """
        require_model(gallery, self._model)
        return self._entry(gallery.id).references(gallery)

    def subjects(self, gallery: GalleryRow) -> Gallery:
        """Return the gallery of subjects, each with one template made of its references'; see `references`."""
        require_model(gallery, self._model)
        return self._entry(gallery.id).subjects(gallery)

    def search(
        self,
        gallery: GalleryRow,
        probe: Template,
        *,
        limit: int,
        threshold: float,
        excluding: Collection[str] = (),
        among: Collection[str] | None = None,
    ) -> tuple[Candidate, ...]:
        """Search the references; derived files that turn out to be damaged are made anew first.

        Raises
        ------
        ModelMismatchError, GalleryNotFoundError
        """
        held = self.references(gallery)
        try:
            return held.search(probe, limit=limit, threshold=threshold, excluding=excluding, among=among)
        except DamagedIndexError as error:
            _log.warning("%s", error.message)
            shelved = self._entry(gallery.id)
            with shelved.lock:
                held = shelved.made_anew(held)
            return held.search(probe, limit=limit, threshold=threshold, excluding=excluding, among=among)

    @contextmanager
    def changing(self, gallery: GalleryRow) -> Iterator["Change"]:
        """Hold the gallery for a change; commit inside, then apply the change to memory."""
        shelved = self._entry(gallery.id)
        with shelved.lock:
            shelved.used = time.monotonic()
            try:
                yield Change(shelved)
            except BaseException as error:
                refused = isinstance(error, RecognizanceError) and not isinstance(error, RecordUnavailableError)
                if not refused:
                    # Whether or not the record changed: it is right, and is loaded anew when next needed.
                    shelved.let_go()
                raise
            if self._shared and shelved.is_loaded:
                shelved.catch_up()
            shelved.tend()

    def drop(self, gallery: GalleryRow) -> None:
        """Forget a gallery that was deleted, with everything derived from it; whoever calls is changing it."""
        self._entry(gallery.id).deleted()
        with self._lock:
            self._shelved.pop(gallery.id, None)

    def let_go(self, idle_s: float) -> int:
        """Let go of the galleries that nobody has used for `idle_s` seconds; returns how many.

        One whose files still hold what was erased is tended first, and let go the next time.  So is, without being let
        go, every other gallery that is due.
        """
        let_go = 0
        for shelved in self._entries():
            if not shelved.is_loaded or shelved.is_tended or not shelved.lock.acquire(blocking=False):
                continue
            try:
                idle = time.monotonic() - shelved.used >= idle_s
                shelved.tend(leaving=idle)
                if idle and not shelved.is_tended:
                    shelved.let_go()
                    let_go += 1
            finally:
                shelved.lock.release()
        return let_go

    def reconcile(self, gallery: GalleryRow) -> Reconciled:
        """Compare what the vector engine keeps of a gallery completely with the record, and set it right."""
        require_model(gallery, self._model)
        shelved = self._entry(gallery.id)
        with shelved.lock:
            shelved.let_go()
            shelved.settle()
            return self._engine.reconcile(gallery)

    def keep_step(self) -> None:
        """Follow what other processes did: what they erased is not kept here until somebody searches."""
        self._engine.keep_step()
        if not self._shared:
            return
        known = {shelved.number for shelved in self._entries()} | set(self._engine.kept())
        if not known:
            return
        with self._store.read() as tx:
            rows = {row.id: row for row in galleries.list_page(tx, limit=_ALL) if row.id in known}
        for number in known:
            shelved = self._entry(number)
            try:
                with shelved.lock:
                    if number in rows:
                        shelved.step(rows[number])
                    else:
                        shelved.deleted()
            except (OSError, RecognizanceError) as error:
                _log.warning("gallery %d could not follow the record yet: %s", number, error)
            if number not in rows:
                with self._lock:
                    self._shelved.pop(number, None)

    def clean_up(self) -> bool:
        """Bring what is kept outside the record in step with it, also where a crash came between the two.

        Returns
        -------
        bool
            Whether all of it could be done.
        """
        with self._store.read() as tx:
            rows = {row.id: row for row in galleries.list_page(tx, limit=_ALL)}
        done = True
        for number in list(self._engine.kept()):
            try:
                self._clean(number, rows.get(number))
            except (OSError, RecognizanceError) as error:
                done = False
                _log.warning("what is kept of gallery %d could not be brought in step yet: %s", number, error)
        return done

    def close(self) -> None:
        """Let the upkeep under way end; what it leaves undone is done when the gallery is loaded again."""
        for shelved in self._entries():
            shelved.hurry()
        self._upkeep.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _clean(self, number: int, row: GalleryRow | None) -> None:
        if row is None or row.model != self._model:
            self._engine.forget(number)  # another model's server makes it anew
            return
        with self._store.read() as tx:
            stale = self._engine.is_stale(tx, row)
        if stale:
            self.references(row)
            self._entry(number).used = 0.0  # of no use yet: let go again once it is tended

    def _entry(self, number: int) -> ShelvedGallery:
        with self._lock:
            if number not in self._shelved:
                self._shelved[number] = ShelvedGallery(
                    number, self._store, self._engine, self._upkeep, model=self._model, shared=self._shared
                )
            return self._shelved[number]

    def _entries(self) -> list[ShelvedGallery]:
        with self._lock:
            return list(self._shelved.values())


class Change:
    """What can be done to a held gallery in memory, after its record has committed."""

    def __init__(self, shelved: ShelvedGallery) -> None:
        self._shelved = shelved

    def enrolled(self, identifiers: Sequence[str], templates: Sequence[Template]) -> None:
        """Add references."""
        if identifiers:
            self.add(identifiers, np.stack([template.vector for template in templates]))

    def add(self, identifiers: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Add references by their vectors, of shape (n, dimension)."""
        self._shelved.added(identifiers, vectors)

    def erased(self, identifiers: Collection[str]) -> None:
        """Remove references, also from what is kept of a gallery that is not in memory.

        Raises
        ------
        RecordUnavailableError
            If a file cannot be overwritten yet: no search finds them, and it is tried again when the gallery is loaded.
        """
        if not identifiers:
            return
        try:
            self._shelved.erased(identifiers)
        except OSError as error:
            raise RecordUnavailableError(
                f"The erasure is in the record, but a file could not be overwritten: {error.strerror or error}.",
                "Check the disk of the home folder; it is tried again by itself.",
            ) from error

    def subject(self, identifier: str, rows: NDArray[np.float32]) -> None:
        """Set a subject's template from those of its references, of shape (n, dimension); none removes it.

        Parameters
        ----------
        identifier : str
            Our own.
        """
        self._shelved.grouped(identifier, subject_template(rows) if len(rows) else None)


def require_model(gallery: GalleryRow, model: str) -> None:
    """Refuse a gallery of another model.

    Raises
    ------
    ModelMismatchError
    """
    if gallery.model != model:
        raise ModelMismatchError(
            f"The gallery was made with the model {gallery.model}; the server runs {model}.",
            "Start the server with the gallery's model, or enrol its photographs into a new gallery.",
        )


def subject_template(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average a subject's templates, of shape (n, dimension), to one of unit length."""
    return unit(rows.astype(np.float64).mean(axis=0))
