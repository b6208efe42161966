"""Galleries in memory, loaded from the record when first used, kept in step with it, and let go when idle."""

import logging
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import Candidate, Template
from recognizance.errors import DamagedIndexError, ModelMismatchError, RecognizanceError, RecordUnavailableError
from recognizance.gallery import Gallery
from recognizance.records import RecordStore, Transaction, galleries, references, subjects
from recognizance.records.galleries import GalleryRow
from recognizance.workflows.scans import follow
from recognizance.workflows.vectors import Mark, Reconciled, Upkeep, VectorEngine

_REST_SECONDS = 60.0
"""How long upkeep that failed is left alone."""

_log = logging.getLogger(__name__)


@dataclass
class _Shelved:
    """One gallery; the lock is held while the record and the memory of it change together."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    references: Gallery | None = None
    mark: Mark = field(default_factory=Mark)
    subjects: Gallery | None = None
    subjects_version: int = 0
    upkeep: Future[None] | None = None
    used: float = 0.0

    rests_until: float = 0.0
    """Not tended before: it failed."""

    @property
    def is_loaded(self) -> bool:
        """Whether anything of it is in memory."""
        return self.references is not None or self.subjects is not None

    @property
    def tended(self) -> bool:
        """Whether upkeep is under way."""
        return self.upkeep is not None and not self.upkeep.done()


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
        self._shelved: dict[int, _Shelved] = {}
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
        """
        require_model(gallery, self._model)
        shelved = self._entry(gallery.id)
        shelved.used = time.monotonic()
        held = shelved.references
        if held is not None and not self._is_behind(shelved, gallery):
            return held
        with shelved.lock:
            return self._followed(shelved, gallery)

    def subjects(self, gallery: GalleryRow) -> Gallery:
        """Return the gallery of subjects, each with one template made of its references'; see `references`."""
        require_model(gallery, self._model)
        shelved = self._entry(gallery.id)
        shelved.used = time.monotonic()
        held = shelved.subjects
        if held is not None and not self._is_regrouped(shelved, gallery):
            return held
        with shelved.lock:
            if shelved.subjects is None or self._is_regrouped(shelved, gallery):
                with self._store.read() as tx:
                    row = galleries.get(tx, gallery.name)
                    shelved.subjects = self._load_subjects(tx, row)
                    shelved.subjects_version = row.subjects_version
            return shelved.subjects

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
        ModelMismatchError
        """
        held = self.references(gallery)
        try:
            return held.search(probe, limit=limit, threshold=threshold, excluding=excluding, among=among)
        except DamagedIndexError as error:
            _log.warning("%s", error.message)
            held = self._anew(gallery, held)
            return held.search(probe, limit=limit, threshold=threshold, excluding=excluding, among=among)

    @contextmanager
    def changing(self, gallery: GalleryRow) -> Iterator["Change"]:
        """Hold the gallery for a change; commit inside, then apply the change to memory."""
        shelved = self._entry(gallery.id)
        with shelved.lock:
            try:
                yield Change(self, shelved, gallery)
            except BaseException as error:
                refused = isinstance(error, RecognizanceError) and not isinstance(error, RecordUnavailableError)
                if not refused:
                    # Whether or not the record changed: it is right, and is loaded anew when next needed.
                    shelved.references = shelved.subjects = None
                raise
            if self._shared and shelved.references is not None:
                self._catch_up(shelved, gallery)
            self._tend(shelved, gallery.id)

    def drop(self, gallery: GalleryRow) -> None:
        """Forget a gallery that was deleted, with everything derived from it."""
        with self._lock:
            self._shelved.pop(gallery.id, None)
        self._engine.forget(gallery.id)

    def let_go(self, idle_s: float) -> int:
        """Let go of the galleries that nobody has used for `idle_s` seconds; returns how many.

        One whose files still hold what was erased is tended first, and let go the next time.  So is, without being let
        go, every other gallery that is due.
        """
        with self._lock:
            loaded = [(number, row) for number, row in self._shelved.items() if row.is_loaded]
        let_go = 0
        for number, shelved in loaded:
            if shelved.tended or not shelved.lock.acquire(blocking=False):
                continue
            try:
                idle = time.monotonic() - shelved.used >= idle_s
                self._tend(shelved, number, leaving=idle)
                if idle and not shelved.tended:
                    shelved.references = shelved.subjects = None
                    let_go += 1
            finally:
                shelved.lock.release()
        return let_go

    def reconcile(self, gallery: GalleryRow) -> Reconciled:
        """Compare what the vector engine keeps of a gallery completely with the record, and set it right."""
        require_model(gallery, self._model)
        shelved = self._entry(gallery.id)
        with shelved.lock:
            _await_upkeep(shelved)
            shelved.references = None
            return self._engine.reconcile(gallery)

    def keep_step(self) -> None:
        """Follow what other processes did: what they erased is not kept here until somebody searches."""
        self._engine.keep_step()
        if not self._shared:
            return
        with self._lock:
            loaded = {number: row for number, row in self._shelved.items() if row.references is not None}
        if not loaded:
            return
        with self._store.read() as tx:
            rows = {row.id: row for row in galleries.list_page(tx, limit=2**31 - 1) if row.id in loaded}
        for number, shelved in loaded.items():
            row = rows.get(number)
            if row is None:
                with self._lock:
                    self._shelved.pop(number, None)
                self._engine.forget(number)
            elif self._is_behind(shelved, row):
                with shelved.lock:
                    self._followed(shelved, row)

    def clean_up(self) -> None:
        """Bring what is kept outside the record in step with it, also where a crash came between the two."""
        with self._store.read() as tx:
            rows = {row.id: row for row in galleries.list_page(tx, limit=2**31 - 1)}
        for number in list(self._engine.kept()):
            row = rows.get(number)
            if row is None:
                self._engine.forget(number)
            elif row.model == self._model:
                with self._store.read() as tx:
                    stale = self._engine.is_stale(tx, row)
                if stale:
                    self.references(row)

    def close(self) -> None:
        """Wait for the upkeep under way."""
        self._upkeep.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _entry(self, gallery_id: int) -> _Shelved:
        with self._lock:
            return self._shelved.setdefault(gallery_id, _Shelved())

    def _is_behind(self, shelved: _Shelved, gallery: GalleryRow) -> bool:
        return self._shared and shelved.mark.version < gallery.version

    def _is_regrouped(self, shelved: _Shelved, gallery: GalleryRow) -> bool:
        return self._shared and shelved.subjects_version < gallery.subjects_version

    def _followed(self, shelved: _Shelved, gallery: GalleryRow) -> Gallery:
        """Load or follow; the caller holds the gallery."""
        if shelved.references is None or self._is_behind(shelved, gallery):
            with self._store.read() as tx:
                row = galleries.get(tx, gallery.name)
                mark = follow(tx, row, shelved.references, shelved.mark) if shelved.references is not None else None
                if shelved.references is None or mark is None:
                    _await_upkeep(shelved)
                    shelved.references, mark = self._engine.load(tx, row)
                shelved.mark = mark
            self._tend(shelved, gallery.id)
        return shelved.references

    def _anew(self, gallery: GalleryRow, damaged: Gallery) -> Gallery:
        shelved = self._entry(gallery.id)
        with shelved.lock:
            _await_upkeep(shelved)
            if shelved.references is damaged or shelved.references is None:
                with self._store.read() as tx:
                    row = galleries.get(tx, gallery.name)
                    shelved.references, shelved.mark = self._engine.load_anew(tx, row)
            return shelved.references

    def _catch_up(self, shelved: _Shelved, gallery: GalleryRow) -> None:
        """Load a gallery or follow what was committed; the caller holds it."""
        try:
            with self._store.read() as tx:
                row = galleries.get(tx, gallery.name)
            self._followed(shelved, row)
        except RecognizanceError as error:
            # What was committed stands; whoever searches next tries again, and is told.
            shelved.references = None
            _log.warning("%s", error.message)

    def _added(
        self, shelved: _Shelved, gallery: GalleryRow, identifiers: Sequence[str], vectors: NDArray[np.float32]
    ) -> None:
        if shelved.references is None:
            self._catch_up(shelved, gallery)
        elif not self._shared:  # otherwise all that was committed is read when the change ends
            shelved.references.add(identifiers, vectors, gallery.model)

    def _erased(self, shelved: _Shelved, gallery: GalleryRow, identifiers: Collection[str]) -> None:
        if shelved.references is not None:
            shelved.references.remove(identifiers)
        elif self._engine.is_kept(gallery.id) and gallery.model == self._model:
            self._followed(shelved, gallery)

    def _tend(self, shelved: _Shelved, gallery_id: int, *, leaving: bool = False) -> None:
        """Begin upkeep of a gallery that the caller holds, if it is due and does not go on already."""
        held = shelved.references
        if shelved.tended or held is None or time.monotonic() < shelved.rests_until:
            return
        if not self._engine.is_due(held, leaving=leaving):
            return
        with self._store.read() as tx:
            if not self._shared:  # nobody else changes it, and this thread holds it: it is in step
                version = galleries.version_of(tx, gallery_id)
                if version is None:
                    return
                shelved.mark = Mark(version, references.newest_sequence(tx, gallery_id))
            upkeep = self._engine.tend(tx, gallery_id, held, shelved.mark, leaving=leaving)
        if upkeep is not None:
            shelved.upkeep = self._upkeep.submit(self._run, upkeep, gallery_id, shelved)

    def _run(self, upkeep: Upkeep, gallery_id: int, shelved: _Shelved) -> None:
        try:
            shelved.rests_until = time.monotonic() + _REST_SECONDS  # if it fails
            upkeep.run()
            shelved.rests_until = 0.0
        except OSError as error:
            _log.warning("the index of gallery %d cannot be written: %s", gallery_id, error.strerror or error)
        except RecognizanceError as error:
            _log.warning("%s", error.message)
        except Exception:  # noqa: BLE001 - the thread's edge: searches go on with what there is
            _log.exception("the index of gallery %d cannot be made", gallery_id)
        with self._lock:
            dropped = gallery_id not in self._shelved
        if dropped:
            self._engine.forget(gallery_id)  # it was deleted meanwhile

    def _load_subjects(self, tx: Transaction, gallery: GalleryRow) -> Gallery:
        owned: dict[int, list[NDArray[np.float32]]] = {}
        for batch in references.templates(tx, gallery.id, owned_only=True):
            for subject, template in zip(batch.subjects, batch.templates, strict=True):
                if subject is not None:
                    owned.setdefault(subject, []).append(template)
        if not owned:
            return self._engine.hold((), np.zeros((0, 0), np.float32))
        names = subjects.identifiers_of(tx, gallery.id)
        means = np.stack([subject_template(np.stack(rows)) for rows in owned.values()])
        return self._engine.hold([names[subject] for subject in owned], means)


class Change:
    """What can be done to a held gallery in memory, after its record has committed."""

    def __init__(self, shelf: Shelf, shelved: _Shelved, gallery: GalleryRow) -> None:
        self._shelf = shelf
        self._shelved = shelved
        self._gallery = gallery

    def enrolled(self, identifiers: Sequence[str], templates: Sequence[Template]) -> None:
        """Add references."""
        if identifiers:
            self.add(identifiers, np.stack([template.vector for template in templates]))

    def add(self, identifiers: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Add references by their vectors, of shape (n, dimension)."""
        self._shelf._added(self._shelved, self._gallery, identifiers, vectors)

    def erased(self, identifiers: Collection[str]) -> None:
        """Remove references, also from what is kept of a gallery that is not in memory.

        Raises
        ------
        RecognizanceError
            If they cannot be removed from there yet; it is tried again when the gallery is loaded.
        """
        if identifiers:
            self._shelf._erased(self._shelved, self._gallery, identifiers)

    def subject(self, identifier: str, rows: NDArray[np.float32]) -> None:
        """Set a subject's template from those of its references, of shape (n, dimension); none removes it.

        Parameters
        ----------
        identifier : str
            Our own.
        """
        if self._shelved.subjects is None:
            return
        if len(rows):
            self._shelved.subjects.add([identifier], subject_template(rows)[None], self._gallery.model)
        else:
            self._shelved.subjects.remove([identifier])


def _await_upkeep(shelved: _Shelved) -> None:
    """Let the upkeep of what was in memory before end: one thread at a time changes what is kept of a gallery."""
    if shelved.upkeep is not None:
        wait([shelved.upkeep])


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
    mean = rows.astype(np.float64).mean(axis=0)
    template: NDArray[np.float32] = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
    return template
